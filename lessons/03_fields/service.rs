//! The service of lesson 3: keeps one product, and exists in two versions.
//!
//! Each version has a generated trait of its own, so each has an `impl`. What the versions share
//! is in the `impl` of [`Shop`] before them.

use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tonic::{Request, Response, Status};

use crate::status::status_line;

/// Version 1, from `protos/fields.proto`.
pub mod proto {
    tonic::include_proto!("fields/fields.v1");
}

/// Version 2, from `protos/fields_v2/fields_v2.proto`: the same names, so the same paths.
pub mod proto_v2 {
    tonic::include_proto!("fields_v2/fields.v1");
}

/// Version 1, changed as it must not be changed: `protos/fields_broken/fields_broken.proto`.
pub mod proto_broken {
    tonic::include_proto!("fields_broken/fields.v1");
}

// ANCHOR: shop
/// A shop with one product. `P` is the product of version 1 or of version 2.
#[derive(Debug, Default)]
pub struct Shop<P> {
    /// The product that was saved last; until then, one in which every field has its
    /// default. Calls run at the same time, so it is behind a lock.
    product: Mutex<P>,
}
// ANCHOR_END: shop

impl<P: Clone + Debug> Shop<P> {
    /// The product as it is now.
    fn get(&self) -> P {
        println!("GetProduct -> found");
        self.product().clone()
    }

    // ANCHOR: save
    /// Replaces the product, and returns what is stored now.
    fn save(&self, product: Option<P>) -> Result<P, Status> {
        // A field whose type is a message is always an Option.
        let Some(product) = product else {
            let status = Status::invalid_argument("there is no product");
            println!("SaveProduct -> {}", status_line(&status));
            return Err(status);
        };
        // The lock is held for this statement alone.
        *self.product() = product.clone();
        println!("SaveProduct -> saved\n{}", folded(&product));
        Ok(product)
    }

    /// The product, locked until the caller drops the guard.
    fn product(&self) -> MutexGuard<'_, P> {
        // A lock is poisoned when its holder panicked. The product is replaced in one
        // step, so it is never half changed, and can be used all the same.
        self.product.lock().unwrap_or_else(PoisonError::into_inner)
    }
    // ANCHOR_END: save
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

/// Word for word the same, except for the types.
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

/// A message as `Debug` writes it, indented, and folded between its fields so that it fits into
/// 88 columns.
pub fn folded(message: &impl Debug) -> String {
    let (mut text, mut line, mut field) =
        (String::new(), "  ".to_string(), String::new());
    let mut depth = 0;
    for c in format!("{message:?}").chars() {
        field.push(c);
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        // Between two fields of the message itself, or behind the last one.
        if depth == 1 && field.ends_with(", ") || depth == 0 && c == '}' {
            if line.len() + field.trim_end().len() > 88 {
                text += line.trim_end();
                text.push('\n');
                line = "    ".into();
            }
            line += &field;
            field.clear();
        }
    }
    text + &line
}
