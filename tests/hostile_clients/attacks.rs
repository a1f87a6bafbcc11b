//! What no client should send, in the order of the chapter's table, and how each is played.

use grpc_workbook::raw::RawCodec;
use prost::bytes::Bytes;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;

use crate::raw_client::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GRPC, HEADERS, RST_STREAM, RawClient,
    call, frame, header, header_block, prefixed, status_cell,
};
use crate::servers::{Running, Target};

/// Something that no client should do.
pub struct Attack {
    /// What is sent: the first column of the table.
    pub sent: &'static str,
    /// How it is played. The server's response is the second column.
    action: Action,
    /// What keeps it from doing harm: the third column.
    pub limit: &'static str,
}

enum Action {
    /// Send these bytes where the preface should be, and wait until the connection ends.
    InsteadOfPreface(Vec<u8>),
    /// Send these bytes behind the preface, and wait until the connection ends.
    OnConnection(Vec<u8>),
    /// Send these bytes behind the preface, and wait until stream 1 ends.
    InCall(Vec<u8>),
    /// The others need more than one step: a function each.
    HalfAFrame,
    UnfinishedCalls,
    LargeMessages,
    SilentConnections,
}

/// All attacks, for the method of this target.
pub fn attacks(target: &Target) -> Vec<Attack> {
    use Action::*;
    let path = target.path;
    let message = prefixed(0, target.message);
    let rows = [
        (
            "64 bytes of garbage",
            InsteadOfPreface(vec![0xff; 64]),
            "h2: what does not begin with the preface is not read",
        ),
        (
            "a request in HTTP/1.1",
            InsteadOfPreface(b"POST / HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec()),
            "the same; tonic answers HTTP/1.1 only with `accept_http1(true)`",
        ),
        (
            "half a frame, then nothing",
            HalfAFrame,
            "**this server**: `http2_keepalive_interval`, a minute, and hyper: 20 s to answer. tonic's default has no limit",
        ),
        ("a DATA frame on stream 0", OnConnection(frame(DATA, 0, 0, b"hello")), "HTTP/2"),
        (
            "a frame of 16,385 bytes",
            OnConnection(after_open(path, &frame(DATA, 0, 1, &[0; 16 * 1024 + 1]))),
            "h2: `max_frame_size`, 16 KiB, as in HTTP/2",
        ),
        (
            "24 KB of headers",
            InCall(large_headers(path, 3)),
            "hyper: `http2_max_header_list_size`, 16 KiB",
        ),
        (
            "80 KB of headers",
            OnConnection(large_headers(path, 10)),
            "h2: puts no more pieces together once the list is too large",
        ),
        (
            "5 KB of headers that unpack to 4 MB",
            OnConnection(header_bomb(path)),
            "h2: 4 times what is allowed, 64 KiB",
        ),
        (
            "headers without an end: 1,000 CONTINUATION frames",
            OnConnection(endless_headers(path)),
            "h2: 5 CONTINUATION frames, more only for a larger header list",
        ),
        (
            "a message that is not protobuf",
            InCall(call(path, GRPC, &[], &prefixed(0, b"\xff"))),
            "prost",
        ),
        (
            "a compressed message without `grpc-encoding`",
            InCall(call(path, GRPC, &[], &prefixed(1, b"\xff"))),
            "tonic",
        ),
        (
            "`grpc-encoding: br`",
            InCall(call(path, GRPC, &[("grpc-encoding", "br")], &message)),
            "tonic: what `accept_compressed` has not named",
        ),
        (
            "`content-type: text/plain`",
            InCall(call(path, "text/plain", &[], &message)),
            "nothing: tonic does not look at it. The specification wants HTTP status 415",
        ),
        (
            "101 DATA frames without a byte and without END_STREAM",
            OnConnection(after_open(path, &frame(DATA, 0, 1, b"").repeat(101))),
            "h2: 100 in the life of a connection",
        ),
        (
            "10,000 calls, each opened and reset at once",
            OnConnection(opened_and_reset(path, 10_000)),
            "h2: 20 that are reset before the server has looked at them, `http2_max_pending_accept_reset_streams`",
        ),
        (
            "10,000 calls, none of them finished",
            UnfinishedCalls,
            "**this server**: `max_concurrent_streams`, 1,000. tonic has none",
        ),
        ("a message of 5 MB", LargeMessages, "tonic: `max_decoding_message_size`, 4 MiB"),
        (
            "nothing, on 500 connections",
            SilentConnections,
            "nothing in tonic; the number of files a process may have open, `ulimit -n`",
        ),
    ];
    rows.map(|(sent, action, limit)| Attack { sent, action, limit })
        .into()
}

// --- what is sent

/// A call that is begun on this stream and not finished.
fn open(path: &str, stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &header_block(path, GRPC, &[]))
}

/// These frames, behind a call that is begun on stream 1.
fn after_open(path: &str, frames: &[u8]) -> Vec<u8> {
    [&open(path, 1), frames].concat()
}

/// The streams of a client: 1, 3, 5 and so on.
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|n| 2 * n + 1)
}

/// A call with so many headers of 8,000 bytes, in one HEADERS frame and as many CONTINUATION
/// frames as the rest takes.
fn large_headers(path: &str, count: usize) -> Vec<u8> {
    let value = "x".repeat(8000);
    let block = header_block(path, GRPC, &vec![("a", value.as_str()); count]);
    let (first, rest) = block.split_at(16_000);
    let mut frames = frame(HEADERS, END_STREAM, 1, first);
    let mut pieces = rest.chunks(16_000).peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        let flags = if is_last { END_HEADERS } else { 0 };
        frames.extend(frame(CONTINUATION, flags, 1, piece));
    }
    frames
}

/// A call with one header of 4,000 bytes that the server keeps in its table of headers, and
/// 1,000 references to it, of one byte each (RFC 7541, sections 6.1 and 6.2.1).
fn header_bomb(path: &str) -> Vec<u8> {
    const KEEP_IN_TABLE: u8 = 0x40;
    // The first entry of the table that a connection fills: those before it are fixed.
    const REFERENCE: u8 = 0x80 | 62;
    let mut kept = header("a", &"x".repeat(4000));
    kept[0] = KEEP_IN_TABLE;
    let references = vec![REFERENCE; 1000];
    let block = [header_block(path, GRPC, &[]), kept, references].concat();
    frame(HEADERS, END_HEADERS | END_STREAM, 1, &block)
}

/// A call whose headers do not end: none of its frames has END_HEADERS.
fn endless_headers(path: &str) -> Vec<u8> {
    let first = frame(HEADERS, END_STREAM, 1, &header_block(path, GRPC, &[]));
    let more = frame(CONTINUATION, 0, 1, &header("a", "b")).repeat(1000);
    [first, more].concat()
}

fn opened_and_reset(path: &str, count: u32) -> Vec<u8> {
    const CANCEL: u32 = 8;
    let mut frames = Vec::new();
    for stream in streams(count) {
        frames.extend(open(path, stream));
        frames.extend(frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()));
    }
    frames
}

// --- how it is played

impl Attack {
    /// Plays the attack and returns the server's response. While the attacker's connection may
    /// still be open, a normal client is served: always in an attack of several steps, and in
    /// the others if `check_service`.
    pub async fn play(&self, running: &Running, check_service: bool) -> String {
        let address = &running.address;
        let (mut client, bytes) = match &self.action {
            Action::InsteadOfPreface(bytes) => {
                (RawClient::connect_tcp(address).await, bytes)
            }
            Action::OnConnection(bytes) | Action::InCall(bytes) => {
                (RawClient::connect_http2(address).await, bytes)
            }
            Action::HalfAFrame => return self.half_a_frame(running).await,
            Action::UnfinishedCalls => return self.unfinished_calls(running).await,
            Action::LargeMessages => return self.large_messages(running).await,
            Action::SilentConnections => return self.silent_connections(running).await,
        };
        client.send(bytes).await;
        let response = match &self.action {
            Action::InCall(_) => client.wait_for_end_of_stream(1).await,
            _ => client.wait_for_close().await,
        };
        if check_service {
            running.serves(self.sent).await;
        }
        response
    }

    /// Sends the first 40 bytes of a call, and the rest once another client has been served.
    async fn half_a_frame(&self, running: &Running) -> String {
        let Target { path, message, .. } = running.target;
        let call = call(path, GRPC, &[], &prefixed(0, message));
        let (half, rest) = call.split_at(40);
        let mut client = RawClient::connect_http2(&running.address).await;
        client.send(half).await;
        running.serves(self.sent).await;
        // The server has waited all the while.
        client.send(rest).await;
        assert_eq!(client.wait_for_end_of_stream(1).await, "`OK`");
        "nothing; if the other half comes, it answers the call".into()
    }

    /// Begins 10,000 calls, of which the server accepts 1,000.
    async fn unfinished_calls(&self, running: &Running) -> String {
        let mut calls = Vec::new();
        for stream in streams(10_000) {
            calls.extend(open(running.target.path, stream));
        }
        let mut client = RawClient::connect_http2(&running.address).await;
        client.send(&calls).await;
        client.wait_for_refused(9_000).await;
        running.serves(self.sent).await;
        assert_eq!(client.refused(), 9_000, "1,000 should be open");
        "RST_STREAM `REFUSED_STREAM` to 9,000 of them".into()
    }

    /// Sends the message eight times at once, from tonic's client, which keeps to the windows
    /// of flow control.
    async fn large_messages(&self, running: &Running) -> String {
        let uri = format!("http://{}", running.address);
        let endpoint = Endpoint::try_from(uri).expect("URI should parse");
        let channel = endpoint.connect().await.expect("server should be there");
        let path = PathAndQuery::from_static(running.target.path);
        let message = Bytes::from(vec![0; 5_000_000]);
        let mut calls = JoinSet::new();
        for _ in 0..8 {
            let (mut grpc, path) = (Grpc::new(channel.clone()), path.clone());
            let request = Request::new(message.clone());
            calls.spawn(async move {
                grpc.ready().await.expect("connection should be open");
                let response = grpc.unary(request, path, RawCodec).await;
                status_cell(&response.expect_err("message should be too large"))
            });
        }
        let mut responses = calls.join_all().await;
        responses.dedup();
        running.serves(self.sent).await;
        responses.join(" or ")
    }

    /// Opens 500 connections and sends nothing on them.
    async fn silent_connections(&self, running: &Running) -> String {
        // One server at a time: the test itself may have only so many files open.
        static TURN: Mutex<()> = Mutex::const_new(());
        let _turn = TURN.lock().await;
        let mut clients = Vec::new();
        for _ in 0..500 {
            clients.push(RawClient::connect_tcp(&running.address).await);
        }
        // A server that has sent its SETTINGS has accepted the connection.
        for client in &mut clients {
            client.wait_for_bytes().await;
            let lesson = running.target.number;
            assert_eq!(client.allowed_streams(), Some(1000), "lesson {lesson}");
        }
        running.serves(self.sent).await;
        for client in &clients {
            assert!(client.is_open(), "a silent connection should stay open");
        }
        "its SETTINGS, and waits".into()
    }
}
