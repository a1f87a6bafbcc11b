//! Exercise 8: a meter that only counts up, and counts only what arrived whole. Yours to finish.
//!
//! The meter has a reading, which all calls share. It begins at 0.
//! - When the client has finished, the call adds its deltas to the reading. The response's `sum`
//!   is the new reading.
//! - The first delta below zero ends the call with INVALID_ARGUMENT, `delta 3 is negative: -5`.
//!   The first delta of a call is delta 1.
//! - The first delta that would take the reading above the largest int32 ends the call with
//!   OUT_OF_RANGE, `result does not fit in int32: 2147483648`.
//! - Both errors come at once. The client may never end its stream.
//! - A call that is refused adds nothing to the reading. Neither does a call that its client has
//!   cancelled.
//!
//! Check it with: cargo test --test lesson-8 -- --ignored --nocapture

use grpc_workbook::accumulate::Accumulator;
use grpc_workbook::accumulate::proto::accumulate_service_server::AccumulateService;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
};
use tonic::{Request, Response, Status, Streaming};

/// The service that the check calls. It needs a place for the reading.
#[derive(Default)]
pub struct Meter {}

#[tonic::async_trait]
impl AccumulateService for Meter {
    async fn accumulate(
        &self,
        _request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        Err(Status::unimplemented("exercise 8 is not solved yet"))
    }

    /// Not part of the exercise.
    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        Accumulator.collect(request).await
    }
}
