//! Exercise 8, wrong: it says the right thing, after the client has finished.

use grpc_workbook::accumulate::proto::accumulate_service_server::AccumulateService;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
};
use grpc_workbook::accumulate::{Accumulator, next, sum};
use tonic::{Request, Response, Status, Streaming};

pub struct Meter;

#[tonic::async_trait]
impl AccumulateService for Meter {
    async fn accumulate(
        &self,
        request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        let mut deltas = request.into_inner();
        let mut all = Vec::new();
        while let Some(AccumulateRequest { delta }) = next(&mut deltas).await? {
            all.push(delta);
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
