//! Draws the figures of the book: the parts of a call, and the wire of each lesson.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::mpsc;
use std::thread;

use grpc_workbook::http2::frames::ErrorCode;
use grpc_workbook::tap::proxy::tap;
use grpc_workbook::tap::render::Lines;
use grpc_workbook::tap::svg::draw;
use grpc_workbook::tap::trace::{Event, EventKind, Side};
use grpc_workbook::{LESSONS, Lesson};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use support::programs::{self, Finished, Server, run};
use support::written;

/// A box of the figure: what it is, its name in the code, and where it stands.
struct Part {
    what: &'static str,
    name: &'static str,
    x: u32,
    y: u32,
    width: u32,
}

/// The parts of a call, from the caller's code down to HTTP/2 and up to the service.
#[test]
fn parts_of_a_call() {
    let (left, right, narrow) = (10, 250, 220);
    let parts = [
        Part { what: "application", name: "your code", x: left, y: 44, width: narrow },
        Part { what: "stub", name: "GreeterClient", x: left, y: 128, width: narrow },
        Part { what: "channel", name: "Channel", x: left, y: 212, width: narrow },
        Part { what: "service", name: "MyGreeter", x: right, y: 44, width: narrow },
        Part {
            what: "dispatch by path",
            name: "GreeterServer",
            x: right,
            y: 128,
            width: narrow,
        },
        Part { what: "server", name: "Server", x: right, y: 212, width: narrow },
        Part {
            what: "HTTP/2 over TCP",
            name: "one connection, many calls",
            x: left,
            y: 296,
            width: 460,
        },
    ];
    let mut svg = String::from(
        r##"<svg class="figure" viewBox="0 0 480 372" role="img" aria-labelledby="parts-title parts-text">
<title id="parts-title">The parts of a gRPC call</title>
<desc id="parts-text">In the client, the application calls a method of the stub, GreeterClient; the stub hands the encoded message to the channel. The channel sends it over HTTP/2 on a TCP connection. In the other process the server takes it from the connection, GreeterServer finds the method by its path and decodes the message, and calls the service, MyGreeter. The answer goes back the same way.</desc>
<defs><marker id="parts-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>
<g font-family="sans-serif" font-size="15" fill="currentColor" text-anchor="middle">
<text x="120" y="26" font-weight="bold">client</text>
<text x="360" y="26" font-weight="bold">server</text>
"##,
    );
    for Part { what, name, x, y, width } in parts {
        let middle = x + width / 2;
        writeln!(
            svg,
            r#"<rect x="{x}" y="{y}" width="{width}" height="52" rx="6" fill="none" stroke="currentColor" stroke-width="1.5"/>
<text x="{middle}" y="{}" font-weight="bold">{what}</text>
<text x="{middle}" y="{}" font-family="monospace" font-size="14">{name}</text>"#,
            y + 22,
            y + 42,
        )
        .expect("writes to a string");
    }
    svg += "</g>\n<g fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.5\" marker-end=\"url(#parts-head)\">\n";
    // The request goes down on the left and up on the right, the answer back, dashed.
    for top in [96, 180, 264] {
        let bottom = top + 32;
        for (x, from, to, dashes) in [
            (90, top, bottom, ""),
            (150, bottom, top, " stroke-dasharray=\"4 3\""),
            (330, bottom, top, ""),
            (390, top, bottom, " stroke-dasharray=\"4 3\""),
        ] {
            writeln!(svg, "<path d=\"M{x} {from}V{to}\"{dashes}/>")
                .expect("writes to a string");
        }
    }
    svg +=
        "</g>\n<g font-family=\"sans-serif\" font-size=\"13\" fill=\"currentColor\">\n";
    svg += "<text x=\"84\" y=\"117\" text-anchor=\"end\">request</text>\n";
    svg += "<text x=\"156\" y=\"117\">answer</text>\n</g>\n</svg>\n";
    written("book/figures/01-hello-parts.svg", &svg);
}

/// Unary calls, long polling and WebSocket, each along a line of time: who says something, when
/// and what. `true` is the client.
#[test]
fn ways_over_time() {
    let request = (true, "request");
    let news = (false, "news");
    type Words<'a> = &'a [(u32, (bool, &'a str))];
    let ways: [(&str, Words); 3] = [
        (
            "unary calls: an answer for each request, as soon as it is there",
            &[
                (80, request),
                (150, (false, "answer")),
                (290, request),
                (360, (false, "answer")),
            ],
        ),
        (
            "long polling: the server holds a request until there is news",
            &[
                (80, request),
                (190, news),
                (240, request),
                (360, news),
                (405, request),
            ],
        ),
        (
            "WebSocket: asked for once, then messages both ways",
            &[
                (80, (true, "upgrade")),
                (152, (false, "101")),
                (225, (false, "message")),
                (300, (true, "message")),
                (375, (false, "message")),
            ],
        ),
    ];
    let mut svg = String::from(
        r##"<svg xmlns="http://www.w3.org/2000/svg" class="figure" viewBox="0 0 480 352" role="img" aria-labelledby="ways-title ways-text">
<title id="ways-title">Unary calls, long polling and WebSocket over time</title>
<desc id="ways-text">Time goes to the right. Unary calls: the client sends a request, the server answers soon; later again. Long polling: the client sends a request, the server holds it until there is news and answers with it; the client sends the next request at once, and waits again. WebSocket: the client asks for an upgrade, the server answers 101; from then on messages go in both directions, none of them asked for.</desc>
<defs><marker id="ways-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>
<g font-family="sans-serif" font-size="13" fill="currentColor">
"##,
    );
    for (n, (title, arrows)) in (0..).zip(ways) {
        let client = n * 122 + 42;
        let (server, middle) = (client + 52, client + 31);
        let title_at = client - 24;
        writeln!(
            svg,
            r#"<text x="10" y="{title_at}" font-size="14" font-weight="bold">{title}</text>
<text x="10" y="{}">client</text>
<text x="10" y="{}">server</text>
<path d="M62 {client}H470M62 {server}H470" stroke="currentColor" opacity="0.4"/>"#,
            client + 4,
            server + 4,
        )
        .expect("writes to a string");
        for (x, (from_client, what)) in arrows {
            let (from, to) = match from_client {
                true => (client, server),
                false => (server, client),
            };
            writeln!(
                svg,
                r#"<path d="M{x} {from}L{} {to}" stroke="currentColor" stroke-width="1.5" marker-end="url(#ways-head)"/>
<text x="{}" y="{middle}">{what}</text>"#,
                x + 12,
                x + 14,
            )
            .expect("writes to a string");
        }
        // A request that is held: a thick line from it to its answer.
        for pair in arrows.windows(2).filter(|pair| pair[1].1 == news) {
            writeln!(
                svg,
                r#"<path d="M{} {server}H{}" stroke="currentColor" stroke-width="4"/>"#,
                pair[0].0 + 12,
                pair[1].0
            )
            .expect("writes to a string");
        }
    }
    svg += "</g>\n</svg>\n";
    written("book/figures/05-http2-ways.svg", &svg);
}

/// What the drawing of a lesson's wire shows: the file, and the arguments of the client. They
/// make few calls, without the random order of a map.
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
    ("book/figures/08-accumulate-early.svg", &["--break", "early-answer"]),
    ("book/figures/09-guess-number-wire.svg", &["echo", "1", "2"]),
    ("book/figures/09-guess-number-left.svg", &["--break", "leave"]),
    ("book/figures/09-guess-number-ended.svg", &["--break", "wrong-message"]),
    ("book/figures/10-notes-wire.svg", &["stream-test"]),
    ("book/figures/11-speed-wire.svg", &["unary", "--count", "2", "--size", "4"]),
];

/// The shortest call of each kind, for the page that compares them.
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

/// The four kinds side by side: nothing but the path, and how many messages there are.
#[tokio::test(flavor = "multi_thread")]
async fn the_four_kinds() {
    let mut headers = Vec::new();
    let mut trailers = Vec::new();
    let mut rows = String::new();
    for (kind, file, args) in KINDS {
        let (lesson, id) = drawn_from(file);
        let events = record(lesson, args).await;
        let title = format!("The wire of a {kind} call");
        written(file, &draw(&id, &title, &mut Lines::new(false, false), &events));

        let mut blocks = events.iter().filter_map(|(_, event)| match &event.kind {
            EventKind::Headers { fields, .. } => Some(fields.clone()),
            _ => None,
        });
        let mut request = blocks.next().expect("begins with headers");
        let path = request.iter().position(|(name, _)| name == ":path");
        let (_, path) = request.remove(path.expect("has a path"));
        // The port differs from run to run.
        request.retain(|(name, _)| name != ":authority");
        headers.push(request);
        trailers.push(blocks.next_back().expect("ends with trailers"));
        let messages = |side| {
            let sent = events.iter().filter(|(_, event)| {
                event.from == side && matches!(event.kind, EventKind::Message { .. })
            });
            sent.count()
        };
        let (asked, answered) = (messages(Side::Client), messages(Side::Server));
        writeln!(rows, "| {kind} | {asked} | {answered} | `{path}` |")
            .expect("writes to a string");
    }
    headers.dedup();
    trailers.dedup();
    assert_eq!(headers.len(), 1, "{headers:#?}");
    assert_eq!(trailers.len(), 1, "{trailers:#?}");

    let line = |fields: &[(String, String)]| {
        let fields = fields
            .iter()
            .map(|(name, value)| format!("`{name}: {value}`"));
        fields.collect::<Vec<_>>().join(", ")
    };
    written(
        "book/generated/four-kinds.md",
        &format!(
            "All four requests have these headers: {}. All four answers end with these trailers: {}. \
             What differs:\n\n\
             | kind | client sends | server sends | path |\n|---|---|---|---|\n{rows}",
            line(&headers[0]),
            line(&trailers[0]),
        ),
    );
}

#[test]
fn wires_of_the_lessons() {
    let mut drawn = BTreeSet::new();
    // Most of the time a lesson waits.
    let recorded = thread::scope(|threads| {
        let records = WIRES.iter().map(|(file, args)| {
            let (lesson, _) = drawn_from(file);
            threads.spawn(move || {
                let runtime = Runtime::new().expect("has threads");
                runtime.block_on(record(lesson, args))
            })
        });
        let records: Vec<_> = records.collect();
        let events = records.into_iter().map(|record| record.join());
        events
            .map(|events| events.expect("does not panic"))
            .collect::<Vec<_>>()
    });
    for ((file, _), events) in WIRES.iter().zip(recorded) {
        let (lesson, id) = drawn_from(file);
        drawn.insert(lesson.number);
        let title = format!("The wire of {lesson}");
        written(file, &draw(&id, &title, &mut Lines::new(false, false), &events));
    }
    assert_eq!(drawn.len(), LESSONS.len(), "each lesson has a drawing of its wire");
}

/// The lesson that a drawing is of, by its file's name, and an id for it.
fn drawn_from(file: &str) -> (&'static Lesson, String) {
    let name = file
        .trim_start_matches("book/figures/")
        .trim_end_matches(".svg");
    let number = name.get(..2).and_then(|number| number.parse().ok());
    let lesson = number.and_then(Lesson::find).expect("begins with a number");
    (lesson, format!("lesson{name}"))
}

/// Plays a lesson through a tap, and returns what crossed the wire.
async fn record(lesson: &Lesson, args: &[&str]) -> Vec<(usize, Event)> {
    let server = Server::start(lesson);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let address = listener.local_addr().expect("has an address").to_string();
    let (sender, events) = mpsc::channel();
    let tap =
        tokio::spawn(tap(listener, server.address.clone(), move |connection, event| {
            sender.send((connection, event)).expect("is listened to");
        }));
    let mut client = programs::client(lesson, &address, args);
    let Finished { code, output } = run(&mut client);
    assert!(code.is_some(), "{output}");
    // No more connections; when the last one has ended, so have the events. A server that is
    // stopped before would say goodbye with GOAWAY.
    tap.abort();
    let all: Vec<(usize, Event)> = events.iter().collect();
    server.stop();
    let mut seen = all.clone();
    seen.retain(|(_, event)| !event.is_housekeeping() && !is_chance(event, &all));
    let mut events = requests_together(seen);
    // Calls that a client begins at once: the order of their frames means nothing.
    for row in events.chunk_by_mut(|(_, one), (_, next)| one.from == next.from) {
        if row[0].1.from == Side::Client {
            row.sort_by_key(|(_, event)| event.stream);
        }
    }
    events
}

/// A server that has answered says NO_ERROR if the request's end has not come yet. Where the
/// client does send that end, it depends on who is faster.
fn is_chance(event: &Event, all: &[(usize, Event)]) -> bool {
    let ends = |other: &Event| {
        other.stream == event.stream
            && other.from == Side::Client
            && other.kind == EventKind::End
    };
    event.from == Side::Server
        && event.kind == EventKind::Reset { error: ErrorCode(0) }
        && all.iter().any(|(_, other)| ends(other))
}

/// A request of one message is sent at once, but the server may be quick with its answer, to this
/// call or another one: each time another order, which means nothing. Here the message and the
/// end stand behind their headers.
fn requests_together(events: Vec<(usize, Event)>) -> Vec<(usize, Event)> {
    let mut requests = BTreeMap::<(usize, u32), (usize, usize)>::new();
    for (at, (connection, event)) in events.iter().enumerate() {
        let (_, messages) = requests
            .entry((*connection, event.stream))
            .or_insert((at, 0));
        let is_message = matches!(event.kind, EventKind::Message { .. });
        *messages += usize::from(is_message && event.from == Side::Client);
    }
    let mut rows: Vec<_> = events.into_iter().enumerate().collect();
    rows.sort_by_key(|(at, (connection, event))| {
        let (first, messages) = requests[&(*connection, event.stream)];
        let is_part = matches!(event.kind, EventKind::Message { .. } | EventKind::End);
        match is_part && messages == 1 && event.from == Side::Client {
            true => first,
            false => *at,
        }
    });
    rows.into_iter().map(|(_, row)| row).collect()
}
