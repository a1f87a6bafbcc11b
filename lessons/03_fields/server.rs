//! `lesson-3-server`: keeps a product, on 127.0.0.1:50053. It serves one of the two versions,
//! not both: their paths are the same.

use grpc_workbook::cli::{self, Failure};
use grpc_workbook::fields::{Shop, proto, proto_v2};
use proto::product_service_server::ProductServiceServer as OldServer;
use proto_v2::product_service_server::ProductServiceServer as NewServer;
use tonic::transport::Server;

#[derive(clap::Args)]
struct Args {
    /// Serve version 1 of the service
    #[arg(long)]
    old: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown, Args { old }) = cli::listen_with(3).await?;
    let mut server = Server::builder();
    let router = if old {
        let shop = Shop::<proto::Product>::default();
        server.add_service(OldServer::new(shop))
    } else {
        let shop = Shop::<proto_v2::Product>::default();
        server.add_service(NewServer::new(shop))
    };
    let server = router.serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
