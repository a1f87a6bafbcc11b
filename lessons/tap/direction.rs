//! One direction of a connection: from bytes to frames, and to what the frames do to the
//! calls.
//!
//! A frame of HTTP/2 can have 16 MiB. So DATA and headers are passed on as they come, and
//! only the short beginning of a payload, which says what the rest is, is put together
//! first.

use std::mem;

use super::grpc_message::split_at_most;
use super::header_block::{Decoded, HeaderBlocks};
use super::not_http2::{Guess, guess, may_begin};
use super::streams::Streams;
use super::trace::{EventKind, MAX_FRAME, Side};
use crate::http2::frames::{
    Frame, FrameError, Header, PREFACE, Scope, Setting, flag, frame_type, protocol_error,
};

/// One of the two directions.
pub struct Direction {
    /// Who sends.
    from: Side,
    /// What the next byte belongs to.
    state: State,
    /// What has come of the preface, of a frame's header, or of the beginning of its
    /// payload. Never more than [`MAX_FRAME`].
    buffer: Vec<u8>,
    /// Decompresses headers.
    headers: HeaderBlocks,
    /// The headers that the direction is in the middle of.
    block: Option<Block>,
    /// The direction did not begin as HTTP/2 does.
    not_http2: bool,
}

/// What a direction is in the middle of.
#[derive(Clone, Copy)]
enum State {
    /// Its first bytes: a client's preface, or the header of a server's first frame.
    Start,
    /// A frame's header.
    Header,
    /// The beginning of a frame's payload, which has this size.
    Beginning(Header, usize),
    /// DATA, or a piece of headers.
    Content(Header, Rest),
    /// Something could not be read: the rest is ignored.
    Undecodable,
}

/// What is still to come of a frame's payload.
#[derive(Clone, Copy)]
struct Rest {
    /// Its content, in bytes.
    content: usize,
    /// The padding behind that, in bytes.
    padding: usize,
}

/// Headers, which may go on in CONTINUATION.
struct Block {
    /// The stream on which they are sent.
    stream: u32,
    /// The flag END_STREAM of the HEADERS frame with which they begin.
    end_stream: bool,
    /// Their stream, if they are those of a PUSH_PROMISE.
    promised: Option<u32>,
}

impl Direction {
    pub fn new(from: Side) -> Direction {
        Direction {
            from,
            state: State::Start,
            buffer: Vec::new(),
            headers: HeaderBlocks::new(),
            block: None,
            not_http2: false,
        }
    }

    /// Whether it did not begin as HTTP/2 does.
    pub fn is_not_http2(&self) -> bool {
        self.not_http2
    }

    /// Reads no more, and says nothing about it.
    pub fn ignore(&mut self) {
        self.state = State::Undecodable;
        self.buffer = Vec::new();
    }

    /// How many bytes are stored.
    pub fn stored_bytes(&self) -> usize {
        self.buffer.len() + self.headers.stored_bytes()
    }

    /// Takes the settings of the other side, the one that receives.
    pub fn apply_settings(&mut self, values: &[(Setting, u32)]) {
        for (setting, value) in values {
            if *setting == Setting::HEADER_TABLE_SIZE {
                self.headers.allow_table(*value as usize);
            }
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, mut bytes: &[u8], streams: &mut Streams) {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Start => self.push_start(bytes, streams),
                State::Header => self.push_header(bytes, streams),
                State::Beginning(header, size) => {
                    self.push_beginning(header, size, bytes, streams)
                }
                State::Content(header, rest) => {
                    self.push_content(header, rest, bytes, streams)
                }
                State::Undecodable => return,
            };
        }
    }

    /// No more bytes come.
    pub fn end(&mut self, streams: &mut Streams) {
        match self.state {
            State::Start if !self.buffer.is_empty() => {
                self.not_http2 = true;
                self.give_up("this is not HTTP/2", streams);
            }
            State::Header if !self.buffer.is_empty() => {
                self.give_up(
                    "the connection ended inside the header of a frame",
                    streams,
                );
            }
            State::Beginning(..) | State::Content(..) => {
                self.give_up("the connection ended inside a frame", streams);
            }
            State::Header if self.block.is_some() => {
                self.give_up("the connection ended inside headers", streams);
            }
            _ => streams.end_side(self.from),
        }
    }

    /// Fills the buffer up to `size` bytes. Returns the rest.
    fn fill<'b>(&mut self, size: usize, bytes: &'b [u8]) -> &'b [u8] {
        let (now, rest) = split_at_most(bytes, size - self.buffer.len());
        self.buffer.extend(now);
        rest
    }

    /// Takes the next byte of those that show whether this is HTTP/2. Returns the rest.
    fn push_start<'b>(&mut self, bytes: &'b [u8], streams: &mut Streams) -> &'b [u8] {
        let rest = self.fill(self.buffer.len() + 1, bytes);
        if self.from == Side::Client && PREFACE.starts_with(&self.buffer) {
            if self.buffer.len() == PREFACE.len() {
                self.buffer.clear();
                self.state = State::Header;
                streams.emit(self.from, 0, EventKind::Preface);
            }
            return rest;
        }
        match guess(self.from, &self.buffer) {
            Guess::LooksLike(name) => {
                self.not_http2 = true;
                let why = format!("this is not HTTP/2: it looks like {name}");
                self.give_up(&why, streams);
            }
            Guess::NotYet if self.buffer.len() < Header::SIZE => {}
            Guess::Unknown if self.from == Side::Server => self.begin_server(streams),
            Guess::NotYet if self.from == Side::Server => self.begin_server(streams),
            Guess::NotYet => {}
            Guess::Unknown => {
                self.not_http2 = true;
                self.give_up("this is not HTTP/2", streams);
            }
        }
        rest
    }

    /// Judges a server by the header of its first frame, once that has come.
    fn begin_server(&mut self, streams: &mut Streams) {
        let Some(header) = self.buffer.first_chunk() else {
            return;
        };
        let header = Header::read(*header);
        if may_begin(header) {
            self.begin_frame(header, streams);
        } else {
            self.not_http2 = true;
            self.give_up("this is not HTTP/2: it does not begin with SETTINGS", streams);
        }
    }

    /// Takes what belongs to the header of a frame. Returns the rest.
    fn push_header<'b>(&mut self, bytes: &'b [u8], streams: &mut Streams) -> &'b [u8] {
        let rest = self.fill(Header::SIZE, bytes);
        if let Some(header) = self.buffer.first_chunk() {
            self.begin_frame(Header::read(*header), streams);
        }
        rest
    }

    /// Begins a frame whose header has come.
    fn begin_frame(&mut self, header: Header, streams: &mut Streams) {
        self.buffer.clear();
        let is_continuation = header.kind == frame_type::CONTINUATION;
        match &self.block {
            Some(block) if !is_continuation || block.stream != header.stream => {
                let why = "PROTOCOL_ERROR: another frame in the middle of headers";
                return self.give_up(why, streams);
            }
            None if is_continuation => {
                let why = "PROTOCOL_ERROR: CONTINUATION without headers before it";
                return self.give_up(why, streams);
            }
            _ => {}
        }
        if header.kind == frame_type::DATA && header.stream != 0 {
            let kind = EventKind::DataFrame { length: header.length };
            streams.emit(self.from, header.stream, kind);
        }
        let size = size_of_beginning(header).min(header.length as usize);
        self.state = State::Beginning(header, size);
        if size == 0 {
            self.read_beginning(header, streams);
        }
    }

    /// Takes what belongs to the beginning of a payload. Returns the rest.
    fn push_beginning<'b>(
        &mut self,
        header: Header,
        size: usize,
        bytes: &'b [u8],
        streams: &mut Streams,
    ) -> &'b [u8] {
        let rest = self.fill(size, bytes);
        if self.buffer.len() == size {
            self.read_beginning(header, streams);
        }
        rest
    }

    /// Reads the beginning of a payload, which has come in full.
    fn read_beginning(&mut self, header: Header, streams: &mut Streams) {
        let buffer = mem::take(&mut self.buffer);
        let after = header.length as usize - buffer.len();
        let read = match header.kind {
            frame_type::DATA
            | frame_type::HEADERS
            | frame_type::PUSH_PROMISE
            | frame_type::CONTINUATION => self.begin_content(header, &buffer, after),
            // More than is read: so long, a frame of another known type breaks its rule.
            frame_type::SETTINGS if after > 0 => {
                let kind = EventKind::Other { name: "a frame that is too long" };
                streams.emit(self.from, header.stream, kind);
                Ok(0)
            }
            _ => self.read_frame(header, &buffer, streams),
        };
        // The buffer's memory serves the next frame.
        self.buffer = buffer;
        self.buffer.clear();
        let padding = match read {
            Ok(padding) => padding,
            Err(FrameError { code, reason, scope: Scope::Stream }) => {
                let kind = EventKind::StreamError { error: code, reason };
                streams.emit(self.from, header.stream, kind);
                0
            }
            Err(FrameError { code, reason, scope: Scope::Connection }) => {
                return self.give_up(&format!("{code}: {reason}"), streams);
            }
        };
        let rest = Rest { content: after - padding, padding };
        self.state = State::Content(header, rest);
        if after == 0 {
            self.end_frame(header, streams);
        }
    }

    /// Begins DATA or headers, of which `after` bytes follow the `beginning`. Returns how
    /// many of these are padding.
    fn begin_content(
        &mut self,
        header: Header,
        beginning: &[u8],
        after: usize,
    ) -> Result<usize, FrameError> {
        if header.stream == 0 || beginning.len() < size_of_beginning(header) {
            // It has no content: this only says which rule it breaks.
            Frame::read(header, beginning)?;
        }
        if header.kind == frame_type::PUSH_PROMISE && self.from == Side::Client {
            return Err(protocol_error("PUSH_PROMISE from a client"));
        }
        let padding = match beginning.first() {
            Some(size) if is_padded(header) => usize::from(*size),
            _ => 0,
        };
        if padding > after {
            return Err(protocol_error("more padding than there are bytes"));
        }
        let promised = match beginning.last_chunk() {
            Some(promised) if header.kind == frame_type::PUSH_PROMISE => {
                // The highest bit is reserved.
                Some(u32::from_be_bytes(*promised) & 0x7fff_ffff)
            }
            _ => None,
        };
        if matches!(header.kind, frame_type::HEADERS | frame_type::PUSH_PROMISE) {
            let end_stream =
                header.kind == frame_type::HEADERS && header.has(flag::END_STREAM);
            self.block = Some(Block { stream: header.stream, end_stream, promised });
        }
        Ok(padding)
    }

    /// Takes what belongs to the content of a frame and to its padding. Returns the rest.
    fn push_content<'b>(
        &mut self,
        header: Header,
        rest: Rest,
        bytes: &'b [u8],
        streams: &mut Streams,
    ) -> &'b [u8] {
        let (now, after) = split_at_most(bytes, rest.content);
        let content = rest.content - now.len();
        let (passed, after) =
            split_at_most(after, if content == 0 { rest.padding } else { 0 });
        let padding = rest.padding - passed.len();
        self.state = State::Content(header, Rest { content, padding });
        match header.kind {
            frame_type::DATA => {
                let is_last = content == 0 && header.has(flag::END_STREAM);
                if !now.is_empty() {
                    streams.data(self.from, header.stream, now, is_last);
                }
            }
            frame_type::HEADERS | frame_type::PUSH_PROMISE | frame_type::CONTINUATION => {
                if let Err(reason) = self.headers.push(now) {
                    self.give_up(&format!("COMPRESSION_ERROR: {reason}"), streams);
                    return &[];
                }
            }
            _ => {}
        }
        if content + padding == 0 {
            self.end_frame(header, streams);
        }
        after
    }

    /// All of a frame has come.
    fn end_frame(&mut self, header: Header, streams: &mut Streams) {
        self.state = State::Header;
        match header.kind {
            frame_type::DATA => {
                let end_stream = header.has(flag::END_STREAM);
                streams.data_ended(self.from, header.stream, end_stream);
            }
            frame_type::HEADERS | frame_type::PUSH_PROMISE | frame_type::CONTINUATION
                if header.has(flag::END_HEADERS) =>
            {
                self.end_block(streams);
            }
            _ => {}
        }
    }

    /// All headers of a block have come.
    fn end_block(&mut self, streams: &mut Streams) {
        let decoded = match self.headers.finish() {
            Ok(decoded) => decoded,
            Err(reason) => {
                return self.give_up(&format!("COMPRESSION_ERROR: {reason}"), streams);
            }
        };
        let Some(Block { stream, end_stream, promised }) = self.block.take() else {
            return;
        };
        let Decoded { fields, too_large, .. } = decoded;
        match promised {
            Some(promised) => streams.push_promise(self.from, stream, promised, fields),
            None => streams.headers(self.from, stream, fields, too_large, end_stream),
        }
    }

    /// Reads a frame that has neither DATA nor headers. It has no padding: returns 0.
    fn read_frame(
        &mut self,
        header: Header,
        payload: &[u8],
        streams: &mut Streams,
    ) -> Result<usize, FrameError> {
        let kind = match Frame::read(header, payload)? {
            Frame::RstStream { error } => {
                streams.reset(self.from, header.stream, error);
                return Ok(0);
            }
            // `Trace` sets `after_client_closed`: it knows both directions.
            Frame::GoAway { last_stream, error, .. } => {
                if self.from == Side::Server {
                    streams.refuse_above(last_stream);
                }
                EventKind::GoAway { last_stream, error, after_client_closed: false }
            }
            Frame::Settings { ack, values } => EventKind::Settings { ack, values },
            Frame::Ping { ack, .. } => EventKind::Ping { ack },
            Frame::WindowUpdate { increment } => EventKind::WindowUpdate { increment },
            Frame::Priority { .. } => EventKind::Other { name: "PRIORITY" },
            _ => EventKind::Other { name: "a frame of an unknown type" },
        };
        streams.emit(self.from, header.stream, kind);
        Ok(0)
    }

    /// Decodes no more of this direction, and says why.
    fn give_up(&mut self, why: &str, streams: &mut Streams) {
        self.ignore();
        self.block = None;
        self.headers = HeaderBlocks::new();
        streams.end_side(self.from);
        streams.emit(self.from, 0, EventKind::Undecodable { why: why.into() });
    }
}

/// How many bytes at the beginning of a payload say what the rest is. It may be shorter.
fn size_of_beginning(header: Header) -> usize {
    let padding = usize::from(is_padded(header));
    match header.kind {
        frame_type::DATA => padding,
        frame_type::HEADERS if header.has(flag::PRIORITY) => padding + 5,
        frame_type::HEADERS => padding,
        frame_type::PUSH_PROMISE => padding + 4,
        frame_type::CONTINUATION => 0,
        // Behind these, it has only words for a person.
        frame_type::GOAWAY => 8,
        // Of a type that is not known, and so is its payload.
        kind if kind > frame_type::CONTINUATION => 0,
        _ if header.length as usize > MAX_FRAME => 0,
        _ => header.length as usize,
    }
}

/// Whether the payload begins with the length of its padding.
fn is_padded(header: Header) -> bool {
    let has_padding = matches!(
        header.kind,
        frame_type::DATA | frame_type::HEADERS | frame_type::PUSH_PROMISE
    );
    has_padding && header.has(flag::PADDED)
}
