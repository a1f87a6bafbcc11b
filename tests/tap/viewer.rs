//! The lines that are shown of a wire: one for a frame, and few for many that are alike.

use grpc_workbook::http2::frames::ErrorCode;
use grpc_workbook::tap::fold::fold_calls;
use grpc_workbook::tap::proxy::TappedEvent;
use grpc_workbook::tap::trace::{Event, EventKind, Side};
use grpc_workbook::tap::viewer::{MAX_TEXT, Row, Viewer};

use Side::{Client, Server};

/// An event of connection 1.
fn event(from: Side, stream: u32, kind: EventKind) -> TappedEvent {
    TappedEvent { connection: 1, event: Event { from, stream, kind } }
}

/// A message with the field 1, or without fields.
fn message(n: u8) -> EventKind {
    let bytes = if n == 0 { vec![] } else { vec![0x08, n] };
    message_of(bytes.len() as u32, bytes)
}

/// A message of `length` bytes, of which these were kept.
fn message_of(length: u32, bytes: Vec<u8>) -> EventKind {
    let (path, unpacked, end_stream) = (None, None, false);
    EventKind::Message { path, compressed: false, length, bytes, unpacked, end_stream }
}

fn frame(length: u32) -> EventKind {
    EventKind::DataFrame { length }
}

fn headers(fields: &[(&str, &str)], end_stream: bool) -> EventKind {
    let pair = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
    EventKind::Headers { fields: fields.iter().map(pair).collect(), end_stream }
}

fn trailers() -> EventKind {
    headers(&[("grpc-status", "0")], true)
}

/// The lines, in short: without what they all have.
fn lines(rows: &[Row]) -> Vec<String> {
    let in_words = |row: &Row| {
        let line = row.line(false);
        line.replace("message { 1: ", "{ ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    rows.iter().map(in_words).collect()
}

/// All lines of a wire that nobody looks at before its end.
fn all_lines(frames: bool, events: &[TappedEvent]) -> Vec<String> {
    let mut viewer = Viewer::new(frames, false);
    let mut rows = Vec::new();
    for event in events {
        rows.extend(viewer.push(event));
    }
    rows.extend(viewer.finish());
    lines(&rows)
}

fn messages(stream: u32, count: u8) -> Vec<TappedEvent> {
    (1..=count)
        .map(|n| event(Server, stream, message(n)))
        .collect()
}

/// Up to eleven like lines are shown; of more, the first three and the last. No line is lost, and
/// none is counted twice.
#[test]
fn a_long_run_is_counted() {
    for count in 0..=100 {
        let shown = all_lines(false, &messages(1, count));
        let line = |n: u8| format!("<-- stream 1 DATA {{ {n} }}");
        let expected: Vec<String> = match count {
            0..=11 => (1..=count).map(line).collect(),
            _ => {
                let more = format!("<-- stream 1 DATA ... {} more like this", count - 4);
                vec![line(1), line(2), line(3), more, line(count)]
            }
        };
        assert_eq!(shown, expected, "{count}");
    }
}

/// What comes after a run is shown after it, and a run of another stream goes on.
#[test]
fn what_ends_a_run() {
    let end = event(Server, 1, EventKind::End);
    let reset = event(Client, 1, EventKind::Reset { error: ErrorCode::CANCEL });
    let goaway = |from| {
        let (last_stream, error) = (1, ErrorCode::NO_ERROR);
        let kind = EventKind::GoAway { last_stream, error, after_client_closed: false };
        event(from, 0, kind)
    };
    let unread = event(Client, 0, EventKind::Undecodable { why: "why".into() });
    let status = event(Server, 1, trailers());
    let last_words = [
        (end, "<-- stream 1 DATA END_STREAM"),
        (reset, "--> stream 1 RST_STREAM CANCEL"),
        (goaway(Server), "<-- connection GOAWAY NO_ERROR, last stream 1"),
        (goaway(Client), "--> connection GOAWAY NO_ERROR, last stream 1"),
        (unread, "--> connection not read from here on: why"),
        (status, "<-- stream 1 HEADERS grpc-status 0 OK END_STREAM"),
    ];
    for (last, words) in last_words {
        let mut viewer = Viewer::new(false, false);
        for tapped in messages(1, 20) {
            viewer.push(&tapped);
        }
        let shown = lines(&viewer.push(&last));
        let run = [
            "<-- stream 1 DATA ... 16 more like this",
            "<-- stream 1 DATA { 20 }",
        ];
        assert_eq!(shown, [run[0], run[1], words]);
        assert!(viewer.finish().is_empty(), "{words}");
    }
    // What was on its way when the other side ended the stream is counted with the rest.
    let early: &[TappedEvent] = &[
        event(Client, 1, trailers()),
        event(Client, 1, EventKind::Reset { error: ErrorCode::NO_ERROR }),
    ];
    let events = [&messages(1, 50)[..], early, &messages(1, 50)[..]].concat();
    let shown = all_lines(false, &events);
    let counts: Vec<&str> = shown
        .iter()
        .filter_map(|line| line.split("... ").nth(1))
        .collect();
    assert_eq!(counts, ["46 more like this", "49 more like this"]);
    assert_eq!(shown.len(), 3 + 2 + 2 + 2, "{shown:#?}");
    // The last message may be what ends the stream.
    let mut events = messages(1, 20);
    if let EventKind::Message { end_stream, .. } = &mut events[19].event.kind {
        *end_stream = true;
    }
    let shown = all_lines(false, &events);
    assert_eq!(
        shown.last().map(String::as_str),
        Some("<-- stream 1 DATA { 20 } END_STREAM")
    );
    // Other calls, and the same number on another connection, are other runs.
    let mut events = Vec::new();
    for n in 1..=100 {
        for (connection, stream) in [(1, 1), (1, 3), (2, 1)] {
            let tapped = event(Server, stream, message(n));
            events.push(TappedEvent { connection, ..tapped });
        }
    }
    let shown = all_lines(false, &events);
    assert_eq!(shown.len(), 3 * 5, "{shown:#?}");
    assert_eq!(
        shown
            .iter()
            .filter(|line| line.contains("... 96 more"))
            .count(),
        3
    );
}

/// A peer that breaks a rule again and again does not fill the terminal.
#[test]
fn errors_of_a_stream_are_counted() {
    let error = EventKind::StreamError {
        error: ErrorCode::PROTOCOL_ERROR,
        reason: "WINDOW_UPDATE of 0 bytes",
    };
    let mut events = vec![event(Client, 1, error); 1000];
    events.push(event(Client, 1, message(1)));
    let shown = all_lines(false, &events);
    assert_eq!(shown.len(), 6, "{shown:#?}");
    assert!(shown.contains(&"--> stream 1 not read ... 996 more like this".to_string()));
}

/// Two directions that alternate, two kinds of messages that alternate, and WINDOW_UPDATE in
/// between: none of them breaks the runs of the others.
#[test]
fn runs_go_on_side_by_side() {
    let ping_pong: Vec<TappedEvent> = (1..=100)
        .flat_map(|n| [event(Client, 1, message(n)), event(Server, 1, message(n))])
        .collect();
    let shown = all_lines(false, &ping_pong);
    assert_eq!(shown.len(), 10, "{shown:#?}");
    assert!(shown.contains(&"--> stream 1 DATA ... 96 more like this".to_string()));
    assert!(shown.contains(&"<-- stream 1 DATA ... 96 more like this".to_string()));

    // proto3 leaves out a field that is 0.
    let with_zeros: Vec<TappedEvent> = (1..=100)
        .map(|n| event(Client, 1, message(n % 2)))
        .collect();
    let shown = all_lines(false, &with_zeros);
    assert_eq!(shown.len(), 10, "{shown:#?}");
    assert!(shown.contains(&"--> stream 1 DATA ... 46 more like this".to_string()));

    let mut events = Vec::new();
    for n in 1..=100 {
        let increment = u32::from(n);
        events.push(event(Server, 1, frame(7)));
        events.push(event(Server, 1, message(n)));
        events.push(event(Client, 1, EventKind::WindowUpdate { increment }));
        events.push(event(Client, 0, EventKind::WindowUpdate { increment }));
    }
    let shown = all_lines(true, &events);
    assert_eq!(shown.len(), 15, "{shown:#?}");
    for counted in [
        "<-- stream 1 DATA",
        "--> stream 1 WINDOW_UPDATE",
        "--> connection WINDOW_UPDATE",
    ] {
        let line = format!("{counted} ... 96 more like this");
        assert!(shown.contains(&line), "{line}: {shown:#?}");
    }
}

/// A message of another shape is shown, behind those that came before it.
#[test]
fn a_message_of_another_shape_is_shown() {
    let mut events = messages(1, 40);
    events[14] = event(Server, 1, message(0));
    let shown = all_lines(false, &events);
    let rest: Vec<&str> = shown[3..].iter().map(String::as_str).collect();
    let expected = [
        "<-- stream 1 DATA ... 10 more like this",
        "<-- stream 1 DATA { 14 }",
        "<-- stream 1 DATA message {}",
        "<-- stream 1 DATA ... 24 more like this",
        "<-- stream 1 DATA { 40 }",
    ];
    assert_eq!(rest, expected);
    // However many shapes there are, the lines stay few.
    let mut events = Vec::new();
    for n in 0..10_000u32 {
        let kind = message_of(2, vec![8 * (n % 15 + 1) as u8, 1]);
        events.push(event(Server, 1, kind));
    }
    let shown = all_lines(false, &events);
    assert!(shown.len() < 100, "{}", shown.len());
}

/// Live: what is held back is shown when nothing comes for a second, and a run that never pauses
/// shows how far it is.
#[test]
fn what_is_held_back_comes_in_time() {
    let mut viewer = Viewer::new(false, false);
    let push =
        |viewer: &mut Viewer, n| lines(&viewer.push(&event(Server, 1, message(n))));
    for n in 1..=3 {
        assert_eq!(push(&mut viewer, n).len(), 1);
    }
    for n in 4..=19 {
        assert!(push(&mut viewer, n).is_empty());
    }
    // The messages may have come just before the tick.
    assert!(viewer.tick().is_empty());
    let expected = [
        "<-- stream 1 DATA ... 15 more like this",
        "<-- stream 1 DATA { 19 }",
    ];
    assert_eq!(lines(&viewer.tick()), expected);
    assert!(viewer.tick().is_empty());
    // After a pause each message is shown at once again: a slow stream is not folded.
    for n in 10..=30 {
        assert_eq!(push(&mut viewer, n), [format!("<-- stream 1 DATA {{ {n} }}")]);
        viewer.tick();
        viewer.tick();
    }
    let mut shown = Vec::new();
    for _ in 0..100 {
        for n in 1..=10 {
            shown.extend(push(&mut viewer, n));
        }
        shown.extend(lines(&viewer.tick()));
    }
    let counts = shown
        .iter()
        .filter(|line| line.ends_with(" more like this"))
        .count();
    assert_eq!((shown.len(), counts), (3 + 2 * 10, 10), "{shown:#?}");
}

/// A frame of DATA and the messages that it completes.
#[test]
fn a_frame_is_one_line() {
    let long = message_of(70_000, vec![0; 65_536]);
    let cases: &[(&[EventKind], &[&str])] = &[
        (&[frame(7), message(1)], &["DATA { 1 }, a frame of 7 bytes"]),
        (&[frame(0), EventKind::End], &["DATA a frame of 0 bytes END_STREAM"]),
        (
            &[frame(9), message(1), frame(5), message(0)],
            &[
                "DATA { 1 }, a frame of 9 bytes",
                "DATA message {}, a frame of 5 bytes",
            ],
        ),
        // Its first byte came before.
        (&[frame(6), message(1)], &["DATA { 1 }, ends in a frame of 6 bytes"]),
        (&[frame(3), message(1)], &["DATA { 1 }, ends in a frame of 3 bytes"]),
        (&[frame(1), message(1)], &["DATA { 1 }, ends in a frame of 1 byte"]),
        // Between messages, and with nothing but padding.
        (
            &[frame(0), frame(9), EventKind::End],
            &[
                "DATA a frame of 0 bytes, and no message ends in it",
                "DATA a frame of 9 bytes END_STREAM",
            ],
        ),
        (
            &[frame(66_000), frame(4_005), long],
            &[
                "DATA a frame of 66000 bytes, and no message ends in it",
                "DATA a message of 70000 bytes, ends in a frame of 4005 bytes",
            ],
        ),
        (
            &[frame(14), message(1), message(2)],
            &[
                "DATA { 1 }, a frame of 14 bytes",
                "{ 2 }, in the same frame",
            ],
        ),
        (
            &[frame(14), EventKind::Reset { error: ErrorCode::CANCEL }],
            &[
                "DATA a frame of 14 bytes, and no message ends in it",
                "RST_STREAM CANCEL",
            ],
        ),
    ];
    for (kinds, expected) in cases {
        let events: Vec<TappedEvent> = kinds
            .iter()
            .map(|kind| event(Client, 1, kind.clone()))
            .collect();
        let shown = all_lines(true, &events);
        let expected: Vec<String> = expected
            .iter()
            .map(|line| format!("--> stream 1 {line}"))
            .collect();
        assert_eq!(shown, expected);
    }
    // What the other side and other connections do in the meantime is no part of it.
    let elsewhere = TappedEvent { connection: 2, ..event(Client, 1, message(3)) };
    let events = [
        event(Client, 1, frame(7)),
        event(Server, 1, message(2)),
        elsewhere,
        event(Client, 1, message(1)),
        event(Client, 1, frame(3)),
        event(Client, 3, message(4)),
    ];
    let expected = [
        "<-- stream 1 DATA { 2 }",
        "--> stream 1 DATA { 3 }",
        "--> stream 1 DATA { 1 }, a frame of 7 bytes",
        "--> stream 1 DATA a frame of 3 bytes, and no message ends in it",
        "--> stream 3 DATA { 4 }",
    ];
    assert_eq!(all_lines(true, &events), expected);
}

/// A frame is shown when nothing else comes, and the rest of it after that.
#[test]
fn a_slow_frame_is_shown_in_time() {
    let mut viewer = Viewer::new(true, false);
    assert!(viewer.push(&event(Client, 1, frame(7))).is_empty());
    let mut shown = lines(&viewer.tick());
    shown.extend(lines(&viewer.tick()));
    let frame = "--> stream 1 DATA a frame of 7 bytes, and no message ends in it yet";
    assert_eq!(shown, [frame]);
    let rest = lines(&viewer.push(&event(Client, 1, message(1))));
    assert_eq!(rest, ["--> stream 1 { 1 }, in the same frame"]);
    for _ in 0..100 {
        assert!(viewer.tick().is_empty());
    }
    assert_eq!(
        lines(&viewer.push(&event(Client, 1, message(2)))),
        ["--> stream 1 DATA { 2 }"]
    );
}

#[test]
fn the_preface_is_text() {
    // RFC 9113, 3.4.
    let shown = all_lines(true, &[event(Client, 0, EventKind::Preface)]);
    assert_eq!(shown, [r"--> connection preface PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]);
}

/// Calls that say the same are counted behind the third, in whatever order their directions met.
#[test]
fn like_calls_are_counted() {
    let mut viewer = Viewer::new(false, false);
    let mut rows = Vec::new();
    for n in 1..=100 {
        let stream = 2 * n - 1;
        let odd = if n == 50 { 7 } else { 1 };
        let question = event(Client, stream, message(odd));
        let end = event(Client, stream, EventKind::End);
        let answer = event(Server, stream, trailers());
        let call = match n % 2 {
            0 => [question, end, answer],
            _ => [question, answer, end],
        };
        for tapped in &call {
            rows.extend(viewer.push(tapped));
        }
    }
    rows.extend(viewer.push(&event(
        Server,
        0,
        EventKind::Undecodable { why: "why".into() },
    )));
    let shown = lines(&fold_calls(&rows));
    assert_eq!(shown.len(), 3 * 3 + 1 + 3 + 1, "{shown:#?}");
    assert_eq!(shown[9], "--> stream 7 DATA ... 96 more calls like stream 5");
    assert_eq!(shown[10], "--> stream 99 DATA { 7 }");
    // So few stay as they are, and so do the rows of the connection.
    assert_eq!(fold_calls(&rows[..9]), rows[..9]);
    let settings = vec![rows[rows.len() - 1].clone(); 10];
    assert_eq!(fold_calls(&settings), settings);
    // With another connection, the number needs it.
    let mut elsewhere = rows[0].clone();
    elsewhere.connection = 2;
    rows.push(elsewhere);
    let shown = lines(&fold_calls(&rows));
    assert_eq!(shown[9], "--> stream 7 DATA ... 96 more calls like stream 1/5");
}

/// However long a header is, and however many there are, a line is not: it says what it leaves
/// out.
#[test]
fn lines_are_cut() {
    let long = "名".repeat(8192);
    for name in ["x-long", "grpc-status", "grpc-message", ":status"] {
        let shown =
            all_lines(false, &[event(Server, 1, headers(&[(name, &long)], false))]);
        assert_eq!(shown.len(), 1);
        let cut = format!("{}... {} characters more", "名".repeat(256), 8192 - 256);
        assert!(shown[0].contains(&cut), "{shown:?}");
    }
    let path = [(":method", "POST"), (":path", long.as_str())];
    let shown = all_lines(false, &[event(Client, 1, headers(&path, false))]);
    assert!(shown[0].contains("... 7936 characters more"), "{shown:?}");
    let many = vec![("name", "value"); 1000];
    let shown = all_lines(false, &[event(Client, 1, headers(&many, false))]);
    let all = "name value, ".len() * 1000 - 2;
    assert!(
        shown[0].ends_with(&format!("... {} characters more", all - MAX_TEXT)),
        "{shown:?}"
    );
    // Neither a name nor what is escaped makes it longer.
    let odd = "\u{1b}".repeat(5000);
    let fields = vec![(odd.as_str(), odd.as_str()); 10];
    let shown = all_lines(false, &[event(Client, 1, headers(&fields, false))]);
    assert!(shown[0].chars().count() < MAX_TEXT + 100, "{shown:?}");
}

/// Each connection has its number, from the first.
#[test]
fn connections_have_numbers() {
    let preface = event(Client, 0, EventKind::Preface);
    let call = event(Server, 1, trailers());
    let mut viewer = Viewer::new(true, false);
    let mut rows = viewer.push(&preface);
    rows.extend(viewer.push(&call));
    rows.extend(viewer.push(&TappedEvent { connection: 12, ..call }));
    let numbered: Vec<String> = rows.iter().map(|row| row.line(true)).collect();
    assert!(numbered[0].starts_with("--> connection 1 preface "), "{numbered:?}");
    assert_eq!(numbered[1], "<-- stream 1/1   HEADERS  grpc-status 0 OK  END_STREAM");
    assert_eq!(numbered[2], "<-- stream 12/1  HEADERS  grpc-status 0 OK  END_STREAM");
    assert_eq!(
        rows[1].line(false),
        "<-- stream 1   HEADERS  grpc-status 0 OK  END_STREAM"
    );
}

/// What the viewer keeps of a connection that never says that it ended is bounded.
#[test]
fn many_streams_are_forgotten() {
    let mut viewer = Viewer::new(false, false);
    let mut shown = 0;
    for stream in 0..5_000 {
        for n in 1..=20 {
            shown += viewer
                .push(&event(Server, 2 * stream + 1, message(n)))
                .len();
        }
    }
    let late = viewer.finish().len();
    assert_eq!(shown + late, 5_000 * 5);
    assert!(late <= 2 * 1024, "{late}");
}
