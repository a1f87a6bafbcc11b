//! Exercise 11, a wrong answer: it refuses a call instead of letting it wait.

use grpc_workbook::speed::proto::shop_service_server::ShopService;
use grpc_workbook::speed::proto::stock_service_client::StockServiceClient;
use grpc_workbook::speed::proto::{GetPriceRequest, GetTotalRequest, GetTotalResponse};
use tokio::sync::Mutex;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// The shop that the check calls.
pub struct Shop {
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
        // Wrong: a server that could take the call says that it cannot.
        let mut stock = self
            .stock
            .try_lock()
            .map_err(|_| Status::unavailable("busy"))?;
        let response = stock.get_price(GetPriceRequest { article }).await?;
        let price = response.into_inner().price;
        let total = u64::from(price) * u64::from(count);
        Ok(Response::new(GetTotalResponse { total }))
    }
}
