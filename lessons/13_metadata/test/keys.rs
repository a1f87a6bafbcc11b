//! What a client puts beside a request, and what the server's method finds there.

use std::fmt::Write;

use grpc_workbook::status::status_line;
use lesson_13::Notifier;
use lesson_13::proto::notify_service_server::{NotifyService, NotifyServiceServer};
use lesson_13::proto::{NotifyRequest, NotifyResponse};
use support::patience::within;
use support::written;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::codegen::http::{HeaderMap, HeaderValue};
use tonic::metadata::{Ascii, KeyAndValueRef, MetadataKey, MetadataMap, MetadataValue};
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

use crate::check::{channel_to, serve};

/// Reports the metadata of each request.
pub struct Reporting(pub UnboundedSender<MetadataMap>);

#[tonic::async_trait]
impl NotifyService for Reporting {
    async fn notify(
        &self,
        request: Request<NotifyRequest>,
    ) -> Result<Response<NotifyResponse>, Status> {
        let metadata = request.metadata().clone();
        self.0.send(metadata).expect("the test should be listening");
        Ok(Response::new(NotifyResponse {}))
    }
}

/// A channel to a server that reports, and what it reports.
pub fn reporting() -> (Channel, UnboundedReceiver<MetadataMap>) {
    let (tx, rx) = unbounded_channel();
    let service = NotifyServiceServer::new(Reporting(tx));
    (channel_to(Routes::new(service)), rx)
}

/// One row of the table: what is put in, in words and as code.
type Row = (&'static str, fn(&mut MetadataMap));

/// Puts a value under a key that is known only when the program runs.
fn put(metadata: &mut MetadataMap, key: &str, value: &str) {
    let key: MetadataKey<Ascii> = key.parse().expect("it should be a key");
    let value = MetadataValue::try_from(value).expect("it should be a value");
    metadata.append(key, value);
}

const ROWS: &[Row] = &[
    ("nothing", |_| {}),
    ("`x-note`: `a`, and then `b`, with `insert`", |metadata| {
        metadata.insert("x-note", MetadataValue::from_static("a"));
        metadata.insert("x-note", MetadataValue::from_static("b"));
    }),
    ("`x-note`: `a`, and then `b`, with `append`", |metadata| {
        metadata.append("x-note", MetadataValue::from_static("a"));
        metadata.append("x-note", MetadataValue::from_static("b"));
    }),
    ("`\"X-Note\".parse()`", |metadata| put(metadata, "X-Note", "a")),
    ("an empty value", |metadata| put(metadata, "x-note", "")),
    ("a space at each end", |metadata| put(metadata, "x-note", " a ")),
    ("`é`", |metadata| put(metadata, "x-note", "é")),
    ("`x-note-bin`, the bytes 0, 1 and 255, with `insert_bin`", |metadata| {
        metadata.insert_bin("x-note-bin", MetadataValue::from_bytes(&[0, 1, 255]));
    }),
    ("`user-agent`: `school/1.0`", |metadata| {
        put(metadata, "user-agent", "school/1.0")
    }),
    ("`grpc-note`", |metadata| put(metadata, "grpc-note", "a")),
    ("`te`, `content-type`", |metadata| {
        put(metadata, "te", "a");
        put(metadata, "content-type", "a");
    }),
    ("`grpc-status`, `grpc-message`, `grpc-message-type`", |metadata| {
        for key in ["grpc-status", "grpc-message", "grpc-message-type"] {
            put(metadata, key, "1");
        }
    }),
    ("`connection`, `transfer-encoding`", |metadata| {
        put(metadata, "connection", "close");
        put(metadata, "transfer-encoding", "chunked");
    }),
    ("`grpc-encoding`: `gzip`", |metadata| put(metadata, "grpc-encoding", "gzip")),
    ("`grpc-timeout`: `soon`", |metadata| put(metadata, "grpc-timeout", "soon")),
    ("`content-length`: `3`", |metadata| put(metadata, "content-length", "3")),
];

/// What the method finds, but for what it finds each time.
fn found(metadata: &MetadataMap, usual: &MetadataMap) -> String {
    let mut found = Vec::new();
    for entry in metadata.iter() {
        match entry {
            KeyAndValueRef::Ascii(key, value) if usual.get(key) != Some(value) => {
                let value = match value.to_str() {
                    Ok(text) => format!("`{text:?}`"),
                    Err(_) => format!("bytes {:02x?}, `to_str` fails", value.as_bytes()),
                };
                found.push(format!("`{key}`: {value}"));
            }
            KeyAndValueRef::Ascii(..) => {}
            KeyAndValueRef::Binary(key, value) => {
                let bytes = value.to_bytes().expect("it should be base64");
                let text = String::from_utf8_lossy(value.as_encoded_bytes());
                found.push(format!("`{key}`: `{text}` on the wire, bytes {bytes:02x?}"));
            }
        }
    }
    if found.is_empty() {
        "nothing of it".into()
    } else {
        found.join("; ")
    }
}

#[tokio::test]
async fn what_a_method_finds() {
    let (channel, mut rx) = reporting();
    let mut usual = MetadataMap::new();
    let mut rows = String::new();
    for (words, put) in ROWS {
        let mut request = Request::new(NotifyRequest::default());
        put(request.metadata_mut());
        // All on one connection, which none of these may break.
        let mut client = Notifier::new(channel.clone());
        let result = within(words, client.notify(request)).await;
        let seen = match (rx.try_recv(), result) {
            (Ok(metadata), Ok(_)) if usual.is_empty() => {
                let seen = found(&metadata, &usual);
                usual = metadata;
                seen
            }
            (Ok(metadata), Ok(_)) => found(&metadata, &usual),
            (_, Err(status)) => format!("it is not called: {}", status_line(&status)),
            (Err(_), Ok(_)) => panic!("{words}: a call without a method"),
        };
        writeln!(rows, "| {words} | {seen} |").expect("a String takes everything");
    }
    let head = "| the client puts in | the method finds |\n|---|---|\n";
    written("book/generated/13-metadata-keys.md", &format!("{head}{rows}"));
}

/// What cannot be made, so that nobody can send it.
#[test]
fn what_is_no_key_and_no_value() {
    for key in ["", ":path", "x note", "é", "x:note", "x-note-bin"] {
        key.parse::<MetadataKey<Ascii>>()
            .expect_err("it should be no key");
    }
    for key in ["x_note", "x.note", "1", "grpc-note", "X-NOTE"] {
        key.parse::<MetadataKey<Ascii>>()
            .expect("it should be a key");
    }
    for value in ["a\nb", "a\rb", "a\0b", "\u{7f}", "\u{1b}[31m"] {
        MetadataValue::try_from(value).expect_err("it should be no value");
    }
    // A tab is allowed, and so are bytes that are not ASCII.
    for value in ["", " ", "a\tb", "é", "课"] {
        MetadataValue::try_from(value).expect("it should be a value");
    }
    let text = MetadataValue::try_from("课").expect("it should be a value");
    text.to_str().expect_err("and no text");
}

/// gRPC lets a sender join the values of a `-bin` key. tonic does not split them; whether a value ends
/// with `=` does not matter.
#[test]
fn what_is_no_base64() {
    for (value, expected) in [
        ("AAE", Some(&[0, 1][..])),
        ("AAE=", Some(&[0, 1])),
        ("", Some(&[])),
        ("AAE,AAI", None),
        ("AA E", None),
        ("A", None),
        ("-_8", None),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("x-note-bin", HeaderValue::from_static(value));
        let metadata = MetadataMap::from_headers(headers);
        let bytes = metadata.get_bin("x-note-bin");
        let bytes = bytes.expect("it should be there").to_bytes();
        assert_eq!(bytes.ok().as_deref(), expected, "{value}");
    }
}

/// An application's name, a library's and tonic's.
#[tokio::test]
async fn the_user_agent_is_joined() {
    let (tx, mut rx) = unbounded_channel();
    let service = NotifyServiceServer::new(Reporting(tx));
    let (_channel, address) = serve(Routes::new(service));
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .expect("should be a URI")
        .user_agent("school-app/1.0")
        .expect("it should be a value");
    let mut client = Notifier::new(endpoint.connect_lazy());
    let mut request = Request::new(NotifyRequest::default());
    put(request.metadata_mut(), "user-agent", "this-call");
    within("the call", client.notify(request))
        .await
        .expect("it should end well");
    let metadata = rx.recv().await.expect("the method should report");
    let agent = metadata.get("user-agent").expect("it should be there");
    assert_eq!(agent, "this-call school-app/1.0 tonic/0.14.9");
}
