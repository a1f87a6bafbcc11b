//! Follows a connection: from the bytes in both directions to headers, messages and
//! statuses.
//!
//! What it stores is bounded, whatever arrives: see the constants. When it cannot read
//! something, it says so once and decodes no more of that direction. The headers of
//! HTTP/2 are compressed against those before them, so after a gap nothing is certain.

use std::collections::HashMap;
use std::mem;

use loona_hpack::Decoder;

use super::grpc_message::{PartialMessage, split_at_most};
use crate::http2::frames::{
    ErrorCode, Frame, FrameError, Header, PREFACE, Setting, frame_type,
};

/// The longest payload of a frame that is read, in bytes: a longer one is only counted.
/// HTTP/2 allows 16 KiB unless a receiver asks for more.
pub const MAX_FRAME: usize = 64 * 1024;
/// How many bytes are stored of a header block, and of a message.
pub const MAX_KEPT: usize = 64 * 1024;
/// How many streams of a direction are followed at a time.
pub const MAX_STREAMS: usize = 1024;

/// One of the two sides of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Client,
    Server,
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
        /// Names and values, decompressed, in the order in which they were sent.
        fields: Vec<(String, String)>,
        /// The sender sends nothing more on this stream.
        end_stream: bool,
    },
    /// A DATA frame. The messages that it completes come next.
    DataFrame {
        /// What it takes of the windows, in bytes: its payload, padding included.
        length: u32,
    },
    /// A gRPC message, put together from all its DATA frames.
    Message {
        /// The flag in its prefix.
        compressed: bool,
        /// The length in its prefix, in bytes.
        length: u32,
        /// Its first bytes, at most [`MAX_KEPT`].
        bytes: Vec<u8>,
        /// The frame that completes it ends the stream.
        end_stream: bool,
    },
    /// The end of the stream, on a DATA frame that completes no message.
    End,
    /// DATA that is not taken apart into messages: its frame is too long, or there are
    /// too many streams.
    Data {
        /// How long its payload is, in bytes.
        length: usize,
        /// The sender sends nothing more on this stream.
        end_stream: bool,
    },
    /// RST_STREAM: ends the stream at once.
    Reset {
        /// Why.
        error: ErrorCode,
    },
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
    /// The client has ended its direction, or has announced that with GOAWAY.
    client_closed: bool,
}

impl Default for Trace {
    fn default() -> Trace {
        Trace {
            client: Direction::new(Side::Client),
            server: Direction::new(Side::Server),
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
        direction.push(bytes);
        let mut events = mem::take(&mut direction.events);
        for event in &mut events {
            if let EventKind::GoAway { after_client_closed, .. } = &mut event.kind {
                self.client_closed |= from == Side::Client;
                *after_client_closed = self.client_closed;
            }
        }
        // If the client does not speak HTTP/2, neither does the server.
        if self.client.not_http2 {
            self.server.state = State::Undecodable;
        }
        events
    }

    /// The direction has ended: no more bytes come from this side.
    pub fn end(&mut self, from: Side) {
        self.client_closed |= from == Side::Client;
    }
}

/// One of the two directions.
struct Direction {
    /// Who sends.
    from: Side,
    /// What the next byte belongs to.
    state: State,
    /// What has come of the preface, or of the current frame with its header. Never more
    /// than [`MAX_FRAME`] and a header.
    buffer: Vec<u8>,
    /// HPACK's table. It has to see every header block of the direction, in order.
    hpack: Decoder<'static>,
    /// Headers that go on in CONTINUATION.
    block: Option<HeaderBlock>,
    /// The message that each open stream is in the middle of, for at most
    /// [`MAX_STREAMS`].
    messages: HashMap<u32, PartialMessage>,
    /// The direction did not begin as HTTP/2 does.
    not_http2: bool,
    /// What the bytes since the last [`Trace::push`] have completed.
    events: Vec<Event>,
}

/// What a direction is in the middle of.
enum State {
    /// A client's first bytes.
    Preface,
    /// A frame's header, or its payload.
    Frames,
    /// The payload of a frame that is too long: so many of its bytes are still to come.
    Skipping(usize),
    /// Something could not be read: the rest is ignored.
    Undecodable,
}

/// The headers of a stream, as far as they have come.
struct HeaderBlock {
    /// The stream that they belong to.
    stream: u32,
    /// The flag END_STREAM of the HEADERS frame with which they begin.
    end_stream: bool,
    /// Compressed; at most [`MAX_KEPT`] and one frame.
    bytes: Vec<u8>,
}

impl Direction {
    fn new(from: Side) -> Direction {
        let state = match from {
            Side::Client => State::Preface,
            Side::Server => State::Frames,
        };
        Direction {
            from,
            state,
            buffer: Vec::new(),
            hpack: Decoder::new(),
            block: None,
            messages: HashMap::new(),
            not_http2: false,
            events: Vec::new(),
        }
    }

    fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Preface => self.push_preface(bytes),
                State::Frames => self.push_frame(bytes),
                State::Skipping(remaining) => self.skip(remaining, bytes),
                State::Undecodable => return,
            };
        }
    }

    /// Fills the buffer up to `size` bytes. Returns the rest.
    fn fill<'b>(&mut self, size: usize, bytes: &'b [u8]) -> &'b [u8] {
        let (now, rest) = split_at_most(bytes, size - self.buffer.len());
        self.buffer.extend(now);
        rest
    }

    /// Takes what belongs to the preface. Returns the rest.
    fn push_preface<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let rest = self.fill(PREFACE.len(), bytes);
        if !PREFACE.starts_with(&self.buffer) {
            self.not_http2 = true;
            self.give_up("this is not HTTP/2");
        } else if self.buffer.len() == PREFACE.len() {
            self.buffer.clear();
            self.state = State::Frames;
            self.emit(0, EventKind::Preface);
        }
        rest
    }

    /// Takes what belongs to the current frame. Returns the rest.
    fn push_frame<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let size = match self.buffered_header() {
            None => Header::SIZE,
            Some(header) => Header::SIZE + header.length as usize,
        };
        let rest = self.fill(size, bytes);
        // This may have completed the header, or a frame without a payload.
        let Some(header) = self.buffered_header() else {
            return rest;
        };
        let length = header.length as usize;
        if length > MAX_FRAME {
            self.pass_over(header);
        } else if self.buffer.len() == Header::SIZE + length {
            let mut buffer = mem::take(&mut self.buffer);
            self.read_frame(header, &buffer[Header::SIZE..]);
            // The buffer's memory serves the next frame.
            buffer.clear();
            self.buffer = buffer;
        }
        rest
    }

    /// The header of the current frame, once all of it has come.
    fn buffered_header(&self) -> Option<Header> {
        self.buffer.first_chunk().map(|bytes| Header::read(*bytes))
    }

    /// Begins to skip a frame that is too long.
    fn pass_over(&mut self, header: Header) {
        let length = header.length as usize;
        self.buffer.clear();
        // A DATA frame that is skipped costs one message. Any other frame may change what
        // the following ones mean.
        if header.kind == frame_type::DATA {
            self.messages.remove(&header.stream);
            let kind = EventKind::Data { length, end_stream: false };
            self.emit(header.stream, kind);
            self.state = State::Skipping(length);
        } else {
            self.give_up(&format!("a frame of {length} bytes"));
        }
    }

    /// Ignores what belongs to a frame that is skipped. Returns the rest.
    fn skip<'b>(&mut self, remaining: usize, bytes: &'b [u8]) -> &'b [u8] {
        let (now, rest) = split_at_most(bytes, remaining);
        self.state = if now.len() == remaining {
            State::Frames
        } else {
            State::Skipping(remaining - now.len())
        };
        rest
    }

    /// Reads a frame that has come in full.
    fn read_frame(&mut self, header: Header, payload: &[u8]) {
        let stream = header.stream;
        let frame = match Frame::read(header, payload) {
            Ok(frame) => frame,
            Err(FrameError { code, reason }) => {
                return self.give_up(&format!("{code}: {reason}"));
            }
        };
        let kind = match frame {
            Frame::Headers { end_stream, end_headers, block } => {
                let bytes = block.to_vec();
                let block = HeaderBlock { stream, end_stream, bytes };
                return self.read_headers(block, end_headers);
            }
            Frame::Continuation { end_headers, block } => {
                return self.continue_headers(stream, block, end_headers);
            }
            Frame::Data { end_stream, data } => {
                let kind = EventKind::DataFrame { length: header.length };
                self.emit(stream, kind);
                return self.read_data(stream, data, end_stream);
            }
            Frame::PushPromise { .. } => {
                return self.give_up("PUSH_PROMISE is not read");
            }
            Frame::RstStream { error } => {
                self.messages.remove(&stream);
                EventKind::Reset { error }
            }
            // `Trace::push` sets `after_client_closed`: it knows both directions.
            Frame::GoAway { last_stream, error, .. } => {
                EventKind::GoAway { last_stream, error, after_client_closed: false }
            }
            Frame::Settings { ack, values } => EventKind::Settings { ack, values },
            Frame::Ping { ack, .. } => EventKind::Ping { ack },
            Frame::WindowUpdate { increment } => EventKind::WindowUpdate { increment },
            Frame::Priority { .. } => EventKind::Other { name: "PRIORITY" },
            Frame::Unknown { .. } => {
                EventKind::Other { name: "a frame of an unknown type" }
            }
        };
        self.emit(stream, kind);
    }

    /// Adds CONTINUATION to the headers that came before it.
    fn continue_headers(&mut self, stream: u32, more: &[u8], end_headers: bool) {
        match self.block.take() {
            Some(mut block)
                if block.stream == stream && block.bytes.len() <= MAX_KEPT =>
            {
                block.bytes.extend(more);
                self.read_headers(block, end_headers);
            }
            _ => self.give_up("CONTINUATION of nothing"),
        }
    }

    /// Decodes a header block if it is complete, else keeps it for CONTINUATION.
    fn read_headers(&mut self, block: HeaderBlock, end_headers: bool) {
        if !end_headers {
            self.block = Some(block);
            return;
        }
        let Ok(decoded) = self.hpack.decode(&block.bytes) else {
            return self.give_up("headers that cannot be decompressed");
        };
        let mut fields = Vec::new();
        for (name, value) in decoded {
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            fields.push((text(name), text(value)));
        }
        let HeaderBlock { stream, end_stream, .. } = block;
        if end_stream {
            self.messages.remove(&stream);
        }
        self.emit(stream, EventKind::Headers { fields, end_stream });
    }

    /// Takes DATA apart into messages. The last one may go on in the next frame.
    fn read_data(&mut self, stream: u32, data: &[u8], end_stream: bool) {
        if self.messages.len() >= MAX_STREAMS && !self.messages.contains_key(&stream) {
            let kind = EventKind::Data { length: data.len(), end_stream };
            return self.emit(stream, kind);
        }
        let mut message = self.messages.remove(&stream).unwrap_or_default();
        let mut rest = data;
        let mut end_is_shown = false;
        while !rest.is_empty() {
            rest = message.push(rest);
            if let Some((compressed, length)) = message.complete() {
                let end_stream = end_stream && rest.is_empty();
                end_is_shown = end_stream;
                let bytes = mem::take(&mut message).bytes;
                let kind = EventKind::Message { compressed, length, bytes, end_stream };
                self.emit(stream, kind);
            }
        }
        if !end_stream {
            self.messages.insert(stream, message);
        } else if !end_is_shown {
            self.emit(stream, EventKind::End);
        }
    }

    /// Decodes no more of this direction, and says why.
    fn give_up(&mut self, why: &str) {
        self.state = State::Undecodable;
        self.buffer = Vec::new();
        self.messages = HashMap::new();
        self.block = None;
        self.emit(0, EventKind::Undecodable { why: why.into() });
    }

    fn emit(&mut self, stream: u32, kind: EventKind) {
        self.events.push(Event { from: self.from, stream, kind });
    }
}
