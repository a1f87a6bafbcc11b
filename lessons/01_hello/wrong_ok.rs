//! Exercise 1, a wrong answer: it reports the mistake in a response, and the call ends with OK.

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
            // Wrong: a caller takes every response for a greeting. Mistakes go into the status.
            return Ok(Response::new(HelloReply { message: "name is empty".into() }));
        }
        Ok(Response::new(HelloReply { message: format!("Hello, {name}!") }))
    }
}
