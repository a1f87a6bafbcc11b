//! `lesson-12-server`: serves the school on 127.0.0.1:50062.

mod faults;
mod faulty_school;

use std::time::Duration;

use faulty_school::FaultySchool;
use grpc_workbook::cli::{self, Failure};
use lesson_12::{Enrolments, proto::enrol_service_server::EnrolServiceServer};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::http::Request;
use tonic::service::Routes;
use tonic::transport::Server;
use tower::layer::layer_fn;
use tower::{ServiceExt, service_fn};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(12).await?;
    // Only for the chapter's faults. Your own server has the school here, and no `layer` below.
    let school = FaultySchool::new();
    let play_faults = layer_fn(|routes: Routes| {
        service_fn(move |request: Request<Body>| {
            let routes = routes.clone();
            async move {
                match faults::answer(request.headers()) {
                    Some(response) => Ok(response),
                    None => routes.oneshot(request).await,
                }
            }
        })
    });
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
        .layer(play_faults)
        .add_service(EnrolServiceServer::new(service))
        .serve_with_incoming_shutdown(incoming, stop);
    shutdown.run(server).await
}
