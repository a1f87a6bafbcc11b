//! `lesson-8-server`: serves the adding machine and the collector on 127.0.0.1:50058.

use std::time::Duration;

use grpc_workbook::accumulate::{
    Accumulator, proto::accumulate_service_server::AccumulateServiceServer,
};
use grpc_workbook::cli::{self, Failure};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(8).await?;
    let server = Server::builder()
        // Limits: see lesson 6.
        .max_concurrent_streams(1000)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(AccumulateServiceServer::new(Accumulator))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
