//! A mistake: the service has a type for a stream that the `.proto` lacks.
//!
//! says: type `SayHelloStream` is not a member of trait `GreeterService`

use my_greeter::proto::greeter_service_server::GreeterService;

struct MyGreeter;

impl GreeterService for MyGreeter {
    type SayHelloStream = ();
}

fn main() {}
