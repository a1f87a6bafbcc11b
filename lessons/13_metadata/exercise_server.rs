//! `lesson-13-exercise`: serves your answer to the exercise in the place of the lesson's server.

mod exercise;

use grpc_workbook::cli::{self, Failure};
use lesson_12::Enrolments;
use lesson_12::proto::enrol_service_server::EnrolServiceServer;
use lesson_13::Identified;
use school::MemorySchool;
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(13).await?;
    let enrolments = Enrolments::new(MemorySchool::new(school::courses()));
    let service = Identified::new(enrolments, exercise::identify);
    let server = Server::builder()
        .add_service(EnrolServiceServer::new(service))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
