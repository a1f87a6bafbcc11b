//! Shows what a tap saw: a line for each event, in the words of the specifications.

use clap::builder::styling::{AnsiColor, Style};
use tonic::Code;

use super::details;
use super::header_block::field;
use super::proxy::TappedEvent;
use super::schema::{Schema, hex, hex_beginning};
use super::trace::{EventKind, Side};
use super::unpack::Unpacked;
use super::viewer::{Row, cut};
use crate::http2::frames::{PREFACE, Setting};
use crate::{cli, status};

/// How many characters are shown of a header's value, and of what is no message.
const MAX_VALUE: usize = 256;

/// Says what events mean.
pub struct Renderer {
    /// The names of messages and fields.
    schema: Schema,
    /// Whether to show what keeps the connection going too, and all headers.
    frames: bool,
    /// Whether to show the bytes of the messages too.
    hex: bool,
}

/// An event as it is shown: in a line, or above an arrow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RenderedEvent {
    /// The type of its frame, such as `HEADERS`.
    pub frame: &'static str,
    /// What the frame says; may be empty.
    pub text: String,
    /// Whether its sender sends nothing more on this stream.
    pub end_stream: bool,
}

impl RenderedEvent {
    fn new(frame: &'static str, text: impl Into<String>) -> RenderedEvent {
        RenderedEvent { frame, text: text.into(), end_stream: false }
    }

    /// The same, with END_STREAM or without.
    fn ending(self, end_stream: bool) -> RenderedEvent {
        RenderedEvent { end_stream, ..self }
    }
}

impl Renderer {
    /// Knows what the lessons' `.proto` files define. With `frames`, what keeps the
    /// connection going is shown too, and all headers; with `hex`, the bytes of the
    /// messages.
    pub fn new(frames: bool, hex: bool) -> Renderer {
        Renderer { schema: Schema::of_the_workbook(), frames, hex }
    }

    /// The line for one event by itself, without its connection's number, if it is to be
    /// shown. A [`Viewer`](super::viewer::Viewer) shows many.
    pub fn line(&mut self, tapped: &TappedEvent) -> Option<String> {
        let shown = self.render(tapped)?;
        let TappedEvent { connection, event } = tapped;
        let (connection, stream, from) = (*connection, event.stream, event.from);
        Some(Row { connection, stream, from, shown }.line(false))
    }

    /// What an event says, if it is to be shown.
    pub fn render(&mut self, tapped: &TappedEvent) -> Option<RenderedEvent> {
        let event = &tapped.event;
        if event.is_housekeeping() && !self.frames {
            return None;
        }
        let rendered = match &event.kind {
            EventKind::Headers { fields, end_stream } => {
                RenderedEvent::new("HEADERS", self.headers(fields)).ending(*end_stream)
            }
            EventKind::Message { end_stream, .. } => {
                let text = self.message(event.from, &event.kind);
                RenderedEvent::new("DATA", text).ending(*end_stream)
            }
            EventKind::TooLarge { .. }
            | EventKind::WebTrailers { .. }
            | EventKind::PushPromise { .. }
            | EventKind::StreamError { .. }
            | EventKind::Forgotten => self.rare(&event.kind),
            EventKind::DataFrame { length } => {
                let frame = format!("a frame of {}", counted(*length as usize));
                RenderedEvent::new("DATA", frame)
            }
            EventKind::Data { what, length, bytes, end_stream } => {
                let mut text = format!("{} {what}", counted(*length));
                if !bytes.is_empty() {
                    text += &format!(": {}", content(bytes, *length));
                }
                RenderedEvent::new("DATA", status::one_line(&text)).ending(*end_stream)
            }
            EventKind::End => RenderedEvent::new("DATA", "").ending(true),
            EventKind::Reset { error } => {
                RenderedEvent::new("RST_STREAM", error.to_string())
            }
            EventKind::GoAway { last_stream, error, .. } => RenderedEvent::new(
                "GOAWAY",
                format!("{error}, last stream {last_stream}"),
            ),
            EventKind::Preface => {
                let text = String::from_utf8_lossy(PREFACE);
                RenderedEvent::new("preface", status::one_line(&text))
            }
            EventKind::Settings { ack: true, .. } => {
                RenderedEvent::new("SETTINGS", "ACK")
            }
            EventKind::Settings { values, .. } => {
                RenderedEvent::new("SETTINGS", settings(values))
            }
            EventKind::Ping { ack: true } => RenderedEvent::new("PING", "ACK"),
            EventKind::Ping { ack: false } => RenderedEvent::new("PING", ""),
            EventKind::WindowUpdate { increment } => {
                RenderedEvent::new("WINDOW_UPDATE", format!("{increment} bytes more"))
            }
            EventKind::Other { name } => RenderedEvent::new(name, ""),
            EventKind::Undecodable { why } => {
                RenderedEvent::new("not read", format!("from here on: {why}"))
            }
        };
        Some(rendered)
    }

    /// What an event says that few connections have.
    fn rare(&self, kind: &EventKind) -> RenderedEvent {
        match kind {
            EventKind::TooLarge { length } => {
                let text = format!("and {length} bytes more, too large to show");
                RenderedEvent::new("HEADERS", text)
            }
            EventKind::WebTrailers { fields, end_stream } => {
                let text = format!("trailers: {}", self.headers(fields));
                RenderedEvent::new("DATA", text).ending(*end_stream)
            }
            EventKind::PushPromise { promised, fields } => {
                let text = format!("stream {promised}: {}", self.headers(fields));
                RenderedEvent::new("PUSH_PROMISE", text)
            }
            EventKind::StreamError { error, reason } => {
                RenderedEvent::new("not read", format!("{error}: {reason}"))
            }
            EventKind::Forgotten => RenderedEvent::new(
                "not read",
                "from here on: too many streams are open, and this is the oldest",
            ),
            _ => RenderedEvent::new("", ""),
        }
    }

    /// `POST /path`, or a status by its name, and the other headers.
    fn headers(&self, fields: &[(String, String)]) -> String {
        let mut parts = Vec::new();
        if let (Some(method), Some(path)) =
            (field(fields, ":method"), field(fields, ":path"))
        {
            parts.push(format!("{} {}", cut(method, MAX_VALUE), cut(path, MAX_VALUE)));
        } else if let Some(status) = field(fields, ":status") {
            parts.push(format!(":status {}", cut(status, MAX_VALUE)));
        }
        for (name, value) in fields {
            match name.as_str() {
                ":method" | ":path" | ":status" => {}
                // The same in all calls, or new each time: it says nothing about the call.
                ":scheme" | ":authority" | "user-agent" | "date" if !self.frames => {}
                "grpc-status" => {
                    let code =
                        value.parse().map(|n: i32| status::code_name(Code::from(n)));
                    let value = cut(value, MAX_VALUE);
                    parts.push(format!("grpc-status {value} {}", code.unwrap_or("?")));
                }
                details::HEADER => parts.push(details::describe(&self.schema, value)),
                _ => {
                    let (name, value) = (cut(name, MAX_VALUE), cut(value, MAX_VALUE));
                    parts.push(format!("{name} {value}"));
                }
            }
        }
        status::one_line(&parts.join(", "))
    }

    /// A message, by its fields; where that can't be, by its length.
    fn message(&self, from: Side, kind: &EventKind) -> String {
        let EventKind::Message { path, compressed, length, bytes, unpacked, .. } = kind
        else {
            return String::new();
        };
        let path = path.as_deref().unwrap_or_default();
        let name = self.schema.message_of(path, from == Side::Server);
        let mut text = match unpacked {
            Some(Unpacked::Message { encoding, bytes }) => {
                let text = self.content(name, bytes.len(), bytes);
                format!("{text}, {encoding}: {length} bytes")
            }
            Some(Unpacked::Not { why }) => {
                status::one_line(&format!("{length} bytes, compressed: {why}"))
            }
            None => self.content(name, *length as usize, bytes),
        };
        if self.hex {
            let [a, b, c, d] = length.to_be_bytes();
            let prefix = hex(&[u8::from(*compressed), a, b, c, d]);
            let bytes = hex_beginning(bytes, *length as usize);
            text += &format!("  [{prefix} | {bytes}]");
        }
        text
    }

    /// A message of the type `name` that has `length` bytes, of which `bytes` were kept.
    fn content(&self, name: Option<&str>, length: usize, bytes: &[u8]) -> String {
        if bytes.len() < length {
            // Only its beginning was kept.
            format!("a message of {length} bytes")
        } else if let Some(text) = self.schema.describe(name, bytes) {
            status::one_line(&text)
        } else {
            // JSON, for example, which gRPC allows too.
            let content = content(bytes, length);
            format!("{} that are no message: {content}", counted(length))
        }
    }
}

/// `1 byte`, `2 bytes`.
pub fn counted(length: usize) -> String {
    match length {
        1 => "1 byte".to_string(),
        _ => format!("{length} bytes"),
    }
}

/// What is no message and has `length` bytes, of which these are the first: as text if it is one.
fn content(bytes: &[u8], length: usize) -> String {
    let Some(text) = beginning_as_text(bytes) else {
        return hex_beginning(bytes, length);
    };
    let end = text.char_indices().nth(MAX_VALUE).map(|(end, _)| end);
    match end.or((bytes.len() < length).then_some(text.len())) {
        Some(end) => format!("{:?} ... {length} bytes", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// Bytes as text, if they are the beginning of a text. The end may be inside a character.
fn beginning_as_text(bytes: &[u8]) -> Option<&str> {
    let whole = match std::str::from_utf8(bytes) {
        Ok(_) => bytes,
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        Err(_) => return None,
    };
    let text = std::str::from_utf8(whole).ok()?;
    let is_text = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    (!text.is_empty() && text.chars().all(is_text)).then_some(text)
}

/// `NAME value` for each setting.
fn settings(values: &[(Setting, u32)]) -> String {
    let mut parts = Vec::new();
    for (name, value) in values {
        parts.push(format!("{name} {value}"));
    }
    parts.join(", ")
}

/// Each stream has a colour, so that calls that run at the same time can be told apart.
pub fn color(stream: u32) -> Style {
    let colors = [
        AnsiColor::Cyan,
        AnsiColor::Yellow,
        AnsiColor::Green,
        AnsiColor::Magenta,
    ];
    match stream {
        0 => Style::new(),
        stream => cli::style(colors[stream as usize / 2 % colors.len()]),
    }
}
