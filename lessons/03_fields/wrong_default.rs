//! Exercise 3, a wrong answer: it takes a field that is set to its default for one not set.

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
        // Wrong: from here on, `None` and `Some(0)` are the same, and so below for the labels.
        let (name, price) = (name.unwrap_or_default(), price.unwrap_or_default());
        if !name.is_empty() {
            product.name = name;
        }
        if price != 0 {
            product.price = price;
        }
        let labels = labels.unwrap_or_default().labels;
        if !labels.is_empty() {
            product.labels = labels;
        }
        Ok(Response::new(UpdateProductResponse { product: Some(product.clone()) }))
    }
}
