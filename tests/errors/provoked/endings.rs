//! What tonic says when a call ends as no good server ends it.

use grpc_workbook::cli::Failure;
use grpc_workbook::hello::MyGreeter;
use grpc_workbook::hello::proto::HelloRequest;
use grpc_workbook::hello::proto::greeter_client::GreeterClient;
use grpc_workbook::hello::proto::greeter_server::GreeterServer;
use prost::bytes::Bytes;
use support::patience::within;
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::codegen::http::{self, HeaderMap, Response};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Status};

use super::{all_of, said};

/// What a server answers, whatever it was asked.
#[derive(Clone)]
struct Answer {
    code: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static [u8],
    trailers: Option<&'static [(&'static str, &'static str)]>,
    /// Ends the stream with this, in place of an answer.
    reset: Option<h2::Reason>,
}

/// A right answer of gRPC without a message.
const NOTHING: Answer = Answer {
    code: 200,
    headers: &[("content-type", "application/grpc")],
    body: b"",
    trailers: Some(&[("grpc-status", "0")]),
    reset: None,
};

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| {
        let name = http::HeaderName::from_static(name);
        (name, http::HeaderValue::from_static(value))
    };
    pairs.iter().map(pair).collect()
}

/// A channel to a server that gives this answer.
async fn server(answer: Answer) -> Channel {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port should be free");
    let address = listener
        .local_addr()
        .expect("the listener should have an address");
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.expect("the client should come");
        let mut connection = h2::server::handshake(socket)
            .await
            .expect("it speaks HTTP/2");
        while let Some(Ok((_request, mut respond))) = connection.accept().await {
            if let Some(reason) = answer.reset {
                respond.send_reset(reason);
                continue;
            }
            let mut response = Response::builder()
                .status(answer.code)
                .body(())
                .expect("a code");
            *response.headers_mut() = headers(answer.headers);
            let mut stream = respond
                .send_response(response, false)
                .expect("the stream is open");
            let body = Bytes::from_static(answer.body);
            stream
                .send_data(body, answer.trailers.is_none())
                .expect("the stream should be open");
            if let Some(trailers) = answer.trailers {
                stream
                    .send_trailers(headers(trailers))
                    .expect("the stream should be open");
            }
        }
    });
    let uri = format!("http://{address}");
    Endpoint::from_shared(uri)
        .expect("the address should be a URI")
        .connect_lazy()
}

/// How a unary call ends at a server with this answer.
async fn ending(answer: Answer) -> Status {
    let mut client = GreeterClient::new(server(answer).await);
    let call = client.say_hello(HelloRequest { name: "you".into() });
    within("the call's end", call)
        .await
        .expect_err("the call should fail")
}

#[tokio::test]
async fn a_page_of_html_is_no_message() {
    let html = Answer {
        headers: &[("content-type", "text/html")],
        body: b"<html><body>502 Bad Gateway</body></html>",
        trailers: None,
        ..NOTHING
    };
    let status = ending(html.clone()).await;
    said("received message with invalid compression flag: 60", status.message());
    let json = Answer { body: b"{\"code\":\"unimplemented\"}", ..html };
    let status = ending(json).await;
    said("received message with invalid compression flag: 123", status.message());
}

#[tokio::test]
async fn an_answer_without_its_message() {
    let status = ending(NOTHING).await;
    assert_eq!(status.code(), Code::Internal);
    said("Missing response message", status.message());
    let compressed = Answer { body: b"\x01\0\0\0\x01x", ..NOTHING };
    said(
        "received message with compressed-flag but no grpc-encoding was specified",
        ending(compressed).await.message(),
    );
    let cut = Answer { body: b"\0\0\0\0\x05ab", trailers: None, ..NOTHING };
    said("Unexpected EOF decoding stream", ending(cut).await.message());
}

#[tokio::test]
async fn a_proxy_answers_with_a_code_of_http() {
    for (code, grpc) in [(404, Code::Unimplemented), (503, Code::Unavailable)] {
        let answer = Answer { code, headers: &[], trailers: None, ..NOTHING };
        let status = ending(answer).await;
        assert_eq!(status.code(), grpc);
        said(
            "grpc-status header missing, mapped from HTTP status code",
            status.message(),
        );
    }
}

/// Codes of HTTP, what gRPC's http-grpc-status-mapping.md makes of them, and whether they show that
/// what answered does not speak gRPC. A server's library for HTTP/2 answers 431, and a proxy before
/// a server of gRPC has codes of its own (RFC 9110, section 15; RFC 6585).
const CODES_OF_HTTP: &[(&[u16], Code, bool)] = &[
    (&[400], Code::Internal, true),
    (&[401], Code::Unauthenticated, false),
    (&[403], Code::PermissionDenied, false),
    (&[404], Code::Unimplemented, true),
    (&[429, 502, 503, 504], Code::Unavailable, false),
    (&[407, 408, 413, 431], Code::Unknown, false),
    (&[201, 301, 302, 307, 308, 402, 405, 406, 410, 411, 415], Code::Unknown, true),
    (&[418, 421, 426, 430, 432, 451, 500, 501, 505, 511, 599], Code::Unknown, true),
];

#[tokio::test]
async fn a_code_of_http_blames_only_what_does_not_speak_grpc() {
    let blame = "what listens there does not speak gRPC, so the call ended with";
    for (codes, grpc, is_blamed) in CODES_OF_HTTP {
        for &code in *codes {
            let empty = Answer { code, headers: &[], trailers: None, ..NOTHING };
            let page = Answer { body: b"<html></html>", ..empty.clone() };
            for (answer, grpc) in [(empty, *grpc), (page, Code::Internal)] {
                let status = ending(answer).await;
                assert_eq!(status.code(), grpc, "{code}: {status:?}");
                said(&code.to_string(), status.message());
                let line = format!("{:?}", Failure::from(status));
                assert_eq!(line.starts_with(blame), *is_blamed, "{code}: {line}");
            }
        }
    }
    let page = Answer { headers: &[], body: b"<html></html>", trailers: None, ..NOTHING };
    said(blame, &format!("{:?}", Failure::from(ending(page).await)));
}

/// A server of gRPC may quote what another one told it.
#[test]
fn a_message_that_quotes_tonic_blames_nobody() {
    let text =
        "the stock says: grpc-status header missing, mapped from HTTP status code 404";
    let line = format!("{:?}", Failure::from(Status::unavailable(text)));
    assert_eq!(line, format!("the call ended with UNAVAILABLE (14): {text}"));
}

#[tokio::test]
async fn a_stream_is_refused() {
    let answer = Answer { reset: Some(h2::Reason::REFUSED_STREAM), ..NOTHING };
    let status = ending(answer).await;
    said("refused stream before processing any application logic", &all_of(&status));
    said("REFUSED_STREAM", &all_of(&status));
}

#[tokio::test]
async fn a_server_cancels_a_stream() {
    let answer = Answer { reset: Some(h2::Reason::CANCEL), ..NOTHING };
    let status = ending(answer).await;
    assert_eq!(status.code(), Code::Cancelled);
    said("stream no longer needed", &all_of(&status));
}

/// A channel to lesson 1's server.
fn greeter() -> Channel {
    let address = "127.0.0.1:0".parse().expect("the address should parse");
    let incoming = TcpIncoming::bind(address).expect("a port should be free");
    let address = incoming
        .local_addr()
        .expect("the listener should have an address");
    let service = GreeterServer::new(MyGreeter);
    tokio::spawn(
        Server::builder()
            .add_service(service)
            .serve_with_incoming(incoming),
    );
    let uri = format!("http://{address}");
    Endpoint::from_shared(uri)
        .expect("the address should be a URI")
        .connect_lazy()
}

#[tokio::test]
async fn a_server_refuses_what_it_was_not_told_to_accept() {
    let client = GreeterClient::new(greeter());
    let mut client = client.send_compressed(CompressionEncoding::Gzip);
    let call = client.say_hello(HelloRequest { name: "you".into() });
    let status = within("the call's end", call)
        .await
        .expect_err("the call should fail");
    said("Content is compressed with `gzip` which isn't supported", status.message());
}

#[tokio::test]
async fn a_unary_call_needs_one_message() {
    use grpc_workbook::raw::client_streaming;
    let path = "/helloworld.Greeter/SayHello";
    let none = client_streaming(greeter(), path, tokio_stream::empty());
    let status = within("the call's end", none)
        .await
        .expect_err("the call should fail");
    said("Missing request message", status.message());
}
