//! What the trace keeps of a call goes with the call, whoever ends it and how.

use grpc_workbook::http2::frames::frame_type;
use grpc_workbook::tap::trace::{MAX_KEPT_TOGETHER, MAX_STREAMS, Side, Trace};

use super::wire::*;

/// A number of calls that is more than is followed at a time, and the streams of that many.
const MANY: u32 = MAX_STREAMS as u32 + 1000;

fn streams() -> impl Iterator<Item = u32> {
    (0..MANY).map(|n| 2 * n + 1)
}

/// After whatever happened before, a call is still read.
fn a_call_is_read(talk: &mut Talk, stream: u32) {
    talk.seen();
    talk.client(&request(stream, NO_FLAG));
    talk.client(&data(stream, END, &message(0, b"\x0a\x03you")));
    talk.server(&response(stream, "application/grpc"));
    talk.server(&data(stream, NO_FLAG, &message(0, b"")));
    talk.server(&trailers(stream));
    let expected = [
        "--> # headers :method POST",
        "--> # message 5 END",
        "<-- # headers :status 200",
        "<-- # message 0",
        "<-- # headers grpc-status 0 END",
    ];
    let expected = expected.map(|line| line.replace('#', &stream.to_string()));
    assert_eq!(talk.seen(), expected);
}

/// Each way to end a call, in many calls on one connection. Both sides have begun a message.
#[test]
fn nothing_stays_of_a_call_that_is_over() {
    let half = &message(0, b"half of it")[..9];
    // What the client and the server send at the end, in this order.
    type Ending = fn(u32) -> [Vec<u8>; 2];
    let endings: [(&str, Ending); 7] = [
        ("the client cancels", |id| [reset(id), vec![]]),
        ("the server resets", |id| [vec![], reset(id)]),
        ("both reset", |id| [reset(id), reset(id)]),
        ("an early answer", |id| [vec![], trailers(id)]),
        ("an early answer, then cancelled", |id| [reset(id), trailers(id)]),
        ("an early answer with RST_STREAM", |id| {
            [vec![], [trailers(id), reset(id)].concat()]
        }),
        ("END_STREAM of both", |id| [data(id, END, b""), data(id, END, b"")]),
    ];
    for (name, ending) in endings {
        let mut talk = Talk::begun();
        for id in streams() {
            talk.client(&request(id, NO_FLAG))
                .client(&data(id, NO_FLAG, half));
            talk.server(&response(id, "application/grpc"));
            talk.server(&data(id, NO_FLAG, half));
            let [client, server] = ending(id);
            talk.client(&client).server(&server);
            let cut = talk.seen();
            assert!(cut.len() >= 3, "{name}: {cut:?}");
            assert!(!cut.iter().any(|line| line.contains("forgotten")), "{name}");
        }
        assert!(talk.trace.streams() <= 64, "{name}: {}", talk.trace.streams());
        assert!(
            talk.trace.stored_bytes() < 8192,
            "{name}: {}",
            talk.trace.stored_bytes()
        );
        a_call_is_read(&mut talk, 2 * MANY + 1);
    }
}

/// The server refuses what was opened after the last stream that GOAWAY names.
#[test]
fn goaway_ends_what_it_refuses() {
    let mut talk = Talk::begun();
    for id in (1..2001).step_by(2) {
        talk.client(&request(id, NO_FLAG));
    }
    assert_eq!(talk.trace.streams(), 1000);
    let last = 99_u32.to_be_bytes();
    talk.server(&frame(frame_type::GOAWAY, 0, 0, &[&last[..], &[0; 4]].concat()));
    // Those up to 99, and a few of the others, of which something may be under way.
    assert!(talk.trace.streams() <= 50 + 64, "{}", talk.trace.streams());
    talk.seen();
    talk.server(&response(99, "application/grpc"));
    talk.server(&data(99, NO_FLAG, &message(0, b"")));
    talk.server(&trailers(99)).client(&data(99, END, b""));
    let seen = talk.seen();
    assert_eq!(seen[1], "<-- 99 message 0", "{seen:?}");
    talk.end();
    assert_eq!((talk.trace.streams(), talk.trace.stored_bytes()), (0, 0));
}

/// A million calls, in every way in which a call can end: the trace is as small as after ten.
#[test]
fn a_million_calls_leave_nothing() {
    let mut trace = Trace::default();
    let begun = [
        grpc_workbook::http2::frames::PREFACE.to_vec(),
        frame(frame_type::SETTINGS, 0, 0, b""),
    ];
    trace.push(Side::Client, &begun.concat());
    trace.push(Side::Server, &begun[1]);
    // In a debug build, all of it takes minutes.
    let calls = if cfg!(debug_assertions) {
        30_000
    } else {
        1_000_000
    };
    for n in 0..calls {
        let id = 2 * n + 1;
        let asked = [
            request(id, NO_FLAG),
            data(id, END, &message(0, b"\x0a\x01a")),
        ];
        trace.push(Side::Client, &asked.concat());
        match n % 3 {
            0 => {
                let body = data(id, NO_FLAG, &message(0, b""));
                let answer = [response(id, "application/grpc"), body, trailers(id)];
                trace.push(Side::Server, &answer.concat());
            }
            1 => drop(trace.push(Side::Client, &reset(id))),
            _ => drop(trace.push(Side::Server, &trailers(id))),
        }
        assert!(trace.streams() <= 65 && trace.stored_bytes() <= 65 * 40, "call {n}");
    }
}

/// More streams are open than are followed: the oldest is given up, which is said, and the
/// newest is read; and when streams end, all are read again.
#[test]
fn the_oldest_of_too_many_streams_is_forgotten() {
    let mut talk = Talk::begun();
    for id in streams() {
        talk.client(&request(id, NO_FLAG));
        assert!(talk.trace.streams() <= MAX_STREAMS);
    }
    let seen = talk.seen();
    let forgotten: Vec<&String> = seen
        .iter()
        .filter(|line| line.contains("forgotten"))
        .collect();
    assert_eq!(forgotten.len(), 1000);
    assert_eq!(forgotten[0], "--> 1 forgotten");
    talk.client(&data(1, END, &message(0, b"who?")));
    let lost = "9 bytes of a stream that is not followed";
    assert_eq!(
        talk.seen(),
        [
            &format!("--> 1 {lost}: \"\\0\\0\\0\\0\\u{{4}}who?\""),
            "--> 1 END"
        ]
    );
    for id in streams() {
        talk.server(&trailers(id)).client(&reset(id));
    }
    assert!(talk.trace.streams() <= 64);
    a_call_is_read(&mut talk, 2 * MANY + 1);
}

/// Every stream has begun a large message: what is kept of all together is bounded, and a
/// message that is complete is counted right.
#[test]
fn messages_of_all_streams_share_a_bound() {
    let mut talk = Talk::begun();
    let begun = [&[0, 0, 1, 0, 0][..], &[b'x'; 16_379]].concat();
    for id in (1..2001).step_by(2) {
        talk.client(&request(id, NO_FLAG));
        for _ in 0..4 {
            talk.client(&data(id, NO_FLAG, &begun));
        }
        assert!(talk.trace.stored_bytes() <= MAX_KEPT_TOGETHER + 2000 * 40);
    }
    let seen = talk.seen();
    assert!(seen.iter().all(|line| line.contains("headers")), "{:?}", seen.last());
    talk.client(&data(1999, END, &[b'x'; 5]));
    assert_eq!(talk.seen(), ["--> 1999 message 65536 END"]);
}

/// What is under way when a call ends is still read: the other side does not know yet.
#[test]
fn what_is_under_way_at_a_reset_is_read() {
    let mut talk = Talk::begun();
    talk.client(&request(1, NO_FLAG)).client(&reset(1));
    talk.seen();
    talk.server(&response(1, "application/grpc"));
    let body = message(0, b"late");
    talk.server(&data(1, NO_FLAG, &body))
        .server(&data(1, NO_FLAG, &body));
    talk.server(&trailers(1));
    let expected = [
        "<-- 1 headers :status 200",
        "<-- 1 message 4",
        "<-- 1 message 4",
        "<-- 1 headers grpc-status 0 END",
    ];
    assert_eq!(talk.seen(), expected);
    assert_eq!(talk.trace.streams(), 0);
}

/// A direction that cannot be read has no part in the end of a call.
#[test]
fn a_client_that_is_not_read_keeps_nothing() {
    let mut talk = Talk::begun();
    talk.client(&request(1, NO_FLAG));
    // PING of 7 bytes.
    talk.client(&frame(frame_type::PING, 0, 0, &[0; 7]));
    assert!(
        talk.seen()
            .last()
            .expect("it should be said")
            .contains("FRAME_SIZE_ERROR")
    );
    for id in streams() {
        talk.server(&response(id, "application/grpc"));
        talk.server(&data(id, NO_FLAG, &message(0, b"")));
        talk.server(&trailers(id));
        assert_eq!(talk.seen().len(), 3);
        assert!(talk.trace.streams() <= 1);
    }
}
