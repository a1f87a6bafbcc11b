//! Follows a connection: from the bytes in both directions to headers, messages and statuses.
//!
//! What it keeps is bounded, whatever arrives: see the constants. What it cannot read it says,
//! once, and reads no further in that direction: the headers of HTTP/2 are compressed against
//! those before, so after a gap nothing is certain.

use std::collections::HashMap;

use loona_hpack::Decoder;

use super::frames::{ErrorCode, Frame, Header, PREFACE, Setting};

/// A frame that is longer is counted, and not read. What HTTP/2 allows without being asked for
/// more is 16 KiB.
pub const MAX_FRAME: usize = 64 * 1024;
/// So much of a header block is put together, and of a message.
pub const MAX_KEPT: usize = 64 * 1024;
/// So many streams are followed at a time.
pub const MAX_STREAMS: usize = 1024;

/// Who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Client,
    Server,
}

/// Something that crossed the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub from: Side,
    /// 0 is the connection.
    pub stream: u32,
    pub what: What,
}

/// What it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// What a client says first.
    Preface,
    /// The headers of a request or an answer, or its trailers, all together.
    Headers {
        fields: Vec<(String, String)>,
        end_stream: bool,
    },
    /// A DATA frame, as long as it is: that much of the windows it takes. What it completes
    /// comes next.
    Piece {
        length: u32,
    },
    /// A gRPC message, put together from as many DATA frames as it took. `bytes` has at most
    /// [`MAX_KEPT`] of its `length`.
    Message {
        compressed: bool,
        length: u32,
        bytes: Vec<u8>,
        end_stream: bool,
    },
    /// The end of the stream on a DATA frame that ends no message.
    End,
    /// DATA that is no row of gRPC messages.
    Data {
        length: usize,
        end_stream: bool,
    },
    Reset {
        error: ErrorCode,
    },
    /// `farewell` if the client has left, or is leaving: then it is mere politeness.
    GoAway {
        last_stream: u32,
        error: ErrorCode,
        farewell: bool,
    },
    Settings {
        ack: bool,
        values: Vec<(Setting, u32)>,
    },
    Ping {
        ack: bool,
    },
    WindowUpdate {
        increment: u32,
    },
    /// A frame of another kind.
    Other {
        name: &'static str,
    },
    /// From here on the direction is not read: why.
    Unread {
        why: String,
    },
}

impl Event {
    /// Whether it is about the connection, and not about a call.
    pub fn is_housekeeping(&self) -> bool {
        match self.what {
            What::Preface
            | What::Piece { .. }
            | What::Settings { .. }
            | What::Ping { .. }
            | What::WindowUpdate { .. }
            | What::Other { .. } => true,
            What::GoAway { farewell, .. } => farewell,
            _ => false,
        }
    }
}

/// A connection that is followed.
pub struct Trace {
    client: Direction,
    server: Direction,
    client_left: bool,
}

impl Default for Trace {
    fn default() -> Trace {
        Trace {
            client: Direction::new(Side::Client),
            server: Direction::new(Side::Server),
            client_left: false,
        }
    }
}

impl Trace {
    /// Takes the next bytes of a direction, and hands what they complete to `seen`.
    pub fn push(&mut self, from: Side, bytes: &[u8], seen: &mut impl FnMut(Event)) {
        let direction = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        let client_left = &mut self.client_left;
        direction.push(bytes, &mut |mut event| {
            if let What::GoAway { farewell, .. } = &mut event.what {
                *client_left |= from == Side::Client;
                *farewell = *client_left;
            }
            seen(event);
        });
        // If the client does not speak HTTP/2, what the server says is none either.
        if self.client.is_foreign {
            self.server.state = State::Unread;
        }
    }

    /// No more bytes come from there.
    pub fn end(&mut self, from: Side) {
        self.client_left |= from == Side::Client;
    }
}

/// One of the two directions.
struct Direction {
    from: Side,
    state: State,
    /// A frame that has not come as a whole yet.
    buffer: Vec<u8>,
    headers: Decoder<'static>,
    /// HEADERS that go on in CONTINUATION: the stream, whether it ends, the pieces.
    block: Option<(u32, bool, Vec<u8>)>,
    messages: HashMap<u32, Partial>,
    /// It did not begin as HTTP/2 does.
    is_foreign: bool,
}

enum State {
    Preface,
    Frames,
    /// So many bytes of a frame are still to be passed over.
    Skipping(usize),
    Unread,
}

/// A message that has not come as a whole yet.
#[derive(Default)]
struct Partial {
    prefix: Vec<u8>,
    bytes: Vec<u8>,
    left: usize,
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
            headers: Decoder::new(),
            block: None,
            messages: HashMap::new(),
            is_foreign: false,
        }
    }

    fn push(&mut self, mut bytes: &[u8], seen: &mut impl FnMut(Event)) {
        while !bytes.is_empty() {
            match self.state {
                State::Unread => return,
                State::Skipping(left) => {
                    let now = left.min(bytes.len());
                    bytes = &bytes[now..];
                    self.state = if left == now {
                        State::Frames
                    } else {
                        State::Skipping(left - now)
                    };
                }
                State::Preface => {
                    let missing = PREFACE.len() - self.buffer.len();
                    let (now, rest) = bytes.split_at(missing.min(bytes.len()));
                    self.buffer.extend(now);
                    bytes = rest;
                    if !PREFACE.starts_with(&self.buffer) {
                        self.is_foreign = true;
                        self.give_up("this is not HTTP/2", seen);
                    } else if self.buffer.len() == PREFACE.len() {
                        self.buffer.clear();
                        self.state = State::Frames;
                        self.see(0, What::Preface, seen);
                    }
                }
                State::Frames => bytes = self.frame(bytes, seen),
            }
        }
    }

    /// Takes what belongs to the current frame. Returns the rest.
    fn frame<'b>(&mut self, bytes: &'b [u8], seen: &mut impl FnMut(Event)) -> &'b [u8] {
        let header = |buffer: &[u8]| buffer.first_chunk().map(|nine| Header::read(*nine));
        let needs = match header(&self.buffer) {
            None => Header::SIZE,
            Some(header) => Header::SIZE + header.length as usize,
        };
        let missing = needs - self.buffer.len();
        let (now, rest) = bytes.split_at(missing.min(bytes.len()));
        self.buffer.extend(now);
        let Some(header) = header(&self.buffer) else {
            return rest;
        };
        let length = header.length as usize;
        if length > MAX_FRAME {
            self.buffer.clear();
            let why = format!("a frame of {length} bytes");
            // Nobody knows what was in it: of DATA that is a message lost, else more.
            match header.kind {
                0 => {
                    self.messages.remove(&header.stream);
                    self.see(
                        header.stream,
                        What::Data { length, end_stream: false },
                        seen,
                    );
                    self.state = State::Skipping(length);
                }
                _ => self.give_up(&why, seen),
            }
        } else if self.buffer.len() == Header::SIZE + length {
            let buffer = std::mem::take(&mut self.buffer);
            self.whole(header, &buffer[Header::SIZE..], seen);
            // The buffer's memory serves the next frame.
            self.buffer = buffer;
            self.buffer.clear();
        }
        rest
    }

    fn whole(&mut self, header: Header, payload: &[u8], seen: &mut impl FnMut(Event)) {
        let stream = header.stream;
        let frame = match Frame::read(header, payload) {
            Ok(frame) => frame,
            Err(error) => {
                return self.give_up(&format!("{}: {}", error.error, error.why), seen);
            }
        };
        match frame {
            Frame::Headers { end_stream, end_headers, block } => {
                self.block = Some((stream, end_stream, block.to_vec()));
                self.headers(end_headers, seen);
            }
            Frame::Continuation { end_headers, block } => {
                match &mut self.block {
                    Some((open, _, start))
                        if *open == stream && start.len() <= MAX_KEPT =>
                    {
                        start.extend(block);
                    }
                    _ => return self.give_up("CONTINUATION of nothing", seen),
                }
                self.headers(end_headers, seen);
            }
            Frame::Data { end_stream, data } => {
                self.see(stream, What::Piece { length: header.length }, seen);
                self.data(stream, data, end_stream, seen);
            }
            Frame::RstStream { error } => {
                self.messages.remove(&stream);
                self.see(stream, What::Reset { error }, seen);
            }
            Frame::GoAway { last_stream, error, .. } => {
                self.see(0, What::GoAway { last_stream, error, farewell: false }, seen);
            }
            Frame::Settings { ack, values } => {
                self.see(0, What::Settings { ack, values }, seen)
            }
            Frame::Ping { ack, .. } => self.see(0, What::Ping { ack }, seen),
            Frame::WindowUpdate { increment } => {
                self.see(stream, What::WindowUpdate { increment }, seen);
            }
            Frame::Priority { .. } => {
                self.see(stream, What::Other { name: "PRIORITY" }, seen)
            }
            Frame::PushPromise { .. } => self.give_up("PUSH_PROMISE is not read", seen),
            Frame::Unknown { .. } => {
                self.see(
                    stream,
                    What::Other { name: "a frame of an unknown type" },
                    seen,
                );
            }
        }
    }

    /// Decodes the header block, if it is whole.
    fn headers(&mut self, whole: bool, seen: &mut impl FnMut(Event)) {
        if !whole {
            return;
        }
        let Some((stream, end_stream, block)) = self.block.take() else {
            return;
        };
        match self.headers.decode(&block) {
            Ok(fields) => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let fields = fields.iter().map(|(name, value)| (text(name), text(value)));
                let fields = fields.collect();
                if end_stream {
                    self.messages.remove(&stream);
                }
                self.see(stream, What::Headers { fields, end_stream }, seen);
            }
            Err(_) => self.give_up("headers that cannot be decompressed", seen),
        }
    }

    /// Cuts DATA into messages: five bytes of prefix, and as many as the prefix says.
    fn data(
        &mut self,
        stream: u32,
        mut data: &[u8],
        end_stream: bool,
        seen: &mut impl FnMut(Event),
    ) {
        if self.messages.len() >= MAX_STREAMS && !self.messages.contains_key(&stream) {
            return self.see(stream, What::Data { length: data.len(), end_stream }, seen);
        }
        let mut partial = self.messages.remove(&stream).unwrap_or_default();
        let mut ended = false;
        while !data.is_empty() {
            if partial.prefix.len() < 5 {
                let (now, rest) =
                    data.split_at((5 - partial.prefix.len()).min(data.len()));
                partial.prefix.extend(now);
                data = rest;
                let &[_, a, b, c, d] = &partial.prefix[..] else {
                    break;
                };
                partial.left = u32::from_be_bytes([a, b, c, d]) as usize;
            }
            let (now, rest) = data.split_at(partial.left.min(data.len()));
            let room = MAX_KEPT - partial.bytes.len();
            partial.bytes.extend(&now[..now.len().min(room)]);
            partial.left -= now.len();
            data = rest;
            if partial.left == 0 {
                let Partial { prefix, bytes, .. } = std::mem::take(&mut partial);
                let &[flag, a, b, c, d] = &prefix[..] else {
                    break;
                };
                let (compressed, length) = (flag != 0, u32::from_be_bytes([a, b, c, d]));
                ended = end_stream && data.is_empty();
                let what = What::Message { compressed, length, bytes, end_stream: ended };
                self.see(stream, what, seen);
            }
        }
        if !end_stream {
            self.messages.insert(stream, partial);
        } else if !ended {
            self.see(stream, What::End, seen);
        }
    }

    fn give_up(&mut self, why: &str, seen: &mut impl FnMut(Event)) {
        self.state = State::Unread;
        self.buffer = Vec::new();
        self.messages = HashMap::new();
        self.block = None;
        self.see(0, What::Unread { why: why.into() }, seen);
    }

    fn see(&self, stream: u32, what: What, seen: &mut impl FnMut(Event)) {
        seen(Event { from: self.from, stream, what });
    }
}
