//! Reads the frames of HTTP/2: bytes in, frames out. RFC 9113, sections 4 and 6.
//!
//! A connection is a row of frames, in each direction. Nine bytes before each frame say how
//! long it is, of which type, and which stream it belongs to.

use std::fmt;

/// What a client sends before its first frame (section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// ANCHOR: header
/// The nine bytes before each frame (section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// How many bytes follow, at most 2^24 - 1.
    pub length: u32,
    /// The type's number: 0 is DATA.
    pub kind: u8,
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

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

// The flags, one bit each. 1 means one thing on DATA and HEADERS, another on SETTINGS and PING.
const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
// ANCHOR_END: header

// ANCHOR: frame
/// A frame, without its padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Type 0: a piece of a body (6.1).
    Data { end_stream: bool, data: &'a [u8] },
    /// Type 1: the headers, or the trailers, or the first piece of them (6.2).
    Headers {
        end_stream: bool,
        end_headers: bool,
        block: &'a [u8],
    },
    /// Type 2: a priority, which nobody obeys any more (5.3, 6.3).
    Priority { depends_on: u32, weight: u8 },
    /// Type 3: the stream ends here and now (6.4).
    RstStream { error: ErrorCode },
    /// Type 4: what the sender wants of the connection, or its consent (6.5).
    Settings {
        ack: bool,
        values: Vec<(Setting, u32)>,
    },
    /// Type 5: a response that nobody asked for will come (6.6).
    PushPromise {
        promised: u32,
        end_headers: bool,
        block: &'a [u8],
    },
    /// Type 6: is anybody there? (6.7)
    Ping { ack: bool, data: [u8; 8] },
    /// Type 7: no new streams after this one (6.8).
    GoAway {
        last_stream: u32,
        error: ErrorCode,
        debug: &'a [u8],
    },
    /// Type 8: so many more bytes of DATA may come (6.9).
    WindowUpdate { increment: u32 },
    /// Type 9: a further piece of headers (6.10).
    Continuation { end_headers: bool, block: &'a [u8] },
    /// Any other type: to be ignored (4.1).
    Unknown { kind: u8 },
}
// ANCHOR_END: frame

/// Why a frame cannot be read: its size or its content breaks a rule of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// The error with which a receiver has to answer.
    pub error: ErrorCode,
    pub why: &'static str,
}

impl<'a> Frame<'a> {
    /// Reads the frame behind a header.
    ///
    /// # Errors
    /// The payload is not as its type demands.
    pub fn read(header: Header, payload: &'a [u8]) -> Result<Frame<'a>, Malformed> {
        let end_headers = header.has(END_HEADERS);
        let frame = match header.kind {
            0 => {
                of_a_stream(header)?;
                let data = unpadded(header, payload)?;
                Frame::Data { end_stream: header.has(END_STREAM), data }
            }
            1 => {
                of_a_stream(header)?;
                let mut block = unpadded(header, payload)?;
                if header.has(PRIORITY) {
                    block = block.get(5..).ok_or(wrong_size("HEADERS is too short"))?;
                }
                Frame::Headers { end_stream: header.has(END_STREAM), end_headers, block }
            }
            2 => {
                of_a_stream(header)?;
                let [a, b, c, d, weight] = exactly(payload, "PRIORITY has 5 bytes")?;
                Frame::Priority { depends_on: number([a, b, c, d]), weight }
            }
            3 => {
                of_a_stream(header)?;
                let error = exactly(payload, "RST_STREAM has 4 bytes")?;
                Frame::RstStream { error: ErrorCode(u32::from_be_bytes(error)) }
            }
            4 => settings(header, payload)?,
            5 => {
                of_a_stream(header)?;
                let payload = unpadded(header, payload)?;
                let (promised, block) = payload
                    .split_first_chunk()
                    .ok_or(wrong_size("PUSH_PROMISE is too short"))?;
                Frame::PushPromise { promised: number(*promised), end_headers, block }
            }
            6 => {
                of_the_connection(header)?;
                Frame::Ping {
                    ack: header.has(ACK),
                    data: exactly(payload, "PING has 8 bytes")?,
                }
            }
            7 => {
                of_the_connection(header)?;
                let (last, rest) = payload
                    .split_first_chunk()
                    .ok_or(wrong_size("GOAWAY is too short"))?;
                let (error, debug) = rest
                    .split_first_chunk()
                    .ok_or(wrong_size("GOAWAY is too short"))?;
                let error = ErrorCode(u32::from_be_bytes(*error));
                Frame::GoAway { last_stream: number(*last), error, debug }
            }
            8 => {
                let increment = number(exactly(payload, "WINDOW_UPDATE has 4 bytes")?);
                if increment == 0 {
                    return Err(protocol("WINDOW_UPDATE of 0 bytes"));
                }
                Frame::WindowUpdate { increment }
            }
            9 => {
                of_a_stream(header)?;
                Frame::Continuation { end_headers, block: payload }
            }
            kind => Frame::Unknown { kind },
        };
        Ok(frame)
    }
}

fn settings<'a>(header: Header, payload: &[u8]) -> Result<Frame<'a>, Malformed> {
    of_the_connection(header)?;
    let ack = header.has(ACK);
    if !payload.len().is_multiple_of(6) || ack && !payload.is_empty() {
        return Err(wrong_size("SETTINGS has 6 bytes a setting, and none with ACK"));
    }
    let value = |bytes: &[u8; 6]| {
        let [i, d, value @ ..] = *bytes;
        (Setting(u16::from_be_bytes([i, d])), u32::from_be_bytes(value))
    };
    let values = payload.as_chunks().0.iter().map(value).collect();
    Ok(Frame::Settings { ack, values })
}

/// The payload without the padding, whose length stands in the first byte (6.1).
fn unpadded(header: Header, payload: &[u8]) -> Result<&[u8], Malformed> {
    if !header.has(PADDED) {
        return Ok(payload);
    }
    let (padding, rest) = payload
        .split_first()
        .ok_or(wrong_size("no length of the padding"))?;
    let end = rest.len().checked_sub(usize::from(*padding));
    Ok(&rest[..end.ok_or(protocol("more padding than there are bytes"))?])
}

fn exactly<const N: usize>(
    payload: &[u8],
    why: &'static str,
) -> Result<[u8; N], Malformed> {
    payload.try_into().map_err(|_| wrong_size(why))
}

/// A number of 31 bits; the highest bit is reserved.
fn number(bytes: [u8; 4]) -> u32 {
    u32::from_be_bytes(bytes) & 0x7fff_ffff
}

fn of_a_stream(header: Header) -> Result<(), Malformed> {
    match header.stream {
        0 => Err(protocol("a frame that needs a stream, on stream 0")),
        _ => Ok(()),
    }
}

fn of_the_connection(header: Header) -> Result<(), Malformed> {
    match header.stream {
        0 => Ok(()),
        _ => Err(protocol("a frame of the connection, on a stream")),
    }
}

fn wrong_size(why: &'static str) -> Malformed {
    Malformed { error: ErrorCode(6), why }
}

fn protocol(why: &'static str) -> Malformed {
    Malformed { error: ErrorCode(1), why }
}

/// An error code, by its name in section 7.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        const NAMES: [&str; 14] = [
            "NO_ERROR",
            "PROTOCOL_ERROR",
            "INTERNAL_ERROR",
            "FLOW_CONTROL_ERROR",
            "SETTINGS_TIMEOUT",
            "STREAM_CLOSED",
            "FRAME_SIZE_ERROR",
            "REFUSED_STREAM",
            "CANCEL",
            "COMPRESSION_ERROR",
            "CONNECT_ERROR",
            "ENHANCE_YOUR_CALM",
            "INADEQUATE_SECURITY",
            "HTTP_1_1_REQUIRED",
        ];
        match NAMES.get(self.0 as usize) {
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

/// A setting, by its name in section 6.5.2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Setting(pub u16);

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.0 {
            1 => f.write_str("HEADER_TABLE_SIZE"),
            2 => f.write_str("ENABLE_PUSH"),
            3 => f.write_str("MAX_CONCURRENT_STREAMS"),
            4 => f.write_str("INITIAL_WINDOW_SIZE"),
            5 => f.write_str("MAX_FRAME_SIZE"),
            6 => f.write_str("MAX_HEADER_LIST_SIZE"),
            8 => f.write_str("ENABLE_CONNECT_PROTOCOL"),
            number => write!(f, "setting {number}"),
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
