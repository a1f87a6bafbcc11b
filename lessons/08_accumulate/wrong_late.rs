//! Exercise 8, a wrong answer: it refuses what it should, but too late.

use grpc_workbook::accumulate::proto::accumulate_service_server::AccumulateService;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
};
use grpc_workbook::accumulate::{Accumulator, message_unless_cancelled, sum};
use tonic::{Request, Response, Status, Streaming};

/// The meter.
pub struct Meter;

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
            sum(total)?;
        }
        Ok(Response::new(AccumulateResponse { sum: sum(total)? }))
    }

    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        Accumulator.collect(request).await
    }
}
