//! Exercise 8, a wrong answer: it refuses what it should, but too late.

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
        let mut all = Vec::new();
        while let Some(message) = message_unless_cancelled(&mut deltas).await? {
            // Wrong: the client waits for a refusal, and the server for the client's end.
            all.push(message.delta);
        }
        let mut total = 0;
        for (n, delta) in all.into_iter().enumerate() {
            if delta < 0 {
                let refusal = format!("delta {} is negative: {delta}", n + 1);
                return Err(Status::invalid_argument(refusal));
            }
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
