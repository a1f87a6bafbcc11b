use my_greeter::proto::greeter_service_client::GreeterServiceClient;
use my_greeter::proto::SayHelloRequest;
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let greeter = GreeterServiceClient::connect("http://127.0.0.1:8050").await?;
    let response = greeter.say_hello(SayHelloRequest { name: "you".into() }).await?;
    Ok(())
}
