//! Draws what a tap saw: a line down for the client, one for the server, and an arrow for
//! each event, as SVG. The book's figures of the wire are made here.

use std::fmt::{Arguments, Write};

use super::fold::several_connections;
use super::proxy::TappedEvent;
use super::render::RenderedEvent;
use super::trace::Side;
use super::viewer::{Row, Viewer};

/// The width of a drawing, in units of its viewBox. A page shows it about 1:1.
const WIDTH: u32 = 480;
/// Where the client's line is.
const CLIENT: u32 = 40;
/// Where the server's line is.
const SERVER: u32 = WIDTH - 40;
/// How many letters fit between the two lines.
const LETTERS: usize = 46;
/// From one line of text down to the next.
const LINE: u32 = 17;
/// From an arrow down to the next text.
const GAP: u32 = 26;
/// How many rows are drawn. More would take memory, and nobody reads them.
pub const MAX_ROWS: usize = 1000;

/// The drawing of what crossed connections, which have numbers. `id` tells it from others
/// on a page; `title` names it.
///
/// It works as a file of its own and inside a page. It has the colour of the text around
/// it, so it fits every theme. Streams differ in their number and in the dashes of their
/// arrows. Where there are several connections, each has its number above its arrows.
pub fn draw(id: &str, title: &str, mut viewer: Viewer, events: &[TappedEvent]) -> String {
    let mut drawn = Drawn::default();
    for tapped in events {
        drawn.add(&viewer.push(tapped));
    }
    drawn.add(&viewer.finish());
    drawn.draw(id, title)
}

/// The rows of a drawing, which is made at the end: at most [`MAX_ROWS`].
#[derive(Default)]
pub struct Drawn {
    /// What is drawn.
    rows: Vec<Row>,
    /// How many more rows there were.
    left_out: usize,
}

impl Drawn {
    /// Adds rows at the end, as long as there is room.
    pub fn add(&mut self, rows: &[Row]) {
        let room = MAX_ROWS - self.rows.len();
        let (taken, rest) = rows.split_at(room.min(rows.len()));
        self.rows.extend_from_slice(taken);
        self.left_out += rest.len();
    }

    /// What is drawn.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many rows came when there was no more room.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The drawing: see [`draw`].
    pub fn draw(&self, id: &str, title: &str) -> String {
        let several = several_connections(&self.rows);
        let mut drawing = Svg::new(id);
        let mut current = None;
        for row in &self.rows {
            if several && current != Some(row.connection) {
                drawing.heading(&format!("connection {}", row.connection));
                current = Some(row.connection);
            }
            drawing.row(row);
        }
        if self.left_out > 0 {
            drawing.heading(&format!("... {} more are not drawn", self.left_out));
        }
        drawing.finish(title)
    }
}

/// A drawing that grows downwards, element by element.
struct Svg<'a> {
    /// Begins the ids in this drawing: a page may have several drawings.
    id: &'a str,
    /// The elements so far.
    elements: String,
    /// The same in words, for people who cannot see the drawing.
    description: Vec<String>,
    /// How far down the next element is.
    y: u32,
}

impl Svg<'_> {
    fn new(id: &str) -> Svg<'_> {
        Svg { id, elements: String::new(), description: Vec::new(), y: 48 }
    }

    fn element(&mut self, element: Arguments) {
        // Writing to a String does not fail.
        let _ = writeln!(self.elements, "{element}");
    }

    /// A line of text in the middle.
    fn heading(&mut self, text: &str) {
        let (middle, y) = (WIDTH / 2, self.y);
        self.element(format_args!(
            r#"<text x="{middle}" y="{y}" text-anchor="middle" font-weight="bold">{text}</text>"#
        ));
        self.description.push(text.to_string());
        self.y += GAP;
    }

    /// What an event says, over an arrow from its sender to the other side.
    fn row(&mut self, row: &Row) {
        let Row { from, stream, shown, .. } = row;
        let RenderedEvent { frame, .. } = shown;
        let mut text = shown.text.clone();
        if shown.end_stream {
            text += if text.is_empty() {
                "END_STREAM"
            } else {
                " END_STREAM"
            };
        }
        let sender = match from {
            Side::Client => "client",
            Side::Server => "server",
        };
        let label = format!("{frame} {text}");
        let label = label.trim();
        self.description
            .push(format!("{sender}, stream {stream}: {label}"));
        self.label(frame, label);
        self.arrow(*from, *stream);
    }

    /// `text` between the two sides, in as many lines as it needs. It begins with `name`,
    /// which stands out.
    fn label(&mut self, name: &str, text: &str) {
        let x = CLIENT + 14;
        for (n, line) in wrap(text).iter().enumerate() {
            let bold = if n == 0 { name.len() } else { 0 };
            let (name, rest) = line.split_at(bold);
            let (name, rest, y) = (escape(name), escape(rest), self.y);
            self.element(format_args!(
                r#"<text x="{x}" y="{y}"><tspan font-weight="bold">{name}</tspan>{rest}</text>"#
            ));
            self.y += LINE;
        }
    }

    /// An arrow from its sender's line to the other side's, with the stream's number at
    /// its beginning.
    fn arrow(&mut self, from: Side, stream: u32) {
        let (start, head, number) = match from {
            Side::Client => (CLIENT, SERVER, CLIENT - 22),
            Side::Server => (SERVER, CLIENT, SERVER + 22),
        };
        let dashes = match stream / 2 % 3 {
            0 => "",
            1 => r#" stroke-dasharray="8 3""#,
            _ => r#" stroke-dasharray="3 3""#,
        };
        // Close under the text that belongs to it.
        self.y -= LINE / 2;
        let (y, id) = (self.y, self.id);
        self.element(format_args!(
            r#"<path d="M{start} {y}H{head}" stroke="currentColor" stroke-width="1.5"{dashes} marker-end="url(#{id}-head)"/>"#
        ));
        let y = y + 5;
        self.element(format_args!(
            r#"<text x="{number}" y="{y}" text-anchor="middle">{stream}</text>"#
        ));
        self.y += GAP;
    }

    /// The whole document: the elements between the two sides' names and lines.
    fn finish(self, title: &str) -> String {
        let Svg { id, elements, description, y: bottom } = self;
        let height = bottom + 8;
        let title = escape(title);
        let description = escape(&description.join(". "));
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="figure" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{id}-title {id}-text">
<title id="{id}-title">{title}</title>
<desc id="{id}-text">{description}</desc>
<defs><marker id="{id}-head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>
<g font-family="monospace" font-size="13" fill="currentColor">
<text x="{CLIENT}" y="20" text-anchor="middle" font-weight="bold">client</text>
<text x="{SERVER}" y="20" text-anchor="middle" font-weight="bold">server</text>
<path d="M{CLIENT} 28V{bottom}" stroke="currentColor" stroke-width="1" opacity="0.4"/>
<path d="M{SERVER} 28V{bottom}" stroke="currentColor" stroke-width="1" opacity="0.4"/>
{elements}</g>
</svg>
"#
        )
    }
}

/// How many letters' space a character takes: one of Chinese or Japanese takes two.
fn width(c: char) -> usize {
    if c > '\u{1100}' { 2 } else { 1 }
}

/// Cuts a text into lines of at most [`LETTERS`], between words where it can.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let needed: usize = word.chars().map(width).sum();
        if used > 0 && used + 1 + needed > LETTERS {
            lines.push(std::mem::take(&mut line));
            used = 0;
        } else if used > 0 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            if used + width(c) > LETTERS {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += width(c);
        }
    }
    lines.push(line);
    lines
}

/// Text for XML, which has no way to write some characters at all.
fn escape(text: &str) -> String {
    let is_text = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let text = text.replace(|c| !is_text(c), "\u{fffd}");
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
