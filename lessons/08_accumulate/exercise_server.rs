//! `lesson-8-exercise`: serves your answer to the exercise in the place of the lesson's server.

mod exercise;

use exercise::Meter;
use grpc_workbook::accumulate::proto::accumulate_service_server::AccumulateServiceServer;
use grpc_workbook::cli::{self, Failure};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(8).await?;
    let server = Server::builder()
        .add_service(AccumulateServiceServer::new(Meter::default()))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
