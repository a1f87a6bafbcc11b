//! A mistake: `#[tonic::async_trait]` is missing.
//!
//! says: lifetime parameters or bounds on method `say_hello` do not match the trait declaration

use my_greeter::proto::greeter_service_server::GreeterService;
use my_greeter::proto::{SayGoodbyeRequest, SayGoodbyeResponse};
use my_greeter::proto::{SayHelloRequest, SayHelloResponse};
use tonic::{Request, Response, Status};

struct MyGreeter;

impl GreeterService for MyGreeter {
    async fn say_hello(
        &self,
        _: Request<SayHelloRequest>,
    ) -> Result<Response<SayHelloResponse>, Status> {
        Err(Status::unimplemented("later"))
    }

    async fn say_goodbye(
        &self,
        _: Request<SayGoodbyeRequest>,
    ) -> Result<Response<SayGoodbyeResponse>, Status> {
        Err(Status::unimplemented("later"))
    }
}

fn main() {}
