//! The trace, on conversations in which anything has changed: no panic, and no more memory than
//! it promises.

use std::cell::RefCell;

use grpc_workbook::http2::frames::flag::{END_HEADERS, PADDED};
use grpc_workbook::http2::frames::{PREFACE, frame_type};
use grpc_workbook::tap::proxy::TappedEvent;
use grpc_workbook::tap::render::Renderer;
use grpc_workbook::tap::trace::{
    Event, EventKind, MAX_FRAME, MAX_KEPT, MAX_KEPT_TOGETHER, MAX_STREAMS, Side, Trace,
};
use grpc_workbook::tap::unpack::Unpacked;
use proptest::prelude::*;
use proptest::sample::Index;

use super::trace::cases;
use super::wire::*;

/// What is stored at most: for each direction a frame, headers, and a header that is not
/// complete; for the calls their messages and their paths.
const MOST: usize =
    2 * (MAX_FRAME + MAX_KEPT + 300 * 1024) + MAX_KEPT_TOGETHER + MAX_STREAMS * 512;

/// What both sides send in a conversation with something of everything.
fn conversation() -> [Vec<u8>; 2] {
    let settings = frame(frame_type::SETTINGS, 0, 0, &[0, 1, 0, 0, 0x40, 0]);
    let web = "application/grpc-web+proto";
    let text = "application/grpc-web-text";
    // "\x0a\x03you", by gzip.
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\xe3\x62\xae\xcc\x2f\x05\0\x56\xe1\x0d\x07\x05\0\0\0";
    let indexed = [integer(0x20, 5, 8000), literal(0x40, ":path", "/a/B")].concat();
    let client = [
        PREFACE.to_vec(),
        settings.clone(),
        request(1, NO_FLAG),
        data(1, PADDED, &[&[2][..], &message(0, b"\x0a\x03you"), &[0; 2]].concat()),
        data(1, NO_FLAG, &message(0, b"")[..3]),
        frame(frame_type::HEADERS, 0, 3, &[&b"\x83"[..], &indexed].concat()),
        frame(frame_type::CONTINUATION, END_HEADERS, 3, &[0xbe]),
        data(1, END, &message(0, b"")[3..]),
        frame(frame_type::WINDOW_UPDATE, 0, 3, &[0; 4]),
        data(3, NO_FLAG, &message(1, gzip)),
        reset(3),
        headers(5, END, &[(":path", "/c/D"), ("grpc-encoding", "gzip")]),
        frame(frame_type::PING, 0, 0, &[0; 8]),
        frame(0x77, 0, 1, b"what?"),
        frame(frame_type::GOAWAY, 0, 0, &[0; 8]),
    ];
    let zipped = [(":status", "200"), ("grpc-encoding", "gzip")];
    let server = [
        settings,
        headers(1, 0, &zipped),
        data(1, NO_FLAG, &[message(1, gzip), message(0, b"\x08\x01")].concat()),
        headers(1, END, &[("grpc-status", "0")]),
        response(3, web),
        data(3, END, &message(0x80, b"grpc-status: 5\r\n")),
        response(5, text),
        data(5, NO_FLAG, b"AAAAAAUKA3lvdQ=="),
        data(5, END, b"gAAAABBncnBjLXN0YXR1czogMA0K"),
        frame(frame_type::PUSH_PROMISE, END_HEADERS, 5, b"\0\0\0\x02\x82"),
        response(2, "text/html"),
        data(2, END, b"<html></html>"),
        frame(frame_type::GOAWAY, 0, 0, &[0, 0, 0, 3, 0, 0, 0, 0]),
    ];
    [client.concat(), server.concat()]
}

/// A change of some bytes.
#[derive(Debug, Clone)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
    Insert(Index, Vec<u8>),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let size = bytes.len();
        let range = |at: &Index, length: usize| {
            let at = at.index(size);
            at..size.min(at + length)
        };
        match self {
            Change::Set(at, byte) => bytes[at.index(size)] = *byte,
            Change::Flip(at, bit) => bytes[at.index(size)] ^= 1 << (bit % 8),
            Change::Remove(at, length) => drop(bytes.drain(range(at, *length))),
            Change::Repeat(at, length, times) => {
                let range = range(at, *length);
                let repeated = bytes[range.clone()].repeat(*times);
                bytes.splice(range, repeated);
            }
            Change::Insert(at, more) => {
                let at = at.index(size);
                bytes.splice(at..at, more.iter().copied());
            }
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let index = any::<Index>;
    let change = prop_oneof![
        3 => (index(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        3 => (index(), any::<u8>()).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => (index(), 1..40_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (index(), 1..60_usize, 2..20_usize)
            .prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        1 => (index(), prop::collection::vec(any::<u8>(), 1..30))
            .prop_map(|(at, more)| Change::Insert(at, more)),
    ];
    prop::collection::vec(change, 0..6)
}

/// How many bytes an event has of the wire.
fn size_of(event: &Event) -> usize {
    match &event.kind {
        EventKind::Message { bytes, unpacked, .. } => {
            let unpacked = match unpacked {
                Some(Unpacked::Message { bytes, .. }) => bytes.len(),
                _ => 0,
            };
            bytes.len().max(unpacked)
        }
        EventKind::Data { bytes, .. } => bytes.len(),
        EventKind::Headers { fields, .. } | EventKind::WebTrailers { fields, .. } => {
            fields
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum()
        }
        _ => 0,
    }
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn any_bytes_of_a_conversation_are_followed(
        of_client in changes(),
        of_server in changes(),
        sizes in prop::collection::vec(1..300_usize, 1..6),
    ) {
        let [mut client, mut server] = conversation();
        of_client.iter().for_each(|change| change.apply(&mut client));
        of_server.iter().for_each(|change| change.apply(&mut server));
        let total = client.len() + server.len();
        let mut trace = Trace::default();
        let mut events = Vec::new();
        let (mut client, mut server) = (&client[..], &server[..]);
        for size in sizes.iter().cycle() {
            if client.is_empty() && server.is_empty() {
                break;
            }
            for (side, rest) in [(Side::Client, &mut client), (Side::Server, &mut server)] {
                let (now, later) = rest.split_at(*size.min(&rest.len()));
                events.extend(trace.push(side, now));
                *rest = later;
                prop_assert!(trace.stored_bytes() <= MOST.min(70 * total));
                prop_assert!(trace.streams() <= MAX_STREAMS + 64);
            }
        }
        for side in [Side::Client, Side::Server] {
            events.extend(trace.end(side));
        }
        prop_assert_eq!((trace.streams(), trace.stored_bytes()), (0, 0));
        prop_assert!(events.len() <= total);
        shown(events)?;
    }
}

/// Each event is one line at most, and no larger than is kept of a message.
fn shown(events: Vec<Event>) -> Result<(), TestCaseError> {
    thread_local! {
        // Made once: it reads all definitions.
        static RENDERER: RefCell<Renderer> = RefCell::new(Renderer::new(true, true));
    }
    for event in events {
        // A byte that is not UTF-8 becomes a character of three.
        prop_assert!(size_of(&event) <= 3 * MAX_KEPT);
        let tapped = TappedEvent { connection: 1, event };
        let line = RENDERER.with_borrow_mut(|renderer| renderer.line(&tapped));
        prop_assert!(!line.unwrap_or_default().contains('\n'));
    }
    Ok(())
}

/// Unchanged, the conversation has what the changed ones are made of.
#[test]
fn the_conversation_is_read() {
    let [client, server] = conversation();
    let mut talk = Talk::default();
    // The client may use the table that the server's SETTINGS allow.
    let (settings, rest) = server.split_at(15);
    talk.server(settings).client(&client).server(rest).end();
    let seen = talk.seen();
    for part in [
        "--> 1 message 5",
        "--> 1 message 0 END",
        "--> 3 PROTOCOL_ERROR",
        "<-- 1 message 25, gzip of 5",
        "<-- 3 trailers",
        "<-- 5 message 5",
        "<-- 5 trailers",
        "<-- 2 13 bytes of text/html",
    ] {
        assert!(seen.iter().any(|line| line.starts_with(part)), "{part}: {seen:#?}");
    }
    assert!(!seen.iter().any(|line| line.contains("not read")), "{seen:#?}");
}
