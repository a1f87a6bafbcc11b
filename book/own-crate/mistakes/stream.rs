//! unresolved import
use tokio_stream::StreamExt;
use my_greeter::proto::say_hello_server::SayHelloServer;
use my_greeter::proto::Greeter;
fn main() {
  let _ = prost_types::Timestamp::default();
}
