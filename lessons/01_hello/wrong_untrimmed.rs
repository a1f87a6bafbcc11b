//! Exercise 1, a wrong answer: it looks whether the name is empty before it trims it.

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
        // Wrong: a name of nothing but spaces is not empty yet.
        if name.is_empty() {
            return Err(Status::invalid_argument("name is empty"));
        }
        let name = name.trim();
        Ok(Response::new(HelloReply { message: format!("Hello, {name}!") }))
    }
}
