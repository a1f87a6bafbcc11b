//! Exercise 1: a greeter with manners. Yours to finish.
//!
//! - White space around a name is left out: the answer to "  Ada " is "Hello, Ada!".
//! - If nothing is left of the name, the call ends with the status INVALID_ARGUMENT and the
//!   message "name is empty".
//!
//! Check it with: cargo test --test lesson-1 -- --ignored --nocapture

use grpc_workbook::hello::proto::greeter_server::Greeter;
use grpc_workbook::hello::proto::{HelloReply, HelloRequest};
use tonic::{Request, Response, Status};

/// The service that the check calls.
pub struct PoliteGreeter;

#[tonic::async_trait]
impl Greeter for PoliteGreeter {
    async fn say_hello(
        &self,
        _request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        Err(Status::unimplemented("exercise 1 is not solved yet"))
    }
}
