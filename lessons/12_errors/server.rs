//! `lesson-12-server`: serves the school on 127.0.0.1:50062.

use std::time::Duration;

use grpc_workbook::cli::{self, Failure};
use lesson_12::{Enrolments, proto::enrol_service_server::EnrolServiceServer};
use school::MemorySchool;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(12).await?;
    let school = MemorySchool::new(school::courses());
    let token = CancellationToken::new();
    let service = Enrolments::new(school).stopped_by(token.clone());
    let requested = shutdown.requested();
    let stop = async move {
        requested.await;
        // Ends the calls of `WatchSeats`, for which tonic would wait.
        token.cancel();
    };
    let server = Server::builder()
        // Limits: see lesson 6.
        .max_concurrent_streams(1000)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(EnrolServiceServer::new(service))
        .serve_with_incoming_shutdown(incoming, stop);
    shutdown.run(server).await
}
