//! `lesson-1-exercise`: serves your answer to the exercise in the place of the lesson's server.

mod exercise;

use exercise::PoliteGreeter;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::hello::proto::greeter_server::GreeterServer;
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(1).await?;
    let server = Server::builder()
        .add_service(GreeterServer::new(PoliteGreeter))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
