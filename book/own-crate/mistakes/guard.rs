//! A mistake: the guard of a lock is kept across an `.await`.
//!
//! says: future cannot be sent between threads safely
//! says: the trait `Send` is not implemented for

use std::sync::Mutex;

use my_greeter::proto::greeter_service_server::GreeterService;
use my_greeter::proto::{SayGoodbyeRequest, SayGoodbyeResponse};
use my_greeter::proto::{SayHelloRequest, SayHelloResponse};
use tonic::{Request, Response, Status};

struct MyGreeter {
    greeting: Mutex<String>,
}

#[tonic::async_trait]
impl GreeterService for MyGreeter {
    async fn say_hello(
        &self,
        _: Request<SayHelloRequest>,
    ) -> Result<Response<SayHelloResponse>, Status> {
        let greeting = self.greeting.lock().expect("no panic");
        tokio::task::yield_now().await;
        Err(Status::unimplemented(greeting.clone()))
    }

    async fn say_goodbye(
        &self,
        _: Request<SayGoodbyeRequest>,
    ) -> Result<Response<SayGoodbyeResponse>, Status> {
        Err(Status::unimplemented("later"))
    }
}

fn main() {}
