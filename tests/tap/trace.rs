//! The trace, on any input: frames cut anywhere, and bytes that are wrong.

use std::cell::RefCell;

use grpc_workbook::http2::frames::{Frame, PREFACE, flag, frame_type};
use grpc_workbook::tap::proxy::TappedEvent;
use grpc_workbook::tap::render::Renderer;
use grpc_workbook::tap::trace::{Event, EventKind, Side, Trace};
use proptest::prelude::*;

/// All events of a trace whose bytes come in pieces of these sizes.
fn follow(from: Side, bytes: &[u8], sizes: &[usize]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut trace = Trace::default();
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at((*size).clamp(1, rest.len()));
        events.extend(trace.push(from, now));
        rest = later;
    }
    events
}

/// A call as a client sends it, put together by hand: HEADERS in two pieces, a message in two
/// frames, one of them padded, and the end.
fn a_call() -> Vec<u8> {
    let frame = Frame::encode_raw;
    [
        PREFACE.to_vec(),
        frame(frame_type::SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]),
        // :method POST, then a path, not compressed.
        frame(frame_type::HEADERS, 0, 1, b"\x83\x04\x04"),
        frame(frame_type::CONTINUATION, flag::END_HEADERS, 1, b"/a/B"),
        frame(frame_type::DATA, flag::PADDED, 1, b"\x02\0\0\0\0\x05\x0a\0\0"),
        frame(frame_type::WINDOW_UPDATE, 0, 1, &[0, 0, 1, 0]),
        frame(frame_type::DATA, flag::END_STREAM, 1, b"\x03you"),
        frame(frame_type::PING, 0, 0, &[0; 8]),
        // A type that nobody has defined.
        frame(0x77, 0, 1, b"what?"),
        frame(frame_type::GOAWAY, 0, 0, &[0; 8]),
    ]
    .concat()
}

#[test]
fn pieces_are_put_together() {
    let events = follow(Side::Client, &a_call(), &[1000]);
    let kinds: Vec<&EventKind> = events.iter().map(|event| &event.kind).collect();
    let fields = vec![
        (":method".into(), "POST".into()),
        (":path".into(), "/a/B".into()),
    ];
    assert_eq!(kinds[2], &EventKind::Headers { fields, end_stream: false });
    let bytes = b"\x0a\x03you".to_vec();
    let message = EventKind::Message {
        path: Some("/a/B".into()),
        compressed: false,
        length: 5,
        bytes,
        unpacked: None,
        end_stream: true,
    };
    assert_eq!(kinds[6], &message);
    // Padding and its length count in the windows too.
    assert_eq!(kinds[3], &EventKind::DataFrame { length: 9 });
    assert_eq!(kinds[5], &EventKind::DataFrame { length: 4 });
    assert_eq!(kinds.len(), 10);
}

pub fn cases(least: u32) -> ProptestConfig {
    let cases = ProptestConfig::default().cases.max(least);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// However TCP cuts the bytes, the events are the same.
    #[test]
    fn pieces_of_any_size(sizes in prop::collection::vec(1..40usize, 1..20)) {
        prop_assert_eq!(follow(Side::Client, &a_call(), &sizes), follow(Side::Client, &a_call(), &[1000]));
    }
}

/// A call with a few wrong bytes, and garbage after it.
fn broken_call() -> impl Strategy<Value = Vec<u8>> {
    let changes =
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let random = prop::collection::vec(any::<u8>(), 0..60);
    (changes, random).prop_map(|(changes, random)| {
        let mut bytes = a_call();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.extend(random);
        bytes
    })
}

proptest! {
    #![proptest_config(cases(50_000))]

    #[test]
    fn any_bytes_of_a_client_are_followed(bytes in broken_call()) {
        followed(Side::Client, &bytes)?;
    }

    #[test]
    fn any_bytes_of_a_server_are_followed(bytes in broken_call()) {
        followed(Side::Server, &bytes[PREFACE.len()..])?;
    }
}

/// No panic, no more events than there are bytes, and a line for each event at most.
fn followed(from: Side, bytes: &[u8]) -> Result<(), TestCaseError> {
    thread_local! {
        // Made once: it reads all definitions.
        static RENDERER: RefCell<Renderer> = RefCell::new(Renderer::new(true, true));
    }
    let events = follow(from, bytes, &[7, 30, 1000]);
    prop_assert!(events.len() <= bytes.len());
    for event in events {
        let tapped = TappedEvent { connection: 1, event };
        let line = RENDERER.with_borrow_mut(|renderer| renderer.line(&tapped));
        prop_assert!(!line.unwrap_or_default().contains('\n'));
    }
    Ok(())
}
