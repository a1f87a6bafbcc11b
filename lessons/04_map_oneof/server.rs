//! `lesson-4-server`: serves an address book on 127.0.0.1:50054.

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::map_oneof::{
    AddressBook, proto::address_book_service_server::AddressBookServiceServer,
};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(4).await?;
    let server = Server::builder()
        .add_service(AddressBookServiceServer::new(AddressBook::default()))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
