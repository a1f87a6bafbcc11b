//! Exercise 11: one good answer.

use grpc_workbook::speed::proto::shop_service_server::ShopService;
use grpc_workbook::speed::proto::stock_service_client::StockServiceClient;
use grpc_workbook::speed::proto::{GetPriceRequest, GetTotalRequest, GetTotalResponse};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// The shop that the check calls.
pub struct Shop {
    /// Never called itself. Each call clones it: a clone is a handle to the same connection.
    stock: StockServiceClient<Channel>,
}

impl Shop {
    /// A shop whose stock is at this address. The connection is opened by the first call.
    pub fn new(stock: Endpoint) -> Shop {
        Shop { stock: StockServiceClient::new(stock.connect_lazy()) }
    }
}

#[tonic::async_trait]
impl ShopService for Shop {
    async fn get_total(
        &self,
        request: Request<GetTotalRequest>,
    ) -> Result<Response<GetTotalResponse>, Status> {
        let GetTotalRequest { article, count } = request.into_inner();
        let mut stock = self.stock.clone();
        let response = stock.get_price(GetPriceRequest { article }).await?;
        let price = response.into_inner().price;
        let total = u64::from(price) * u64::from(count);
        Ok(Response::new(GetTotalResponse { total }))
    }
}
