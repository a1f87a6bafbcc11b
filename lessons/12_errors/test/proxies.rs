//! What a client sees when something that knows nothing of gRPC answers.

use grpc_workbook::status::code_name;
use lesson_12::guard::guard;
use lesson_12::proto::enrol_service_client::EnrolServiceClient;
use support::endings::KillableServer;
use support::patience::within;
use support::written;
use tonic::body::Body;
use tonic::codegen::http::{HeaderValue, Response};
use tonic::{Code, Status};

use super::answers::answering;
use super::request;

/// The codes of HTTP that proxies use, and what the specification makes of them:
/// <https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md>.
const SPECIFIED: &[(&[u16], Code)] = &[
    (&[400], Code::Internal),
    (&[401], Code::Unauthenticated),
    (&[403], Code::PermissionDenied),
    (&[404], Code::Unimplemented),
    (&[429, 502, 503, 504], Code::Unavailable),
    (&[200, 301, 302, 408, 413, 415, 431, 500, 501], Code::Unknown),
];

/// Bodies that proxies send, each with its content-type.
const BODIES: [(&str, &str); 4] = [
    ("text/html", "<html>busy</html>"),
    ("text/plain", "upstream connect error or disconnect/reset before headers"),
    ("application/json", "{\"error\": \"busy\"}"),
    // As some gateways do for calls of gRPC: the type does not help.
    ("application/grpc", "busy!"),
];

/// Serves an HTTP response without a gRPC status.
fn proxy(http: u16, content_type: &'static str, body: &'static str) -> KillableServer {
    answering(move |_| async move {
        let mut response = Response::new(Body::new(body.to_string()));
        *response.status_mut() = http.try_into().expect("it should be a code of HTTP");
        let content_type = HeaderValue::from_static(content_type);
        response.headers_mut().insert("content-type", content_type);
        response
    })
}

/// What tonic's client makes of it.
async fn status_of(http: u16, content_type: &'static str, body: &'static str) -> Status {
    let server = proxy(http, content_type, body);
    let mut client = EnrolServiceClient::new(server.channel().await);
    let call = client.enrol(request("wuhan-java", "s-1"));
    let result = within("the proxy's answer", call).await;
    result.expect_err("it should be no answer of the service")
}

/// The chapter's table. Without a body, tonic maps the code of HTTP as the specification does. With
/// one, it takes the body for a message, and fails at its first byte.
#[tokio::test]
async fn a_proxy_answers() {
    let mut table = String::from(
        "| `:status` | without a body, as specified | with a page of HTML |\n|---|---|---|\n",
    );
    for (codes, specified) in SPECIFIED {
        for &http in *codes {
            let status = status_of(http, "text/html", "").await;
            assert_eq!(status.code(), *specified, "{http}: {status:?}");
            let expected = match http {
                200 => "protocol error: missing grpc-status trailer".to_string(),
                _ => format!("mapped from HTTP status code {http}"),
            };
            assert!(status.message().contains(&expected), "{http}: {status:?}");
            for (content_type, body) in BODIES {
                let status = status_of(http, content_type, body).await;
                assert_eq!(status.code(), Code::Internal, "{http}, {body}: {status:?}");
                let flag = format!("invalid compression flag: {} ", body.as_bytes()[0]);
                assert!(status.message().contains(&flag), "{http}, {body}: {status:?}");
            }
        }
        let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
        let specified = code_name(*specified);
        table += &format!("| {} | `{specified}` | `INTERNAL` |\n", codes.join(", "));
    }
    written("book/generated/12-errors-http.md", &table);
}

/// Behind the guard, a client sees the code of the specification, whatever the body is. Only a
/// response that says in two ways that it is one of gRPC is taken for one.
#[tokio::test]
async fn a_guarded_client_behind_a_proxy() {
    for (codes, specified) in SPECIFIED {
        for &http in *codes {
            for (content_type, body) in BODIES {
                if (http, content_type) == (200, "application/grpc") {
                    continue;
                }
                let server = proxy(http, content_type, body);
                let channel = guard(server.channel().await);
                let mut client = EnrolServiceClient::new(channel);
                let call = client.enrol(request("wuhan-java", "s-1"));
                let result = within("the proxy's answer", call).await;
                let status = result.expect_err("it should be no answer");
                assert_eq!(status.code(), *specified, "{http}, {body}: {status:?}");
            }
        }
    }
}

/// A status of gRPC wins over the code of HTTP.
#[tokio::test]
async fn a_status_beside_503() {
    let server = answering(|_| async {
        let mut response: Response<Body> = Status::not_found("no").into_http();
        *response.status_mut() = 503.try_into().expect("it should be a code of HTTP");
        response
    });
    let channel = server.channel().await;
    for status in [
        EnrolServiceClient::new(channel.clone())
            .enrol(request("wuhan-java", "s-1"))
            .await,
        EnrolServiceClient::new(guard(channel))
            .enrol(request("wuhan-java", "s-1"))
            .await,
    ] {
        let status = status.expect_err("it should be refused");
        assert_eq!((status.code(), status.message()), (Code::NotFound, "no"));
    }
}
