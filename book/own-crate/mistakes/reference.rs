//! A mistake: a client's method is given a reference to the message.
//!
//! says: IntoRequest<SayHelloRequest>` is not implemented for `&SayHelloRequest`

use my_greeter::proto::SayHelloRequest;
use my_greeter::proto::greeter_service_client::GreeterServiceClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut greeter = GreeterServiceClient::connect("http://127.0.0.1:8050").await?;
    let request = SayHelloRequest { name: "you".into() };
    greeter.say_hello(&request).await?;
    Ok(())
}
