//! Exercise 3: an update of the fields that are set, and of no others. Yours to finish.
//!
//! - A field that is not set in the request stays as it is.
//! - A field that is set takes the new value, even if that is its default, 0 or "".
//! - `labels`, if set, replaces all labels that were there, even if its list is empty.
//! - Updates add up: each begins with what the one before left.
//!
//! Check it with: cargo test --test lesson-3 -- --ignored --nocapture

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
        _request: Request<UpdateProductRequest>,
    ) -> Result<Response<UpdateProductResponse>, Status> {
        let product = self.product.lock().unwrap_or_else(PoisonError::into_inner);
        // Not solved yet: nothing is updated.
        Ok(Response::new(UpdateProductResponse { product: Some(product.clone()) }))
    }
}
