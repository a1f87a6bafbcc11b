//! Reads the frames of HTTP/2: bytes in, frames out. RFC 9113, sections 4 and 6.
//!
//! Each direction of a connection is a sequence of frames. Nine bytes before each frame
//! say how long it is, which type it has, and which stream it belongs to. Sections in the
//! comments are those of RFC 9113.

use std::fmt;

// ANCHOR: preface
/// What a client sends before its first frame (section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// ANCHOR_END: preface

// ANCHOR: header
/// The nine bytes before each frame (section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// How many bytes follow, at most 2^24 - 1.
    pub length: u32,
    /// One of the numbers in [`frame_type`], or any other.
    pub kind: u8,
    /// What else the type needs to say, one bit each: [`flag`].
    pub flags: u8,
    /// 0 is the connection itself. Streams that a client begins have odd numbers.
    pub stream: u32,
}

impl Header {
    /// The size of a header, in bytes.
    pub const SIZE: usize = 9;

    /// Every nine bytes are a header.
    pub fn read(bytes: [u8; Header::SIZE]) -> Header {
        let [a, b, c, kind, flags, stream @ ..] = bytes;
        Header {
            length: u32::from_be_bytes([0, a, b, c]),
            kind,
            flags,
            // The highest bit is reserved, and ignored.
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
        }
    }
}
// ANCHOR_END: header

impl Header {
    /// The nine bytes of this header: what [`Header::read`] reads.
    pub fn encode(&self) -> [u8; Header::SIZE] {
        let [_, a, b, c] = self.length.to_be_bytes();
        let [s, t, u, v] = self.stream.to_be_bytes();
        [a, b, c, self.kind, self.flags, s, t, u, v]
    }

    /// Whether one of the [`flag`]s is set.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// The flags, one bit each (section 6). A bit may mean one thing on one type of frame,
/// and another thing on another.
pub mod flag {
    /// On DATA and HEADERS: the sender sends nothing more on this stream.
    pub const END_STREAM: u8 = 0x1;
    /// On SETTINGS and PING: this frame acknowledges one of the other side.
    pub const ACK: u8 = 0x1;
    /// On HEADERS, PUSH_PROMISE and CONTINUATION: the headers are complete.
    pub const END_HEADERS: u8 = 0x4;
    /// On DATA, HEADERS and PUSH_PROMISE: the payload begins with the padding's length.
    pub const PADDED: u8 = 0x8;
    /// On HEADERS: five bytes of priority stand before the headers.
    pub const PRIORITY: u8 = 0x20;
}

/// The types of frames, by the numbers that stand in [`Header::kind`] (section 6).
pub mod frame_type {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

/// The payload of the largest frame that a receiver takes if its SETTINGS name no other
/// MAX_FRAME_SIZE, in bytes (section 4.2).
pub const DEFAULT_MAX_FRAME_SIZE: u32 = 16_384;

/// A frame, without its padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Type 0: a piece of a body (6.1).
    Data {
        /// The sender sends nothing more on this stream.
        end_stream: bool,
        /// The piece.
        data: &'a [u8],
    },
    /// Type 1: the headers, or the trailers, or the first piece of them (6.2).
    Headers {
        /// The sender sends nothing more on this stream.
        end_stream: bool,
        /// They are complete: no CONTINUATION follows.
        end_headers: bool,
        /// Compressed with HPACK.
        block: &'a [u8],
    },
    /// Type 2: a priority; deprecated (5.3, 6.3).
    Priority {
        /// The stream that goes first; 0 if none does.
        depends_on: u32,
        /// The share among streams with the same `depends_on`, less 1.
        weight: u8,
    },
    /// Type 3: ends the stream at once, in both directions (6.4).
    RstStream {
        /// Why.
        error: ErrorCode,
    },
    /// Type 4: what the sender accepts on this connection, or an acknowledgement (6.5).
    Settings {
        /// It acknowledges the other side's SETTINGS, and has no values.
        ack: bool,
        /// In the order in which they were sent.
        values: Vec<(Setting, u32)>,
    },
    /// Type 5: a response that nobody asked for will come (6.6).
    PushPromise {
        /// The stream on which the response will come.
        promised: u32,
        /// The headers are complete: no CONTINUATION follows.
        end_headers: bool,
        /// The headers of the request that was not made, compressed with HPACK.
        block: &'a [u8],
    },
    /// Type 6: asks for an acknowledgement, to learn whether the connection works (6.7).
    Ping {
        /// It is the acknowledgement.
        ack: bool,
        /// Any bytes; the acknowledgement has the same.
        data: [u8; 8],
    },
    /// Type 7: no new streams after this one (6.8).
    GoAway {
        /// The last stream of the other side that the sender serves, or may serve.
        last_stream: u32,
        /// Why; NO_ERROR for a shutdown as planned.
        error: ErrorCode,
        /// More about it, for a person; often empty.
        debug: &'a [u8],
    },
    /// Type 8: more bytes of DATA may be sent (6.9).
    WindowUpdate {
        /// How many more, besides those that were granted before.
        increment: u32,
    },
    /// Type 9: the next piece of headers (6.10).
    Continuation {
        /// They are complete: no other CONTINUATION follows.
        end_headers: bool,
        /// The piece, compressed with HPACK.
        block: &'a [u8],
    },
    /// Any other type: to be ignored (4.1).
    Unknown {
        /// The number of its type.
        kind: u8,
    },
}

/// Why a frame cannot be read: its size or its content breaks a rule of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameError {
    /// The error that a receiver has to report to the sender.
    pub code: ErrorCode,
    /// The rule, for a person.
    pub reason: &'static str,
    /// What the error ends.
    pub scope: Scope,
}

/// What an error ends (section 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The connection: after it, nothing on it is certain.
    Connection,
    /// The stream of its frame. The other streams go on.
    Stream,
}

impl FrameError {
    /// The same error, of a stream.
    fn of_stream(self) -> FrameError {
        FrameError { scope: Scope::Stream, ..self }
    }
}

impl<'a> Frame<'a> {
    /// The bytes of any frame, also one that breaks the rules of its type: nine bytes of
    /// header, then `payload`, which is shorter than 2^24 bytes.
    pub fn encode_raw(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let header = Header { length: payload.len() as u32, kind, flags, stream };
        [&header.encode(), payload].concat()
    }

    /// Reads the frame behind a header.
    ///
    /// # Errors
    /// The payload breaks a rule of its type.
    pub fn read(header: Header, payload: &'a [u8]) -> Result<Frame<'a>, FrameError> {
        match header.kind {
            frame_type::DATA => read_data(header, payload),
            frame_type::HEADERS => read_headers(header, payload),
            frame_type::PRIORITY => read_priority(header, payload),
            frame_type::RST_STREAM => read_rst_stream(header, payload),
            frame_type::SETTINGS => read_settings(header, payload),
            frame_type::PUSH_PROMISE => read_push_promise(header, payload),
            frame_type::PING => read_ping(header, payload),
            frame_type::GOAWAY => read_goaway(header, payload),
            frame_type::WINDOW_UPDATE => read_window_update(header, payload),
            frame_type::CONTINUATION => read_continuation(header, payload),
            kind => Ok(Frame::Unknown { kind }),
        }
    }
}

fn read_data(header: Header, payload: &[u8]) -> Result<Frame<'_>, FrameError> {
    require_stream(header)?;
    if header.has(flag::PADDED) && payload.is_empty() {
        // Only SETTINGS, headers and stream 0 concern the connection (4.2).
        return Err(wrong_size("no length of the padding").of_stream());
    }
    let data = without_padding(header, payload)?;
    Ok(Frame::Data { end_stream: header.has(flag::END_STREAM), data })
}

fn read_headers(header: Header, payload: &[u8]) -> Result<Frame<'_>, FrameError> {
    require_stream(header)?;
    let mut block = without_padding(header, payload)?;
    if header.has(flag::PRIORITY) {
        block = block.get(5..).ok_or(wrong_size("HEADERS is too short"))?;
    }
    Ok(Frame::Headers {
        end_stream: header.has(flag::END_STREAM),
        end_headers: header.has(flag::END_HEADERS),
        block,
    })
}

fn read_priority<'a>(header: Header, payload: &[u8]) -> Result<Frame<'a>, FrameError> {
    require_stream(header)?;
    let five = exactly(payload, "PRIORITY has 5 bytes");
    let [a, b, c, d, weight] = five.map_err(FrameError::of_stream)?;
    Ok(Frame::Priority { depends_on: number([a, b, c, d]), weight })
}

fn read_rst_stream<'a>(header: Header, payload: &[u8]) -> Result<Frame<'a>, FrameError> {
    require_stream(header)?;
    let error = exactly(payload, "RST_STREAM has 4 bytes")?;
    Ok(Frame::RstStream { error: ErrorCode(u32::from_be_bytes(error)) })
}

fn read_settings<'a>(header: Header, payload: &[u8]) -> Result<Frame<'a>, FrameError> {
    require_connection(header)?;
    let ack = header.has(flag::ACK);
    if !payload.len().is_multiple_of(6) || ack && !payload.is_empty() {
        return Err(wrong_size("SETTINGS has 6 bytes a setting, and none with ACK"));
    }
    let mut values = Vec::new();
    for [i, d, value @ ..] in payload.as_chunks::<6>().0 {
        let setting = Setting(u16::from_be_bytes([*i, *d]));
        values.push((setting, u32::from_be_bytes(*value)));
    }
    Ok(Frame::Settings { ack, values })
}

fn read_push_promise(header: Header, payload: &[u8]) -> Result<Frame<'_>, FrameError> {
    require_stream(header)?;
    let payload = without_padding(header, payload)?;
    let (promised, block) = payload
        .split_first_chunk()
        .ok_or(wrong_size("PUSH_PROMISE is too short"))?;
    Ok(Frame::PushPromise {
        promised: number(*promised),
        end_headers: header.has(flag::END_HEADERS),
        block,
    })
}

fn read_ping<'a>(header: Header, payload: &[u8]) -> Result<Frame<'a>, FrameError> {
    require_connection(header)?;
    let data = exactly(payload, "PING has 8 bytes")?;
    Ok(Frame::Ping { ack: header.has(flag::ACK), data })
}

fn read_goaway(header: Header, payload: &[u8]) -> Result<Frame<'_>, FrameError> {
    require_connection(header)?;
    let too_short = wrong_size("GOAWAY is too short");
    let (last, rest) = payload.split_first_chunk().ok_or(too_short)?;
    let (error, debug) = rest.split_first_chunk().ok_or(too_short)?;
    let error = ErrorCode(u32::from_be_bytes(*error));
    Ok(Frame::GoAway { last_stream: number(*last), error, debug })
}

fn read_window_update<'a>(
    header: Header,
    payload: &[u8],
) -> Result<Frame<'a>, FrameError> {
    let increment = number(exactly(payload, "WINDOW_UPDATE has 4 bytes")?);
    if increment == 0 {
        let error = protocol_error("WINDOW_UPDATE of 0 bytes");
        return Err(if header.stream == 0 {
            error
        } else {
            error.of_stream()
        });
    }
    Ok(Frame::WindowUpdate { increment })
}

fn read_continuation(header: Header, payload: &[u8]) -> Result<Frame<'_>, FrameError> {
    require_stream(header)?;
    let end_headers = header.has(flag::END_HEADERS);
    Ok(Frame::Continuation { end_headers, block: payload })
}

/// The payload without the padding, whose length stands in the first byte (6.1).
fn without_padding(header: Header, payload: &[u8]) -> Result<&[u8], FrameError> {
    if !header.has(flag::PADDED) {
        return Ok(payload);
    }
    let (padding, rest) = payload
        .split_first()
        .ok_or(wrong_size("no length of the padding"))?;
    let end = rest.len().checked_sub(usize::from(*padding));
    let end = end.ok_or(protocol_error("more padding than there are bytes"))?;
    Ok(&rest[..end])
}

fn exactly<const N: usize>(
    payload: &[u8],
    reason: &'static str,
) -> Result<[u8; N], FrameError> {
    payload.try_into().map_err(|_| wrong_size(reason))
}

/// A number of 31 bits; the highest bit is reserved.
fn number(bytes: [u8; 4]) -> u32 {
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}

fn require_stream(header: Header) -> Result<(), FrameError> {
    if header.stream == 0 {
        return Err(protocol_error("a frame that needs a stream, on stream 0"));
    }
    Ok(())
}

fn require_connection(header: Header) -> Result<(), FrameError> {
    if header.stream != 0 {
        return Err(protocol_error("a frame of the connection, on a stream"));
    }
    Ok(())
}

fn wrong_size(reason: &'static str) -> FrameError {
    let code = ErrorCode::FRAME_SIZE_ERROR;
    FrameError { code, reason, scope: Scope::Connection }
}

/// A broken rule that ends the connection.
pub fn protocol_error(reason: &'static str) -> FrameError {
    let code = ErrorCode::PROTOCOL_ERROR;
    FrameError { code, reason, scope: Scope::Connection }
}

/// Why a stream or a connection ended (section 7). A receiver must take any number, also
/// one that has no name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    pub const NO_ERROR: ErrorCode = ErrorCode(0);
    pub const PROTOCOL_ERROR: ErrorCode = ErrorCode(1);
    pub const INTERNAL_ERROR: ErrorCode = ErrorCode(2);
    pub const FLOW_CONTROL_ERROR: ErrorCode = ErrorCode(3);
    pub const SETTINGS_TIMEOUT: ErrorCode = ErrorCode(4);
    pub const STREAM_CLOSED: ErrorCode = ErrorCode(5);
    pub const FRAME_SIZE_ERROR: ErrorCode = ErrorCode(6);
    pub const REFUSED_STREAM: ErrorCode = ErrorCode(7);
    pub const CANCEL: ErrorCode = ErrorCode(8);
    pub const COMPRESSION_ERROR: ErrorCode = ErrorCode(9);
    pub const CONNECT_ERROR: ErrorCode = ErrorCode(10);
    pub const ENHANCE_YOUR_CALM: ErrorCode = ErrorCode(11);
    pub const INADEQUATE_SECURITY: ErrorCode = ErrorCode(12);
    pub const HTTP_1_1_REQUIRED: ErrorCode = ErrorCode(13);

    /// The name in section 7, if the code has one.
    fn name(self) -> Option<&'static str> {
        Some(match self {
            ErrorCode::NO_ERROR => "NO_ERROR",
            ErrorCode::PROTOCOL_ERROR => "PROTOCOL_ERROR",
            ErrorCode::INTERNAL_ERROR => "INTERNAL_ERROR",
            ErrorCode::FLOW_CONTROL_ERROR => "FLOW_CONTROL_ERROR",
            ErrorCode::SETTINGS_TIMEOUT => "SETTINGS_TIMEOUT",
            ErrorCode::STREAM_CLOSED => "STREAM_CLOSED",
            ErrorCode::FRAME_SIZE_ERROR => "FRAME_SIZE_ERROR",
            ErrorCode::REFUSED_STREAM => "REFUSED_STREAM",
            ErrorCode::CANCEL => "CANCEL",
            ErrorCode::COMPRESSION_ERROR => "COMPRESSION_ERROR",
            ErrorCode::CONNECT_ERROR => "CONNECT_ERROR",
            ErrorCode::ENHANCE_YOUR_CALM => "ENHANCE_YOUR_CALM",
            ErrorCode::INADEQUATE_SECURITY => "INADEQUATE_SECURITY",
            ErrorCode::HTTP_1_1_REQUIRED => "HTTP_1_1_REQUIRED",
            _ => return None,
        })
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "error {}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a setting is about (section 6.5.2). A receiver must ignore those that it doesn't
/// know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Setting(pub u16);

impl Setting {
    pub const HEADER_TABLE_SIZE: Setting = Setting(1);
    pub const ENABLE_PUSH: Setting = Setting(2);
    pub const MAX_CONCURRENT_STREAMS: Setting = Setting(3);
    pub const INITIAL_WINDOW_SIZE: Setting = Setting(4);
    pub const MAX_FRAME_SIZE: Setting = Setting(5);
    pub const MAX_HEADER_LIST_SIZE: Setting = Setting(6);
    /// Of RFC 8441, section 3.
    pub const ENABLE_CONNECT_PROTOCOL: Setting = Setting(8);

    /// The name in section 6.5.2, if the setting has one.
    fn name(self) -> Option<&'static str> {
        Some(match self {
            Setting::HEADER_TABLE_SIZE => "HEADER_TABLE_SIZE",
            Setting::ENABLE_PUSH => "ENABLE_PUSH",
            Setting::MAX_CONCURRENT_STREAMS => "MAX_CONCURRENT_STREAMS",
            Setting::INITIAL_WINDOW_SIZE => "INITIAL_WINDOW_SIZE",
            Setting::MAX_FRAME_SIZE => "MAX_FRAME_SIZE",
            Setting::MAX_HEADER_LIST_SIZE => "MAX_HEADER_LIST_SIZE",
            Setting::ENABLE_CONNECT_PROTOCOL => "ENABLE_CONNECT_PROTOCOL",
            _ => return None,
        })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "setting {}", self.0),
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
