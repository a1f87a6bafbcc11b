//! What the tests of the trace share: bytes put together by hand, and events in words.

use grpc_workbook::http2::frames::{Frame, PREFACE, flag, frame_type};
use grpc_workbook::tap::trace::{Event, EventKind, Side, Trace};
use grpc_workbook::tap::unpack::Unpacked;

/// A connection to which a test adds bytes, and what its trace has seen.
#[derive(Default)]
pub struct Talk {
    pub trace: Trace,
    pub events: Vec<Event>,
}

impl Talk {
    /// A connection that has begun: the preface, and SETTINGS of both sides.
    pub fn begun() -> Talk {
        let mut talk = Talk::default();
        talk.client(PREFACE)
            .client(&frame(frame_type::SETTINGS, 0, 0, b""));
        talk.server(&frame(frame_type::SETTINGS, 0, 0, b""));
        talk
    }

    pub fn client(&mut self, bytes: &[u8]) -> &mut Talk {
        self.events.extend(self.trace.push(Side::Client, bytes));
        self
    }

    pub fn server(&mut self, bytes: &[u8]) -> &mut Talk {
        self.events.extend(self.trace.push(Side::Server, bytes));
        self
    }

    /// Both sides end their direction, the client first.
    pub fn end(&mut self) -> &mut Talk {
        for side in [Side::Client, Side::Server] {
            self.events.extend(self.trace.end(side));
        }
        self
    }

    /// What has been seen since the last time, in words, without what keeps the connection
    /// going.
    pub fn seen(&mut self) -> Vec<String> {
        let events = std::mem::take(&mut self.events);
        let shown = events.iter().filter(|event| !event.is_housekeeping());
        shown.map(words).collect()
    }
}

/// An event in a few words, such as `--> 1 message 5 END`.
pub fn words(event: &Event) -> String {
    let arrow = match event.from {
        Side::Client => "-->",
        Side::Server => "<--",
    };
    let (text, end_stream) = match &event.kind {
        EventKind::Headers { fields, end_stream } => {
            let (name, value) = fields.first().expect("headers should not be empty");
            (format!("headers {name} {value}"), *end_stream)
        }
        EventKind::TooLarge { length } => (format!("{length} too large"), false),
        EventKind::Message { length, unpacked, end_stream, .. } => {
            let unpacked = match unpacked {
                None => String::new(),
                Some(Unpacked::Message { encoding, bytes }) => {
                    format!(", {encoding} of {}", bytes.len())
                }
                Some(Unpacked::Not { why }) => format!(", {why}"),
            };
            (format!("message {length}{unpacked}"), *end_stream)
        }
        EventKind::WebTrailers { fields, end_stream } => {
            (format!("trailers {fields:?}"), *end_stream)
        }
        EventKind::Data { what, length, bytes, end_stream } => {
            let text = String::from_utf8_lossy(&bytes[..bytes.len().min(20)]);
            (format!("{length} bytes {what}: {text:?}"), *end_stream)
        }
        EventKind::End => (String::new(), true),
        EventKind::Reset { error } => (format!("reset {error}"), false),
        EventKind::StreamError { error, reason } => (format!("{error}: {reason}"), false),
        EventKind::Forgotten => ("forgotten".into(), false),
        EventKind::GoAway { last_stream, .. } => (format!("goaway {last_stream}"), false),
        EventKind::PushPromise { promised, fields } => {
            (format!("promise {promised} {fields:?}"), false)
        }
        EventKind::Undecodable { why } => (format!("not read: {why}"), false),
        other => (format!("{other:?}"), false),
    };
    let end = if end_stream { " END" } else { "" };
    format!("{arrow} {} {text}{end}", event.stream).replace("  ", " ")
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    Frame::encode_raw(kind, flags, stream, payload)
}

pub const NO_FLAG: u8 = 0;
pub const END: u8 = flag::END_STREAM;

/// HPACK's integer, with the bits above its prefix (RFC 7541, 5.1).
pub fn integer(bits: u8, prefix: u32, value: usize) -> Vec<u8> {
    let most = (1_usize << prefix) - 1;
    if value < most {
        return vec![bits | value as u8];
    }
    let mut bytes = vec![bits | most as u8];
    let mut rest = value - most;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

/// A header as it is, not compressed and not in the table; with `bits` 0x40, in the table.
pub fn literal(bits: u8, name: &str, value: &str) -> Vec<u8> {
    let string = |text: &str| [integer(0, 7, text.len()), text.into()].concat();
    [vec![bits], string(name), string(value)].concat()
}

/// Headers in one frame.
pub fn headers(stream: u32, flags: u8, pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in pairs {
        block.extend(literal(0, name, value));
    }
    frame(frame_type::HEADERS, flag::END_HEADERS | flags, stream, &block)
}

/// The headers of a request, and with END those of one without a message.
pub fn request(stream: u32, flags: u8) -> Vec<u8> {
    let path = (":path", "/helloworld.Greeter/SayHello");
    let pairs = [
        (":method", "POST"),
        path,
        ("content-type", "application/grpc"),
    ];
    headers(stream, flags, &pairs)
}

/// The headers of a response of this content-type.
pub fn response(stream: u32, content_type: &str) -> Vec<u8> {
    headers(stream, 0, &[(":status", "200"), ("content-type", content_type)])
}

pub fn trailers(stream: u32) -> Vec<u8> {
    headers(stream, END, &[("grpc-status", "0")])
}

/// A DATA frame of any length.
pub fn data(stream: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    frame(frame_type::DATA, flags, stream, payload)
}

/// A message with its prefix.
pub fn message(flag: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("message should be short");
    [&[flag], &length.to_be_bytes()[..], payload].concat()
}

pub fn reset(stream: u32) -> Vec<u8> {
    frame(frame_type::RST_STREAM, 0, stream, &[0, 0, 0, 8])
}

/// What is seen of these bytes from one side, on a connection that has begun: whole, cut in
/// two at every place, and byte by byte, always the same.
pub fn seen_from(side: Side, bytes: &[u8]) -> Vec<String> {
    let see = |pieces: &[&[u8]]| {
        let mut talk = Talk::begun();
        for piece in pieces {
            talk.events.extend(talk.trace.push(side, piece));
        }
        talk.seen()
    };
    let whole = see(&[bytes]);
    for cut in 0..=bytes.len() {
        let (one, two) = bytes.split_at(cut);
        assert_eq!(see(&[one, two]), whole, "cut at {cut}");
    }
    let each: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(see(&each), whole, "byte by byte");
    whole
}
