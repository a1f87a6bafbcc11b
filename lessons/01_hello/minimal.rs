//! A whole server's `main`, with tonic alone.

use grpc_workbook::hello::{MyGreeter, proto::greeter_server::GreeterServer};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let addr = std::env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    Server::builder()
        .add_service(GreeterServer::new(MyGreeter))
        .serve(addr.parse()?)
        .await?;
    Ok(())
}
