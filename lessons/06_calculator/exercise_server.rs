//! `lesson-6-exercise`: serves your answer to the exercise in the place of the lesson's server.

mod exercise;

use exercise::{Calculator, proto::calculator_service_server::CalculatorServiceServer};
use grpc_workbook::cli::{self, Failure};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(6).await?;
    let server = Server::builder()
        .add_service(CalculatorServiceServer::new(Calculator))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
