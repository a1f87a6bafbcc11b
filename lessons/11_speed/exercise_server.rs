//! `lesson-11-exercise`: serves your answer to the exercise in the place of the lesson's server,
//! and the stock that it calls.

mod exercise;

use exercise::Shop;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::speed::proto::shop_service_server::ShopServiceServer;
use grpc_workbook::speed::stock;
use tonic::transport::Server;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (incoming, shutdown) = cli::listen_exercise(11).await?;
    let shop = Shop::new(stock::serve()?);
    let server = Server::builder()
        .add_service(ShopServiceServer::new(shop))
        .serve_with_incoming_shutdown(incoming, shutdown.requested());
    shutdown.run(server).await
}
