//! The stock of the exercise's shop: a service that takes its time, as a database does.

use std::time::Duration;

use tokio::time::sleep;
use tonic::transport::{Endpoint, Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

use super::proto::stock_service_server::{StockService, StockServiceServer};
use super::proto::{GetPriceRequest, GetPriceResponse};
use crate::cli::Failure;

/// What one of an article costs, in cents.
///
/// # Errors
/// NOT_FOUND, if there is no such article.
pub fn price(article: &str) -> Result<u32, Status> {
    match article {
        "tea" => Ok(250),
        "gold" => Ok(4_000_000),
        _ => Err(Status::not_found(format!("no article {article}"))),
    }
}

/// Answers each call after 10 ms, however many there are at once.
struct Stock;

#[tonic::async_trait]
impl StockService for Stock {
    async fn get_price(
        &self,
        request: Request<GetPriceRequest>,
    ) -> Result<Response<GetPriceResponse>, Status> {
        sleep(Duration::from_millis(10)).await;
        let price = price(&request.into_inner().article)?;
        Ok(Response::new(GetPriceResponse { price }))
    }
}

/// Starts the stock on a free port, in this process. It runs as long as the runtime.
///
/// # Errors
/// There is no free port.
pub fn serve() -> Result<Endpoint, Failure> {
    let any_port = ([127, 0, 0, 1], 0).into();
    let incoming = TcpIncoming::bind(any_port)?.with_nodelay(Some(true));
    let address = incoming.local_addr()?;
    tokio::spawn(
        Server::builder()
            .add_service(StockServiceServer::new(Stock))
            .serve_with_incoming(incoming),
    );
    Ok(Endpoint::try_from(format!("http://{address}"))?)
}
