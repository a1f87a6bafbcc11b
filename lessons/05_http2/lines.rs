//! Shows what a tap saw: a line for each event, in the words of the specifications.

use std::collections::HashMap;

use clap::builder::styling::{AnsiColor, Style};

use super::schema::{Schema, hex};
use super::trace::{Event, Side, What};
use crate::{cli, status};
use tonic::Code;

/// Turns events into lines. It remembers the path of each stream, which says of which types its
/// messages are.
pub struct Lines {
    schema: Schema,
    paths: HashMap<(usize, u32), String>,
    frames: bool,
    hex: bool,
}

/// What is to be seen of an event: the frame's name, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub frame: &'static str,
    pub text: String,
    pub end_stream: bool,
}

impl Lines {
    /// For what the lessons' `.proto` files define. With `frames`, what keeps the connection
    /// going is shown too, and all headers; with `hex`, the bytes of the messages.
    pub fn new(frames: bool, hex: bool) -> Lines {
        Lines { schema: Schema::of_the_workbook(), paths: HashMap::new(), frames, hex }
    }

    /// The line for an event on connection number `connection`, if it is to be shown.
    pub fn line(&mut self, connection: usize, event: &Event) -> Option<String> {
        let shown = self.show(connection, event)?;
        let arrow = match event.from {
            Side::Client => "-->",
            Side::Server => "<--",
        };
        let color = color(event.stream);
        let place = match (connection, event.stream) {
            (1, 0) => "connection".to_string(),
            (1, stream) => format!("stream {stream}"),
            (n, 0) => format!("connection {n}"),
            (n, stream) => format!("stream {n}/{stream}"),
        };
        let end = if shown.end_stream { "  END_STREAM" } else { "" };
        let Shown { frame, text, .. } = shown;
        let line = format!("{arrow} {color}{place:<10}{color:#} {frame:<8} {text}{end}");
        Some(line.trim_end().to_string())
    }

    /// What is to be shown of an event.
    pub fn show(&mut self, connection: usize, event: &Event) -> Option<Shown> {
        if event.is_housekeeping() && !self.frames {
            return None;
        }
        let key = (connection, event.stream);
        let show = |frame, text: String| Shown { frame, text, end_stream: false };
        Some(match &event.what {
            What::Headers { fields, end_stream } => {
                if let Some((_, path)) = fields.iter().find(|(name, _)| name == ":path") {
                    self.paths.insert(key, path.clone());
                }
                let text = self.headers(fields);
                Shown { frame: "HEADERS", text, end_stream: *end_stream }
            }
            What::Message { compressed, length, bytes, end_stream } => {
                let path = self.paths.get(&key).map_or("", String::as_str);
                let name = self.schema.message_of(path, event.from == Side::Server);
                let mut text = match (compressed, bytes.len() == *length as usize) {
                    (true, _) => format!("{length} bytes, compressed"),
                    (false, false) => format!("a message of {length} bytes"),
                    (false, true) => match self.schema.describe(name, bytes) {
                        Some(text) => status::one_line(&text),
                        None => {
                            format!("{length} bytes that are no message: {}", hex(bytes))
                        }
                    },
                };
                if self.hex {
                    let [a, b, c, d] = length.to_be_bytes();
                    let prefix = hex(&[u8::from(*compressed), a, b, c, d]);
                    text += &format!("  [{prefix} | {}]", hex(bytes));
                }
                Shown { frame: "DATA", text, end_stream: *end_stream }
            }
            What::Piece { length } => show("DATA", format!("a frame of {length} bytes")),
            What::End => Shown { frame: "DATA", text: String::new(), end_stream: true },
            What::Data { length, end_stream } => Shown {
                frame: "DATA",
                text: format!("{length} bytes"),
                end_stream: *end_stream,
            },
            What::Reset { error } => show("RST_STREAM", error.to_string()),
            What::GoAway { last_stream, error, .. } => {
                show("GOAWAY", format!("{error}, last stream {last_stream}"))
            }
            What::Preface => show("preface", "PRI * HTTP/2.0".into()),
            What::Settings { ack: true, .. } => show("SETTINGS", "ACK".into()),
            What::Settings { values, .. } => {
                let values: Vec<String> = values
                    .iter()
                    .map(|(name, value)| format!("{name} {value}"))
                    .collect();
                show("SETTINGS", values.join(", "))
            }
            What::Ping { ack } => show("PING", if *ack { "ACK" } else { "" }.into()),
            What::WindowUpdate { increment } => {
                show("WINDOW_UPDATE", format!("{increment} bytes more"))
            }
            What::Other { name } => show(name, String::new()),
            What::Unread { why } => show("not read", format!("from here on: {why}")),
        })
    }

    /// `POST /path`, or a status by its name, and the other headers.
    fn headers(&self, fields: &[(String, String)]) -> String {
        let get = |name: &str| {
            fields
                .iter()
                .find(|field| field.0 == name)
                .map(|f| f.1.as_str())
        };
        let mut text = match (get(":method"), get(":path"), get(":status")) {
            (Some(method), Some(path), _) => vec![format!("{method} {path}")],
            (_, _, Some(status)) => vec![format!(":status {status}")],
            _ => Vec::new(),
        };
        for (name, value) in fields {
            match name.as_str() {
                ":method" | ":path" | ":status" => {}
                // What is the same in all calls, or another one each time, says nothing of this.
                ":scheme" | ":authority" | "user-agent" | "date" if !self.frames => {}
                "grpc-status" => {
                    let code =
                        value.parse().map(|n: i32| status::code_name(Code::from(n)));
                    text.push(format!("grpc-status {value} {}", code.unwrap_or("?")));
                }
                _ => text.push(format!("{name} {value}")),
            }
        }
        status::one_line(&text.join(", "))
    }
}

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
