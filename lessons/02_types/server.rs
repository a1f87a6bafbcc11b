//! `lesson-2-server`: inspects messages on 127.0.0.1:50052.

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::types::{
    Inspector, proto::raw_request::types_service_server::TypesServiceServer,
};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(2).await?;
    let server = Server::builder()
        .add_service(TypesServiceServer::new(Inspector))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
