//! `lesson-9-server`: serves the guessing game and the echo on 127.0.0.1:50059.

use grpc_workbook::cli;
use grpc_workbook::guess_number::{
    GuessNumber, proto::guess_number_service_server::GuessNumberServiceServer,
};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), cli::Failure> {
    let (incoming, stop) = cli::listen(9).await?;
    Server::builder()
        .add_service(GuessNumberServiceServer::new(GuessNumber))
        .serve_with_incoming_shutdown(incoming, stop)
        .await?;
    Ok(())
}
