//! `lesson-8-server`: adds up, and collects, on 127.0.0.1:50058.

use grpc_workbook::accumulate::{
    Accumulator, proto::accumulate_service_server::AccumulateServiceServer,
};
use grpc_workbook::cli;
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), cli::Failure> {
    let (incoming, stop) = cli::listen(8).await?;
    Server::builder()
        .add_service(AccumulateServiceServer::new(Accumulator))
        .serve_with_incoming_shutdown(incoming, stop)
        .await?;
    Ok(())
}
