//! Exercise 8, a wrong answer: a total loses its upper bits before it is checked.

use grpc_workbook::accumulate::proto::accumulate_service_server::AccumulateService;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
};
use grpc_workbook::accumulate::{Accumulator, message_unless_cancelled};
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
            if total < 0 {
                let refusal = format!("result does not fit in int32: {total}");
                return Err(Status::out_of_range(refusal));
            }
        }
        Ok(Response::new(AccumulateResponse { sum: total }))
    }

    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        Accumulator.collect(request).await
    }
}
