//! What HPACK makes of metadata: the same call twice on one connection, byte by byte.

use std::fmt::Write;

use grpc_workbook::http2::frames::Frame;
use grpc_workbook::http2::record::Recording;
use lesson_13::proto::NotifyRequest;
use lesson_13::proto::notify_service_server::NotifyServiceServer;
use lesson_13::{Notifier, REQUEST_ID};
use support::bytes::hex;
use support::patience::within;
use support::written;
use tokio::sync::mpsc::unbounded_channel;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Routes;
use tonic::transport::{Endpoint, Uri};

use crate::check::serve;
use crate::keys::Reporting;

/// The keys of the table, in the order in which the client puts them in, each with a value that is
/// marked as sensitive or is not.
const PAIRS: [(&str, &str, bool); 4] = [
    (REQUEST_ID, "first", false),
    ("authorization", "Bearer abc", false),
    ("x-secret", "abc", false),
    ("x-marked", "abc", true),
];

/// How many bytes of a block its first header takes (RFC 7541, section 6). All lengths here are
/// below 127, so each takes one byte, whose first bit says Huffman.
fn size_of_first(block: &[u8]) -> usize {
    let string = |at: usize| 1 + usize::from(block[at] & 0x7f);
    let named = |at: usize| string(at);
    match block[0] {
        // An entry of the table.
        0x80.. => 1,
        // Added to the table; its name is spelled out, or is an entry.
        0x40 => 1 + named(1) + string(1 + named(1)),
        0x41..=0x7f => 1 + string(1),
        // The size of the table.
        0x20..=0x3f => 1,
        // Not added (00 to 0f), or never (10 to 1f).
        byte => match byte & 0x0f {
            0 => 1 + named(1) + string(1 + named(1)),
            15 => 2 + string(2),
            _ => 1 + string(1),
        },
    }
}

/// The headers of a block, each as its bytes.
fn headers(block: &[u8]) -> Vec<String> {
    let mut headers = Vec::new();
    let mut rest = block;
    while !rest.is_empty() {
        let (first, later) = rest.split_at(size_of_first(rest));
        headers.push(hex(first));
        rest = later;
    }
    headers
}

#[tokio::test]
async fn a_call_again_is_shorter_but_for_its_secrets() {
    let (tx, mut rx) = unbounded_channel();
    let (_channel, address) = serve(Routes::new(NotifyServiceServer::new(Reporting(tx))));
    let recording = Recording::of(address).await;
    let recording = recording.expect("the server should be there");
    let endpoint = Endpoint::from_shared(format!("http://{}", recording.address));
    let endpoint = endpoint
        .expect("should be a URI")
        // The same bytes in each run.
        .origin(Uri::from_static("http://127.0.0.1:50063"));
    let mut client = Notifier::new(endpoint.connect_lazy());
    for _ in 0..2 {
        let mut request = Request::new(NotifyRequest::default());
        for (key, value, is_sensitive) in PAIRS {
            let mut value: MetadataValue<Ascii> =
                value.parse().expect("it should be a value");
            value.set_sensitive(is_sensitive);
            request.metadata_mut().insert(key, value);
        }
        let printed = format!("{:?}", request.metadata());
        assert!(printed.contains("\"x-marked\": Sensitive"), "{printed}");
        assert!(printed.contains("\"x-secret\": \"abc\""), "{printed}");
        let response = within("the call", client.notify(request)).await;
        response.expect("it should end well");
        // The mark is not sent: the receiver has to set its own.
        let received = rx.recv().await.expect("the method should report");
        assert!(format!("{received:?}").contains("\"x-marked\": \"abc\""));
    }
    let blocks: Vec<Vec<String>> = recording.client.so_far(|frames| {
        let blocks = frames.iter().filter_map(|(_, frame)| match frame {
            Ok(Frame::Headers { block, .. }) => Some(headers(block)),
            _ => None,
        });
        blocks.collect()
    });
    let [first, second] = &blocks[..] else {
        panic!("there should be two calls: {blocks:?}");
    };
    // Before ours: the method, the scheme, the authority and the path. Behind them: te, content-type
    // and user-agent.
    assert_eq!((first.len(), second.len()), (4 + PAIRS.len() + 3, 4 + PAIRS.len() + 3));
    let mut table =
        String::from("| header | first call | second call |\n|---|---|---|\n");
    for (n, (key, value, is_sensitive)) in PAIRS.iter().enumerate() {
        let mark = if *is_sensitive { ", sensitive" } else { "" };
        let (first, second) = (&first[4 + n], &second[4 + n]);
        writeln!(table, "| `{key}: {value}`{mark} | `{first}` | `{second}` |")
            .expect("a String takes everything");
    }
    written("book/generated/13-metadata-bytes.md", &table);
}
