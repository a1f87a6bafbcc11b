//! Old and new programs together, from outside: what each finds of the product, and what a
//! broken `.proto` does to it.

use grpc_workbook::fields::Shop;
use grpc_workbook::fields::proto_v2::product_service_client::ProductServiceClient;
use grpc_workbook::fields::proto_v2::product_service_server::ProductServiceServer;
use grpc_workbook::fields::proto_v2::{GetProductRequest, Product, SaveProductRequest};
use support::programs::{self, Finished, Server, run};
use tonic::Code;

use crate::LESSON;

#[tokio::test]
async fn a_save_needs_a_product() {
    let shop = ProductServiceServer::new(Shop::<Product>::default());
    let mut client = ProductServiceClient::new(shop);
    let request = SaveProductRequest { product: None };
    let status = client
        .save_product(request)
        .await
        .expect_err("the request should be refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    // Nothing was saved yet: every field of the product has its default.
    let response = client.get_product(GetProductRequest {}).await;
    let product = response
        .expect("the call should succeed")
        .into_inner()
        .product;
    assert_eq!(product, Some(Product::default()));
}

/// A running server with these flags.
fn server(args: &[&str]) -> Server {
    let mut command = programs::command(&LESSON.server());
    Server::from(command.args(["--addr", "127.0.0.1:0"]).args(args))
}

/// The client, run against a server.
fn client(server: &Server, args: &[&str]) -> Finished {
    run(&mut programs::client(LESSON, &server.address, args))
}

/// The lines of an output. A product is folded below the line that it belongs to: it is joined to
/// that line.
fn lines(output: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in output.lines() {
        let is_error = line.starts_with("Error: ");
        assert!(is_error || line.len() <= 90, "{line}");
        match (line.strip_prefix("  "), lines.last_mut()) {
            (Some(folded), Some(last)) => {
                last.push(' ');
                last.push_str(folded.trim_start());
            }
            _ => lines.push(line.to_string()),
        }
    }
    lines
}

/// What `Debug` prints of the fields that never change.
const SIZE: &str = "size: Some(Size { width: 25, height: 14 }), ratings: [5, 4]";

#[test]
fn an_old_client_loses_what_a_new_one_saved() {
    let server = server(&[]);
    let Finished { code, output } = client(&server, &[]);
    assert_eq!(code, Some(0));
    let new = |price, rest| {
        format!("Product {{ name: \"Teapot\", price: {price}, {SIZE}, {rest} }}")
    };
    let full = new(1900, "discount: Some(0), labels: [\"blue\"]");
    let poor = new(1500, "discount: None, labels: []");
    let old = |price, supplier| {
        let rest = format!("supplier: {supplier:?}, {SIZE}");
        format!("Product {{ name: \"Teapot\", price: {price}, {rest} }}")
    };
    assert_eq!(
        lines(&output),
        [
            format!("new client saves {full}"),
            format!("is told {full}"),
            format!("old client finds {}", old(1900, "")),
            format!("old client saves {}", old(1500, "Acme")),
            format!("is told {}", old(1500, "")),
            format!("new client finds {poor}"),
        ]
    );
    let Finished { output, .. } = server.stop();
    assert_eq!(
        lines(&output)[1..],
        [
            format!("SaveProduct -> saved {full}"),
            "GetProduct -> found".into(),
            format!("SaveProduct -> saved {poor}"),
            "GetProduct -> found".into(),
            "lesson-3-server stopping".into()
        ]
    );
}

#[test]
fn an_old_server_keeps_the_supplier_and_drops_the_new_fields() {
    let server = server(&["--old"]);
    let Finished { code, output } = client(&server, &[]);
    assert_eq!(code, Some(0));
    let output = lines(&output);
    assert!(output[0].ends_with(r#"discount: Some(0), labels: ["blue"] }"#));
    assert!(output[1].ends_with("discount: None, labels: [] }"));
    assert!(output[4].contains("supplier: \"Acme\""));
    assert!(!output[5].contains("Acme") && output[5].contains("price: 1500"));
    let Finished { output, .. } = server.stop();
    assert!(!output.contains("discount") && output.contains("supplier: \"Acme\""));
}

/// What the sender is told, and what the receiver has.
#[test]
fn broken_changes_corrupt_what_an_old_client_finds() {
    let server = server(&["--old"]);
    for (name, sent, kept, found) in [
        ("reused", "origin: \"Japan\"", "origin: \"Japan\"", "supplier: \"Japan\""),
        ("sint32", "ratings: [5, 4, -1]", "ratings: [5, 4, -1]", "ratings: [10, 8, 1]"),
        ("int64", "price: 5000000000", "price: 705032704", "price: 705032704"),
    ] {
        let Finished { code, output } = client(&server, &["--break", name]);
        assert_eq!(code, Some(0), "{output}");
        let output = lines(&output);
        assert!(output[0].starts_with("broken client saves") && output[0].contains(sent));
        assert!(output[1].starts_with("is told") && output[1].contains(kept));
        assert!(output[2].starts_with("old client finds") && output[2].contains(found));
    }
    let Finished { code, output } = client(&server, &["--break", "string"]);
    assert_eq!(code, Some(1));
    assert!(
        lines(&output)[1].starts_with("Error: the call ended with INTERNAL (13): "),
        "{output}"
    );
    assert!(output.ends_with("invalid wire type: LengthDelimited (expected Varint)\n"));
    let Finished { output, .. } = server.stop();
    assert_eq!(output.matches("SaveProduct").count(), 3, "{output}");
    assert!(output.contains("ratings: [10, 8, 1]"));
}

/// A new server has `reserved 3`: it drops the value instead of taking it for something else.
#[test]
fn a_value_with_a_reserved_number_is_dropped() {
    let server = server(&[]);
    let Finished { output, .. } = client(&server, &["--break", "reused"]);
    assert!(!lines(&output)[1].contains("Japan"), "{output}");
}

#[test]
fn mistakes_on_the_command_line_get_one_line() {
    for args in [&["--odl"][..], &["--old", "yes"], &["--old", "--addr"]] {
        let Finished { code, output } =
            run(programs::command(&LESSON.server()).args(args));
        assert_eq!(code, Some(2), "{output}");
        assert!(output.starts_with("Error: ") && output.lines().count() == 1, "{output}");
    }
}
