//! `lesson-7-exercise`: serves your answer to the exercise in the place of the lesson's server.

mod exercise;

use exercise::Cities;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::subjects_by_city::proto::subjects_by_city_service_server::SubjectsByCityServiceServer;
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(7).await?;
    let server = Server::builder()
        .add_service(SubjectsByCityServiceServer::new(Cities))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
