//! `lesson-6-server`: serves the calculator on 127.0.0.1:50056.

use grpc_workbook::calculator::{
    Calculator, proto::calculator_service_server::CalculatorServiceServer,
};
use grpc_workbook::cli;
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), cli::Failure> {
    let (incoming, stop) = cli::listen(6).await?;
    Server::builder()
        .add_service(CalculatorServiceServer::new(Calculator))
        .serve_with_incoming_shutdown(incoming, stop)
        .await?;
    Ok(())
}
