//! Lesson 5: the exercise, the reader of frames, and what the chapter says of the wire.

#[path = "../lessons/05_http2/exercise.rs"]
mod exercise;
#[path = "../lessons/05_http2/solution.rs"]
mod solution;
#[path = "../lessons/05_http2/wrong_cut.rs"]
mod wrong_cut;
#[path = "../lessons/05_http2/wrong_empty.rs"]
mod wrong_empty;
#[path = "../lessons/05_http2/wrong_endian.rs"]
mod wrong_endian;
#[path = "../lessons/05_http2/wrong_flag.rs"]
mod wrong_flag;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use grpc_workbook::Lesson;
use grpc_workbook::http2::Work;
use grpc_workbook::http2::frames::{ErrorCode, Frame, Header, PREFACE, Setting};
use grpc_workbook::http2::proto::{
    DownloadRequest, SplitRequest, WorkRequest,
    http2_service_client::Http2ServiceClient,
    http2_service_server::Http2ServiceServer,
    split_service_client::SplitServiceClient,
    split_service_server::{SplitService, SplitServiceServer},
};
use grpc_workbook::http2::record::{Recording, Seen, frames};
use grpc_workbook::raw;
use loona_hpack::Decoder;
use proptest::prelude::*;
use prost::Message;
use support::checks::{Checks, outcome};
use support::programs::{self, Finished, Server, run};
use support::written;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint, Uri};

fn lesson() -> &'static Lesson {
    Lesson::find(5).expect("is in LESSONS")
}

// --- the exercise

/// A message for the report; the long one would fill the page.
fn text(message: &[u8]) -> String {
    match message == [7; 257] {
        true => "257 times 7".into(),
        false => message.escape_ascii().to_string(),
    }
}

async fn check(server: Routes) -> Result<String, String> {
    let mut splitter = SplitServiceClient::new(server);
    let mut checks = Checks::default();
    let cut = || Err("INVALID_ARGUMENT: the body ends inside a message".to_string());
    let compressed =
        || Err("UNIMPLEMENTED: compressed messages are not supported".to_string());
    let no_flag = || Err("INVALID_ARGUMENT: the flag is neither 0 nor 1".to_string());
    let long = [&[0, 0, 0, 1, 1][..], &[7; 257]].concat();
    for (name, body, expected) in [
        ("nothing", &b""[..], Ok(vec![])),
        ("one message", b"\0\0\0\0\x02hi", Ok(vec![b"hi".to_vec()])),
        (
            "two messages, an empty one between",
            b"\0\0\0\0\x01a\0\0\0\0\0\0\0\0\0\x02bc",
            Ok(vec![b"a".to_vec(), vec![], b"bc".to_vec()]),
        ),
        ("an empty message", b"\0\0\0\0\0", Ok(vec![vec![]])),
        ("a message of 257 bytes", &long, Ok(vec![vec![7; 257]])),
        ("half a prefix", b"\0\0\0", cut()),
        ("a message, then half a prefix", b"\0\0\0\0\x01a\0\0", cut()),
        ("half a message", b"\0\0\0\0\x03hi", cut()),
        ("a length of 4294967295", b"\0\xff\xff\xff\xff", cut()),
        ("a compressed message", b"\x01\0\0\0\x02hi", compressed()),
        ("a message, then a compressed one", b"\0\0\0\0\0\x01\0\0\0\0", compressed()),
        ("a flag of 2", b"\x02\0\0\0\x02hi", no_flag()),
        ("half a compressed message", b"\x01\0\0\0\x03hi", compressed()),
        ("half a prefix with a flag of 2", b"\x02\0\0", cut()),
    ] {
        let response = splitter.split(SplitRequest { body: body.into() }).await;
        let answer = outcome(response).map(|answer| {
            answer
                .messages
                .iter()
                .map(|message| text(message))
                .collect()
        });
        let expected = expected
            .map(|messages: Vec<Vec<u8>>| messages.iter().map(|m| text(m)).collect());
        checks.expect::<Vec<String>>(format!("Split({name})"), answer, expected);
    }
    checks.verdict()
}

fn serving(splitter: impl SplitService) -> Routes {
    Routes::new(SplitServiceServer::new(splitter))
}

#[tokio::test]
#[ignore = "it is yours to solve"]
async fn exercise() -> Result<(), &'static str> {
    let checked = check(serving(exercise::Splitter)).await;
    checked
        .map(drop)
        .map_err(|_| "lessons/05_http2/exercise.rs is not right yet")
}

#[tokio::test]
async fn the_check_accepts_the_solution() {
    check(serving(solution::Splitter)).await.expect("is right");
}

#[tokio::test]
async fn the_check_rejects_wrong_answers() {
    check(serving(wrong_endian::Splitter))
        .await
        .expect_err("wrong_endian");
    check(serving(wrong_cut::Splitter))
        .await
        .expect_err("wrong_cut");
    check(serving(wrong_flag::Splitter))
        .await
        .expect_err("wrong_flag");
    let report = check(serving(wrong_empty::Splitter))
        .await
        .expect_err("wrong_empty");
    written("book/generated/05-http2-report.txt", &report);
}

// --- frames, against RFC 9113

fn read(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<Frame<'_>, u32> {
    let length = u32::try_from(payload.len()).expect("is short");
    Frame::read(Header { length, kind, flags, stream }, payload)
        .map_err(|malformed| malformed.error.0)
}

const PROTOCOL_ERROR: u32 = 1;
const FRAME_SIZE_ERROR: u32 = 6;

#[test]
fn a_header_is_nine_bytes() {
    let bytes = [0x01, 0x02, 0x03, 0x09, 0xff, 0x80, 0, 0, 5];
    let header = Header { length: 0x010203, kind: 9, flags: 0xff, stream: 5 };
    assert_eq!(Header::read(bytes), header);
    let most = Header { length: 0xff_ffff, kind: 255, flags: 255, stream: 0x7fff_ffff };
    assert_eq!(Header::read([0xff; 9]), most);
    let preface = b"\x50\x52\x49\x20\x2a\x20\x48\x54\x54\x50\x2f\x32\
        \x2e\x30\x0d\x0a\x0d\x0a\x53\x4d\x0d\x0a\x0d\x0a";
    assert_eq!(PREFACE, preface);
}

#[test]
fn every_type_is_read() {
    use Frame::*;
    let block = &b"\x82"[..];
    let no_error = ErrorCode(0);
    for (kind, flags, stream, payload, frame) in [
        (0, 0, 1, &b"ab"[..], Data { end_stream: false, data: b"ab" }),
        (0, 1, 1, b"", Data { end_stream: true, data: b"" }),
        (0, 8, 1, b"\x02ab\0\0", Data { end_stream: false, data: b"ab" }),
        (0, 9, 1, b"\x00", Data { end_stream: true, data: b"" }),
        (0, 8, 1, b"\x02\0\0", Data { end_stream: false, data: b"" }),
        // Flags that a type does not define are ignored.
        (0, 0xf6, 1, b"a", Data { end_stream: false, data: b"a" }),
        (1, 4, 1, block, Headers { end_stream: false, end_headers: true, block }),
        (1, 1, 1, block, Headers { end_stream: true, end_headers: false, block }),
        (
            1,
            0x2d,
            1,
            b"\x01\x80\0\0\x03\xff\x82\0",
            Headers { end_stream: true, end_headers: true, block },
        ),
        (2, 0, 3, b"\x80\0\0\x01\x0f", Priority { depends_on: 1, weight: 15 }),
        (3, 0, 1, b"\0\0\0\x08", RstStream { error: ErrorCode(8) }),
        (4, 1, 0, b"", Settings { ack: true, values: vec![] }),
        (4, 0, 0, b"", Settings { ack: false, values: vec![] }),
        (
            4,
            0,
            0,
            b"\0\x04\0\x20\0\0\0\x63\0\0\0\x01",
            Settings {
                ack: false,
                values: vec![(Setting(4), 0x20_0000), (Setting(99), 1)],
            },
        ),
        (
            5,
            0xc,
            1,
            b"\x01\x80\0\0\x02\x82\0",
            PushPromise { promised: 2, end_headers: true, block },
        ),
        (6, 0, 0, b"12345678", Ping { ack: false, data: *b"12345678" }),
        (6, 1, 0, b"12345678", Ping { ack: true, data: *b"12345678" }),
        (
            7,
            0,
            0,
            b"\xff\xff\xff\xff\0\0\0\0why",
            GoAway { last_stream: 0x7fff_ffff, error: no_error, debug: b"why" },
        ),
        (8, 0, 0, b"\x80\0\0\x01", WindowUpdate { increment: 1 }),
        (8, 0, 1, b"\x7f\xff\xff\xff", WindowUpdate { increment: 0x7fff_ffff }),
        (9, 4, 1, block, Continuation { end_headers: true, block }),
        (9, 0, 1, block, Continuation { end_headers: false, block }),
        (10, 0, 0, b"any", Unknown { kind: 10 }),
        (255, 255, 7, b"", Unknown { kind: 255 }),
    ] {
        assert_eq!(read(kind, flags, stream, payload), Ok(frame));
    }
}

#[test]
fn what_breaks_a_rule_is_refused() {
    for (kind, flags, stream, payload, error) in [
        (0, 0, 0, &b""[..], PROTOCOL_ERROR),
        (1, 4, 0, b"\x82", PROTOCOL_ERROR),
        (2, 0, 0, b"\0\0\0\x01\x0f", PROTOCOL_ERROR),
        (3, 0, 0, b"\0\0\0\x08", PROTOCOL_ERROR),
        (4, 0, 1, b"", PROTOCOL_ERROR),
        (5, 4, 0, b"\0\0\0\x02", PROTOCOL_ERROR),
        (6, 0, 1, b"12345678", PROTOCOL_ERROR),
        (7, 0, 1, b"\0\0\0\0\0\0\0\0", PROTOCOL_ERROR),
        (9, 4, 0, b"", PROTOCOL_ERROR),
        // Padding: as long as what is left is the limit.
        (0, 8, 1, b"\x03\0\0", PROTOCOL_ERROR),
        (1, 8, 1, b"\x02\x82", PROTOCOL_ERROR),
        (0, 8, 1, b"", FRAME_SIZE_ERROR),
        (1, 0x20, 1, b"\0\0\0\x01", FRAME_SIZE_ERROR),
        // One byte too few, one too many.
        (2, 0, 1, b"\0\0\0\x01", FRAME_SIZE_ERROR),
        (2, 0, 1, b"\0\0\0\x01\x0f\0", FRAME_SIZE_ERROR),
        (3, 0, 1, b"\0\0\0", FRAME_SIZE_ERROR),
        (3, 0, 1, b"\0\0\0\x08\0", FRAME_SIZE_ERROR),
        (4, 0, 0, b"\0\x04\0\0\0", FRAME_SIZE_ERROR),
        (4, 0, 0, b"\0\x04\0\0\0\0\0", FRAME_SIZE_ERROR),
        (4, 1, 0, b"\0\x04\0\0\0\0", FRAME_SIZE_ERROR),
        (5, 4, 1, b"\0\0\0", FRAME_SIZE_ERROR),
        (6, 0, 0, b"1234567", FRAME_SIZE_ERROR),
        (6, 0, 0, b"123456789", FRAME_SIZE_ERROR),
        (7, 0, 0, b"\0\0\0\0\0\0\0", FRAME_SIZE_ERROR),
        (8, 0, 0, b"\0\0\0", FRAME_SIZE_ERROR),
        (8, 0, 0, b"\0\0\0\x01\0", FRAME_SIZE_ERROR),
        (8, 0, 1, b"\0\0\0\0", PROTOCOL_ERROR),
        (8, 0, 0, b"\x80\0\0\0", PROTOCOL_ERROR),
    ] {
        let read = read(kind, flags, stream, payload);
        assert_eq!(read, Err(error), "type {kind}, flags {flags}, {payload:?}");
    }
}

#[test]
fn errors_have_names() {
    let names: Vec<String> = (0..15).map(|code| ErrorCode(code).to_string()).collect();
    assert_eq!(names[0], "NO_ERROR");
    assert_eq!(names[3], "FLOW_CONTROL_ERROR");
    assert_eq!(names[13], "HTTP_1_1_REQUIRED");
    assert_eq!(names[14], "error 14");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100_000, ..ProptestConfig::default() })]

    /// No panic, and never more content than there were bytes.
    #[test]
    fn any_bytes_are_read_or_refused(
        kind in 0..12_u8,
        flags: u8,
        stream in prop_oneof![Just(0), any::<u32>()],
        length: u32,
        payload in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let header = Header { length, kind, flags, stream };
        let size = match Frame::read(header, &payload) {
            Ok(Frame::Data { data, .. }) => data.len(),
            Ok(
                Frame::Headers { block, .. }
                | Frame::PushPromise { block, .. }
                | Frame::Continuation { block, .. },
            ) => block.len(),
            Ok(Frame::GoAway { debug, .. }) => debug.len() + 8,
            Ok(Frame::Settings { values, .. }) => values.len() * 6,
            Ok(_) => 0,
            Err(malformed) => {
                let errors = [PROTOCOL_ERROR, FRAME_SIZE_ERROR];
                prop_assert!(errors.contains(&malformed.error.0));
                0
            }
        };
        prop_assert!(size <= payload.len());
        // As a row of frames: what is read lies inside.
        let seen = frames(&payload);
        let sizes = seen.iter().map(|(header, _)| header.length as usize + 9);
        let read: usize = sizes.sum();
        prop_assert!(read <= payload.len());
    }
}

// --- frames, against tonic

/// With a stream's window as small as it is by default in HTTP/2.
const WINDOW: u32 = 65_535;

async fn recorded(server: &Server) -> (Channel, Recording) {
    let recording = Recording::of(server.address.clone())
        .await
        .expect("listens");
    let endpoint = Endpoint::try_from(format!("http://{}", recording.address));
    let channel = endpoint
        .expect("is a URI")
        // The same `:authority` in each run, so the same bytes.
        .origin(Uri::from_static("http://127.0.0.1:50055"))
        .initial_stream_window_size(WINDOW)
        .connect()
        .await
        .expect("connects");
    (channel, recording)
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// The two frames of DATA of a request, byte by byte, for the chapter.
#[tokio::test]
async fn frames_taken_apart() {
    let server = Server::start(lesson());
    let (channel, mut recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    client
        .work(WorkRequest { slow: true })
        .await
        .expect("answers");
    let mut table = "| bytes | what they are |\n|---|---|\n".to_string();
    let mut row = |bytes: &[u8], what: String| {
        table += &format!("| `{}` | {what} |\n", hex(bytes));
    };
    let data = recording.client.wait(|seen| {
        let data = seen.iter().filter_map(|(header, frame)| match frame {
            Ok(Frame::Data { data, .. }) => Some((*header, data.to_vec())),
            _ => None,
        });
        Some(data.collect::<Vec<_>>())
    });
    let data = data.await.expect("was sent");
    assert_eq!(data.len(), 2);
    for ((header, payload), which) in data.into_iter().zip(["a frame", "the next frame"])
    {
        let Header { length, kind, flags, stream } = header;
        row(
            &length.to_be_bytes()[1..],
            format!("{which}: {length} bytes follow the header"),
        );
        assert_eq!(kind, 0);
        row(&[kind], "type 0, `DATA`".into());
        row(
            &[flags],
            match flags {
                0 => "no flags".into(),
                1 => "the flag `END_STREAM`".into(),
                _ => panic!("{flags}"),
            },
        );
        row(&stream.to_be_bytes(), format!("stream {stream}"));
        if let [flag, a, b, c, d, message @ ..] = &payload[..] {
            assert_eq!(*flag, 0);
            row(&[*flag], "gRPC's prefix: not compressed".into());
            let length = u32::from_be_bytes([*a, *b, *c, *d]);
            row(&[*a, *b, *c, *d], format!("gRPC's prefix: a message of {length} bytes"));
            let work = WorkRequest::decode(message).expect("is a message");
            row(message, format!("the message: field 1, `slow: {}`", work.slow));
        }
    }
    written("book/generated/05-http2-frame.md", &table);
}

/// The second call's headers, byte by byte: what HPACK has in its table, and the path.
#[tokio::test]
async fn headers_taken_apart() {
    let server = Server::start(lesson());
    let (channel, mut recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    for _ in 0..3 {
        client
            .work(WorkRequest { slow: false })
            .await
            .expect("answers");
    }
    let sent = recording.client.wait(|seen| {
        let blocks = seen.iter().filter_map(|(_, frame)| match frame {
            Ok(Frame::Headers { end_headers: true, block, .. }) => Some(block.to_vec()),
            _ => None,
        });
        Some((headers(seen), blocks.collect::<Vec<_>>()))
    });
    let (headers, blocks) = sent.await.expect("was sent");
    assert_eq!(blocks.len(), 3);
    assert!(blocks[0].len() > blocks[1].len());
    assert_eq!(blocks[1], blocks[2]);

    let mut table = "| bytes | how many | header |\n|---|---|---|\n".to_string();
    let mut rest = &blocks[1][..];
    for header in &headers[1] {
        let size = match rest {
            // RFC 7541, 6.1: an index, in one byte if it is below 127.
            [0x80..=0xfe, ..] => 1,
            // 6.2.2: a literal that goes into no table, its name by an index, and its length,
            // whose first bit says Huffman.
            [0x01..=0x0e, length, ..] => 2 + usize::from(length & 0x7f),
            _ => panic!("{rest:02x?}"),
        };
        let (now, later) = rest.split_at(size);
        table += &format!("| `{}` | {size} | `{header}` |\n", hex(now));
        rest = later;
    }
    assert!(rest.is_empty());
    written("book/generated/05-http2-headers.md", &table);
}

/// A sender that has used up a stream's window waits, and sends no more than it was granted.
#[tokio::test]
async fn nothing_more_comes_until_the_client_reads() {
    let server = Server::start(lesson());
    let (channel, mut recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    let answer = client.download(DownloadRequest { chunks: 1000 }).await;
    let mut download = answer.expect("answers").into_inner();
    let came = |seen: &[Seen]| -> u32 {
        let of_it = seen
            .iter()
            .filter(|(header, _)| header.stream == 1 && header.kind == 0);
        of_it.map(|(header, _)| header.length).sum()
    };
    let granted = |seen: &[Seen]| -> u32 {
        let updates = seen.iter().filter_map(|(header, frame)| match frame {
            Ok(Frame::WindowUpdate { increment }) if header.stream == 1 => {
                Some(*increment)
            }
            _ => None,
        });
        updates.sum()
    };
    let full = recording
        .server
        .wait(|seen| Some(came(seen)).filter(|sum| *sum >= WINDOW));
    assert_eq!(full.await.expect("comes"), WINDOW);
    // The window of this stream alone is full: calls come and go beside it.
    for _ in 0..20 {
        client
            .work(WorkRequest { slow: false })
            .await
            .expect("answers");
        let sum = recording.server.wait(|seen| Some(came(seen)));
        assert_eq!(sum.await.expect("came"), WINDOW);
    }
    let updates = recording.client.wait(|seen| Some(granted(seen)));
    assert_eq!(updates.await.expect("was sent"), 0);

    for n in 1..=100 {
        download.message().await.expect("goes on").expect("a chunk");
        // First what came, then what had been granted for it.
        let came = recording.server.wait(|seen| Some(came(seen))).await;
        let granted = recording.client.wait(|seen| Some(granted(seen))).await;
        let (came, granted) = (came.expect("came"), granted.expect("was sent"));
        assert!(came <= WINDOW + granted, "{came} bytes, {granted} granted");
        assert!(n < 4 || granted > 0, "four chunks are more than the window");
    }
}

/// gRPC asks for status 415 here.
#[tokio::test]
async fn tonic_does_not_look_at_the_content_type() {
    let request = http::Request::post("/http2.v1.Http2Service/Work")
        .header("content-type", "text/plain")
        .body(Body::empty())
        .expect("is a request");
    let mut server = Http2ServiceServer::new(Work);
    let answer = server.call(request).await.expect("never fails");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["grpc-status"], "13");
}

/// The headers of each HEADERS frame, as `name: value`.
fn headers(seen: &[Seen]) -> Vec<Vec<String>> {
    let mut decoder = Decoder::new();
    let blocks = seen.iter().filter_map(|(_, frame)| match frame {
        Ok(Frame::Headers { end_headers: true, block, .. }) => Some(*block),
        _ => None,
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("is text");
    blocks
        .map(|block| {
            let list = decoder.decode(block).expect("is HPACK");
            let line = |(name, value): (Vec<u8>, Vec<u8>)| {
                format!("{}: {}", text(name), text(value))
            };
            list.into_iter().map(line).collect()
        })
        .collect()
}

/// What the chapter says of a call on the wire: path, `te`, `:status`, trailers.
#[tokio::test]
async fn a_call_in_frames() {
    let server = Server::start(lesson());
    let (channel, mut recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel.clone());
    let mut request = tonic::Request::new(WorkRequest { slow: false });
    request.set_timeout(std::time::Duration::from_secs(60));
    client.work(request).await.expect("answers");
    // Trailers alone: the path does not exist.
    raw::unary(channel, "/http2.v1.Http2Service/Nothing", b"")
        .await
        .expect_err("is not there");

    let asked = recording.client.wait(|seen| {
        assert!(seen.iter().all(|(_, frame)| frame.is_ok()));
        // tonic ends the stream with a frame of its own, which is empty.
        let first = seen.iter().filter_map(|(header, frame)| match frame {
            Ok(Frame::Data { end_stream, data }) if header.stream == 1 => {
                Some((*end_stream, data.to_vec()))
            }
            _ => None,
        });
        let first: Vec<_> = first.collect();
        Some((headers(seen), first))
    });
    let (asked, first) = asked.await.expect("was sent");
    assert_eq!(first, [(false, b"\0\0\0\0\0".to_vec()), (true, vec![])]);
    for line in [
        ":method: POST",
        ":scheme: http",
        ":path: /http2.v1.Http2Service/Work",
        "te: trailers",
        "content-type: application/grpc",
        "grpc-timeout: 60000000u",
    ] {
        assert!(asked[0].iter().any(|header| header == line), "{line} not in {asked:?}");
    }
    let told = recording.server.wait(|seen| {
        assert!(seen.iter().all(|(_, frame)| frame.is_ok()));
        // MAX_CONCURRENT_STREAMS is not among its settings.
        let settings = seen.iter().find_map(|(_, frame)| match frame {
            Ok(Frame::Settings { ack: false, values }) => Some(values),
            _ => None,
        });
        assert!(settings?.iter().all(|(name, _)| *name != Setting(3)));
        Some((headers(seen), seen.iter().map(|(header, _)| *header).collect::<Vec<_>>()))
    });
    let (told, seen) = told.await.expect("was answered");
    let [answer, trailers, only] = &told[..] else {
        panic!("{told:?}");
    };
    assert!(answer.contains(&":status: 200".into()), "{answer:?}");
    assert_eq!(trailers[..], ["grpc-status: 0"]);
    assert!(only.contains(&":status: 200".into()), "{only:?}");
    assert!(only.contains(&"grpc-status: 12".into()), "{only:?}");
    // The third block is the whole answer: END_STREAM is on it, and no DATA before.
    let of_three: Vec<&Header> =
        seen.iter().filter(|header| header.stream == 3).collect();
    assert_eq!(of_three.len(), 1);
    assert_eq!((of_three[0].kind, of_three[0].flags & 1), (1, 1));
    // No stream has an even number: nothing is pushed. And no PRIORITY is sent.
    assert!(
        seen.iter()
            .all(|header| header.stream % 2 == 1 || header.stream == 0)
    );
    assert!(seen.iter().all(|header| header.kind != 2));
}

/// A message is not a frame: three chunks are spread over frames of any size.
#[tokio::test]
async fn a_download_in_frames() {
    let server = Server::start(lesson());
    let (channel, mut recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    let answer = client.download(DownloadRequest { chunks: 3 }).await;
    let mut download = answer.expect("answers").into_inner();
    let mut count = 0;
    while let Some(answer) = download.message().await.expect("goes on") {
        assert_eq!(answer.chunk.len(), grpc_workbook::http2::CHUNK);
        count += 1;
    }
    assert_eq!(count, 3);
    let body = recording.server.wait(|seen| {
        assert!(seen.iter().all(|(header, _)| header.length <= 16_384));
        let data = seen.iter().filter_map(|(_, frame)| match frame {
            Ok(Frame::Data { data, .. }) => Some(*data),
            _ => None,
        });
        Some(data.collect::<Vec<_>>().concat())
    });
    // Five bytes of gRPC, one of the tag and three of the length before each chunk.
    assert_eq!(body.await.expect("came").len(), 3 * (5 + 1 + 3 + 16_384));
}

/// A status other than OK is no other `:status`, and its message is percent-encoded.
#[tokio::test]
async fn a_message_is_percent_encoded() {
    let mut status = tonic::Status::invalid_argument("is 名 100%?").into_http::<()>();
    let headers = std::mem::take(status.headers_mut());
    assert_eq!(status.status(), 200);
    assert_eq!(headers["grpc-status"], "3");
    assert_eq!(headers["grpc-message"], "is%20%E5%90%8D%20100%25%3F");
}

// --- the programs

fn says(server: &Server, args: &[&str]) -> Finished {
    run(&mut programs::client(lesson(), &server.address, args))
}

#[test]
fn the_client_plays_each_step() {
    let server = Server::start(lesson());
    let mut all = String::new();
    for step in ["tcp", "http1", "http2", "flow", "goaway"] {
        let Finished { code, output } = says(&server, &[step]);
        assert_eq!(code, Some(0), "{output}");
        all += &output;
    }
    let Finished { code, output } = says(&server, &[]);
    assert_eq!((code, output), (Some(0), all.clone()));
    let place = |text: &str| all.find(text).unwrap_or_else(|| panic!("{text}: {all}"));
    assert!(place("http1: answered slow") < place("http1: answered quick"));
    assert!(place("http2: answered quick") < place("http2: answered slow"));
    for words in [
        "SETTINGS: INITIAL_WINDOW_SIZE 2097152",
        "WINDOW_UPDATE on stream 0: 5177345 bytes",
        "65535 bytes of DATA",
        "still no more than 65535",
        "4 chunks read, 65572 bytes",
        "RST_STREAM on 1: CANCEL",
        "GOAWAY, NO_ERROR, last stream 2147483647\ngoaway: the server sent PING\n",
        "GOAWAY, NO_ERROR, last stream 1\ngoaway: a new call fails",
    ] {
        place(words);
    }
}

#[test]
fn what_is_broken_is_refused() {
    let server = Server::start(lesson());
    for (name, words) in [
        ("http1-to-grpc", "the server sent SETTINGS, and hung up without GOAWAY"),
        ("bad-preface", "the server sent SETTINGS, and hung up without GOAWAY"),
        ("frame-on-stream-0", "the server sent GOAWAY, PROTOCOL_ERROR, last stream 0"),
        ("too-large-frame", "GOAWAY, FRAME_SIZE_ERROR, last stream 0"),
    ] {
        let Finished { code, output } = says(&server, &["--break", name]);
        assert_eq!(code, Some(1), "{name}: {output}");
        assert!(output.contains(words), "{name}: {output}");
    }
    let nobody = run(&mut programs::client(lesson(), "127.0.0.1:1", &["tcp"]));
    assert!(nobody.output.contains("no server at"), "{nobody:?}");
}

/// Connections that say nothing, or half of something, hold up neither the others nor the
/// server's end.
#[test]
fn silent_connections_hold_up_nobody() {
    let server = Server::start(lesson());
    let connect = || TcpStream::connect(&server.address).expect("connects");
    let silent: Vec<TcpStream> = (0..20).map(|_| connect()).collect();
    let mut half = connect();
    half.write_all(b"\0\0").expect("writes");
    let mut gone = connect();
    gone.shutdown(Shutdown::Write).expect("shuts down");
    assert_eq!(gone.read(&mut [0]).expect("reads"), 0);

    let mut huge = connect();
    huge.write_all(b"\x7f\xff\xff\xff").expect("writes");
    assert_eq!(huge.read(&mut [0]).expect("reads"), 0, "it is refused");

    assert_eq!(says(&server, &["tcp"]).code, Some(0));
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert!(output.contains("TCP: the message is too long"), "{output}");
    assert!(!output.contains("cut off"), "{output}");
    drop(silent);
}
