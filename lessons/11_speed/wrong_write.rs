//! Exercise 11, a wrong answer: another kind of lock, and still one call at a time.

use grpc_workbook::speed::proto::shop_service_server::ShopService;
use grpc_workbook::speed::proto::stock_service_client::StockServiceClient;
use grpc_workbook::speed::proto::{GetPriceRequest, GetTotalRequest, GetTotalResponse};
use tokio::sync::RwLock;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// The shop that the check calls.
pub struct Shop {
    stock: RwLock<StockServiceClient<Channel>>,
}

impl Shop {
    /// A shop whose stock is at this address. The connection is opened by the first call.
    pub fn new(stock: Endpoint) -> Shop {
        let stock = StockServiceClient::new(stock.connect_lazy());
        Shop { stock: RwLock::new(stock) }
    }
}

#[tonic::async_trait]
impl ShopService for Shop {
    async fn get_total(
        &self,
        request: Request<GetTotalRequest>,
    ) -> Result<Response<GetTotalResponse>, Status> {
        let GetTotalRequest { article, count } = request.into_inner();
        // Wrong: a lock for writing is held by one call, and until the end of the method.
        let mut stock = self.stock.write().await;
        let response = stock.get_price(GetPriceRequest { article }).await?;
        let price = response.into_inner().price;
        let total = u64::from(price) * u64::from(count);
        Ok(Response::new(GetTotalResponse { total }))
    }
}
