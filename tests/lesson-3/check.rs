//! The check of the exercise: updates, one after the other, and the product after each.

use grpc_workbook::fields::proto_v2::product_update_service_client::ProductUpdateServiceClient;
use grpc_workbook::fields::proto_v2::product_update_service_server::{
    ProductUpdateService, ProductUpdateServiceServer,
};
use grpc_workbook::fields::proto_v2::update_product_request::Labels;
use grpc_workbook::fields::proto_v2::{Product, UpdateProductRequest};
use support::checks::{Checks, Verdict, outcome};
use tonic::service::Routes;

use crate::teapot;

/// Checks an answer that begins with [`teapot`].
pub async fn check(server: Routes) -> Verdict {
    let client = ProductUpdateServiceClient::new(server);
    let mut checks = Checks::default();
    let nothing = UpdateProductRequest::default();
    for (call, request, expected) in [
        ("nothing", nothing.clone(), ("Teapot", 1900, &["blue"][..])),
        ("price: 1500", price(1500), ("Teapot", 1500, &["blue"])),
        ("price: 0", price(0), ("Teapot", 0, &["blue"])),
        ("name: \"Pot\"", name("Pot"), ("Pot", 0, &["blue"])),
        ("name: \"\"", name(""), ("", 0, &["blue"])),
        ("labels: [new, sale]", labels(&["new", "sale"]), ("", 0, &["new", "sale"])),
        ("price: -1", price(-1), ("", -1, &["new", "sale"])),
        ("labels: []", labels(&[]), ("", -1, &[])),
        ("nothing", nothing.clone(), ("", -1, &[])),
    ] {
        let mut client = client.clone();
        let response = async move {
            let response = outcome(client.update_product(request).await)?;
            let product = response.product.ok_or("no product")?;
            Ok((product.name, product.price, product.labels))
        };
        let (name, price, labels) = expected;
        let expected = Ok((name.to_string(), price, strings(labels)));
        checks
            .call(format!("UpdateProduct({call})"), response, expected)
            .await;
    }
    let rest = |product: Product| (product.size, product.ratings, product.discount);
    let mut client = client.clone();
    let response = async move {
        let response = outcome(client.update_product(nothing).await)?;
        Ok(rest(response.product.ok_or("no product")?))
    };
    let call = "UpdateProduct(nothing): size, ratings and discount";
    checks.call(call, response, Ok(rest(teapot()))).await;
    checks.verdict()
}

/// A request that sets the name alone.
fn name(name: &str) -> UpdateProductRequest {
    UpdateProductRequest { name: Some(name.into()), ..Default::default() }
}

/// A request that sets the price alone.
fn price(price: i32) -> UpdateProductRequest {
    UpdateProductRequest { price: Some(price), ..Default::default() }
}

/// A request that sets the labels alone.
fn labels(labels: &[&str]) -> UpdateProductRequest {
    let labels = Labels { labels: strings(labels) };
    UpdateProductRequest { labels: Some(labels), ..Default::default() }
}

/// Labels as a message has them.
pub fn strings(labels: &[&str]) -> Vec<String> {
    labels.iter().map(ToString::to_string).collect()
}

/// A server with this answer to the exercise.
pub fn serving(updater: impl ProductUpdateService) -> Routes {
    Routes::new(ProductUpdateServiceServer::new(updater))
}
