//! A mistake: a request is used after its message was taken out.
//!
//! says: borrow of moved value: `request`
//! says: use of moved value: `request`

use my_greeter::proto::SayHelloRequest;

fn main() {
    let request = tonic::Request::new(SayHelloRequest { name: "you".into() });
    let message = request.into_inner();
    println!("{} {:?}", message.name, request.metadata());
}

/// Takes the message out twice.
pub fn twice(request: tonic::Request<SayHelloRequest>) -> [SayHelloRequest; 2] {
    [request.into_inner(), request.into_inner()]
}
