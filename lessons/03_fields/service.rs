//! The service of lesson 3: keeps one product, and exists in two versions.

use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tonic::{Request, Response, Status};

/// Version 1, from `protos/fields.proto`.
pub mod proto {
    tonic::include_proto!("fields/fields.v1");
}

/// Version 2, from `protos/fields_v2/fields_v2.proto`: the same names, so the same paths.
pub mod proto_v2 {
    tonic::include_proto!("fields_v2/fields.v1");
}

/// Version 1, changed as it must not be: `protos/fields_broken/fields_broken.proto`.
pub mod proto_broken {
    tonic::include_proto!("fields_broken/fields.v1");
}

/// A shop with one product, which is `P`: of version 1 or of version 2.
#[derive(Debug, Default)]
pub struct Shop<P>(Mutex<P>);

impl<P: Clone + Debug> Shop<P> {
    fn save(&self, product: Option<P>) -> Result<P, Status> {
        // A field whose type is a message is always an Option.
        let product =
            product.ok_or_else(|| Status::invalid_argument("there is no product"))?;
        println!("SaveProduct {product:?}");
        *self.product() = product.clone();
        Ok(product)
    }

    fn get(&self) -> P {
        println!("GetProduct");
        self.product().clone()
    }

    fn product(&self) -> MutexGuard<'_, P> {
        // Poisoned means: somebody panicked while he held it. The product is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// ANCHOR: old
#[tonic::async_trait]
impl proto::product_service_server::ProductService for Shop<proto::Product> {
    async fn save_product(
        &self,
        request: Request<proto::SaveProductRequest>,
    ) -> Result<Response<proto::SaveProductResponse>, Status> {
        let product = Some(self.save(request.into_inner().product)?);
        Ok(Response::new(proto::SaveProductResponse { product }))
    }

    async fn get_product(
        &self,
        _request: Request<proto::GetProductRequest>,
    ) -> Result<Response<proto::GetProductResponse>, Status> {
        let product = Some(self.get());
        Ok(Response::new(proto::GetProductResponse { product }))
    }
}
// ANCHOR_END: old

/// Word for word the same, but for the types.
#[tonic::async_trait]
impl proto_v2::product_service_server::ProductService for Shop<proto_v2::Product> {
    async fn save_product(
        &self,
        request: Request<proto_v2::SaveProductRequest>,
    ) -> Result<Response<proto_v2::SaveProductResponse>, Status> {
        let product = Some(self.save(request.into_inner().product)?);
        Ok(Response::new(proto_v2::SaveProductResponse { product }))
    }

    async fn get_product(
        &self,
        _request: Request<proto_v2::GetProductRequest>,
    ) -> Result<Response<proto_v2::GetProductResponse>, Status> {
        let product = Some(self.get());
        Ok(Response::new(proto_v2::GetProductResponse { product }))
    }
}
