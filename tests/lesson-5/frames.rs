//! The reader of frames, held against RFC 9113.

use grpc_workbook::http2::frames::flag::{self, ACK, END_HEADERS, END_STREAM, PADDED};
use grpc_workbook::http2::frames::frame_type::*;
use grpc_workbook::http2::frames::{ErrorCode, Frame, Header, PREFACE, Scope, Setting};
use grpc_workbook::http2::record::frames;
use proptest::prelude::*;

fn read(
    kind: u8,
    flags: u8,
    stream: u32,
    payload: &[u8],
) -> Result<Frame<'_>, ErrorCode> {
    let length = u32::try_from(payload.len()).expect("payload should be short");
    Frame::read(Header { length, kind, flags, stream }, payload)
        .map_err(|error| error.code)
}

#[test]
fn a_header_is_nine_bytes() {
    let bytes = [0x01, 0x02, 0x03, 0x09, 0xff, 0x80, 0, 0, 5];
    let header = Header { length: 0x010203, kind: CONTINUATION, flags: 0xff, stream: 5 };
    assert_eq!(Header::read(bytes), header);
    let most = Header { length: 0xff_ffff, kind: 255, flags: 255, stream: 0x7fff_ffff };
    assert_eq!(Header::read([0xff; 9]), most);
    let preface = b"\x50\x52\x49\x20\x2a\x20\x48\x54\x54\x50\x2f\x32\
        \x2e\x30\x0d\x0a\x0d\x0a\x53\x4d\x0d\x0a\x0d\x0a";
    assert_eq!(PREFACE, preface);
}

#[test]
fn a_header_is_written_as_it_is_read() {
    let bytes = [0x01, 0x02, 0x03, 0x09, 0xff, 0x00, 0, 0, 5];
    assert_eq!(Header::read(bytes).encode(), bytes);
    let frame = Frame::encode_raw(DATA, END_STREAM, 3, b"hi");
    assert_eq!(frame, b"\0\0\x02\0\x01\0\0\0\x03hi");
}

#[test]
fn every_type_is_read() {
    use Frame::*;
    let block = &b"\x82"[..];
    let no_error = ErrorCode::NO_ERROR;
    for (kind, flags, stream, payload, frame) in [
        (DATA, 0, 1, &b"ab"[..], Data { end_stream: false, data: b"ab" }),
        (DATA, END_STREAM, 1, b"", Data { end_stream: true, data: b"" }),
        (DATA, PADDED, 1, b"\x02ab\0\0", Data { end_stream: false, data: b"ab" }),
        (DATA, END_STREAM | PADDED, 1, b"\x00", Data { end_stream: true, data: b"" }),
        (DATA, PADDED, 1, b"\x02\0\0", Data { end_stream: false, data: b"" }),
        // Flags that a type does not define are ignored.
        (DATA, 0xf6, 1, b"a", Data { end_stream: false, data: b"a" }),
        (
            HEADERS,
            END_HEADERS,
            1,
            block,
            Headers { end_stream: false, end_headers: true, block },
        ),
        (
            HEADERS,
            END_STREAM,
            1,
            block,
            Headers { end_stream: true, end_headers: false, block },
        ),
        (
            HEADERS,
            END_STREAM | END_HEADERS | PADDED | flag::PRIORITY,
            1,
            b"\x01\x80\0\0\x03\xff\x82\0",
            Headers { end_stream: true, end_headers: true, block },
        ),
        (PRIORITY, 0, 3, b"\x80\0\0\x01\x0f", Priority { depends_on: 1, weight: 15 }),
        (RST_STREAM, 0, 1, b"\0\0\0\x08", RstStream { error: ErrorCode::CANCEL }),
        (SETTINGS, ACK, 0, b"", Settings { ack: true, values: vec![] }),
        (SETTINGS, 0, 0, b"", Settings { ack: false, values: vec![] }),
        (
            SETTINGS,
            0,
            0,
            b"\0\x04\0\x20\0\0\0\x63\0\0\0\x01",
            Settings {
                ack: false,
                values: vec![(Setting::INITIAL_WINDOW_SIZE, 0x20_0000), (Setting(99), 1)],
            },
        ),
        (
            PUSH_PROMISE,
            END_HEADERS | PADDED,
            1,
            b"\x01\x80\0\0\x02\x82\0",
            PushPromise { promised: 2, end_headers: true, block },
        ),
        (PING, 0, 0, b"12345678", Ping { ack: false, data: *b"12345678" }),
        (PING, ACK, 0, b"12345678", Ping { ack: true, data: *b"12345678" }),
        (
            GOAWAY,
            0,
            0,
            b"\xff\xff\xff\xff\0\0\0\0why",
            GoAway { last_stream: 0x7fff_ffff, error: no_error, debug: b"why" },
        ),
        (WINDOW_UPDATE, 0, 0, b"\x80\0\0\x01", WindowUpdate { increment: 1 }),
        (
            WINDOW_UPDATE,
            0,
            1,
            b"\x7f\xff\xff\xff",
            WindowUpdate { increment: 0x7fff_ffff },
        ),
        (CONTINUATION, END_HEADERS, 1, block, Continuation { end_headers: true, block }),
        (CONTINUATION, 0, 1, block, Continuation { end_headers: false, block }),
        (10, 0, 0, b"any", Unknown { kind: 10 }),
        (255, 255, 7, b"", Unknown { kind: 255 }),
    ] {
        assert_eq!(read(kind, flags, stream, payload), Ok(frame));
    }
}

#[test]
fn what_breaks_a_rule_is_refused() {
    for (kind, flags, stream, payload, error) in [
        (DATA, 0, 0, &b""[..], ErrorCode::PROTOCOL_ERROR),
        (HEADERS, END_HEADERS, 0, b"\x82", ErrorCode::PROTOCOL_ERROR),
        (PRIORITY, 0, 0, b"\0\0\0\x01\x0f", ErrorCode::PROTOCOL_ERROR),
        (RST_STREAM, 0, 0, b"\0\0\0\x08", ErrorCode::PROTOCOL_ERROR),
        (SETTINGS, 0, 1, b"", ErrorCode::PROTOCOL_ERROR),
        (PUSH_PROMISE, END_HEADERS, 0, b"\0\0\0\x02", ErrorCode::PROTOCOL_ERROR),
        (PING, 0, 1, b"12345678", ErrorCode::PROTOCOL_ERROR),
        (GOAWAY, 0, 1, b"\0\0\0\0\0\0\0\0", ErrorCode::PROTOCOL_ERROR),
        (CONTINUATION, END_HEADERS, 0, b"", ErrorCode::PROTOCOL_ERROR),
        // Padding: as long as what is left is the limit.
        (DATA, PADDED, 1, b"\x03\0\0", ErrorCode::PROTOCOL_ERROR),
        (HEADERS, PADDED, 1, b"\x02\x82", ErrorCode::PROTOCOL_ERROR),
        (DATA, PADDED, 1, b"", ErrorCode::FRAME_SIZE_ERROR),
        (HEADERS, flag::PRIORITY, 1, b"\0\0\0\x01", ErrorCode::FRAME_SIZE_ERROR),
        // One byte too few, one too many.
        (PRIORITY, 0, 1, b"\0\0\0\x01", ErrorCode::FRAME_SIZE_ERROR),
        (PRIORITY, 0, 1, b"\0\0\0\x01\x0f\0", ErrorCode::FRAME_SIZE_ERROR),
        (RST_STREAM, 0, 1, b"\0\0\0", ErrorCode::FRAME_SIZE_ERROR),
        (RST_STREAM, 0, 1, b"\0\0\0\x08\0", ErrorCode::FRAME_SIZE_ERROR),
        (SETTINGS, 0, 0, b"\0\x04\0\0\0", ErrorCode::FRAME_SIZE_ERROR),
        (SETTINGS, 0, 0, b"\0\x04\0\0\0\0\0", ErrorCode::FRAME_SIZE_ERROR),
        (SETTINGS, ACK, 0, b"\0\x04\0\0\0\0", ErrorCode::FRAME_SIZE_ERROR),
        (PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0", ErrorCode::FRAME_SIZE_ERROR),
        (PING, 0, 0, b"1234567", ErrorCode::FRAME_SIZE_ERROR),
        (PING, 0, 0, b"123456789", ErrorCode::FRAME_SIZE_ERROR),
        (GOAWAY, 0, 0, b"\0\0\0\0\0\0\0", ErrorCode::FRAME_SIZE_ERROR),
        (WINDOW_UPDATE, 0, 0, b"\0\0\0", ErrorCode::FRAME_SIZE_ERROR),
        (WINDOW_UPDATE, 0, 0, b"\0\0\0\x01\0", ErrorCode::FRAME_SIZE_ERROR),
        (WINDOW_UPDATE, 0, 1, b"\0\0\0\0", ErrorCode::PROTOCOL_ERROR),
        (WINDOW_UPDATE, 0, 0, b"\x80\0\0\0", ErrorCode::PROTOCOL_ERROR),
    ] {
        let frame = read(kind, flags, stream, payload);
        assert_eq!(frame, Err(error), "type {kind}, flags {flags}, {payload:?}");
    }
}

/// What ends only its stream, by RFC 9113, 4.2, 6.3 and 6.9. All other errors end the connection.
#[test]
fn some_errors_are_of_a_stream() {
    for (kind, flags, stream, payload, scope) in [
        (WINDOW_UPDATE, 0, 1, &b"\0\0\0\0"[..], Scope::Stream),
        (WINDOW_UPDATE, 0, 0, b"\0\0\0\0", Scope::Connection),
        (WINDOW_UPDATE, 0, 1, b"\0\0\0", Scope::Connection),
        (PRIORITY, 0, 1, b"\0\0\0\x01", Scope::Stream),
        (PRIORITY, 0, 0, b"\0\0\0\x01\x0f", Scope::Connection),
        (DATA, PADDED, 1, b"", Scope::Stream),
        (DATA, PADDED, 1, b"\x01", Scope::Connection),
        (RST_STREAM, 0, 1, b"\0\0\0", Scope::Connection),
        (HEADERS, PADDED, 1, b"", Scope::Connection),
    ] {
        let length = u32::try_from(payload.len()).expect("payload should be short");
        let frame = Frame::read(Header { length, kind, flags, stream }, payload);
        let error = frame.expect_err("the frame should break a rule");
        assert_eq!(error.scope, scope, "type {kind}, flags {flags}, {payload:?}");
    }
}

/// The constants have the RFC's numbers, in the order of its sections 6.1 to 6.10.
#[test]
fn types_have_the_numbers_of_the_rfc() {
    let types = [
        DATA,
        HEADERS,
        PRIORITY,
        RST_STREAM,
        SETTINGS,
        PUSH_PROMISE,
        PING,
        GOAWAY,
        WINDOW_UPDATE,
        CONTINUATION,
    ];
    assert_eq!(types, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let errors = [ErrorCode::PROTOCOL_ERROR, ErrorCode::FRAME_SIZE_ERROR];
    assert_eq!(errors, [ErrorCode(1), ErrorCode(6)]);
    assert_eq!(ErrorCode::CANCEL, ErrorCode(8));
    assert_eq!(Setting::INITIAL_WINDOW_SIZE, Setting(4));
    assert_eq!(Setting::MAX_CONCURRENT_STREAMS, Setting(3));
    let flags = [END_STREAM, END_HEADERS, PADDED, flag::PRIORITY];
    assert_eq!((ACK, flags), (0x1, [0x1, 0x4, 0x8, 0x20]));
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
            Err(error) => {
                let errors = [ErrorCode::PROTOCOL_ERROR, ErrorCode::FRAME_SIZE_ERROR];
                prop_assert!(errors.contains(&error.code));
                0
            }
        };
        prop_assert!(size <= payload.len());
        // Read as a sequence of frames, the frames lie inside the bytes.
        let frames = frames(&payload);
        let sizes = frames.iter().map(|(header, _)| header.length as usize + Header::SIZE);
        let read: usize = sizes.sum();
        prop_assert!(read <= payload.len());
    }
}
