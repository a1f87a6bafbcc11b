//! `lesson-1-server`: serves the greeter on 127.0.0.1:50051.

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::hello::{MyGreeter, proto::greeter_server::GreeterServer};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(1).await?;
    let server = Server::builder()
        .add_service(GreeterServer::new(MyGreeter))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
