//! `lesson-6-server`: serves the calculator on 127.0.0.1:50056.

mod faults;

use std::time::Duration;

use faults::FaultInjector;
use grpc_workbook::calculator::{
    Calculator, proto::calculator_service_server::CalculatorServiceServer,
};
use grpc_workbook::cli::{self, Failure};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(6).await?;
    // Only for the chapter's `--break`. Your own server has `Calculator` here.
    let service = FaultInjector { calculator: Calculator };
    // Two limits, which tonic leaves off. The servers of lessons 7 to 10 set the same ones;
    // those of lessons 1 to 5 have none, to show tonic with nothing added.
    let server = Server::builder()
        // ANCHOR: limits
        // How many calls may be open on one connection. Without a limit, one client could
        // fill the memory, since each open call takes some. 1000 is as many as the chapter
        // holds open at once, and far above what a well-behaved client needs.
        .max_concurrent_streams(1000)
        // PING every minute, and close the connection if no answer comes within 20 s.
        // Otherwise the connection of a vanished machine stays open, with its calls.
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        // ANCHOR_END: limits
        .add_service(CalculatorServiceServer::new(service))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
