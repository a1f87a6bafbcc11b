//! `lesson-4-exercise`: serves your answer to the exercise in the place of the lesson's server.

mod exercise;

use exercise::UpdatingBook;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::map_oneof::proto::address_book_service_server::AddressBookServiceServer;
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(4).await?;
    let server = Server::builder()
        .add_service(AddressBookServiceServer::new(UpdatingBook::default()))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
