//! DATA: every message is read, in frames of any length, and what makes no message is shown
//! as what it is.

use grpc_workbook::http2::frames::{flag, frame_type};
use grpc_workbook::tap::trace::{MAX_KEPT_TOGETHER, Side};

use super::wire::*;

/// What is seen of a response's body, in one DATA frame without END_STREAM, and of trailers.
fn body_of(content_type: &str, body: &[u8]) -> Vec<String> {
    let bytes = [
        response(1, content_type),
        data(1, NO_FLAG, body),
        trailers(1),
    ];
    let seen = seen_from(Side::Server, &bytes.concat());
    assert_eq!(seen.first().map(String::as_str), Some("<-- 1 headers :status 200"));
    assert_eq!(seen.last().map(String::as_str), Some("<-- 1 headers grpc-status 0 END"));
    seen[1..seen.len() - 1].to_vec()
}

const GRPC: &str = "application/grpc";

/// Of a content-type other than gRPC's, the bytes are what the header says.
#[test]
fn what_the_headers_call_no_message_is_none() {
    for (content_type, body, shown) in [
        ("text/html", &b"<html>502</html>"[..], "<html>502</html>"),
        ("text/html; charset=utf-8", b"<p>", "<p>"),
        ("text/plain", b"upstream connect error", "upstream connect err"),
        ("application/json", b"{\"code\":5}", "{\\\"code\\\":5}"),
        ("application/proto", b"\x0a\x03you", "\\n\\u{3}you"),
        (
            "application/connect+proto",
            b"\0\0\0\0\x05\x0a\x03you",
            "\\0\\0\\0\\0\\u{5}\\n\\u{3}you",
        ),
        ("application/connect+json", b"\x02\0\0\0\x02{}", "\\u{2}\\0\\0\\0\\u{2}{}"),
        ("application/octet-stream", b"\0\0\0\0\0", "\\0\\0\\0\\0\\0"),
        ("application/grpcish", b"\0\0\0\0\0", "\\0\\0\\0\\0\\0"),
    ] {
        let expected =
            format!("<-- 1 {} bytes of {content_type}: \"{shown}\"", body.len());
        assert_eq!(body_of(content_type, body), [expected]);
    }
}

/// The content-types that have messages: gRPC's with any codec, gRPC-web's, and none at all.
#[test]
fn what_the_headers_call_messages_is_read() {
    for content_type in [
        GRPC,
        "application/grpc+proto",
        "application/grpc+json",
        "application/grpc;charset=utf-8",
        "Application/GRPC",
        "application/grpc-web",
        "application/grpc-web+proto",
    ] {
        let body = [message(0, b"\x0a\x03you"), message(0, b"")].concat();
        let seen = body_of(content_type, &body);
        assert_eq!(seen, ["<-- 1 message 5", "<-- 1 message 0"], "{content_type}");
    }
    let none = [
        headers(1, 0, &[(":status", "200")]),
        data(1, END, &message(0, b"x")),
    ];
    let seen = seen_from(Side::Server, &none.concat());
    assert_eq!(seen[1..], ["<-- 1 message 1 END"]);
}

/// A body that is called gRPC and is not: a flag is 0 or 1, and gRPC-web's trailers have 0x80.
#[test]
fn what_is_no_message_is_shown_as_it_is() {
    for (body, shown) in [
        (&b"<html>"[..], "6 bytes that are no gRPC message: \"<html>\""),
        (b"{}", "2 bytes that are no gRPC message: \"{}\""),
        (b"HTTP/1.1 502", "12 bytes that are no gRPC message: \"HTTP/1.1 502\""),
        (
            b"\x02\0\0\0\x01a",
            "6 bytes that are no gRPC message: \"\\u{2}\\0\\0\\0\\u{1}a\"",
        ),
        (b"\xff", "1 bytes that are no gRPC message: \"\u{fffd}\""),
        // Cut off: in the prefix, behind it, in the message.
        (b"\0", "1 bytes of a message's 5-byte prefix, incomplete: \"\\0\""),
        (
            b"\0\0\0\x01",
            "4 bytes of a message's 5-byte prefix, incomplete: \"\\0\\0\\0\\u{1}\"",
        ),
        (b"\0\0\0\0\x05", "0 bytes of a message of 5 bytes, incomplete: \"\""),
        (b"\0\0\0\0\x05abcd", "4 bytes of a message of 5 bytes, incomplete: \"abcd\""),
        (
            b"\0\xff\xff\xff\xffab",
            "2 bytes of a message of 4294967295 bytes, incomplete: \"ab\"",
        ),
        (b"\x01\0\0\0\x05ab", "2 bytes of a message of 5 bytes, incomplete: \"ab\""),
    ] {
        assert_eq!(body_of(GRPC, body), [format!("<-- 1 {shown}")]);
    }
    // A message before it is a message.
    let body = [message(0, b"ok"), b"<html>".to_vec()].concat();
    let page = "<-- 1 6 bytes that are no gRPC message: \"<html>\"";
    assert_eq!(body_of(GRPC, &body), ["<-- 1 message 2", page]);
}

/// A message that is cut off is shown, whatever ends the stream.
#[test]
fn a_cut_message_is_shown_at_every_end() {
    let cut = "1 bytes of a message of 2 bytes, incomplete: \"a\"";
    let begun = [response(1, GRPC), data(1, NO_FLAG, b"\0\0\0\0\x02a")].concat();
    for (end, expected) in [
        (
            trailers(1),
            vec![
                format!("<-- 1 {cut}"),
                "<-- 1 headers grpc-status 0 END".into(),
            ],
        ),
        (reset(1), vec![format!("<-- 1 {cut}"), "<-- 1 reset CANCEL".into()]),
        (data(1, END, b""), vec![format!("<-- 1 {cut} END")]),
    ] {
        let seen = seen_from(Side::Server, &[begun.clone(), end].concat());
        assert_eq!(seen[1..], expected);
    }
    // Once only: at a reset by the other side, and not again at the end of the connection.
    let mut talk = Talk::begun();
    talk.client(&request(1, NO_FLAG)).server(&begun);
    talk.seen();
    talk.client(&reset(1));
    assert_eq!(talk.seen(), [format!("<-- 1 {cut}"), "--> 1 reset CANCEL".into()]);
    talk.end();
    assert_eq!(talk.seen(), Vec::<String>::new());
    // The connection ends: between frames, and inside one.
    let mut talk = Talk::begun();
    talk.server(&begun).end();
    assert_eq!(talk.seen()[1..], [format!("<-- 1 {cut}")]);
    let mut talk = Talk::begun();
    talk.server(&begun[..begun.len() - 1]).end();
    let seen = talk.seen();
    assert_eq!(seen[1], "<-- 1 0 bytes of a message of 2 bytes, incomplete: \"\"");
    assert_eq!(seen[2], "<-- 0 not read: the connection ended inside a frame");
}

/// The message that a frame ends with has END_STREAM, and so has what is no message.
#[test]
fn the_end_is_never_lost() {
    let page = &b"<p>"[..];
    for (content_type, body, expected) in [
        (GRPC, message(0, b"a"), "message 1 END"),
        (GRPC, vec![], "END"),
        (GRPC, page.to_vec(), "3 bytes that are no gRPC message: \"<p>\" END"),
        ("text/html", page.to_vec(), "3 bytes of text/html: \"<p>\" END"),
    ] {
        for padded in [false, true] {
            let end = if padded {
                let payload = [&[3][..], &body, &[0; 3]].concat();
                data(1, END | flag::PADDED, &payload)
            } else {
                data(1, END, &body)
            };
            let bytes = [response(1, content_type), end].concat();
            let seen = seen_from(Side::Server, &bytes);
            assert_eq!(seen[1..], [format!("<-- 1 {expected}")]);
        }
    }
}

/// Frames up to the longest that there are, padded and not; and messages across them.
#[test]
fn frames_of_any_length_are_read() {
    let large = message(0, &[7; 70_000]);
    let small = message(0, b"\x0a\x03you");
    let all = [&large[..], &small, &large].concat();
    for size in [1000, 16_384, 65_535, 65_536, 66_000, 80_000] {
        let mut talk = Talk::begun();
        talk.client(&request(1, NO_FLAG));
        let mut rest = &all[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(size.min(rest.len()));
            let end = if later.is_empty() { END } else { NO_FLAG };
            let bytes = match now.len() % 2 {
                0 => data(1, end, now),
                _ => data(1, end | flag::PADDED, &[&[200], now, &[0; 200]].concat()),
            };
            for chunk in bytes.chunks(10_007) {
                talk.client(chunk);
            }
            rest = later;
        }
        let expected = [
            "--> 1 message 70000",
            "--> 1 message 5",
            "--> 1 message 70000 END",
        ];
        assert_eq!(talk.seen()[1..], expected, "frames of {size}");
    }
    // The case of the issue, and the longest frame of all.
    let mut talk = Talk::begun();
    let (frame_1, rest) = large.split_at(66_000);
    talk.client(&request(1, NO_FLAG))
        .client(&data(1, NO_FLAG, frame_1));
    talk.client(&data(1, NO_FLAG, rest))
        .client(&data(1, END, &small));
    assert_eq!(talk.seen()[1..], ["--> 1 message 70000", "--> 1 message 5 END"]);
    let longest = message(0, &vec![7; (1 << 24) - 1 - 5]);
    talk.client(&request(3, NO_FLAG));
    for chunk in data(3, END, &longest).chunks(16_384) {
        talk.client(chunk);
        assert!(talk.trace.stored_bytes() < MAX_KEPT_TOGETHER);
    }
    assert_eq!(talk.seen()[1..], ["--> 3 message 16777210 END"]);
}

/// gRPC-web: trailers in the body, in bytes and in base64, whole or in pieces.
#[test]
fn grpc_web_is_read() {
    let block = b"grpc-status:0\r\ngrpc-message: all: fine\r\n";
    let end = r#"trailers [("grpc-status", "0"), ("grpc-message", "all: fine")]"#;
    let body = [message(0, b"\x0a\x03you"), message(0x80, block)].concat();
    let expected = ["<-- 1 message 5".to_string(), format!("<-- 1 {end}")];
    // A proxy may change the header, and the bytes still say it.
    for content_type in ["application/grpc-web", "application/grpc-web+proto", GRPC] {
        assert_eq!(body_of(content_type, &body), expected);
    }
    // "AAAAAAUKA3lvdQ==" and the trailers, each encoded for itself, as servers flush them.
    let text =
        "AAAAAAUKA3lvdQ==gAAAAChncnBjLXN0YXR1czowDQpncnBjLW1lc3NhZ2U6IGFsbDogZmluZQ0K";
    for content_type in [
        "application/grpc-web-text",
        "application/grpc-web-text+proto",
    ] {
        assert_eq!(body_of(content_type, text.as_bytes()), expected);
        // Without padding at the end.
        assert_eq!(body_of(content_type, b"AAAAAAUKA3lvdQ"), expected[..1]);
        let page = "<-- 1 6 bytes that are no gRPC message: \"<html>\"";
        assert_eq!(body_of(content_type, b"<html>"), [page]);
    }
    let ended = [response(1, "application/grpc-web"), data(1, END, &body)].concat();
    let seen = seen_from(Side::Server, &ended);
    assert_eq!(seen[2], format!("<-- 1 {end} END"));
    // What has its flag and is not trailers, and trailers that are cut off.
    for (bytes, length) in [(message(0x80, b"\xff"), 6), (body[10..20].to_vec(), 10)] {
        let seen = body_of("application/grpc-web", &bytes);
        let beginning = format!("<-- 1 {length} bytes that are no gRPC message");
        assert!(seen[0].starts_with(&beginning), "{seen:?}");
    }
}

/// Padding in HEADERS, priorities, reserved bits, informational headers, and types of frames
/// and settings that nobody has defined: none of it changes what is read.
#[test]
fn what_may_stand_between_changes_nothing() {
    let path = literal(0, ":path", "/a/B");
    let block = [&[0x83], &path[..]].concat();
    let prioritized = [&[4, 0x80, 0, 0, 0, 16][..], &block, &[0; 4]].concat();
    let flags = flag::END_HEADERS | flag::PADDED | flag::PRIORITY;
    let mut message_frame = data(1, END, &message(0, b"a"));
    message_frame[5] |= 0x80;
    let bytes = [
        frame(frame_type::HEADERS, flags, 1, &prioritized),
        frame(0xbe, 0xff, 1, b"unknown"),
        frame(frame_type::SETTINGS, 0, 0, &[0xff, 0xff, 0, 0, 0, 1]),
        frame(frame_type::PRIORITY, 0, 1, &[0, 0, 0, 0, 1]),
        message_frame,
    ];
    let expected = ["--> 1 headers :method POST", "--> 1 message 1 END"];
    assert_eq!(seen_from(Side::Client, &bytes.concat()), expected);
    // 103, then the response, of another content-type.
    let hints = [(":status", "103"), ("content-type", GRPC)];
    let bytes = [
        headers(1, 0, &hints),
        response(1, "text/plain"),
        data(1, END, b"\0"),
    ];
    let seen = seen_from(Side::Server, &bytes.concat());
    assert_eq!(seen[2], "<-- 1 1 bytes of text/plain: \"\\0\" END");
}
