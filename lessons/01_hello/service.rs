//! The service of lesson 1: one method, which greets.

use tonic::{Request, Response, Status};

/// What build.rs generated from `protos/hello.proto`.
pub mod proto {
    tonic::include_proto!("helloworld");
}

use proto::greeter_server::Greeter;
use proto::{HelloReply, HelloRequest};

/// The service: a type of ours that implements the generated trait.
pub struct MyGreeter;

#[tonic::async_trait]
impl Greeter for MyGreeter {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let HelloRequest { name } = request.into_inner();
        let message = format!("Hello, {name}!");
        // A name can be anything, line ends too: {:?} keeps it on one line.
        println!("SayHello {name:?} -> {message:?}");
        Ok(Response::new(HelloReply { message }))
    }
}
