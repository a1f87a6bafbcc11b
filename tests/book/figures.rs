//! Draws the wire of each lesson from a recording: the lesson's client calls its server through
//! the tap. Then compares the four kinds of calls, from recordings too.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use grpc_workbook::http2::frames::ErrorCode;
use grpc_workbook::tap::proxy::{TappedEvent, tap};
use grpc_workbook::tap::svg::draw;
use grpc_workbook::tap::trace::{Event, EventKind, Side};
use grpc_workbook::tap::viewer::Viewer;
use grpc_workbook::{LESSONS, Lesson};

use support::programs::{self, Finished, Server, run};
use support::written;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// What crossed the wire, in an order that is the same in every run.
type Recording = Vec<TappedEvent>;

/// The drawings of the lessons' wires: the file, whose name begins with the lesson's number, and
/// the arguments of the client. They make few calls, without the random order of a map.
const WIRES: &[(&str, &[&str])] = &[
    ("book/figures/01-hello-wire.svg", &[]),
    ("book/figures/02-types-wire.svg", &["int32", "150"]),
    ("book/figures/03-fields-wire.svg", &["--break", "reused"]),
    ("book/figures/04-map-oneof-wire.svg", &["Ada", "ada@example.org"]),
    ("book/figures/05-http2-wire.svg", &["http2"]),
    ("book/figures/06-calculator-wire.svg", &["7", "/", "2"]),
    ("book/figures/06-calculator-refused.svg", &["7", "/", "0"]),
    ("book/figures/07-subjects-by-city-wire.svg", &["wuhan"]),
    ("book/figures/07-subjects-by-city-unknown.svg", &["东京"]),
    ("book/figures/07-subjects-by-city-left.svg", &["--break", "leave"]),
    ("book/figures/08-accumulate-wire.svg", &["5", "-10", "0", "1"]),
    ("book/figures/08-accumulate-early.svg", &["--break", "early-response"]),
    ("book/figures/09-guess-number-wire.svg", &["echo", "1", "2"]),
    ("book/figures/09-guess-number-left.svg", &["--break", "leave"]),
    ("book/figures/09-guess-number-ended.svg", &["--break", "wrong-message"]),
    ("book/figures/10-notes-wire.svg", &["stream-test"]),
    ("book/figures/11-speed-wire.svg", &["unary", "--count", "2", "--size", "4"]),
    ("book/figures/12-errors-wire.svg", &["enrol", "beijing-php", "s-1"]),
    ("book/figures/12-errors-late.svg", &["--break", "late-error"]),
    ("book/figures/13-metadata-wire.svg", &[]),
];

/// The shortest call of each kind, for the page that compares them: the kind, the file of its
/// drawing, and the arguments of the client.
const KINDS: &[(&str, &str, &[&str])] = &[
    ("unary", "book/figures/06-calculator-kind.svg", &["7", "/", "2"]),
    ("server streaming", "book/figures/07-subjects-by-city-kind.svg", &["wuhan"]),
    (
        "client streaming",
        "book/figures/08-accumulate-kind.svg",
        &["5", "-10", "0", "1"],
    ),
    (
        "bidirectional streaming",
        "book/figures/09-guess-number-kind.svg",
        &["echo", "1", "2"],
    ),
];

// --- the wire of each lesson

#[test]
fn wires_of_the_lessons() {
    let mut drawn = BTreeSet::new();
    for ((file, _), recording) in WIRES.iter().zip(record_at_once(WIRES)) {
        let lesson = lesson_of(file);
        drawn.insert(lesson.number);
        draw_wire(file, &format!("The wire of {lesson}"), &recording);
    }
    assert_eq!(drawn.len(), LESSONS.len(), "each lesson has a drawing of its wire");
}

/// Records the calls of several drawings, each in a thread: most of the time a lesson waits.
fn record_at_once(wires: &[(&str, &[&str])]) -> Vec<Recording> {
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for (file, args) in wires {
            threads.push(scope.spawn(|| {
                let runtime = Runtime::new().expect("the runtime should start");
                runtime.block_on(record(lesson_of(file), args))
            }));
        }
        let recordings = threads.into_iter().map(|thread| thread.join());
        recordings
            .map(|recording| recording.expect("recording should not panic"))
            .collect()
    })
}

/// The name of a drawing: its file's, without folder and extension.
fn name_of(file: &str) -> &str {
    file.trim_start_matches("book/figures/")
        .trim_end_matches(".svg")
}

/// The lesson that a drawing shows, by the number at the beginning of its name.
fn lesson_of(file: &str) -> &'static Lesson {
    let number = name_of(file).get(..2);
    number
        .and_then(|number| number.parse().ok())
        .and_then(Lesson::find)
        .unwrap_or_else(|| panic!("{file} should begin with a lesson's number"))
}

/// Draws a recording, and compares the drawing with the file.
fn draw_wire(file: &str, title: &str, recording: &Recording) {
    let id = format!("lesson{}", name_of(file));
    let viewer = Viewer::new(false, false);
    written(file, &draw(&id, title, viewer, recording));
}

// --- the four kinds of calls

/// What the page compares of a call.
struct Summary {
    /// The path of the method.
    path: String,
    /// The other headers of the request.
    headers: Vec<(String, String)>,
    /// The last headers of the response.
    trailers: Vec<(String, String)>,
    /// How many messages the client sent.
    requests: usize,
    /// How many messages the server sent.
    responses: usize,
}

/// The four kinds side by side: nothing but the path, and how many messages there are.
#[tokio::test(flavor = "multi_thread")]
async fn the_four_kinds() {
    let mut calls = Vec::new();
    for (kind, file, args) in KINDS {
        let recording = record(lesson_of(file), args).await;
        draw_wire(file, &format!("The wire of a {kind} call"), &recording);
        calls.push((*kind, summary(&recording)));
    }

    let (_, first) = &calls[0];
    let mut rows = String::new();
    for (kind, call) in &calls {
        assert_eq!(call.headers, first.headers, "{kind}");
        assert_eq!(call.trailers, first.trailers, "{kind}");
        let Summary { path, requests, responses, .. } = call;
        rows += &format!("| {kind} | {requests} | {responses} | `{path}` |\n");
    }
    let table = format!(
        "All four requests have these headers: {}. All four responses end with these trailers: {}. \
         What differs:\n\n\
         | kind | requests in this call | responses in this call | path |\n|---|---|---|---|\n{rows}",
        header_list(&first.headers),
        header_list(&first.trailers),
    );
    written("book/generated/four-kinds.md", &table);
}

/// What a recording shows of its only call.
fn summary(recording: &Recording) -> Summary {
    let mut blocks = Vec::new();
    let (mut requests, mut responses) = (0, 0);
    for TappedEvent { event, .. } in recording {
        match (&event.kind, event.from) {
            (EventKind::Headers { fields, .. }, _) => blocks.push(fields.clone()),
            (EventKind::Message { .. }, Side::Client) => requests += 1,
            (EventKind::Message { .. }, Side::Server) => responses += 1,
            _ => {}
        }
    }
    assert!(blocks.len() >= 2, "a call should have headers and trailers: {blocks:?}");
    let trailers = blocks.pop().unwrap_or_default();
    let mut headers = blocks.swap_remove(0);
    let path = headers.iter().position(|(name, _)| name == ":path");
    let (_, path) = headers.remove(path.expect("a request should have a path"));
    // The port differs from run to run.
    headers.retain(|(name, _)| name != ":authority");
    Summary { path, headers, trailers, requests, responses }
}

/// Headers in a sentence.
fn header_list(headers: &[(String, String)]) -> String {
    let headers: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("`{name}: {value}`"))
        .collect();
    headers.join(", ")
}

// --- recording

/// Plays a lesson through a tap, and returns what crossed the wire.
async fn record(lesson: &Lesson, args: &[&str]) -> Recording {
    let server = Server::start(lesson);
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("the tap should find a free port");
    let address = listener
        .local_addr()
        .expect("the tap should have an address")
        .to_string();
    // The events of all calls: they are read when the client has ended.
    let (tx, mut rx) = mpsc::channel(1 << 20);
    let tap = tokio::spawn(tap(listener, server.address.clone(), tx));
    let mut client = programs::client(lesson, &address, args);
    let Finished { code, output } = run(&mut client);
    assert!(code.is_some(), "the client should end by itself; it printed: {output}");
    // The tap accepts no more connections. Each connection has a sender of its own, so the
    // recording ends when the last connection does. The server is stopped after that: it would
    // send GOAWAY before.
    tap.abort();
    let mut recorded = Recording::new();
    while let Some(tapped) = rx.recv().await {
        recorded.push(tapped);
    }
    server.stop();
    without_chance(recorded)
}

/// Leaves out what depends on who is faster, and puts the rest into an order that does not.
fn without_chance(recorded: Recording) -> Recording {
    let by_chance: Vec<bool> = recorded
        .iter()
        .map(|TappedEvent { event, .. }| {
            event.is_housekeeping() || is_late_reset(event, &recorded)
        })
        .collect();
    let kept = recorded
        .into_iter()
        .zip(by_chance)
        .filter(|(_, by_chance)| !by_chance)
        .map(|(row, _)| row);
    let mut recording = requests_together(kept.collect());
    // Calls that a client starts at the same time: the order of their frames means nothing.
    let same_side =
        |one: &TappedEvent, next: &TappedEvent| one.event.from == next.event.from;
    for row in recording.chunk_by_mut(same_side) {
        if row[0].event.from == Side::Client {
            row.sort_by_key(|tapped| tapped.event.stream);
        }
    }
    recording
}

/// Whether an event is the RST_STREAM with NO_ERROR of a server that has answered before the
/// request has ended. If the client does end the request, the server sends it or not, depending on
/// which of the two is faster.
fn is_late_reset(event: &Event, recorded: &Recording) -> bool {
    let is_reset = event.from == Side::Server
        && event.kind == EventKind::Reset { error: ErrorCode::NO_ERROR };
    is_reset
        && recorded.iter().any(|TappedEvent { event: other, .. }| {
            other.stream == event.stream
                && other.from == Side::Client
                && other.kind == EventKind::End
        })
}

/// Moves the message and the end of each request of one message behind its headers. The client
/// sends all three at once, but the server may answer, this call or another one, in between.
fn requests_together(recording: Recording) -> Recording {
    // For each connection and stream: the place of its first event, and the number of messages
    // that the client sent.
    let mut streams = BTreeMap::<(usize, u32), (usize, usize)>::new();
    for (at, TappedEvent { connection, event }) in recording.iter().enumerate() {
        let stream = (*connection, event.stream);
        let (_, messages) = streams.entry(stream).or_insert((at, 0));
        if event.from == Side::Client && matches!(event.kind, EventKind::Message { .. }) {
            *messages += 1;
        }
    }
    let mut rows: Vec<_> = recording.into_iter().enumerate().collect();
    // The sort is stable: what gets the same key keeps its order.
    rows.sort_by_key(|(at, TappedEvent { connection, event })| {
        let (first, messages) = streams[&(*connection, event.stream)];
        let is_body = matches!(event.kind, EventKind::Message { .. } | EventKind::End);
        if is_body && messages == 1 && event.from == Side::Client {
            first
        } else {
            *at
        }
    });
    rows.into_iter().map(|(_, row)| row).collect()
}
