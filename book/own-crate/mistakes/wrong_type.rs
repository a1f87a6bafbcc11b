//! A mistake: a method returns another type than the `.proto` says.
//!
//! says: method `say_hello` has an incompatible type for trait

use my_greeter::proto::greeter_service_server::GreeterService;
use my_greeter::proto::{SayGoodbyeRequest, SayGoodbyeResponse};
use my_greeter::proto::{SayHelloRequest, SayHelloResponse};
use tonic::{Request, Response, Status};

struct MyGreeter;

#[tonic::async_trait]
impl GreeterService for MyGreeter {
    async fn say_hello(
        &self,
        _: Request<SayGoodbyeRequest>,
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
