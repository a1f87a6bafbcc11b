use my_greeter::proto::greeter_service_client::GreeterServiceClient;
use my_greeter::proto::SayHelloRequest;
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut greeter = GreeterServiceClient::connect("http://127.0.0.1:8050")?;
    Ok(())
}
