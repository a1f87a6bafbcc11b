//! `lesson-10-exercise`: serves your answer to the exercise in the place of the lesson's server.

mod exercise;

use exercise::Ported;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::notes::proto::demo::demo_server::DemoServer;
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(10).await?;
    let server = Server::builder()
        .add_service(DemoServer::new(Ported))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
