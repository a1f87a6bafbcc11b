//! `lesson-7-server`: serves the subjects of cities on 127.0.0.1:50057.

use grpc_workbook::cli;
use grpc_workbook::subjects_by_city::{
    SubjectsByCity, proto::subjects_by_city_service_server::SubjectsByCityServiceServer,
};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), cli::Failure> {
    let (incoming, stop) = cli::listen(7).await?;
    Server::builder()
        .add_service(SubjectsByCityServiceServer::new(SubjectsByCity))
        .serve_with_incoming_shutdown(incoming, stop)
        .await?;
    Ok(())
}
