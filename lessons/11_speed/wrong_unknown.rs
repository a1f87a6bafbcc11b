//! Exercise 11, a wrong answer: calls no longer wait, but an error loses its code.

use grpc_workbook::speed::proto::shop_service_server::ShopService;
use grpc_workbook::speed::proto::stock_service_client::StockServiceClient;
use grpc_workbook::speed::proto::{GetPriceRequest, GetTotalRequest, GetTotalResponse};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// The shop that the check calls.
pub struct Shop {
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
        // Wrong: the client cannot tell a missing article from a broken server.
        let response = stock
            .get_price(GetPriceRequest { article })
            .await
            .map_err(|status| Status::unknown(status.message()))?;
        let price = response.into_inner().price;
        let total = u64::from(price) * u64::from(count);
        Ok(Response::new(GetTotalResponse { total }))
    }
}
