//! What tonic sends, frame by frame: what the chapter says about a call on the wire.

use std::time::Duration;

use grpc_workbook::http2::Work;
use grpc_workbook::http2::frames::{Frame, Header, Setting, flag, frame_type};
use grpc_workbook::http2::proto::{
    DownloadRequest, WorkRequest, http2_service_client::Http2ServiceClient,
    http2_service_server::Http2ServiceServer,
};
use grpc_workbook::http2::record::{RecordedFrame, Recording};
use grpc_workbook::raw;
use loona_hpack::Decoder;
use prost::Message;
use support::programs::Server;
use support::written;
use tonic::Request;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::transport::{Channel, Endpoint, Uri};

use super::LESSON;

/// The window of a stream in HTTP/2, unless a setting says otherwise (RFC 9113, 6.9.2).
const WINDOW: u32 = 65_535;

async fn recorded(server: &Server) -> (Channel, Recording) {
    let recording = Recording::of(server.address.clone())
        .await
        .expect("recording should start");
    let endpoint = Endpoint::try_from(format!("http://{}", recording.address));
    let channel = endpoint
        .expect("the address should be a URI")
        // The same `:authority` in each run, so the same bytes.
        .origin(Uri::from_static("http://127.0.0.1:50055"))
        .initial_stream_window_size(WINDOW)
        .connect()
        .await
        .expect("connection should open");
    (channel, recording)
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// The two frames of DATA of a request, byte by byte, for the chapter.
#[tokio::test]
async fn frames_taken_apart() {
    let server = Server::start(LESSON);
    let (channel, mut recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    client
        .work(WorkRequest { slow: true })
        .await
        .expect("call should succeed");
    let mut table = "| bytes | what they are |\n|---|---|\n".to_string();
    let mut row = |bytes: &[u8], what: String| {
        table += &format!("| `{}` | {what} |\n", hex(bytes));
    };
    let data = recording.client.wait(|frames| {
        let data = frames.iter().filter_map(|(header, frame)| match frame {
            Ok(Frame::Data { data, .. }) => Some((*header, data.to_vec())),
            _ => None,
        });
        Some(data.collect::<Vec<_>>())
    });
    let data = data.await.expect("the client should have sent it");
    assert_eq!(data.len(), 2);
    for ((header, payload), which) in data.into_iter().zip(["a frame", "the next frame"])
    {
        let Header { length, kind, flags, stream } = header;
        row(
            &length.to_be_bytes()[1..],
            format!("{which}: {length} bytes follow the header"),
        );
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
    }
    written("book/generated/05-http2-frame.md", &table);
}

/// The second call's headers, byte by byte: what HPACK has in its table, and the path.
#[tokio::test]
async fn headers_taken_apart() {
    let server = Server::start(LESSON);
    let (channel, mut recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    for _ in 0..3 {
        client
            .work(WorkRequest { slow: false })
            .await
            .expect("call should succeed");
    }
    let sent = recording.client.wait(|frames| {
        let blocks = frames.iter().filter_map(|(_, frame)| match frame {
            Ok(Frame::Headers { end_headers: true, block, .. }) => Some(block.to_vec()),
            _ => None,
        });
        Some((headers(frames), blocks.collect::<Vec<_>>()))
    });
    let (headers, blocks) = sent.await.expect("the client should have sent it");
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

/// How many bytes of DATA came on stream 1.
fn received(frames: &[RecordedFrame]) -> u32 {
    let data = frames
        .iter()
        .filter(|(header, _)| header.stream == 1 && header.kind == frame_type::DATA);
    data.map(|(header, _)| header.length).sum()
}

/// How many bytes were granted for stream 1, besides its first window.
fn granted(frames: &[RecordedFrame]) -> u32 {
    let updates = frames.iter().filter_map(|(header, frame)| match frame {
        Ok(Frame::WindowUpdate { increment }) if header.stream == 1 => Some(*increment),
        _ => None,
    });
    updates.sum()
}

/// A sender that has used up a stream's window waits, and sends no more than it was granted.
#[tokio::test]
async fn nothing_more_comes_until_the_client_reads() {
    let server = Server::start(LESSON);
    let (channel, mut recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    let answer = client.download(DownloadRequest { chunks: 1000 }).await;
    let mut download = answer.expect("call should succeed").into_inner();
    let full = recording
        .server
        .wait(|frames| Some(received(frames)).filter(|sum| *sum >= WINDOW));
    assert_eq!(full.await.expect("the window should fill"), WINDOW);
    // The window of this stream alone is full: calls come and go beside it.
    for _ in 0..20 {
        client
            .work(WorkRequest { slow: false })
            .await
            .expect("call should succeed");
        let sum = recording.server.wait(|frames| Some(received(frames)));
        assert_eq!(sum.await.expect("connection should be open"), WINDOW);
    }
    let updates = recording.client.wait(|frames| Some(granted(frames)));
    assert_eq!(updates.await.expect("the client should have sent it"), 0);

    for n in 1..=100 {
        download
            .message()
            .await
            .expect("stream should go on")
            .expect("a chunk should come");
        // First what came, then what had been granted for it.
        let came = recording.server.wait(|frames| Some(received(frames))).await;
        let granted = recording.client.wait(|frames| Some(granted(frames))).await;
        let (came, granted) = (
            came.expect("connection should be open"),
            granted.expect("the client should have sent it"),
        );
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
        .expect("request should be valid");
    let mut server = Http2ServiceServer::new(Work);
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
    let (_server, mut recording) = two_calls().await;
    let sent = recording.client.wait(|frames| {
        assert!(frames.iter().all(|(_, frame)| frame.is_ok()));
        let mut data = Vec::new();
        for (header, frame) in frames {
            if let Ok(Frame::Data { end_stream, data: payload }) = frame
                && header.stream == 1
            {
                data.push((*end_stream, payload.to_vec()));
            }
        }
        Some((headers(frames), data))
    });
    let (headers, data) = sent.await.expect("the client should have sent it");
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
    let of_stream_3: Vec<&Header> =
        frames.iter().filter(|header| header.stream == 3).collect();
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
    let (channel, mut recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    let answer = client.download(DownloadRequest { chunks: 3 }).await;
    let mut download = answer.expect("call should succeed").into_inner();
    let mut count = 0;
    while let Some(answer) = download.message().await.expect("stream should go on") {
        assert_eq!(answer.chunk.len(), grpc_workbook::http2::CHUNK);
        count += 1;
    }
    assert_eq!(count, 3);
    let body = recording.server.wait(|frames| {
        assert!(frames.iter().all(|(header, _)| header.length <= 16_384));
        let data = frames.iter().filter_map(|(_, frame)| match frame {
            Ok(Frame::Data { data, .. }) => Some(*data),
            _ => None,
        });
        Some(data.collect::<Vec<_>>().concat())
    });
    // Five bytes of gRPC, one of the tag and three of the length before each chunk.
    assert_eq!(
        body.await.expect("connection should be open").len(),
        3 * (5 + 1 + 3 + 16_384)
    );
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
