//! A mistake: a service without the server that is generated for it.
//!
//! says: the trait bound `MyGreeter: NamedService` is not satisfied
//! says: the trait bound `MyGreeter: GreeterService` is not satisfied
//! says: expected `SocketAddr`, found `&str`

use my_greeter::proto::greeter_service_server::GreeterServiceServer;
use tonic::transport::Server;

struct MyGreeter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let addr = "127.0.0.1:8050".parse()?;
    Server::builder().add_service(MyGreeter).serve(addr).await?;
    let service = GreeterServiceServer::new(MyGreeter);
    Server::builder()
        .add_service(service)
        .serve("127.0.0.1:8050")
        .await?;
    Ok(())
}
