//! A mistake: a client is used as if it were the service.
//!
//! says: no method named `SayHello` found for struct
//! says: no field `message` on type `impl Future
//! says: no field `name` on type `tonic::

use my_greeter::proto::SayHelloRequest;
use my_greeter::proto::greeter_service_client::GreeterServiceClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut greeter = GreeterServiceClient::connect("http://127.0.0.1:8050").await?;
    let request = tonic::Request::new(SayHelloRequest { name: "you".into() });
    println!("{}", request.name);
    let response = greeter.SayHello(SayHelloRequest { name: "you".into() });
    let response = greeter.say_hello(SayHelloRequest { name: "you".into() });
    println!("{}", response.message);
    Ok(())
}
