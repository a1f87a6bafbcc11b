//! `lesson-8-server`: adds up, and collects, on 127.0.0.1:50058.

use std::time::Duration;

use grpc_workbook::accumulate::{
    Accumulator, proto::accumulate_service_server::AccumulateServiceServer,
};
use grpc_workbook::cli::{self, Failure};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(8).await?;
    Server::builder()
        // tonic allows any number of open calls on a connection: each takes memory.
        .max_concurrent_streams(1000)
        // tonic waits for ever for a client whose machine is gone. This asks each minute.
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(AccumulateServiceServer::new(Accumulator))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
