//! Follows a connection: from the bytes in both directions to headers, messages and
//! statuses.
//!
//! What it stores is bounded, whatever arrives and for however long: see the constants.
//! What it stores of a call goes when the call is over. An error of one stream leaves the
//! others readable. After any other error it says once that it decodes no more of that
//! direction: the headers of HTTP/2 are compressed against those before them, so after a
//! gap nothing is certain.

use std::mem;
use std::sync::Arc;

use super::body::NotMessage;
use super::direction::Direction;
use super::streams::Streams;
use super::unpack::Unpacked;
use crate::http2::frames::{ErrorCode, Setting};

/// The longest payload that is read of a frame that has neither DATA nor headers, in
/// bytes: a longer one is only counted. DATA and headers are read as they come, in frames
/// of any length.
pub const MAX_FRAME: usize = 64 * 1024;
/// How many bytes are stored of a message, and of the headers of a call.
pub const MAX_KEPT: usize = 64 * 1024;
/// How many bytes of unfinished messages are stored for a connection, of all together.
pub const MAX_KEPT_TOGETHER: usize = 4 * 1024 * 1024;
/// How many open streams are followed at a time: of more, the oldest is forgotten.
pub const MAX_STREAMS: usize = 4096;

/// One of the two sides of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    /// The other side.
    pub(super) fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// Something that crossed the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who sent it.
    pub from: Side,
    /// The stream it belongs to; 0 is the connection.
    pub stream: u32,
    /// What it is.
    pub kind: EventKind,
}

/// What an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// The bytes with which a client begins (RFC 9113, 3.4).
    Preface,
    /// The headers of a request or a response, or its trailers, all of them together.
    Headers {
        /// Names and values, decompressed, in the order in which they were sent: those
        /// that fit into [`MAX_KEPT`] bytes together.
        fields: Vec<(String, String)>,
        /// The sender sends nothing more on this stream.
        end_stream: bool,
    },
    /// What was too large to be kept of the headers just before.
    TooLarge {
        /// How long those names and values are together, in bytes. One that is longer than any
        /// table counts as it was sent, which Huffman's code makes shorter.
        length: usize,
    },
    /// A DATA frame. The messages that it completes come next.
    DataFrame {
        /// What it takes of the windows, in bytes: its payload, padding included.
        length: u32,
    },
    /// A gRPC message, put together from all its DATA frames.
    Message {
        /// The path of its call, which says which type it has; `None` if the headers of
        /// the call were not seen, or the path is longer than any that is known.
        path: Option<Arc<str>>,
        /// The flag in its prefix.
        compressed: bool,
        /// The length in its prefix, in bytes.
        length: u32,
        /// Its first bytes as they crossed the connection, at most [`MAX_KEPT`].
        bytes: Vec<u8>,
        /// What a compressed message says; `None` if this one is not compressed.
        unpacked: Option<Unpacked>,
        /// The frame that completes it ends the stream.
        end_stream: bool,
    },
    /// gRPC-web sends its trailers in the body, behind the flag 0x80.
    WebTrailers {
        /// Names and values, in the order in which they were sent.
        fields: Vec<(String, String)>,
        /// The frame that completes them ends the stream.
        end_stream: bool,
    },
    /// The end of the stream, on a DATA frame that completes no message.
    End,
    /// Bytes in DATA that make no gRPC message.
    Data {
        /// What they are instead.
        what: NotMessage,
        /// How many they are.
        length: usize,
        /// The first of them.
        bytes: Vec<u8>,
        /// The sender sends nothing more on this stream.
        end_stream: bool,
    },
    /// A response that nobody asked for will come on the stream `promised`. gRPC has none.
    PushPromise {
        /// The stream on which it will come.
        promised: u32,
        /// The headers of the request that was not made.
        fields: Vec<(String, String)>,
    },
    /// RST_STREAM: ends the stream at once.
    Reset {
        /// Why.
        error: ErrorCode,
    },
    /// A frame breaks a rule, which concerns its stream only (RFC 9113, 5.4.2).
    StreamError {
        /// The error that the receiver has to report.
        error: ErrorCode,
        /// The rule, for a person.
        reason: &'static str,
    },
    /// More than [`MAX_STREAMS`] are open: the messages of this one, the oldest, are not
    /// read from here on.
    Forgotten,
    /// GOAWAY: no new streams.
    GoAway {
        /// The last stream of the other side that the sender serves, or may serve.
        last_stream: u32,
        /// Why.
        error: ErrorCode,
        /// The client has left or is leaving: the frame says nothing about the server.
        after_client_closed: bool,
    },
    /// SETTINGS: what the sender accepts on this connection.
    Settings {
        /// It acknowledges the other side's SETTINGS, and has no values.
        ack: bool,
        /// In the order in which they were sent.
        values: Vec<(Setting, u32)>,
    },
    /// PING: asks for an acknowledgement.
    Ping {
        /// It is the acknowledgement.
        ack: bool,
    },
    /// WINDOW_UPDATE: more bytes of DATA may be sent.
    WindowUpdate {
        /// How many more.
        increment: u32,
    },
    /// A frame of another type.
    Other {
        /// The name of its type.
        name: &'static str,
    },
    /// From here on the direction is not decoded.
    Undecodable {
        /// What could not be read.
        why: String,
    },
}

impl Event {
    /// Whether it is about the connection, and not about a call.
    pub fn is_housekeeping(&self) -> bool {
        match self.kind {
            EventKind::Preface
            | EventKind::DataFrame { .. }
            | EventKind::Settings { .. }
            | EventKind::Ping { .. }
            | EventKind::WindowUpdate { .. }
            | EventKind::Other { .. } => true,
            EventKind::GoAway { after_client_closed, .. } => after_client_closed,
            _ => false,
        }
    }
}

/// A connection that is followed, from its first byte.
pub struct Trace {
    /// What the client sends.
    client: Direction,
    /// What the server sends.
    server: Direction,
    /// The calls, which both sides take part in.
    streams: Streams,
    /// The client has ended its direction, or has announced that with GOAWAY.
    client_closed: bool,
}

impl Default for Trace {
    fn default() -> Trace {
        Trace {
            client: Direction::new(Side::Client),
            server: Direction::new(Side::Server),
            streams: Streams::default(),
            client_closed: false,
        }
    }
}

impl Trace {
    /// Takes the next bytes of a direction. Returns the events that they complete.
    pub fn push(&mut self, from: Side, bytes: &[u8]) -> Vec<Event> {
        let direction = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        direction.push(bytes, &mut self.streams);
        self.take_events(from)
    }

    /// The direction has ended: no more bytes come from this side. Returns the events that
    /// say what it left unfinished.
    pub fn end(&mut self, from: Side) -> Vec<Event> {
        let direction = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        direction.end(&mut self.streams);
        self.client_closed |= from == Side::Client;
        self.take_events(from)
    }

    /// How many streams are followed at the moment.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// How many bytes are stored at the moment, of frames, headers and messages.
    pub fn stored_bytes(&self) -> usize {
        self.client.stored_bytes()
            + self.server.stored_bytes()
            + self.streams.stored_bytes()
    }

    /// The events of a direction since the last time, once what they mean for the other
    /// direction is done.
    fn take_events(&mut self, from: Side) -> Vec<Event> {
        let mut events = mem::take(&mut self.streams.events);
        for event in &mut events {
            match &mut event.kind {
                EventKind::GoAway { after_client_closed, .. } => {
                    self.client_closed |= from == Side::Client;
                    *after_client_closed = self.client_closed;
                }
                EventKind::Settings { values, .. } => {
                    let receiver = match from {
                        Side::Client => &mut self.server,
                        Side::Server => &mut self.client,
                    };
                    receiver.apply_settings(values);
                }
                _ => {}
            }
        }
        // If the client does not speak HTTP/2, neither does the server.
        if self.client.is_not_http2() {
            self.server.ignore();
        }
        events
    }
}
