//! A mistake: the service has fields of one thread.
//!
//! says: cannot be sent between threads safely
//! says: cannot be shared between threads safely

use std::cell::RefCell;
use std::rc::Rc;

use my_greeter::proto::greeter_service_server::GreeterService;
use my_greeter::proto::{SayGoodbyeRequest, SayGoodbyeResponse};
use my_greeter::proto::{SayHelloRequest, SayHelloResponse};
use tonic::{Request, Response, Status};

struct MyGreeter {
    _greeting: Rc<str>,
    _calls: RefCell<u64>,
}

#[tonic::async_trait]
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
