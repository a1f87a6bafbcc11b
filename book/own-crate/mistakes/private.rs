//! A mistake: the message is taken for the response.
//!
//! says: field `message` of struct `tonic::response::Response` is private || field `message` of struct `tonic::Response` is private

use my_greeter::proto::SayHelloRequest;
use my_greeter::proto::greeter_service_client::GreeterServiceClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut greeter = GreeterServiceClient::connect("http://127.0.0.1:8050").await?;
    let response = greeter
        .say_hello(SayHelloRequest { name: "you".into() })
        .await?;
    println!("{}", response.message);
    Ok(())
}
