//! A mistake: a message's fields are others.
//!
//! says: expected `String`, found `&str`
//! says: struct `SayHelloRequest` has no field named

use my_greeter::proto::SayHelloRequest;

fn main() {
    let _ = SayHelloRequest { name: "you" };
    let _ = SayHelloRequest { name: "you".into(), age: 23 };
}
