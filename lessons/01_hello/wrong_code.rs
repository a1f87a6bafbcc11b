//! Exercise 1, a wrong answer: it says that something was not found; it was the argument that was bad.

use grpc_workbook::hello::proto::greeter_server::Greeter;
use grpc_workbook::hello::proto::{HelloReply, HelloRequest};
use tonic::{Request, Response, Status};

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
            return Err(Status::not_found("name is empty"));
        }
        Ok(Response::new(HelloReply { message: format!("Hello, {name}!") }))
    }
}
