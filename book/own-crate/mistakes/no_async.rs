//! A mistake: .await in a function that is not `async`.
//!
//! says: `await` is only allowed inside `async` functions and blocks

use my_greeter::proto::greeter_service_client::GreeterServiceClient;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _greeter = GreeterServiceClient::connect("http://127.0.0.1:8050").await?;
    Ok(())
}
