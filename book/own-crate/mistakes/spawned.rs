//! A mistake: a spawned task borrows `self`.
//!
//! says: borrowed data escapes outside of method

use my_greeter::proto::greeter_service_server::GreeterService;
use my_greeter::proto::{SayGoodbyeRequest, SayGoodbyeResponse};
use my_greeter::proto::{SayHelloRequest, SayHelloResponse};
use tonic::{Request, Response, Status};

struct MyGreeter {
    greeting: String,
}

#[tonic::async_trait]
impl GreeterService for MyGreeter {
    async fn say_hello(
        &self,
        _: Request<SayHelloRequest>,
    ) -> Result<Response<SayHelloResponse>, Status> {
        tokio::spawn(async { println!("{}", self.greeting) });
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
