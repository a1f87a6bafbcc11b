//! A mistake: a field of a message is left out.
//!
//! says: missing field `name` in initializer of

use my_greeter::proto::SayHelloRequest;

fn main() {
    let _ = SayHelloRequest {};
}
