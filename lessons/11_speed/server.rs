//! `lesson-11-server`: serves calls with nothing to compute on 127.0.0.1:50061.

use std::sync::Arc;
use std::time::Duration;

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::speed::{Speed, proto::speed_service_server::SpeedServiceServer};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(11).await?;
    let speed = Speed::default();
    let served = Arc::clone(&speed.served);
    let server = Server::builder()
        // Limits: see lesson 6. The chapter's plot has up to 1024 calls in flight.
        .max_concurrent_streams(1024)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(SpeedServiceServer::new(speed))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await?;
    println!("served {served}");
    Ok(())
}
