//! Exercise 3, a wrong answer: it overwrites a field that is not set with the default.

use std::sync::{Mutex, PoisonError};

use grpc_workbook::fields::proto_v2::product_update_service_server::ProductUpdateService;
use grpc_workbook::fields::proto_v2::{
    Product, UpdateProductRequest, UpdateProductResponse,
};
use tonic::{Request, Response, Status};

/// The service that the check calls.
pub struct Updater {
    /// The product as the last update left it.
    product: Mutex<Product>,
}

impl Updater {
    /// A service that begins with this product.
    pub fn new(product: Product) -> Updater {
        Updater { product: Mutex::new(product) }
    }
}

#[tonic::async_trait]
impl ProductUpdateService for Updater {
    async fn update_product(
        &self,
        request: Request<UpdateProductRequest>,
    ) -> Result<Response<UpdateProductResponse>, Status> {
        let UpdateProductRequest { name, price, labels } = request.into_inner();
        let mut product = self.product.lock().unwrap_or_else(PoisonError::into_inner);
        // Wrong: `None` must leave the field as it is. Here it becomes "", 0 or an empty list.
        product.name = name.unwrap_or_default();
        product.price = price.unwrap_or_default();
        product.labels = labels.unwrap_or_default().labels;
        Ok(Response::new(UpdateProductResponse { product: Some(product.clone()) }))
    }
}
