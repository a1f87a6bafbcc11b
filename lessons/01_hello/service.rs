//! The service of lesson 1: one method, which answers a name with a greeting.

use tonic::{Request, Response, Status};

/// What build.rs generated from `protos/hello.proto`.
pub mod proto {
    tonic::include_proto!("helloworld");
}

use proto::greeter_server::Greeter;
use proto::{HelloReply, HelloRequest};

/// The service: a type of our own, which implements the generated trait. It has no fields,
/// because a greeting depends on nothing but the request.
pub struct MyGreeter;

#[tonic::async_trait]
impl Greeter for MyGreeter {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let HelloRequest { name } = request.into_inner();
        let message = format!("Hello, {name}!");
        // A name may contain line ends. {:?} escapes them, so that a call is one line.
        println!("SayHello {name:?} -> {message:?}");
        Ok(Response::new(HelloReply { message }))
    }
}
