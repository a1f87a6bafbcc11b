//! The server: cargo run --bin server

use my_greeter::proto::greeter_service_server::{GreeterService, GreeterServiceServer};
use my_greeter::proto::{SayGoodbyeRequest, SayGoodbyeResponse};
use my_greeter::proto::{SayHelloRequest, SayHelloResponse};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

struct MyGreeter;

#[tonic::async_trait]
impl GreeterService for MyGreeter {
    async fn say_hello(
        &self,
        request: Request<SayHelloRequest>,
    ) -> Result<Response<SayHelloResponse>, Status> {
        let message = format!("Hello, {}!", request.into_inner().name);
        Ok(Response::new(SayHelloResponse { message }))
    }

    async fn say_goodbye(
        &self,
        request: Request<SayGoodbyeRequest>,
    ) -> Result<Response<SayGoodbyeResponse>, Status> {
        let message = format!("Goodbye, {}!", request.into_inner().name);
        Ok(Response::new(SayGoodbyeResponse { message }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let addr = "127.0.0.1:8050".parse()?;
    let incoming = TcpIncoming::bind(addr)?.with_nodelay(Some(true));
    println!("server listening on {}", incoming.local_addr()?);
    Server::builder()
        .add_service(GreeterServiceServer::new(MyGreeter))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}
