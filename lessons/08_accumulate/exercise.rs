//! Exercise 8: a meter that only counts up, and refuses as soon as it can. Yours to finish.
//!
//! - The first delta below zero ends the call with INVALID_ARGUMENT, `delta 3 is negative: -5`.
//!   The first delta of a call is delta 1.
//! - The first total that no int32 can hold ends it with OUT_OF_RANGE,
//!   `result does not fit in int32: 2147483648`: a meter's total never becomes smaller.
//! - Both come at once, without waiting for more. The client may never end its stream.
//! - If neither happens, the response is the sum, once the client has finished.
//!
//! Check it with: cargo test --test lesson-8 -- --ignored --nocapture

use grpc_workbook::accumulate::Accumulator;
use grpc_workbook::accumulate::proto::accumulate_service_server::AccumulateService;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
};
use tonic::{Request, Response, Status, Streaming};

/// The meter.
pub struct Meter;

#[tonic::async_trait]
impl AccumulateService for Meter {
    async fn accumulate(
        &self,
        _request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        // From the lesson: use grpc_workbook::accumulate::{message_unless_cancelled, sum}.
        Err(Status::unimplemented("exercise 8 is not solved yet"))
    }

    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        Accumulator.collect(request).await
    }
}
