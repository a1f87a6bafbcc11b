//! What tonic sends, frame by frame: what the chapter says about a call on the wire.

use std::time::Duration;

use grpc_workbook::http2::MyHttp2;
use grpc_workbook::http2::frames::{Frame, Header, Setting, flag, frame_type};
use grpc_workbook::http2::proto::{
    DownloadRequest, WorkRequest, http2_service_client::Http2ServiceClient,
    http2_service_server::Http2ServiceServer,
};
use grpc_workbook::http2::record::{RecordedFrame, Recording};
use grpc_workbook::raw;
use loona_hpack::Decoder;
use prost::Message;
use support::bytes::hex;
use support::programs::Server;
use support::written;
use tonic::Request;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::transport::{Channel, Endpoint, Uri};

use super::LESSON;

/// A channel whose connection to `server` is recorded.
pub async fn recorded(server: &Server) -> (Channel, Recording) {
    recorded_with(server, |endpoint| endpoint).await
}

/// [`recorded`], with the settings that `set` makes.
pub async fn recorded_with(
    server: &Server,
    set: impl FnOnce(Endpoint) -> Endpoint,
) -> (Channel, Recording) {
    let recording = Recording::of(server.address.clone())
        .await
        .expect("recording should start");
    let endpoint = Endpoint::try_from(format!("http://{}", recording.address));
    let endpoint = endpoint
        .expect("the address should be a URI")
        // The same `:authority` in each run, so the same bytes.
        .origin(Uri::from_static("http://127.0.0.1:50055"));
    let channel = set(endpoint).connect().await;
    (channel.expect("connection should open"), recording)
}

/// The two frames of DATA of a request, byte by byte, for the chapter.
#[tokio::test]
async fn frames_taken_apart() {
    let server = Server::start(LESSON);
    let (channel, recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    client
        .work(WorkRequest { slow: true })
        .await
        .expect("call should succeed");
    let data = recording.client.so_far(|frames| {
        let data = frames.iter().filter_map(|(header, frame)| match frame {
            Ok(Frame::Data { data, .. }) => Some((*header, data.to_vec())),
            _ => None,
        });
        data.collect::<Vec<_>>()
    });
    assert_eq!(data.len(), 2);
    let mut tables = Vec::new();
    for (header, payload) in data {
        let mut table = "| bytes | what they are |\n|---|---|\n".to_string();
        let mut row = |bytes: &[u8], what: String| {
            table += &format!("| `{}` | {what} |\n", hex(bytes));
        };
        let Header { length, kind, flags, stream } = header;
        row(&length.to_be_bytes()[1..], format!("{length} bytes follow the header"));
        assert_eq!(kind, frame_type::DATA);
        row(&[kind], "type 0, `DATA`".into());
        row(
            &[flags],
            match flags {
                0 => "no flags".into(),
                flag::END_STREAM => "the flag `END_STREAM`".into(),
                _ => panic!("{flags}"),
            },
        );
        row(&stream.to_be_bytes(), format!("stream {stream}"));
        if let [flag, a, b, c, d, message @ ..] = &payload[..] {
            assert_eq!(*flag, 0);
            row(&[*flag], "gRPC's prefix: not compressed".into());
            let length = u32::from_be_bytes([*a, *b, *c, *d]);
            row(&[*a, *b, *c, *d], format!("gRPC's prefix: a message of {length} bytes"));
            let work = WorkRequest::decode(message).expect("message should decode");
            row(message, format!("the message: field 1, `slow: {}`", work.slow));
        }
        tables.push(table);
    }
    let table = tables.join("\nThe second has no content:\n\n");
    written("book/generated/05-http2-frame.md", &table);
}

/// A header as HPACK has it: how many bytes of `block` it takes, and how it is written. All
/// lengths here are below 127, so each takes one byte, whose first bit says Huffman.
fn first_header(block: &[u8]) -> (usize, String) {
    let string = |at: usize| usize::from(block[at] & 0x7f);
    match block[0] {
        // RFC 7541, 6.1.
        byte @ 0x80.. => (1, format!("entry {}", byte & 0x7f)),
        // 6.2.1: name and value are spelled out.
        0x40 => {
            let name = string(1);
            let value = string(2 + name);
            let how =
                format!("name in {name} bytes, value in {value}, added to the table");
            (3 + name + value, how)
        }
        // The same, but the name is an entry.
        byte @ 0x41..=0x7f => {
            let (name, value) = (byte & 0x3f, string(1));
            let how = format!(
                "name of entry {name}, value in {value} bytes, added to the table"
            );
            (2 + value, how)
        }
        // 6.2.2.
        byte @ 0x01..=0x0e => {
            let value = string(1);
            let how = format!("name of entry {byte}, value in {value} bytes, not added");
            (2 + value, how)
        }
        byte => panic!("{byte:02x} begins none of the headers that a client sends here"),
    }
}

/// The headers of the first call and of a fourth one, byte by byte, for the chapter.
#[tokio::test]
async fn headers_taken_apart() {
    let server = Server::start(LESSON);
    let (channel, recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    for _ in 0..3 {
        let response = client.work(WorkRequest { slow: false }).await;
        response.expect("call should succeed");
    }
    let response = client.download(DownloadRequest { chunks: 0 }).await;
    response.expect("call should succeed");

    let (headers, blocks) = recording.client.so_far(|frames| {
        let mut blocks = Vec::new();
        for (header, frame) in frames {
            if let Ok(Frame::Headers { end_headers: true, block, .. }) = frame {
                blocks.push((*header, block.to_vec()));
            }
        }
        (headers(frames), blocks)
    });
    let lengths: Vec<u32> = blocks.iter().map(|(header, _)| header.length).collect();
    assert_eq!(lengths, [72, 28, 28, 31]);
    assert_eq!(blocks[1].1, blocks[2].1);

    let (header, block) = &blocks[0];
    let Header { length, kind, flags, stream } = *header;
    assert_eq!((kind, flags), (frame_type::HEADERS, flag::END_HEADERS));
    let head = "| bytes | what they are |\n|---|---|\n";
    let mut table = head.to_string();
    for (bytes, what) in [
        (&length.to_be_bytes()[1..], format!("{length} bytes follow the header")),
        (&[kind], "type 1, `HEADERS`".into()),
        (&[flags], "the flag `END_HEADERS`: no `CONTINUATION` follows".into()),
        (&stream.to_be_bytes(), format!("stream {stream}")),
    ] {
        table += &format!("| `{}` | {what} |\n", hex(bytes));
    }
    let rows = rows_of_headers(block, &headers[0]);
    let table =
        format!("{table}\nAnd these {length} bytes are the block:\n\n{head}{rows}");
    written("book/generated/05-http2-request.md", &table);

    let table = head.to_string() + &rows_of_headers(&blocks[3].1, &headers[3]);
    written("book/generated/05-http2-headers.md", &table);
}

/// A row for each header of a block: its bytes, of many the first, what it is, and how it is
/// written.
fn rows_of_headers(block: &[u8], headers: &[String]) -> String {
    let mut rows = String::new();
    let mut rest = block;
    for header in headers {
        let (size, how) = first_header(rest);
        let (now, later) = rest.split_at(size);
        let bytes = match now {
            [a, b, c, d, .., z] if size > 8 => {
                format!("{} ... {z:02x}", hex(&[*a, *b, *c, *d]))
            }
            _ => hex(now),
        };
        rows += &format!("| `{bytes}` | `{header}`: {how} |\n");
        rest = later;
    }
    assert!(rest.is_empty());
    rows
}

/// gRPC asks for status 415 here.
#[tokio::test]
async fn tonic_does_not_look_at_the_content_type() {
    let request = http::Request::post("/http2.v1.Http2Service/Work")
        .header("content-type", "text/plain")
        .body(Body::empty())
        .expect("request should be valid");
    let mut server = Http2ServiceServer::new(MyHttp2);
    let answer = server
        .call(request)
        .await
        .expect("the service should answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["grpc-status"], "13");
}

/// The headers of each HEADERS frame, as `name: value`.
fn headers(frames: &[RecordedFrame]) -> Vec<Vec<String>> {
    let mut decoder = Decoder::new();
    let blocks = frames.iter().filter_map(|(_, frame)| match frame {
        Ok(Frame::Headers { end_headers: true, block, .. }) => Some(*block),
        _ => None,
    });
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("header should be text");
    blocks
        .map(|block| {
            let list = decoder.decode(block).expect("headers should decode");
            let line = |(name, value): (Vec<u8>, Vec<u8>)| {
                format!("{}: {}", text(name), text(value))
            };
            list.into_iter().map(line).collect()
        })
        .collect()
}

/// Makes two calls, and returns what was recorded: on stream 1 a call with a deadline, on stream 3
/// one of a method that does not exist. The server is returned to keep it alive.
async fn two_calls() -> (Server, Recording) {
    let server = Server::start(LESSON);
    let (channel, recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel.clone());
    let mut request = Request::new(WorkRequest { slow: false });
    request.set_timeout(Duration::from_secs(60));
    client.work(request).await.expect("call should succeed");
    raw::unary(channel, "/http2.v1.Http2Service/Nothing", b"")
        .await
        .expect_err("the method should not exist");
    (server, recording)
}

/// What the chapter says about a request on the wire: path, `te`, the deadline, END_STREAM.
#[tokio::test]
async fn a_request_in_frames() {
    let (_server, recording) = two_calls().await;
    let (headers, data) = recording.client.so_far(|frames| {
        assert!(frames.iter().all(|(_, frame)| frame.is_ok()));
        let mut data = Vec::new();
        for (header, frame) in frames {
            if let Ok(Frame::Data { end_stream, data: payload }) = frame
                && header.stream == 1
            {
                data.push((*end_stream, payload.to_vec()));
            }
        }
        (headers(frames), data)
    });
    // tonic ends the stream with a frame of its own, which is empty.
    assert_eq!(data, [(false, b"\0\0\0\0\0".to_vec()), (true, vec![])]);
    for line in [
        ":method: POST",
        ":scheme: http",
        ":path: /http2.v1.Http2Service/Work",
        "te: trailers",
        "content-type: application/grpc",
        "grpc-timeout: 60000000u",
    ] {
        let is_there = headers[0].iter().any(|header| header == line);
        assert!(is_there, "{line} not in {headers:?}");
    }
}

/// What the chapter says about a response on the wire: `:status`, trailers, trailers alone.
#[tokio::test]
async fn a_response_in_frames() {
    let (_server, mut recording) = two_calls().await;
    let sent = recording.server.wait(|frames| {
        assert!(frames.iter().all(|(_, frame)| frame.is_ok()));
        // MAX_CONCURRENT_STREAMS is not among its settings.
        let settings = frames.iter().find_map(|(_, frame)| match frame {
            Ok(Frame::Settings { ack: false, values }) => Some(values),
            _ => None,
        });
        let limit = Setting::MAX_CONCURRENT_STREAMS;
        assert!(settings?.iter().all(|(name, _)| *name != limit));
        let frame_headers: Vec<Header> =
            frames.iter().map(|(header, _)| *header).collect();
        Some((headers(frames), frame_headers))
    });
    let (headers, frames) = sent.await.expect("the server should have answered");
    let [initial, trailers, only] = &headers[..] else {
        panic!("{headers:?}");
    };
    assert!(initial.contains(&":status: 200".into()), "{initial:?}");
    assert_eq!(trailers[..], ["grpc-status: 0"]);
    assert!(only.contains(&":status: 200".into()), "{only:?}");
    assert!(only.contains(&"grpc-status: 12".into()), "{only:?}");
    // The third block is the whole response: END_STREAM is on it, and no DATA before.
    // It may be followed by RST_STREAM: the server has answered, and the rest of the request is
    // still on its way.
    let is_of_answer = |header: &&Header| {
        header.stream == 3
            && matches!(header.kind, frame_type::HEADERS | frame_type::DATA)
    };
    let of_stream_3: Vec<&Header> = frames.iter().filter(is_of_answer).collect();
    assert_eq!(of_stream_3.len(), 1);
    assert_eq!(of_stream_3[0].kind, frame_type::HEADERS);
    assert!(of_stream_3[0].has(flag::END_STREAM));
    // No stream has an even number: nothing is pushed. And no PRIORITY is sent.
    for header in frames {
        assert!(header.stream % 2 == 1 || header.stream == 0, "{header:?}");
        assert_ne!(header.kind, frame_type::PRIORITY);
    }
}

/// A message is not a frame: three chunks are spread over frames of any size.
#[tokio::test]
async fn a_download_in_frames() {
    let server = Server::start(LESSON);
    let (channel, recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    let answer = client.download(DownloadRequest { chunks: 3 }).await;
    let mut download = answer.expect("call should succeed").into_inner();
    let mut count = 0;
    while let Some(answer) = download.message().await.expect("stream should go on") {
        assert_eq!(answer.chunk.len(), grpc_workbook::http2::CHUNK);
        count += 1;
    }
    assert_eq!(count, 3);
    let body = recording.server.so_far(|frames| {
        assert!(frames.iter().all(|(header, _)| header.length <= 16_384));
        let data = frames.iter().filter_map(|(_, frame)| match frame {
            Ok(Frame::Data { data, .. }) => Some(*data),
            _ => None,
        });
        data.collect::<Vec<_>>().concat()
    });
    // Five bytes of gRPC, one of the tag and three of the length before each chunk.
    assert_eq!(body.len(), 3 * (5 + 1 + 3 + 16_384));
}

/// A status other than OK does not change `:status`, and its message is percent-encoded.
#[tokio::test]
async fn a_message_is_percent_encoded() {
    let mut status = tonic::Status::invalid_argument("is 名 100%?").into_http::<()>();
    let headers = std::mem::take(status.headers_mut());
    assert_eq!(status.status(), 200);
    assert_eq!(headers["grpc-status"], "3");
    assert_eq!(headers["grpc-message"], "is%20%E5%90%8D%20100%25%3F");
}

/// With an interval alone, tonic's client sends no PING while there is no call. It does with
/// `keep_alive_while_idle`.
#[tokio::test]
async fn keepalive_rests_while_there_is_no_call() {
    let server = Server::start(LESSON);
    let interval = Duration::from_millis(20);
    let (resting, of_resting) =
        recorded_with(&server, |endpoint| endpoint.http2_keep_alive_interval(interval))
            .await;
    let (asking, mut of_asking) = recorded_with(&server, |endpoint| {
        endpoint
            .http2_keep_alive_interval(interval)
            .keep_alive_while_idle(true)
    })
    .await;
    let pings = |frames: &[RecordedFrame]| {
        let is_ping = |(_, frame): &&RecordedFrame| {
            matches!(frame, Ok(Frame::Ping { ack: false, .. }))
        };
        frames.iter().filter(is_ping).count()
    };
    let several = |frames: &[RecordedFrame]| (pings(frames) >= 5).then_some(());
    let asked = of_asking.client.wait(several).await;
    asked.expect("PINGs should be sent");
    assert_eq!(of_resting.client.so_far(pings), 0);
    // During a call it asks too. A slow one takes longer than several intervals; on a busy machine
    // it may take more than one.
    let mut client = Http2ServiceClient::new(resting);
    while of_resting.client.so_far(several).is_none() {
        let call = client.work(WorkRequest { slow: true });
        call.await.expect("call should succeed");
    }
    drop(asking);
}
