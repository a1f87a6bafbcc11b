//! Where this server answers otherwise than the Python server or the specification does, and where
//! it does not. The chapter's table is made of the calls that differ.

use std::time::Duration;

use grpc_workbook::notes::proto::demo::demo_client::DemoClient;
use grpc_workbook::notes::proto::demo::{Result as WorkResult, Work};
use grpc_workbook::notes::proto::test::TestClientRecvStreamRequest;
use grpc_workbook::notes::proto::test::demo_client::DemoClient as TestClient;
use grpc_workbook::raw::{self, RawCodec};
use grpc_workbook::status::code_name;
use prost::Message;
use support::checks::{Outcome, outcome};
use support::peers::Peer;
use support::programs::Server;
use support::written;
use tokio_stream::iter;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::codegen::Bytes;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request};

use crate::server_with_interval;

/// A call that the two servers answer differently, or both otherwise than the specification says.
struct Difference {
    /// The first column of the table.
    call: &'static str,
    /// What grpcio 1.85.1 answers.
    python: &'static str,
    /// What stands behind that answer in the table.
    why: &'static str,
    /// What the specification says: of gRPC, or of protobuf.
    specified: &'static str,
}

/// In the order of [`responses`].
const DIFFERENCES: [Difference; 7] = [
    Difference {
        call: "a path that is not there",
        python: "UNIMPLEMENTED: Method not found!",
        why: "",
        specified: "`UNIMPLEMENTED`",
    },
    Difference {
        call: "`Calculate`, with no message at all",
        python: "UNIMPLEMENTED: \"b''\" requires exactly one request message.",
        why: "",
        specified: "`UNIMPLEMENTED`",
    },
    Difference {
        call: "`Calculate`, with two messages",
        python: "3",
        why: ", for the first of them",
        specified: "`UNIMPLEMENTED`",
    },
    Difference {
        call: "`UserInfo/Info`, with a string in field 1, which is an int32",
        python: "Hello, !",
        why: "",
        specified: "an unknown field",
    },
    Difference {
        call: "a message of 4 MiB and a byte",
        python: "RESOURCE_EXHAUSTED: SERVER: Received message larger than max (4194305 vs. 4194304)",
        why: "",
        specified: "`RESOURCE_EXHAUSTED`",
    },
    Difference {
        call: "`grpc-encoding: deflate`",
        python: "120",
        why: ": it knows gzip and deflate",
        specified: "`UNIMPLEMENTED` if the server does not know it",
    },
    Difference {
        call: "`TestClientRecvStream`, with a deadline that passes after the first answer",
        python: "DEADLINE_EXCEEDED",
        why: "",
        specified: "`DEADLINE_EXCEEDED`",
    },
];

#[tokio::test]
async fn differences_from_python_match_the_chapter() {
    let server = server_with_interval("20");
    let ours = responses(&server.channel().await).await;
    if let Some(server) = python_server() {
        let theirs = responses(&server.channel().await).await;
        assert_eq!(theirs, DIFFERENCES.map(|difference| difference.python));
    }
    let mut table = String::from(
        "| the call | Python (grpcio) answers | this server answers | the specification says |\n|---|---|---|---|\n",
    );
    for (Difference { call, python, why, specified }, ours) in
        DIFFERENCES.iter().zip(ours)
    {
        // Otherwise there would be nothing to tell.
        assert!(
            ours != *python || !python.starts_with(specified.trim_matches('`')),
            "{call}"
        );
        table += &format!("| {call} | `{python}`{why} | `` {ours} `` | {specified} |\n");
    }
    written("book/generated/10-notes-differences.md", &table);
}

/// The Python server, if Python is installed.
fn python_server() -> Option<Server> {
    let mut command = Peer::installed_or_skip("python")?.command();
    command.arg("tests/peers/python/server.py");
    let services = [
        "demo",
        "test",
        "user-info",
        "--port",
        "0",
        "--interval",
        "0.02",
    ];
    Some(Server::from(command.args(services)))
}

/// What a server answers to the calls of [`DIFFERENCES`].
async fn responses(channel: &Channel) -> [String; 7] {
    [
        unknown_path(channel).await,
        no_message(channel).await,
        two_messages(channel).await,
        wrong_type(channel).await,
        too_large(channel).await,
        deflate(channel).await,
        late_deadline(channel).await,
    ]
}

/// What a call came to, as the table shows it.
fn cell(outcome: Outcome<String>) -> String {
    // A status without a message ends with the colon before it.
    outcome.unwrap_or_else(|status| status.trim_end_matches(": ").into())
}

async fn unknown_path(channel: &Channel) -> String {
    let response = send(channel, "/Demo/Nope", Request::new(Bytes::new())).await;
    cell(response.map(|response| format!("{response:?}")))
}

async fn no_message(channel: &Channel) -> String {
    cell(
        calculate_with(channel, &[])
            .await
            .map(|val| val.to_string()),
    )
}

async fn two_messages(channel: &Channel) -> String {
    let two = [work(1, 2), work(3, 4)];
    cell(
        calculate_with(channel, &two)
            .await
            .map(|val| val.to_string()),
    )
}

async fn wrong_type(channel: &Channel) -> String {
    let string = Request::new(Bytes::from_static(b"\x0a\x05daoji"));
    let response = send(channel, "/example.UserInfo/Info", string).await;
    // Behind two bytes, tag and length, the response is a text.
    cell(response.map(|response| String::from_utf8_lossy(&response[2..]).into_owned()))
}

async fn too_large(channel: &Channel) -> String {
    let large = Request::new(Bytes::from(vec![0; 4 * 1024 * 1024 + 1]));
    let response = send(channel, "/Demo/Calculate", large).await;
    cell(response.map(|response| format!("{response:?}")))
}

async fn deflate(channel: &Channel) -> String {
    let mut request = Request::new(Bytes::from(work(100, 20).encode_to_vec()));
    let encoding = "deflate".parse().expect("value should be allowed");
    request.metadata_mut().insert("grpc-encoding", encoding);
    let response = send(channel, "/Demo/Calculate", request).await;
    cell(response.map(|response| result(response).to_string()))
}

async fn late_deadline(channel: &Channel) -> String {
    let mut client = TestClient::new(channel.clone());
    let mut request = Request::new(TestClientRecvStreamRequest { data: "jlc".into() });
    request.set_timeout(Duration::from_secs(1));
    let ticks = client.test_client_recv_stream(request).await;
    let mut ticks = ticks.expect("call should start").into_inner();
    // With 20 ms between two messages, the hundredth comes after the deadline.
    for _ in 0..100 {
        if let Err(status) = ticks.message().await {
            return code_name(status.code()).into();
        }
    }
    "goes on".into()
}

// --- what both servers answer, which is not in the table

#[tokio::test]
async fn both_servers_read_requests_alike() {
    read_requests(&server_with_interval("20").channel().await).await;
    if let Some(server) = python_server() {
        read_requests(&server.channel().await).await;
    }
}

async fn read_requests(channel: &Channel) {
    let mut client = DemoClient::new(channel.clone());

    let nothing_set = outcome(client.calculate(Work::default()).await);
    assert_eq!(nothing_set.map(|result| result.val), Ok(0));

    let mut compressed = client.send_compressed(CompressionEncoding::Gzip);
    let sum = outcome(compressed.calculate(work(100, 20)).await);
    assert_eq!(sum.map(|result| result.val), Ok(120));

    // A varint of 5 bytes, of which an int32 takes the lower 32 bits.
    let long = b"\x08\x85\x80\x80\x80\x10";
    let response = raw::unary(channel.clone(), "/Demo/Calculate", long).await;
    let response = response.expect("call should succeed").into_inner();
    assert_eq!(response, &b"\x08\x05"[..]);
}

#[tokio::test]
async fn both_servers_refuse_wrong_paths_and_messages_with_the_same_codes() {
    refuse_calls(&server_with_interval("20").channel().await).await;
    if let Some(server) = python_server() {
        refuse_calls(&server.channel().await).await;
    }
}

async fn refuse_calls(channel: &Channel) {
    for path in [
        "/Demo/Nope",
        "/Demos/Calculate",
        "/demo/Calculate",
        "/test.Demo/Calculate",
        "/Demo",
    ] {
        let response = raw::unary(channel.clone(), path, b"").await;
        let status = response.expect_err("path should be unknown");
        assert_eq!(status.code(), Code::Unimplemented, "{path}");
    }
    let broken = raw::unary(channel.clone(), "/Demo/Calculate", b"\x0a\xff").await;
    let status = broken.expect_err("message should be refused");
    assert_eq!(status.code(), Code::Internal);
}

// --- calls that a generated client cannot make

fn work(num1: i32, num2: i32) -> Work {
    Work { num1, num2, op: 0 }
}

/// The number in a `Result` of the notes.
fn result(message: Bytes) -> i32 {
    let result = WorkResult::decode(message).expect("response should be a Result");
    result.val
}

/// Sends one message as it is, with the metadata of the request.
async fn send(
    channel: &Channel,
    path: &'static str,
    request: Request<Bytes>,
) -> Outcome<Bytes> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.expect("connection should be open");
    outcome(
        grpc.unary(request, PathAndQuery::from_static(path), RawCodec)
            .await,
    )
}

/// Calls `Calculate`, a unary method, as if it were a client streaming one, with any number of
/// messages.
async fn calculate_with(channel: &Channel, messages: &[Work]) -> Outcome<i32> {
    let mut bytes = Vec::new();
    for work in messages {
        bytes.push(Bytes::from(work.encode_to_vec()));
    }
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.expect("connection should be open");
    let path = PathAndQuery::from_static("/Demo/Calculate");
    let response = grpc.client_streaming(Request::new(iter(bytes)), path, RawCodec);
    outcome(response.await).map(result)
}
