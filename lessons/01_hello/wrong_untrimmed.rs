//! Exercise 1, a wrong answer: a name of spaces alone is not empty to it.

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
        if name.is_empty() {
            return Err(Status::invalid_argument("name is empty"));
        }
        let name = name.trim();
        Ok(Response::new(HelloReply { message: format!("Hello, {name}!") }))
    }
}
