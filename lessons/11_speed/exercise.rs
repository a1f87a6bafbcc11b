//! Exercise 11: a slow server. Yours to finish.
//!
//! It answers rightly, and however many calls you make at once, it answers fewer than a hundred a
//! second. The chapter has a report of it.
//!
//! - Mend it: calls to the shop must not wait for each other. However many are in flight, all of
//!   them can wait for the stock at the same time.
//! - All calls go on sharing one connection to the stock.
//! - Responses and errors stay as they are. If the stock answers with an error, so does the shop,
//!   with the same status.
//!
//! Check it with: cargo test --test lesson-11 -- --ignored --nocapture

use grpc_workbook::speed::proto::shop_service_server::ShopService;
use grpc_workbook::speed::proto::stock_service_client::StockServiceClient;
use grpc_workbook::speed::proto::{GetPriceRequest, GetTotalRequest, GetTotalResponse};
use tokio::sync::Mutex;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// The shop that the check calls.
pub struct Shop {
    /// Calls of a generated client take `&mut self`, and a method of a service has only `&self`.
    stock: Mutex<StockServiceClient<Channel>>,
}

impl Shop {
    /// A shop whose stock is at this address. The connection is opened by the first call.
    pub fn new(stock: Endpoint) -> Shop {
        let stock = StockServiceClient::new(stock.connect_lazy());
        Shop { stock: Mutex::new(stock) }
    }
}

#[tonic::async_trait]
impl ShopService for Shop {
    async fn get_total(
        &self,
        request: Request<GetTotalRequest>,
    ) -> Result<Response<GetTotalResponse>, Status> {
        let GetTotalRequest { article, count } = request.into_inner();
        let mut stock = self.stock.lock().await;
        let response = stock.get_price(GetPriceRequest { article }).await?;
        let price = response.into_inner().price;
        let total = u64::from(price) * u64::from(count);
        Ok(Response::new(GetTotalResponse { total }))
    }
}
