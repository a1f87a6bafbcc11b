//! The server: cargo run --bin server

use std::time::Duration;

use my_greeter::proto::greeter_service_server::{GreeterService, GreeterServiceServer};
use my_greeter::proto::{SayGoodbyeRequest, SayGoodbyeResponse};
use my_greeter::proto::{SayHelloRequest, SayHelloResponse};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

/// How long open calls may take to finish after Ctrl-C.
const GRACE: Duration = Duration::from_secs(5);

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
    let server = Server::builder()
        .add_service(GreeterServiceServer::new(MyGreeter))
        .serve_with_incoming_shutdown(incoming, ctrl_c());
    // Whichever is first: the last open call has ended, or the time for it is over.
    tokio::select! {
        served = server => Ok(served?),
        () = grace_is_over() => Err("cut off calls that were still open".into()),
    }
}

/// Completes at Ctrl-C.
async fn ctrl_c() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        // Better to stop now than to run without a way to be stopped.
        eprintln!("cannot listen for Ctrl-C: {error}");
    }
}

/// Completes when [`GRACE`] has passed since Ctrl-C.
async fn grace_is_over() {
    ctrl_c().await;
    tokio::time::sleep(GRACE).await;
}
