//! A mistake: a future is made, and nobody awaits it.
//!
//! says: unused implementer of `Future` that must be used
//! says: futures do nothing unless you `.await` or poll them

use my_greeter::proto::SayHelloRequest;
use my_greeter::proto::greeter_service_client::GreeterServiceClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut greeter = GreeterServiceClient::connect("http://127.0.0.1:8050").await?;
    greeter.say_hello(SayHelloRequest { name: "you".into() });
    Ok(())
}
