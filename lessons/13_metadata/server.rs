//! `lesson-13-server`: serves the school on 127.0.0.1:50063, and the notifier, which the school calls,
//! on a free port.

use std::time::Duration;

use grpc_workbook::cli::{self, Failure};
use lesson_12::Enrolments;
use lesson_12::proto::enrol_service_server::EnrolServiceServer;
use lesson_13::{Identified, Notifier, add_trailers, notifier, read_language};
use school::MemorySchool;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tower::util::MapResponseLayer;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(13).await?;
    // Each of its lines gets the id of the request.
    lesson_12::log_to(lesson_13::log);
    let notifier = Notifier::new(notifier::start()?);
    let school = MemorySchool::new(school::courses());
    let token = CancellationToken::new();
    let enrolments = Enrolments::new(school).stopped_by(token.clone());
    let requested = shutdown.requested();
    let stop = async move {
        requested.await;
        // Ends the calls of `WatchSeats`, for which tonic would wait.
        token.cancel();
    };
    // ANCHOR: service
    let service = Identified::new(enrolments, notifier);
    let server = Server::builder()
        // Limits: see lesson 6.
        .max_concurrent_streams(1000)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .layer(MapResponseLayer::new(add_trailers))
        .add_service(EnrolServiceServer::with_interceptor(service, read_language))
        .serve_with_incoming_shutdown(incoming, stop);
    // ANCHOR_END: service
    shutdown.run(server).await
}
