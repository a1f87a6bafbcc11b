//! `lesson-9-server`: serves the guessing game and the echo on 127.0.0.1:50059.

use std::time::Duration;

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::guess_number::{
    GuessNumber, proto::guess_number_service_server::GuessNumberServiceServer,
};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(9).await?;
    let server = Server::builder()
        // Limits: see lesson 6.
        .max_concurrent_streams(1000)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(GuessNumberServiceServer::new(GuessNumber))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
