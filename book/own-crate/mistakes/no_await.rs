//! A mistake: `.await` is missing.
//!
//! says: the `?` operator can only be applied to values that implement `Try`

use my_greeter::proto::greeter_service_client::GreeterServiceClient;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _greeter = GreeterServiceClient::connect("http://127.0.0.1:8050")?;
    Ok(())
}
