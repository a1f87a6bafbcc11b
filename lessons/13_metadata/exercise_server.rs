//! `lesson-13-exercise`: serves your answer to the exercise in the place of the lesson's server.

mod exercise;

use grpc_workbook::cli::{self, Failure};
use lesson_12::proto::enrol_service_server::EnrolServiceServer;
use lesson_13::{Notifier, OwnEnrol, notifier};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(13).await?;
    // Each of its lines gets the id of the request.
    lesson_12::log_to(lesson_13::log);
    let notifier = Notifier::new(notifier::start()?);
    let service = OwnEnrol::new(notifier, exercise::enrol);
    let service = EnrolServiceServer::with_interceptor(service, exercise::identify());
    let server = Server::builder()
        .add_service(service)
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
