//! The client: cargo run --bin client

use my_greeter::proto::greeter_service_client::GreeterServiceClient;
use my_greeter::proto::{SayGoodbyeRequest, SayHelloRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut greeter = GreeterServiceClient::connect("http://127.0.0.1:8050").await?;

    let request = SayHelloRequest { name: "you".into() };
    let response = greeter.say_hello(request).await?;
    println!("{}", response.into_inner().message);

    let request = SayGoodbyeRequest { name: "you".into() };
    let response = greeter.say_goodbye(request).await?;
    println!("{}", response.into_inner().message);
    Ok(())
}
