//! What the renderer says of events that a test has made.

use grpc_workbook::http2::frames::ErrorCode;
use grpc_workbook::tap::body::NotMessage;
use grpc_workbook::tap::proxy::TappedEvent;
use grpc_workbook::tap::render::Renderer;
use grpc_workbook::tap::trace::{Event, EventKind, Side};
use grpc_workbook::tap::unpack::Unpacked;

/// The type of the frame and the text, of an event of the server on stream 1.
fn shown(kind: EventKind) -> String {
    let event = Event { from: Side::Server, stream: 1, kind };
    let mut renderer = Renderer::new(false, false);
    let rendered = renderer.render(&TappedEvent { connection: 1, event });
    let rendered = rendered.expect("it should be shown");
    format!("{}: {}", rendered.frame, rendered.text)
}

fn data(what: NotMessage, bytes: &[u8]) -> EventKind {
    let length = bytes.len();
    EventKind::Data { what, length, bytes: bytes.into(), end_stream: false }
}

/// The first bytes of `length`.
fn beginning_of(length: usize, what: NotMessage, bytes: &[u8]) -> EventKind {
    EventKind::Data { what, length, bytes: bytes.into(), end_stream: false }
}

#[test]
fn what_makes_no_message_is_shown_as_what_it_is() {
    let html = NotMessage::OfType("text/html".into());
    for (kind, text) in [
        (data(html.clone(), b"<p>\n"), r#"4 bytes of text/html: "<p>\n""#),
        // Cut inside a character, and no text at all.
        (data(html.clone(), b"a\xe5\x90"), r#"3 bytes of text/html: "a""#),
        (data(html.clone(), b"\xff\0"), "2 bytes of text/html: ff 00"),
        // Of more than is shown, and of more than was kept, all are counted.
        (
            data(html.clone(), &[b'p'; 257]),
            &format!("257 bytes of text/html: \"{}\" ... 257 bytes", "p".repeat(256)),
        ),
        (
            beginning_of(5000, html.clone(), b"<p>"),
            "5000 bytes of text/html: \"<p>\" ... 5000 bytes",
        ),
        (
            beginning_of(5000, html, b"\xff\0"),
            "5000 bytes of text/html: ff 00 ... 5000 bytes",
        ),
        (data(NotMessage::NotGrpc, b"{}"), r#"2 bytes that are no gRPC message: "{}""#),
        (
            data(NotMessage::CutPrefix, b"\0"),
            "1 byte of a message's 5-byte prefix, incomplete: 00",
        ),
        (
            data(NotMessage::CutMessage(9), b"\x0a\x05"),
            "2 bytes of a message of 9 bytes, incomplete: 0a 05",
        ),
        (
            data(NotMessage::CutMessage(9), b""),
            "0 bytes of a message of 9 bytes, incomplete",
        ),
        (
            data(NotMessage::NotFollowed, b"\0\0"),
            "2 bytes of a stream that is not followed: 00 00",
        ),
        (
            EventKind::WebTrailers {
                fields: vec![("grpc-status".into(), "5".into())],
                end_stream: true,
            },
            "trailers: grpc-status 5 NOT_FOUND",
        ),
    ] {
        assert_eq!(shown(kind), format!("DATA: {text}"));
    }
}

#[test]
fn compressed_messages_are_shown_with_their_compression() {
    let hello = || b"\x0a\x03you".to_vec();
    let message = |unpacked| EventKind::Message {
        path: Some("/helloworld.Greeter/SayHello".into()),
        compressed: true,
        length: 25,
        bytes: vec![0x1f, 0x8b],
        unpacked: Some(unpacked),
        end_stream: false,
    };
    let whole = Unpacked::Message { encoding: "gzip", bytes: hello() };
    let shown_text = shown(message(whole));
    assert_eq!(shown_text, r#"DATA: HelloReply { message: "you" }, gzip: 25 bytes"#);
    let not = Unpacked::Not { why: "with zstd, which is not read here".into() };
    let expected = "DATA: 25 bytes, compressed: with zstd, which is not read here";
    assert_eq!(shown(message(not)), expected);
}

#[test]
fn what_is_not_read_is_said() {
    let error = |error, reason| EventKind::StreamError { error, reason };
    for (kind, text) in [
        (
            error(ErrorCode::FRAME_SIZE_ERROR, "PRIORITY has 5 bytes"),
            "not read: FRAME_SIZE_ERROR: PRIORITY has 5 bytes",
        ),
        (
            error(ErrorCode::PROTOCOL_ERROR, "WINDOW_UPDATE of 0 bytes"),
            "not read: PROTOCOL_ERROR: WINDOW_UPDATE of 0 bytes",
        ),
        (
            EventKind::Forgotten,
            "not read: from here on: too many streams are open, and this is the oldest",
        ),
        (
            EventKind::TooLarge { length: 100_000 },
            "HEADERS: and 100000 bytes more, too large to show",
        ),
        (
            EventKind::Undecodable { why: "this is not HTTP/2".into() },
            "not read: from here on: this is not HTTP/2",
        ),
        (
            EventKind::PushPromise {
                promised: 2,
                fields: vec![
                    (":method".into(), "GET".into()),
                    (":path".into(), "/".into()),
                ],
            },
            "PUSH_PROMISE: stream 2: GET /",
        ),
    ] {
        assert_eq!(shown(kind), text);
    }
}
