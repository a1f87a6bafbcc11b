//! Exercise 8, a wrong answer: it refuses 0, which is not negative, and counts from 0.

use std::sync::{Mutex, MutexGuard, PoisonError};

use grpc_workbook::accumulate::proto::accumulate_service_server::AccumulateService;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
};
use grpc_workbook::accumulate::{Accumulator, message_unless_cancelled, sum};
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
            // Wrong: 0 is not negative.
            if delta <= 0 {
                // Wrong: the first delta is delta 1, and here the count is still 0.
                let refusal = format!("delta {count} is negative: {delta}");
                return Err(Status::invalid_argument(refusal));
            }
            count += 1;
            total += i128::from(delta);
            sum(i128::from(*self.reading()) + total)?;
        }
        // Another call may have changed the reading in the meantime: the sum is made once more.
        let mut reading = self.reading();
        *reading = sum(i128::from(*reading) + total)?;
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
