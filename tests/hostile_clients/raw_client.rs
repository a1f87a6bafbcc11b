//! A client that can send any bytes, and reads what comes back: frames made by hand, for what
//! no HTTP/2 library would send.

use grpc_workbook::http2::frames::{
    ErrorCode, Frame, Header, PREFACE, Setting, flag, frame_type,
};
use grpc_workbook::http2::record::frames;
use grpc_workbook::tap::trace::{EventKind, Side, Trace};
use support::endings::status_cell;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::watch;
use tonic::Status;
use tonic::codegen::http::{HeaderMap, HeaderName};

/// A connection on which anything can be sent.
pub struct RawClient {
    /// Closing it, by dropping the client, closes the connection.
    writes: OwnedWriteHalf,
    /// All bytes that the server has sent so far. A task of its own reads all the time, so
    /// that the server never waits for us. When the server closes the connection, that task
    /// ends, and with it this channel.
    received: watch::Receiver<Vec<u8>>,
}

impl RawClient {
    /// Opens a connection, and sends nothing.
    pub async fn connect_tcp(address: &str) -> RawClient {
        let connection = TcpStream::connect(address)
            .await
            .expect("server should accept the connection");
        connection
            .set_nodelay(true)
            .expect("nodelay should be settable");
        let (mut reads, writes) = connection.into_split();
        let (tx, received) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let mut buffer = vec![0; 16 * 1024];
            // A reset by the server, which is an error here, counts as closing.
            while let Ok(size @ 1..) = reads.read(&mut buffer).await {
                tx.send_modify(|bytes| bytes.extend_from_slice(&buffer[..size]));
            }
        });
        RawClient { writes, received }
    }

    /// Opens a connection and sends what HTTP/2 begins with: the preface, and SETTINGS.
    pub async fn connect_http2(address: &str) -> RawClient {
        let mut client = RawClient::connect_tcp(address).await;
        client.send(PREFACE).await;
        client.send(&frame(frame_type::SETTINGS, 0, 0, b"")).await;
        client
    }

    /// Sends as much as the server takes: it may have closed the connection.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = self.writes.write_all(bytes).await;
    }

    /// Waits until the server has sent more bytes.
    pub async fn wait_for_bytes(&mut self) {
        self.received
            .changed()
            .await
            .expect("connection should stay open");
    }

    /// Waits for the end of a stream, or of the connection, and returns how it ended, in the
    /// words of the chapter's table.
    pub async fn wait_for_end_of_stream(&mut self, stream: u32) -> String {
        loop {
            let ending = end_of_stream(&self.received.borrow_and_update(), stream);
            if let Some(ending) = ending {
                return ending;
            }
            if self.received.changed().await.is_err() {
                return self.closed();
            }
        }
    }

    /// Waits for the end of the connection, and returns how it ended.
    pub async fn wait_for_close(&mut self) -> String {
        while self.received.changed().await.is_ok() {}
        self.closed()
    }

    fn closed(&self) -> String {
        self.goaway() + "closes the connection"
    }

    /// The GOAWAY frames that the server has sent, each with a comma behind it: none, as a
    /// rule, or one.
    pub fn goaway(&self) -> String {
        let mut text = String::new();
        for (_, frame) in frames(&self.received.borrow()) {
            if let Ok(Frame::GoAway { error, debug, .. }) = frame {
                text += &match String::from_utf8_lossy(debug) {
                    debug if debug.is_empty() => format!("GOAWAY `{error}`, "),
                    debug => format!("GOAWAY `{error}` (`{debug}`), "),
                };
            }
        }
        text
    }

    /// Waits until the server has refused so many streams with REFUSED_STREAM.
    pub async fn wait_for_refused(&mut self, count: usize) {
        loop {
            // To read all frames each time would take long: wait for enough bytes first.
            let received = self.received.borrow_and_update().len();
            if received >= count * (Header::SIZE + 4) && self.refused() >= count {
                return;
            }
            self.wait_for_bytes().await;
        }
    }

    /// How many streams the server has refused.
    pub fn refused(&self) -> usize {
        let refusal = Ok(Frame::RstStream { error: ErrorCode::REFUSED_STREAM });
        let received = self.received.borrow();
        let frames = frames(&received).into_iter();
        frames.filter(|(_, frame)| *frame == refusal).count()
    }

    /// How many streams the server's SETTINGS allow; `None` if it sent none, or no limit.
    pub fn allowed_streams(&self) -> Option<u32> {
        for (_, frame) in frames(&self.received.borrow()) {
            if let Ok(Frame::Settings { values, .. }) = frame {
                let limit = values
                    .iter()
                    .find(|(setting, _)| *setting == Setting::MAX_CONCURRENT_STREAMS);
                return limit.map(|(_, value)| *value);
            }
        }
        None
    }

    /// Whether the server has not closed the connection.
    pub fn is_open(&self) -> bool {
        self.received.has_changed().is_ok()
    }
}

// --- what is sent

/// The content type of every gRPC call.
pub const GRPC: &str = "application/grpc";

/// A frame: nine bytes, and the payload (RFC 9113, section 4.1).
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("payload should be short");
    [
        &length.to_be_bytes()[1..],
        &[kind, flags],
        &stream.to_be_bytes(),
        payload,
    ]
    .concat()
}

/// A header for HPACK, uncompressed and not kept in its table (RFC 7541, section 6.2.2).
pub fn header(name: &str, value: &str) -> Vec<u8> {
    [vec![0], hpack_string(name), hpack_string(value)].concat()
}

/// A string without Huffman coding: its length, and its bytes (RFC 7541, section 5.2).
fn hpack_string(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    match text.len() {
        short @ ..127 => bytes.push(short as u8),
        // A length with a prefix of 7 bits: what does not fit comes behind it, as a varint
        // (section 5.1).
        long => {
            bytes.push(127);
            let mut rest = long - 127;
            while rest >= 128 {
                bytes.push((rest % 128) as u8 | 128);
                rest /= 128;
            }
            bytes.push(rest as u8);
        }
    }
    bytes.extend(text.as_bytes());
    bytes
}

/// The header block of a call: what every call has, and `more`.
pub fn header_block(path: &str, content_type: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let usual = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", content_type),
    ];
    let mut block = Vec::new();
    for (name, value) in usual.iter().chain(more) {
        block.extend(header(name, value));
    }
    block
}

/// A whole call on stream 1: its headers, and one DATA frame that ends it.
pub fn call(
    path: &str,
    content_type: &str,
    more: &[(&str, &str)],
    data: &[u8],
) -> Vec<u8> {
    let block = header_block(path, content_type, more);
    let headers = frame(frame_type::HEADERS, flag::END_HEADERS, 1, &block);
    [headers, frame(frame_type::DATA, flag::END_STREAM, 1, data)].concat()
}

/// A gRPC message behind its five bytes. `flag` is 1 for a compressed one.
pub fn prefixed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("message should be short");
    [&[flag], &length.to_be_bytes()[..], message].concat()
}

// --- what is received

/// How a stream ended, if it has: with trailers, or with RST_STREAM.
fn end_of_stream(received: &[u8], stream: u32) -> Option<String> {
    let mut trace = Trace::default();
    let mut ending = None;
    for event in trace.push(Side::Server, received) {
        if event.stream != stream || ending.is_some() {
            continue;
        }
        match event.kind {
            EventKind::Headers { fields, end_stream: true } => {
                ending = Some(trailers(&fields))
            }
            EventKind::Reset { error } => ending = Some(format!("RST_STREAM `{error}`")),
            _ => {}
        }
    }
    ending
}

/// The status in the last headers of a stream: HTTP's if that is an error, otherwise gRPC's.
fn trailers(fields: &[(String, String)]) -> String {
    let mut trailers = HeaderMap::new();
    for (name, value) in fields {
        if name == ":status" && value != "200" {
            return format!("HTTP status {value}");
        }
        // `HeaderName` does not allow `:status`.
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            let value = value.parse().expect("value should be that of a header");
            trailers.insert(name, value);
        }
    }
    let status = Status::from_header_map(&trailers);
    status_cell(&status.expect("trailers should have a status"))
}
