//! What no client should send, in the order of the chapter's table, and how each is played.

use grpc_workbook::http2::frames::{ErrorCode, flag, frame_type};
use grpc_workbook::raw::RawCodec;
use prost::bytes;
use support::endings::status_cell;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;

use crate::raw_client::{GRPC, RawClient, call, frame, header, header_block, prefixed};
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

/// Bytes for the method of this target.
type Bytes = fn(&Target) -> Vec<u8>;

enum Action {
    /// Send these bytes where the preface should be, and wait until the connection ends.
    InsteadOfPreface(Bytes),
    /// Send these bytes behind the preface, and wait until the connection ends.
    OnConnection(Bytes),
    /// Send these bytes behind the preface, and wait until stream 1 ends.
    InCall(Bytes),
    /// The others need more than one step: a function each.
    HalfAFrame,
    UnfinishedCalls,
    LargeMessages,
    SilentConnections,
}

use Action::*;

/// All attacks, in the order of the table.
pub const ATTACKS: [Attack; 18] = [
    Attack {
        sent: "64 bytes of garbage",
        action: InsteadOfPreface(|_| vec![0xff; 64]),
        limit: "h2: what does not begin with the preface is not read",
    },
    Attack {
        sent: "a request in HTTP/1.1",
        action: InsteadOfPreface(|_| {
            b"POST / HTTP/1.1\r\nhost: localhost\r\n\r\n".into()
        }),
        limit: "the same; tonic answers HTTP/1.1 only with `accept_http1(true)`",
    },
    Attack {
        sent: "half a frame, then nothing",
        action: HalfAFrame,
        limit: "**this server**: `http2_keepalive_interval`, a minute, and hyper: 20 s to answer. tonic's default has no limit",
    },
    Attack {
        sent: "a DATA frame on stream 0",
        action: OnConnection(|_| frame(frame_type::DATA, 0, 0, b"hello")),
        limit: "HTTP/2",
    },
    Attack {
        sent: "a frame of 16,385 bytes",
        action: OnConnection(|target| {
            let large = frame(frame_type::DATA, 0, 1, &[0; 16 * 1024 + 1]);
            after_open(target.path, &large)
        }),
        limit: "h2: `max_frame_size`, 16 KiB, as in HTTP/2",
    },
    Attack {
        sent: "24 KB of headers",
        action: InCall(|target| large_headers(target.path, 3)),
        limit: "hyper: `http2_max_header_list_size`, 16 KiB",
    },
    Attack {
        sent: "80 KB of headers",
        action: OnConnection(|target| large_headers(target.path, 10)),
        limit: "h2: puts no more pieces together once the list is too large",
    },
    Attack {
        sent: "5 KB of headers that unpack to 4 MB",
        action: OnConnection(|target| header_bomb(target.path)),
        limit: "h2: 4 times what is allowed, 64 KiB",
    },
    Attack {
        sent: "headers without an end: 1,000 CONTINUATION frames",
        action: OnConnection(|target| endless_headers(target.path)),
        limit: "h2: 5 CONTINUATION frames, more only for a larger header list",
    },
    Attack {
        sent: "a message that is not protobuf",
        action: InCall(|target| call(target.path, GRPC, &[], &prefixed(0, b"\xff"))),
        limit: "prost",
    },
    Attack {
        sent: "a compressed message without `grpc-encoding`",
        action: InCall(|target| call(target.path, GRPC, &[], &prefixed(1, b"\xff"))),
        limit: "tonic",
    },
    Attack {
        sent: "`grpc-encoding: br`",
        action: InCall(|Target { path, message, .. }| {
            call(path, GRPC, &[("grpc-encoding", "br")], &prefixed(0, message))
        }),
        limit: "tonic: what `accept_compressed` has not named",
    },
    Attack {
        sent: "`content-type: text/plain`",
        action: InCall(|Target { path, message, .. }| {
            call(path, "text/plain", &[], &prefixed(0, message))
        }),
        limit: "nothing: tonic does not look at it. The specification wants HTTP status 415",
    },
    Attack {
        sent: "101 DATA frames without a byte and without END_STREAM",
        action: OnConnection(|target| {
            let empty = frame(frame_type::DATA, 0, 1, b"");
            after_open(target.path, &empty.repeat(101))
        }),
        limit: "h2: 100 in the life of a connection",
    },
    Attack {
        sent: "10,000 calls, each opened and reset at once",
        action: OnConnection(|target| opened_and_reset(target.path, 10_000)),
        limit: "h2: 20 that are reset before the server has looked at them, `http2_max_pending_accept_reset_streams`",
    },
    Attack {
        sent: "10,000 calls, none of them finished",
        action: UnfinishedCalls,
        limit: "**this server**: `max_concurrent_streams`, 1,000. tonic has none",
    },
    Attack {
        sent: "a message of 5 MB",
        action: LargeMessages,
        limit: "tonic: `max_decoding_message_size`, 4 MiB",
    },
    Attack {
        sent: "nothing, on 500 connections",
        action: SilentConnections,
        limit: "nothing in tonic; the number of files a process may have open, `ulimit -n`",
    },
];

// --- what is sent

/// A call that is begun on this stream and not finished.
fn open(path: &str, stream: u32) -> Vec<u8> {
    frame(frame_type::HEADERS, flag::END_HEADERS, stream, &header_block(path, GRPC, &[]))
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
    let mut frames = frame(frame_type::HEADERS, flag::END_STREAM, 1, first);
    let mut pieces = rest.chunks(16_000).peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        let flags = if is_last { flag::END_HEADERS } else { 0 };
        frames.extend(frame(frame_type::CONTINUATION, flags, 1, piece));
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
    frame(frame_type::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, &block)
}

/// A call whose headers do not end: none of its frames has END_HEADERS.
fn endless_headers(path: &str) -> Vec<u8> {
    let first =
        frame(frame_type::HEADERS, flag::END_STREAM, 1, &header_block(path, GRPC, &[]));
    let more = frame(frame_type::CONTINUATION, 0, 1, &header("a", "b")).repeat(1000);
    [first, more].concat()
}

fn opened_and_reset(path: &str, count: u32) -> Vec<u8> {
    let ErrorCode(cancel) = ErrorCode::CANCEL;
    let mut frames = Vec::new();
    for stream in streams(count) {
        frames.extend(open(path, stream));
        frames.extend(frame(frame_type::RST_STREAM, 0, stream, &cancel.to_be_bytes()));
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
            InsteadOfPreface(bytes) => (RawClient::connect_tcp(address).await, bytes),
            OnConnection(bytes) | InCall(bytes) => {
                (RawClient::connect_http2(address).await, bytes)
            }
            HalfAFrame => return self.half_a_frame(running).await,
            UnfinishedCalls => return self.unfinished_calls(running).await,
            LargeMessages => return self.large_messages(running).await,
            SilentConnections => return self.silent_connections(running).await,
        };
        client.send(&bytes(running.target)).await;
        let response = match &self.action {
            InCall(_) => client.wait_for_end_of_stream(1).await,
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
        let message = bytes::Bytes::from(vec![0; 5_000_000]);
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
