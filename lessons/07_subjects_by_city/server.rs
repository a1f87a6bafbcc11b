//! `lesson-7-server`: serves the subjects of cities on 127.0.0.1:50057.

use std::time::Duration;

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::subjects_by_city::{
    SubjectsByCity, proto::subjects_by_city_service_server::SubjectsByCityServiceServer,
};
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen(7).await?;
    let server = Server::builder()
        // Limits: see lesson 6.
        .max_concurrent_streams(1000)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .add_service(SubjectsByCityServiceServer::new(SubjectsByCity))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
