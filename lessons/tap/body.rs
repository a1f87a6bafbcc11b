//! The body of a request or a response: which format it has, the messages in it, and what
//! makes no message.

use std::fmt;
use std::mem;
use std::sync::Arc;

use super::grpc_message::PartialMessage;
use super::grpc_web::{self, Base64};
use super::header_block::field;
use super::trace::EventKind;
use super::unpack::{Unpacked, unpack};

/// How many bytes are kept of what makes no message.
const MAX_PIECE: usize = 1024;
/// How many bytes are kept of a header that says how to read the body.
const MAX_HEADER: usize = 100;

/// What bytes in DATA are that make no gRPC message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotMessage {
    /// The headers name a content-type that is not gRPC's.
    OfType(String),
    /// The first of them is no flag of a message, whatever the headers say.
    NotGrpc,
    /// The body ended, or the stream was reset, inside the prefix of a message.
    CutPrefix,
    /// The body ended, or the stream was reset, inside a message of this length.
    CutMessage(u32),
    /// The stream is over, or was never opened, or was forgotten.
    NotFollowed,
}

impl fmt::Display for NotMessage {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            NotMessage::OfType(content_type) => write!(f, "of {content_type}"),
            NotMessage::NotGrpc => f.write_str("that are no gRPC message"),
            NotMessage::CutPrefix => {
                f.write_str("of a message's 5-byte prefix, incomplete")
            }
            NotMessage::CutMessage(length) => {
                write!(f, "of a message of {length} bytes, incomplete")
            }
            NotMessage::NotFollowed => f.write_str("of a stream that is not followed"),
        }
    }
}

/// What a frame has that makes no message.
#[derive(Debug, Default)]
pub struct Piece {
    /// The first bytes, at most [`MAX_PIECE`].
    bytes: Vec<u8>,
    /// How many they are together.
    length: usize,
}

impl Piece {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        let room = MAX_PIECE - self.bytes.len();
        self.bytes.extend(bytes.iter().take(room));
    }

    /// The event for the bytes since the last time, if there are any.
    pub fn take(&mut self, what: NotMessage) -> Option<EventKind> {
        let Piece { bytes, length } = mem::take(self);
        let is_there = length > 0;
        is_there.then_some(EventKind::Data { what, length, bytes, end_stream: false })
    }
}

/// How a body is to be read.
#[derive(Debug, Default)]
enum Format {
    /// gRPC, or gRPC-web, or not known: a prefix before each message.
    #[default]
    Messages,
    /// The same in base64, as gRPC-web allows.
    Text(Base64),
    /// Something else, with this content-type.
    Other(String),
    /// It should have had messages, and has none, or no more.
    NotGrpc,
}

impl Format {
    fn of(content_type: Option<&str>) -> Format {
        let Some(content_type) = content_type else {
            return Format::Messages;
        };
        let shown: String = content_type.chars().take(MAX_HEADER).collect();
        let name = content_type.split(';').next().unwrap_or_default();
        let name = name.trim().to_lowercase();
        match name.strip_prefix("application/grpc") {
            Some(rest) if rest.starts_with("-web-text") => {
                Format::Text(Base64::default())
            }
            Some(rest) if rest.is_empty() || rest.starts_with(['+', '-']) => {
                Format::Messages
            }
            _ => Format::Other(shown),
        }
    }
}

/// One direction of a call, behind its headers.
#[derive(Debug, Default)]
pub struct Body {
    format: Format,
    /// The header `grpc-encoding`: how messages are compressed.
    encoding: Option<String>,
    /// The message that the body is in the middle of.
    message: PartialMessage,
    /// That this message is incomplete has been said.
    cut_is_shown: bool,
    /// What the current frame has that makes no message.
    piece: Piece,
    /// The current frame's END_STREAM has been shown with a message.
    end_is_shown: bool,
}

/// What a body needs to know from outside of it.
pub struct Context<'a> {
    /// The path of the call.
    pub path: &'a Option<Arc<str>>,
    /// How many bytes may be kept of the message.
    pub room: usize,
    /// These bytes are the last of the stream.
    pub is_last: bool,
}

impl Body {
    /// Takes the headers before the body. Trailers, and informational headers such as 103,
    /// say nothing about it.
    pub fn headers(&mut self, fields: &[(String, String)]) {
        let status = field(fields, ":status");
        let begins = field(fields, ":method").or(status).is_some();
        if !begins || status.is_some_and(|status| status.starts_with('1')) {
            return;
        }
        self.format = Format::of(field(fields, "content-type"));
        let encoding = field(fields, "grpc-encoding");
        self.encoding = encoding.map(|name| name.chars().take(MAX_HEADER).collect());
    }

    /// How many bytes it keeps.
    pub fn kept(&self) -> usize {
        self.message.bytes.len()
    }

    /// Takes a piece of a DATA frame.
    pub fn push(&mut self, data: &[u8], context: &Context, events: &mut Vec<EventKind>) {
        match &mut self.format {
            Format::Messages => self.push_messages(data, context, events),
            Format::Text(base64) => {
                let mut decoded = Vec::new();
                let mut is_base64 = |byte: &u8| base64.push(*byte, &mut decoded).is_ok();
                let rest = match data.iter().position(|byte| !is_base64(byte)) {
                    Some(wrong) => &data[wrong..],
                    None => &[],
                };
                self.push_messages(&decoded, context, events);
                if !rest.is_empty() {
                    self.give_up(rest);
                }
            }
            Format::Other(_) | Format::NotGrpc => self.piece.push(data),
        }
    }

    /// The body should go on with a message, and does not.
    fn give_up(&mut self, bytes: &[u8]) {
        self.format = Format::NotGrpc;
        self.piece.push(bytes);
    }

    /// Takes messages apart. The last one may go on in the next piece.
    fn push_messages(
        &mut self,
        data: &[u8],
        context: &Context,
        events: &mut Vec<EventKind>,
    ) {
        let mut rest = data;
        while let Some(first) = rest.first() {
            let is_flag = matches!(first, 0 | 1 | 0x80 | 0x81);
            if self.message.prefix().is_empty() && !is_flag {
                return self.give_up(rest);
            }
            rest = self.message.push(rest, context.room);
            self.cut_is_shown = false;
            if let Some((flag, length)) = self.message.complete() {
                let bytes = mem::take(&mut self.message).bytes;
                let end_stream = context.is_last && rest.is_empty();
                self.end_is_shown = end_stream;
                let path = context.path.clone();
                events.push(self.complete(flag, length, bytes, path, end_stream));
            }
        }
    }

    /// The event for a message, or for gRPC-web's trailers, of which all has come.
    fn complete(
        &self,
        flag: u8,
        length: u32,
        bytes: Vec<u8>,
        path: Option<Arc<str>>,
        end_stream: bool,
    ) -> EventKind {
        let compressed = flag & 1 == 1;
        let encoding = self.encoding.as_deref();
        let unpacked = compressed.then(|| unpack(encoding, &bytes, length as usize));
        if flag & 0x80 == 0 {
            return EventKind::Message {
                path,
                compressed,
                length,
                bytes,
                unpacked,
                end_stream,
            };
        }
        let block = match &unpacked {
            None if bytes.len() == length as usize => Some(&bytes),
            Some(Unpacked::Message { bytes, .. }) => Some(bytes),
            _ => None,
        };
        match block.and_then(|block| grpc_web::trailers(block)) {
            Some(fields) => EventKind::WebTrailers { fields, end_stream },
            None => not_trailers(flag, length, &bytes, length as usize, end_stream),
        }
    }

    /// The current frame has ended, and with it the body if it has END_STREAM.
    pub fn frame_ended(
        &mut self,
        end_stream: bool,
        context: &Context,
        events: &mut Vec<EventKind>,
    ) {
        let what = match &self.format {
            Format::Other(content_type) => NotMessage::OfType(content_type.clone()),
            _ => NotMessage::NotGrpc,
        };
        let mut parts = Vec::new();
        if end_stream {
            self.ended(context, &mut parts);
        }
        parts.extend(self.piece.take(what));
        let end_is_shown = mem::take(&mut self.end_is_shown);
        if end_stream && !end_is_shown {
            match parts.last_mut() {
                Some(EventKind::Data { end_stream, .. }) => *end_stream = true,
                _ => parts.push(EventKind::End),
            }
        }
        events.extend(parts);
    }

    /// The body has ended: what is incomplete now stays so.
    pub fn ended(&mut self, context: &Context, events: &mut Vec<EventKind>) {
        if let Format::Text(base64) = &mut self.format {
            let mut decoded = Vec::new();
            // A digit too many stands for less than a byte.
            let _ = base64.finish(&mut decoded);
            self.push_messages(&decoded, context, events);
        }
        events.extend(self.cut());
    }

    /// The event that says that a message is incomplete, if one is and that was not said.
    pub fn cut(&mut self) -> Option<EventKind> {
        let message = &self.message;
        if message.prefix().is_empty() || mem::replace(&mut self.cut_is_shown, true) {
            return None;
        }
        let (what, length, bytes) = match message.flag_and_length() {
            None => {
                let prefix = message.prefix();
                (NotMessage::CutPrefix, prefix.len(), prefix)
            }
            Some((flag @ 0x80.., length)) => {
                let received = message.received();
                return Some(not_trailers(flag, length, &message.bytes, received, false));
            }
            Some((_, length)) => {
                (NotMessage::CutMessage(length), message.received(), &message.bytes[..])
            }
        };
        let bytes = bytes.iter().take(MAX_PIECE).copied().collect();
        Some(EventKind::Data { what, length, bytes, end_stream: false })
    }
}

/// The event for what looked like gRPC-web's trailers, and is not, or not all of them.
fn not_trailers(
    flag: u8,
    length: u32,
    bytes: &[u8],
    received: usize,
    end_stream: bool,
) -> EventKind {
    let mut piece = Piece::default();
    piece.push(&[flag]);
    piece.push(&length.to_be_bytes());
    piece.push(bytes);
    let length = 5 + received;
    EventKind::Data { what: NotMessage::NotGrpc, length, bytes: piece.bytes, end_stream }
}
