//! Exercise 5: take a gRPC body apart. Yours to finish.
//!
//! The request's `body` holds messages one after the other, each behind a prefix of five
//! bytes: a flag, and the message's length, four bytes, the highest first.
//!
//! - `messages` of the response are the messages in their order, without their prefixes. An
//!   empty message is one too.
//! - A flag of 1 says that the message is compressed: the call ends with UNIMPLEMENTED,
//!   `compressed messages are not supported`.
//! - gRPC knows only the flags 0 and 1. Any other flag is INVALID_ARGUMENT,
//!   `the flag is neither 0 nor 1`.
//! - If the body ends inside a prefix or a message, the call ends with INVALID_ARGUMENT,
//!   `the body ends inside a message`.
//!
//! The first mistake counts. A flag counts once its whole prefix is there, even if the message
//! behind it is not.
//!
//! Check it with: cargo test --test lesson-5 -- --ignored --nocapture

use grpc_workbook::http2::proto::split_service_server::SplitService;
use grpc_workbook::http2::proto::{SplitRequest, SplitResponse};
use tonic::{Request, Response, Status};

pub struct Splitter;

#[tonic::async_trait]
impl SplitService for Splitter {
    async fn split(
        &self,
        _request: Request<SplitRequest>,
    ) -> Result<Response<SplitResponse>, Status> {
        Err(Status::unimplemented("exercise 5 is not solved yet"))
    }
}
