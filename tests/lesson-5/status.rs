//! What the client makes of an answer without a `grpc-status`: by the status of HTTP, and by
//! what stands in the body.

use std::convert::Infallible;

use grpc_workbook::http2::proto::{
    WorkRequest, http2_service_client::Http2ServiceClient,
};
use grpc_workbook::status::{code_name, status_line};
use support::written;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::{Code, Status};

/// How a call ends that is answered with `status` and `body`, and without a `grpc-status`.
async fn answered(status: u16, body: &'static str) -> Status {
    let server = tower::service_fn(move |_: http::Request<Body>| async move {
        let response = http::Response::builder().status(status);
        let response = response.body(Body::new(body.to_string()));
        Ok::<_, Infallible>(response.expect("response should be valid"))
    });
    let mut client = Http2ServiceClient::new(server);
    client
        .work(WorkRequest { slow: false })
        .await
        .expect_err("an answer without grpc-status should be an error")
}

/// The chapter's table.
#[tokio::test]
async fn a_status_of_http_becomes_a_code() {
    // In the order of the page: the codes, and the statuses that become them.
    let rows: &[(Code, &[u16])] = &[
        (Code::Internal, &[400]),
        (Code::Unauthenticated, &[401]),
        (Code::PermissionDenied, &[403]),
        (Code::Unimplemented, &[404]),
        (Code::Unavailable, &[429, 502, 503, 504]),
        (Code::Unknown, &[301, 408, 413, 415, 431, 500]),
    ];
    let mut table = "| `:status` | code |\n|---|---|\n".to_string();
    for (code, statuses) in rows {
        let mut cells = Vec::new();
        for status in *statuses {
            let ended = answered(*status, "").await;
            assert_eq!(ended.code(), *code, "{status}: {ended}");
            cells.push(status.to_string());
        }
        let which = if *code == Code::Unknown {
            format!("any other, such as {}", cells.join(", "))
        } else {
            cells.join(", ")
        };
        table += &format!("| {which} | `{}` |\n", code_name(*code));
    }
    written("book/generated/05-http2-status.md", &table);
}

/// With a body, tonic reads its first byte as the flag of a message, and looks no further.
#[tokio::test]
async fn a_page_of_html_is_taken_for_a_message() {
    let ended = answered(502, "<html>Bad Gateway</html>").await;
    let line = status_line(&ended);
    assert!(line.starts_with("INTERNAL: "), "{line}");
    assert!(line.contains("invalid compression flag: 60"), "{line}");
    assert_eq!(b'<', 60);
}
