//! `lesson-6-server`: serves the calculator on 127.0.0.1:50056.

use std::time::Duration;

use grpc_workbook::calculator::{
    Calculator, proto::calculator_service_server::CalculatorServiceServer,
};
use grpc_workbook::cli::{self, Failure};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(6).await?;
    Server::builder()
        // tonic allows any number of open calls on a connection: each takes memory.
        .max_concurrent_streams(1000)
        // tonic waits for ever for a client whose machine is gone. This asks each minute.
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(CalculatorServiceServer::new(Calculator))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
