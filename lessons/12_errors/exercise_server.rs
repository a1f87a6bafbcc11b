//! `lesson-12-exercise`: serves your answer to the exercise in the place of the lesson's server.

mod exercise;
mod faulty_school;

use faulty_school::FaultySchool;
use grpc_workbook::cli::{self, Failure};
use lesson_12::{Enrolments, proto::enrol_service_server::EnrolServiceServer};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(12).await?;
    let service = Enrolments::new(FaultySchool::new())
        .validated_by(exercise::validate)
        .refused_by(exercise::refuse);
    let server = Server::builder()
        .add_service(EnrolServiceServer::new(service))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
