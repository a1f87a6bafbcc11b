//! Draws the figures that explain, without a recording: the parts of a call, and three ways to
//! talk over time.

use support::written;

// --- the parts of a call

/// A part of a call: what it is, and its name in the code of lesson 1.
type Part = (&'static str, &'static str);

/// The parts in the client, from the caller's code down.
const CLIENT_PARTS: [Part; 3] = [
    ("application", "your code"),
    ("stub", "GreeterClient"),
    ("channel", "Channel"),
];

/// The parts in the server, from the service down.
const SERVER_PARTS: [Part; 3] = [
    ("service", "MyGreeter"),
    ("dispatch by path", "GreeterServer"),
    ("server", "Server"),
];

/// What both stand on.
const CONNECTION: Part = ("HTTP/2 over TCP", "one connection, many calls");

/// The opening of the figure: its description for readers who do not see it, the arrow's head,
/// and the titles of the two columns.
const PARTS_OPENING: &str = r##"<svg class="figure" viewBox="0 0 480 372" role="img" aria-labelledby="parts-title parts-text">
<title id="parts-title">The parts of a gRPC call</title>
<desc id="parts-text">In the client, the application calls a method of the stub, GreeterClient; the stub hands the encoded message to the channel. The channel sends it over HTTP/2 on a TCP connection. In the other process the server takes it from the connection, GreeterServer finds the method by its path and decodes the message, and calls the service, MyGreeter. The answer goes back the same way.</desc>
<defs><marker id="parts-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>
<g font-family="sans-serif" font-size="15" fill="currentColor" text-anchor="middle">
<text x="120" y="26" font-weight="bold">client</text>
<text x="360" y="26" font-weight="bold">server</text>
"##;

/// The group of the arrows, after that of the boxes.
const PARTS_ARROWS: &str = r##"</g>
<g fill="none" stroke="currentColor" stroke-width="1.5" marker-end="url(#parts-head)">
"##;

/// The words beside the arrows, and the end of the figure.
const PARTS_CLOSING: &str = r##"</g>
<g font-family="sans-serif" font-size="13" fill="currentColor">
<text x="84" y="117" text-anchor="end">request</text>
<text x="156" y="117">answer</text>
</g>
</svg>
"##;

/// The left edges of the two columns of boxes.
const CLIENT_X: u32 = 10;
const SERVER_X: u32 = 250;
const COLUMN_WIDTH: u32 = 220;
const BOX_HEIGHT: u32 = 52;
/// Between a box and the one below it.
const GAP: u32 = 32;

/// The top of the boxes in a row; the first row is 0.
fn row_y(row: u32) -> u32 {
    44 + row * (BOX_HEIGHT + GAP)
}

/// The parts of a call, from the caller's code down to HTTP/2 and up to the service.
#[test]
fn parts_of_a_call() {
    let mut svg = String::from(PARTS_OPENING);
    for (x, parts) in [(CLIENT_X, CLIENT_PARTS), (SERVER_X, SERVER_PARTS)] {
        for (row, part) in (0..).zip(parts) {
            svg += &part_box(part, x, row_y(row), COLUMN_WIDTH);
        }
    }
    let both_columns = SERVER_X + COLUMN_WIDTH - CLIENT_X;
    svg += &part_box(CONNECTION, CLIENT_X, row_y(3), both_columns);

    svg += PARTS_ARROWS;
    for row in 0..3 {
        let top = row_y(row) + BOX_HEIGHT;
        let bottom = top + GAP;
        // The request goes down on the left and up on the right, the response back, dashed.
        svg += &format!("<path d=\"M90 {top}V{bottom}\"/>\n");
        svg += &format!("<path d=\"M150 {bottom}V{top}\" stroke-dasharray=\"4 3\"/>\n");
        svg += &format!("<path d=\"M330 {bottom}V{top}\"/>\n");
        svg += &format!("<path d=\"M390 {top}V{bottom}\" stroke-dasharray=\"4 3\"/>\n");
    }
    svg += PARTS_CLOSING;
    written("book/figures/01-hello-parts.svg", &svg);
}

/// A box with its two lines of text.
fn part_box((what, name): Part, x: u32, y: u32, width: u32) -> String {
    let middle = x + width / 2;
    let (what_y, name_y) = (y + 22, y + 42);
    format!(
        r#"<rect x="{x}" y="{y}" width="{width}" height="{BOX_HEIGHT}" rx="6" fill="none" stroke="currentColor" stroke-width="1.5"/>
<text x="{middle}" y="{what_y}" font-weight="bold">{what}</text>
<text x="{middle}" y="{name_y}" font-family="monospace" font-size="14">{name}</text>
"#
    )
}

// --- three ways to talk

/// A way in which client and server talk: a pair of lines of time, and arrows between them.
struct Way {
    /// The line above the pair.
    title: &'static str,
    /// Whether the server waits with its answers: then a thick line joins each request to its
    /// answer.
    holds_requests: bool,
    /// What is sent: when, which is a distance from the left, by whom, and what.
    arrows: &'static [(u32, Sender, &'static str)],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Client,
    Server,
}
use Sender::{Client, Server};

const WAYS: &[Way] = &[
    Way {
        title: "unary calls: an answer for each request, as soon as it is there",
        holds_requests: false,
        arrows: &[
            (80, Client, "request"),
            (150, Server, "answer"),
            (290, Client, "request"),
            (360, Server, "answer"),
        ],
    },
    Way {
        title: "long polling: the server holds a request until there is news",
        holds_requests: true,
        arrows: &[
            (80, Client, "request"),
            (190, Server, "news"),
            (240, Client, "request"),
            (360, Server, "news"),
            (405, Client, "request"),
        ],
    },
    Way {
        title: "WebSocket: asked for once, then messages both ways",
        holds_requests: false,
        arrows: &[
            (80, Client, "upgrade"),
            (152, Server, "101"),
            (225, Server, "message"),
            (300, Client, "message"),
            (375, Server, "message"),
        ],
    },
];

/// The opening of the figure: its description for readers who do not see it, and the arrow's
/// head.
const WAYS_OPENING: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" class="figure" viewBox="0 0 480 352" role="img" aria-labelledby="ways-title ways-text">
<title id="ways-title">Unary calls, long polling and WebSocket over time</title>
<desc id="ways-text">Time goes to the right. Unary calls: the client sends a request, the server answers soon; later again. Long polling: the client sends a request, the server holds it until there is news and answers with it; the client sends the next request at once, and waits again. WebSocket: the client asks for an upgrade, the server answers 101; from then on messages go in both directions, none of them asked for.</desc>
<defs><marker id="ways-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>
<g font-family="sans-serif" font-size="13" fill="currentColor">
"##;

/// How far an arrow moves to the right on its way: sending takes time.
const TRAVEL: u32 = 12;

/// Unary calls, long polling and WebSocket, each along a line of time.
#[test]
fn ways_over_time() {
    let mut svg = String::from(WAYS_OPENING);
    for (row, way) in (0..).zip(WAYS) {
        svg += &drawn_way(way, row * 122 + 42);
    }
    svg += "</g>\n</svg>\n";
    written("book/figures/05-http2-ways.svg", &svg);
}

/// A way, with the client's line of time at `client_y` and the server's below it.
fn drawn_way(way: &Way, client_y: u32) -> String {
    let server_y = client_y + 52;
    let mut svg = format!(
        r#"<text x="10" y="{title_y}" font-size="14" font-weight="bold">{title}</text>
<text x="10" y="{client_text_y}">client</text>
<text x="10" y="{server_text_y}">server</text>
<path d="M62 {client_y}H470M62 {server_y}H470" stroke="currentColor" opacity="0.4"/>
"#,
        title_y = client_y - 24,
        title = way.title,
        client_text_y = client_y + 4,
        server_text_y = server_y + 4,
    );
    for (x, sender, what) in way.arrows {
        let (from_y, to_y) = match sender {
            Client => (client_y, server_y),
            Server => (server_y, client_y),
        };
        svg += &format!(
            r#"<path d="M{x} {from_y}L{to_x} {to_y}" stroke="currentColor" stroke-width="1.5" marker-end="url(#ways-head)"/>
<text x="{text_x}" y="{text_y}">{what}</text>
"#,
            to_x = x + TRAVEL,
            text_x = x + TRAVEL + 2,
            text_y = client_y + 31,
        );
    }
    if way.holds_requests {
        for pair in way.arrows.windows(2) {
            let [(request_x, ..), (answer_x, sender, _)] = pair else {
                continue;
            };
            if *sender == Server {
                svg += &format!(
                    r#"<path d="M{} {server_y}H{answer_x}" stroke="currentColor" stroke-width="4"/>"#,
                    request_x + TRAVEL
                );
                svg.push('\n');
            }
        }
    }
    svg
}
