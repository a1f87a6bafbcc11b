//! Exercise 8, a wrong answer: a reading loses its upper bits before it is checked.

use std::sync::{Mutex, MutexGuard, PoisonError};

use grpc_workbook::accumulate::proto::accumulate_service_server::AccumulateService;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
};
use grpc_workbook::accumulate::{Accumulator, message_unless_cancelled};
use tonic::{Request, Response, Status, Streaming};

/// The service that the check calls.
#[derive(Default)]
pub struct Meter {
    /// The sum of the deltas of all calls that arrived whole.
    reading: Mutex<i32>,
}

impl Meter {
    fn reading(&self) -> MutexGuard<'_, i32> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl AccumulateService for Meter {
    async fn accumulate(
        &self,
        request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        let mut deltas = request.into_inner();
        let mut total = 0;
        let mut count = 0;
        while let Some(message) = message_unless_cancelled(&mut deltas).await? {
            let delta = message.delta;
            count += 1;
            if delta < 0 {
                let refusal = format!("delta {count} is negative: {delta}");
                return Err(Status::invalid_argument(refusal));
            }
            // Wrong: an int32 cannot hold the total that the message must name.
            total = delta.wrapping_add(total);
            let sum = self.reading().wrapping_add(total);
            if sum < 0 {
                let refusal = format!("result does not fit in int32: {sum}");
                return Err(Status::out_of_range(refusal));
            }
        }
        let mut reading = self.reading();
        *reading = reading.wrapping_add(total);
        Ok(Response::new(AccumulateResponse { sum: *reading }))
    }

    /// Not part of the exercise.
    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        Accumulator.collect(request).await
    }
}
