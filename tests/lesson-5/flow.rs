//! Flow control: what the chapter says about windows, and who waits when one is full.

use grpc_workbook::http2::CHUNK;
use grpc_workbook::http2::frames::{Frame, Setting, frame_type};
use grpc_workbook::http2::proto::{
    DownloadRequest, WorkRequest, http2_service_client::Http2ServiceClient,
};
use grpc_workbook::http2::record::RecordedFrame;
use grpc_workbook::raw;
use support::programs::Server;

use super::LESSON;
use super::wire::{recorded, recorded_with};

/// Each window in HTTP/2, unless its receiver says otherwise (RFC 9113, 6.9.2).
const WINDOW: u32 = 65_535;

/// How many bytes of DATA came on a stream, without the nine bytes before each frame.
fn received(frames: &[RecordedFrame], stream: u32) -> u32 {
    let data = frames
        .iter()
        .filter(|(header, _)| header.stream == stream && header.kind == frame_type::DATA);
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
    let (channel, mut recording) =
        recorded_with(&server, |endpoint| endpoint.initial_stream_window_size(WINDOW))
            .await;
    let mut client = Http2ServiceClient::new(channel);
    let answer = client.download(DownloadRequest { chunks: 1000 }).await;
    let mut download = answer.expect("call should succeed").into_inner();
    let full = recording.server.wait(|frames| {
        let sum = received(frames, 1);
        (sum >= WINDOW).then_some(sum)
    });
    assert_eq!(full.await.expect("the window should fill"), WINDOW);
    // The window of this stream alone is full: calls come and go beside it.
    for _ in 0..20 {
        client
            .work(WorkRequest { slow: false })
            .await
            .expect("call should succeed");
        assert_eq!(recording.server.so_far(|frames| received(frames, 1)), WINDOW);
    }
    assert_eq!(recording.client.so_far(granted), 0);

    for n in 1..=100 {
        download
            .message()
            .await
            .expect("stream should go on")
            .expect("a chunk should come");
        // First what came, then what had been granted for it.
        let came = recording.server.so_far(|frames| received(frames, 1));
        let granted = recording.client.so_far(granted);
        assert!(came <= WINDOW + granted, "{came} bytes, {granted} granted");
        assert!(n < 4 || granted > 0, "four chunks are more than the window");
    }
}

/// Four chunks with what stands before them are 37 bytes more than a window.
#[tokio::test]
async fn four_chunks_are_more_than_a_window() {
    let server = Server::start(LESSON);
    let (channel, recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    let response = client.download(DownloadRequest { chunks: 4 }).await;
    let mut download = response.expect("call should succeed").into_inner();
    while let Some(response) = download.message().await.expect("stream should go on") {
        assert_eq!(response.chunk.len(), CHUNK);
    }
    let body = recording.server.so_far(|frames| {
        let mut body = Vec::new();
        for (_, frame) in frames {
            if let Ok(Frame::Data { data, .. }) = frame {
                body.extend_from_slice(data);
            }
        }
        body
    });
    // The five bytes of gRPC: no compression, and a length.
    let message = [&[0], &(4 + 16_384_u32).to_be_bytes()[..]].concat();
    // The four bytes before the field's content: its tag, and its length as a varint.
    let field = b"\x0a\x80\x80\x01";
    let one = [&message, &field[..], &[0; 16_384]].concat();
    assert!(body == one.repeat(4));
    assert_eq!(body.len(), 4 * (16_384 + 4 + 5));
    assert_eq!(body.len(), 65_572);
    assert_eq!(body.len() as u32 - WINDOW, 37);
}

/// What tonic's client grants if nothing is set: 2 MiB a stream, and 5 MiB for the connection.
#[tokio::test]
async fn windows_of_tonic() {
    let server = Server::start(LESSON);
    let (channel, recording) = recorded(&server).await;
    let mut client = Http2ServiceClient::new(channel);
    let response = client.work(WorkRequest { slow: false }).await;
    response.expect("call should succeed");
    let (stream, connection) = recording.client.so_far(|frames| {
        let (mut stream, mut connection) = (0, WINDOW);
        for (header, frame) in frames {
            match frame {
                Ok(Frame::Settings { values, .. }) => {
                    let window = Setting::INITIAL_WINDOW_SIZE;
                    let value = values.iter().find(|(name, _)| *name == window);
                    stream = value.map_or(stream, |(_, value)| *value);
                }
                Ok(Frame::WindowUpdate { increment }) if header.stream == 0 => {
                    connection += increment;
                }
                _ => {}
            }
        }
        (stream, connection)
    });
    assert_eq!((stream, connection), (2 << 20, 5 << 20));
}

/// When a stream that nobody reads has used up the connection's window, DATA of other streams
/// waits too. HEADERS do not.
#[tokio::test]
async fn a_full_connection_holds_up_all_streams() {
    let server = Server::start(LESSON);
    let (channel, mut recording) = recorded_with(&server, |endpoint| {
        endpoint
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(WINDOW)
    })
    .await;
    let mut client = Http2ServiceClient::new(channel.clone());
    let response = client.download(DownloadRequest { chunks: 1000 }).await;
    let mut download = response.expect("call should succeed").into_inner();
    let full = |frames: &[RecordedFrame]| (received(frames, 1) >= WINDOW).then_some(());
    let filled = recording.server.wait(full).await;
    filled.expect("the window should fill");

    let mut other = client.clone();
    let work = tokio::spawn(async move { other.work(WorkRequest { slow: false }).await });
    let headers = |frames: &[RecordedFrame]| {
        frames.iter().find_map(|(header, _)| {
            (header.stream == 3 && header.kind == frame_type::HEADERS).then_some(())
        })
    };
    let answered = recording.server.wait(headers).await;
    answered.expect("the headers of the second call should come");
    // An answer without DATA goes there and back: what could come has come.
    raw::unary(channel, "/http2.v1.Http2Service/Nothing", b"")
        .await
        .expect_err("the method should not exist");
    assert_eq!(recording.server.so_far(|frames| received(frames, 1)), WINDOW);
    assert_eq!(recording.server.so_far(|frames| received(frames, 3)), 0);
    assert!(!work.is_finished());

    // Reading grants more to both windows.
    while !work.is_finished() {
        let chunk = download.message().await.expect("stream should go on");
        chunk.expect("a chunk should come");
    }
    let response = work.await.expect("task should not panic");
    response.expect("call should succeed");
}
