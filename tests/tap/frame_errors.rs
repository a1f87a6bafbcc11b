//! Errors of frames, by RFC 9113: one of a stream leaves the connection readable (5.4.2), one of
//! the connection does not (5.4.1).

use grpc_workbook::http2::frames::flag::{self, END_HEADERS, PADDED};
use grpc_workbook::http2::frames::frame_type::*;
use grpc_workbook::tap::trace::Side;

use super::wire::*;

/// The error of a frame is that of its stream: what comes behind it is read.
#[test]
fn an_error_of_a_stream_is_that_streams() {
    let frame_size = "FRAME_SIZE_ERROR";
    for (wrong, error) in [
        // 6.9: an increment of 0, on a stream. The reserved bit is none.
        (frame(WINDOW_UPDATE, 0, 1, &[0; 4]), "PROTOCOL_ERROR: WINDOW_UPDATE of 0 bytes"),
        (frame(WINDOW_UPDATE, 0, 3, &[0x80, 0, 0, 0]), "PROTOCOL_ERROR: WINDOW_UPDATE"),
        // 6.3: PRIORITY of another size.
        (frame(PRIORITY, 0, 1, &[0; 4]), frame_size),
        (frame(PRIORITY, 0, 1, &[0; 6]), frame_size),
        (frame(PRIORITY, 0, 3, b""), frame_size),
        (frame(PRIORITY, 0, 1, &[0; 100_000]), frame_size),
        // 4.2: DATA concerns its stream only.
        (frame(DATA, PADDED, 1, b""), frame_size),
    ] {
        for side in [Side::Client, Side::Server] {
            let call = match side {
                Side::Client => [request(3, NO_FLAG), data(3, END, &message(0, b"a"))],
                Side::Server => [
                    response(3, "application/grpc"),
                    data(3, END, &message(0, b"a")),
                ],
            };
            let bytes = [wrong.clone(), call.concat()].concat();
            let mut talk = Talk::begun();
            talk.events.extend(talk.trace.push(side, &bytes));
            let seen = talk.seen();
            assert!(seen[0].contains(error), "{seen:?}");
            assert!(seen[1].contains("3 headers"), "{seen:?}");
            assert!(seen[2].contains("3 message 1 END"), "{seen:?}");
        }
    }
}

/// Frames that break no rule of the framing, however odd: nothing is said, and all is read.
#[test]
fn odd_frames_are_no_error() {
    for odd in [
        // A stream that depends on itself, and on one that is not there (5.3 is deprecated).
        frame(PRIORITY, 0, 1, &[0, 0, 0, 1, 0]),
        frame(PRIORITY, 0, 99, &[0, 0, 0, 7, 0]),
        // Of streams that are not open: 5.1 makes these errors of the receiver.
        frame(WINDOW_UPDATE, 0, 99, &[0, 0, 0, 1]),
        frame(RST_STREAM, 0, 99, &[0, 0, 0, 8]),
        // Settings with values that are out of range, or too many to read.
        frame(SETTINGS, 0, 0, &[0, 4, 0xff, 0xff, 0xff, 0xff]),
        frame(SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 7]),
        frame(SETTINGS, 0, 0, &[0; 66_000]),
        // A type that nobody has defined, of any size (5.5).
        frame(0x0a, 0xff, 0, &[0; 100_000]),
        frame(0xff, 0xff, 0x7fff_ffff, b""),
        // GOAWAY with a page for a person.
        frame(
            GOAWAY,
            0,
            0,
            &[&[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0][..], &[b'x'; 90_000]].concat(),
        ),
    ] {
        let call = [request(3, NO_FLAG), data(3, END, &message(0, b"a"))];
        let mut talk = Talk::begun();
        talk.client(&[odd.clone(), call.concat()].concat());
        let seen = talk.seen();
        assert_eq!(seen.last().map(String::as_str), Some("--> 3 message 1 END"));
        assert!(!seen.iter().any(|line| line.contains("not read")), "{seen:?}");
    }
}

/// After an error of the connection nothing is read, and the reason is the RFC's.
#[test]
fn an_error_of_the_connection_is_said() {
    let begun = frame(HEADERS, 0, 1, b"\x83");
    let frame_size = "FRAME_SIZE_ERROR";
    let protocol = "PROTOCOL_ERROR";
    for (wrong, error) in [
        (frame(WINDOW_UPDATE, 0, 0, &[0; 4]), protocol),
        (frame(WINDOW_UPDATE, 0, 1, &[0; 5]), frame_size),
        (frame(DATA, 0, 0, b"a"), protocol),
        (frame(DATA, PADDED, 1, b"\x02a"), protocol),
        (frame(HEADERS, END_HEADERS, 0, b"\x83"), protocol),
        (frame(HEADERS, END_HEADERS | PADDED, 1, b"\x02\x83"), protocol),
        (frame(HEADERS, END_HEADERS | PADDED, 1, b""), frame_size),
        (frame(HEADERS, END_HEADERS | flag::PRIORITY, 1, b"\0\0\0\0"), frame_size),
        (frame(PRIORITY, 0, 0, &[0; 5]), protocol),
        (frame(RST_STREAM, 0, 0, &[0; 4]), protocol),
        (frame(RST_STREAM, 0, 1, &[0; 3]), frame_size),
        (frame(SETTINGS, 0, 1, b""), protocol),
        (frame(SETTINGS, 0, 0, b"a"), frame_size),
        (frame(SETTINGS, flag::ACK, 0, &[0; 6]), frame_size),
        (frame(PUSH_PROMISE, END_HEADERS, 0, &[0; 4]), protocol),
        // These are from a client, and only servers push (8.4).
        (frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\x02\x82"), protocol),
        (frame(PUSH_PROMISE, END_HEADERS, 1, &[0; 3]), frame_size),
        (frame(PING, 0, 1, &[0; 8]), protocol),
        (frame(PING, 0, 0, &[0; 9]), frame_size),
        (frame(PING, 0, 0, &[0; 100_000]), frame_size),
        (frame(GOAWAY, 0, 1, &[0; 8]), protocol),
        (frame(GOAWAY, 0, 0, &[0; 7]), frame_size),
        // 6.10: headers go on in CONTINUATION of the same stream, and in nothing else.
        (frame(CONTINUATION, END_HEADERS, 1, b"\x83"), protocol),
        ([begun.clone(), data(1, END, b"")].concat(), protocol),
        ([begun.clone(), frame(0x77, 0, 1, b"")].concat(), protocol),
        ([begun.clone(), frame(PING, 0, 0, &[0; 8])].concat(), protocol),
        ([begun, frame(CONTINUATION, END_HEADERS, 3, b"\x83")].concat(), protocol),
    ] {
        let bytes = [wrong.clone(), request(3, END)].concat();
        let seen = seen_from(Side::Client, &bytes[..bytes.len().min(2000)]);
        let expected = format!("--> 0 not read: {error}: ");
        assert_eq!(seen.len(), 1, "{wrong:?}: {seen:?}");
        assert!(seen[0].starts_with(&expected), "{wrong:?}: {seen:?}");
    }
}

/// One direction that cannot be read leaves the other one alone.
#[test]
fn the_other_direction_is_read_on() {
    let mut talk = Talk::begun();
    talk.client(&request(1, NO_FLAG))
        .client(&frame(PING, 0, 0, b""));
    talk.server(&response(1, "application/grpc"));
    talk.server(&data(1, NO_FLAG, &message(0, b"a")))
        .server(&trailers(1));
    let seen = talk.seen();
    assert_eq!(seen[3], "<-- 1 message 1", "{seen:?}");
}
