//! Shows what a tap saw: a line for each event, in the words of the specifications.

use std::collections::HashMap;

use clap::builder::styling::{AnsiColor, Style};
use tonic::Code;

use super::details;
use super::proxy::TappedEvent;
use super::schema::{Schema, hex};
use super::trace::{EventKind, Side};
use crate::http2::frames::Setting;
use crate::{cli, status};

/// Turns events into lines.
pub struct Renderer {
    /// The names of messages and fields.
    schema: Schema,
    /// The path of each call, by its connection and its stream: it says which types the
    /// call's messages have. Filled by the events that are rendered, never emptied.
    paths: HashMap<(usize, u32), String>,
    /// Whether to show what keeps the connection going too, and all headers.
    frames: bool,
    /// Whether to show the bytes of the messages too.
    hex: bool,
}

/// An event as it is shown: in a line, or above an arrow.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        Renderer { schema: Schema::of_the_workbook(), paths: HashMap::new(), frames, hex }
    }

    /// The line for an event, if it is to be shown.
    pub fn line(&mut self, tapped: &TappedEvent) -> Option<String> {
        let RenderedEvent { frame, text, end_stream } = self.render(tapped)?;
        let TappedEvent { connection, event } = tapped;
        let arrow = match event.from {
            Side::Client => "-->",
            Side::Server => "<--",
        };
        let color = color(event.stream);
        let place = match (*connection, event.stream) {
            (1, 0) => "connection".to_string(),
            (1, stream) => format!("stream {stream}"),
            (n, 0) => format!("connection {n}"),
            (n, stream) => format!("stream {n}/{stream}"),
        };
        let end = if end_stream { "  END_STREAM" } else { "" };
        let line = format!("{arrow} {color}{place:<10}{color:#} {frame:<8} {text}{end}");
        Some(line.trim_end().to_string())
    }

    /// What an event says, if it is to be shown.
    pub fn render(&mut self, tapped: &TappedEvent) -> Option<RenderedEvent> {
        let TappedEvent { connection, event } = tapped;
        let call = (*connection, event.stream);
        if event.is_housekeeping() && !self.frames {
            return None;
        }
        let rendered = match &event.kind {
            EventKind::Headers { fields, end_stream } => {
                if let Some(path) = field(fields, ":path") {
                    self.paths.insert(call, path.to_string());
                }
                RenderedEvent::new("HEADERS", self.headers(fields)).ending(*end_stream)
            }
            EventKind::Message { compressed, length, bytes, end_stream } => {
                let path = self.paths.get(&call);
                let path = path.map_or("", String::as_str);
                let name = self.schema.message_of(path, event.from == Side::Server);
                let text = self.message(name, *compressed, *length, bytes);
                RenderedEvent::new("DATA", text).ending(*end_stream)
            }
            EventKind::DataFrame { length } => {
                RenderedEvent::new("DATA", format!("a frame of {length} bytes"))
            }
            EventKind::Data { length, end_stream } => {
                RenderedEvent::new("DATA", format!("{length} bytes")).ending(*end_stream)
            }
            EventKind::End => RenderedEvent::new("DATA", "").ending(true),
            EventKind::Reset { error } => {
                RenderedEvent::new("RST_STREAM", error.to_string())
            }
            EventKind::GoAway { last_stream, error, .. } => RenderedEvent::new(
                "GOAWAY",
                format!("{error}, last stream {last_stream}"),
            ),
            EventKind::Preface => RenderedEvent::new("preface", "PRI * HTTP/2.0"),
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

    /// `POST /path`, or a status by its name, and the other headers.
    fn headers(&self, fields: &[(String, String)]) -> String {
        let mut parts = Vec::new();
        if let (Some(method), Some(path)) =
            (field(fields, ":method"), field(fields, ":path"))
        {
            parts.push(format!("{method} {path}"));
        } else if let Some(status) = field(fields, ":status") {
            parts.push(format!(":status {status}"));
        }
        for (name, value) in fields {
            match name.as_str() {
                ":method" | ":path" | ":status" => {}
                // The same in all calls, or new each time: it says nothing about the call.
                ":scheme" | ":authority" | "user-agent" | "date" if !self.frames => {}
                "grpc-status" => {
                    let code =
                        value.parse().map(|n: i32| status::code_name(Code::from(n)));
                    parts.push(format!("grpc-status {value} {}", code.unwrap_or("?")));
                }
                details::HEADER => parts.push(details::describe(&self.schema, value)),
                _ => parts.push(format!("{name} {value}")),
            }
        }
        status::one_line(&parts.join(", "))
    }

    /// A message of the type `name`, by its fields; where that can't be, by its length.
    fn message(
        &self,
        name: Option<&str>,
        compressed: bool,
        length: u32,
        bytes: &[u8],
    ) -> String {
        let mut text = if compressed {
            format!("{length} bytes, compressed")
        } else if bytes.len() < length as usize {
            // Only its beginning was kept.
            format!("a message of {length} bytes")
        } else if let Some(text) = self.schema.describe(name, bytes) {
            status::one_line(&text)
        } else {
            format!("{length} bytes that are no message: {}", hex(bytes))
        };
        if self.hex {
            let [a, b, c, d] = length.to_be_bytes();
            let prefix = hex(&[u8::from(compressed), a, b, c, d]);
            text += &format!("  [{prefix} | {}]", hex(bytes));
        }
        text
    }
}

/// `NAME value` for each setting.
fn settings(values: &[(Setting, u32)]) -> String {
    let mut parts = Vec::new();
    for (name, value) in values {
        parts.push(format!("{name} {value}"));
    }
    parts.join(", ")
}

/// The value of a header, if it is there.
fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = fields.iter().find(|(other, _)| other == name)?;
    Some(value)
}

/// Each stream has a colour, so that calls that run at the same time can be told apart.
fn color(stream: u32) -> Style {
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
