//! `lesson-9-exercise`: serves your answer to the exercise in the place of the lesson's server.

mod exercise;

use exercise::Game;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::guess_number::proto::guess_number_service_server::GuessNumberServiceServer;
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(9).await?;
    let server = Server::builder()
        .add_service(GuessNumberServiceServer::new(Game))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
