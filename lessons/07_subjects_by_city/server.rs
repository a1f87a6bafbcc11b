//! `lesson-7-server`: serves the subjects of cities on 127.0.0.1:50057.

use std::time::Duration;

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::subjects_by_city::{
    SubjectsByCity, proto::subjects_by_city_service_server::SubjectsByCityServiceServer,
};
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

#[derive(clap::Args)]
struct Args {
    /// Do not end streams when the server stops: those that go on are cut off
    #[arg(long)]
    keep_ticking: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown, Args { keep_ticking }) = cli::listen_with(7).await?;
    // ANCHOR: shutdown
    let token = CancellationToken::new();
    let service = SubjectsByCity { shutdown: token.clone() };
    let requested = shutdown.requested();
    let stop = async move {
        requested.await;
        // Ends the streams. tonic would wait for them, and not end them by itself.
        if !keep_ticking {
            token.cancel();
        }
    };
    let server = Server::builder()
        // Limits: see lesson 6.
        .max_concurrent_streams(1000)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(SubjectsByCityServiceServer::new(service))
        .serve_with_incoming_shutdown(incoming, stop);
    // ANCHOR_END: shutdown
    shutdown.run(server).await
}
