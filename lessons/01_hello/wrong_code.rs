//! Exercise 1, a wrong answer: the status says that something was not found.

use grpc_workbook::hello::proto::greeter_server::Greeter;
use grpc_workbook::hello::proto::{HelloReply, HelloRequest};
use tonic::{Request, Response, Status};

/// The service that the check calls.
pub struct PoliteGreeter;

#[tonic::async_trait]
impl Greeter for PoliteGreeter {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let HelloRequest { name } = request.into_inner();
        let name = name.trim();
        if name.is_empty() {
            // Wrong: nothing was looked up. The argument is bad: INVALID_ARGUMENT.
            return Err(Status::not_found("name is empty"));
        }
        Ok(Response::new(HelloReply { message: format!("Hello, {name}!") }))
    }
}
