//! A mistake: a client is not `mut`.
//!
//! says: cannot borrow `greeter` as mutable, as it is not declared as mutable

use my_greeter::proto::SayHelloRequest;
use my_greeter::proto::greeter_service_client::GreeterServiceClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let greeter = GreeterServiceClient::connect("http://127.0.0.1:8050").await?;
    greeter
        .say_hello(SayHelloRequest { name: "you".into() })
        .await?;
    Ok(())
}
