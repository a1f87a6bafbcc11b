//! Exercise 3: one good answer.

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
        if let Some(name) = name {
            product.name = name;
        }
        if let Some(price) = price {
            product.price = price;
        }
        if let Some(labels) = labels {
            product.labels = labels.labels;
        }
        Ok(Response::new(UpdateProductResponse { product: Some(product.clone()) }))
    }
}
