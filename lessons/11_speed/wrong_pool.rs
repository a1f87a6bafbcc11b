//! Exercise 11, a wrong answer: four clients in turn, so the fifth call waits.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use grpc_workbook::speed::proto::shop_service_server::ShopService;
use grpc_workbook::speed::proto::stock_service_client::StockServiceClient;
use grpc_workbook::speed::proto::{GetPriceRequest, GetTotalRequest, GetTotalResponse};
use tokio::sync::Mutex;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// The shop that the check calls.
pub struct Shop {
    stocks: [Mutex<StockServiceClient<Channel>>; 4],
    /// Calls so far.
    calls: AtomicUsize,
}

impl Shop {
    /// A shop whose stock is at this address. The connection is opened by the first call.
    pub fn new(stock: Endpoint) -> Shop {
        let stock = StockServiceClient::new(stock.connect_lazy());
        let stocks = [(); 4].map(|()| Mutex::new(stock.clone()));
        Shop { stocks, calls: AtomicUsize::new(0) }
    }
}

#[tonic::async_trait]
impl ShopService for Shop {
    async fn get_total(
        &self,
        request: Request<GetTotalRequest>,
    ) -> Result<Response<GetTotalResponse>, Status> {
        let GetTotalRequest { article, count } = request.into_inner();
        // Wrong: no more than four calls are with the stock at once.
        let turn = self.calls.fetch_add(1, Relaxed) % self.stocks.len();
        let mut stock = self.stocks[turn].lock().await;
        let response = stock.get_price(GetPriceRequest { article }).await?;
        let price = response.into_inner().price;
        let total = u64::from(price) * u64::from(count);
        Ok(Response::new(GetTotalResponse { total }))
    }
}
