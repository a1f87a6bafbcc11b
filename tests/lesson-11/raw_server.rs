//! Servers that say exactly what a test wants, byte by byte: none of tonic's, hyper's or h2's
//! would misbehave like this.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use grpc_workbook::speed::workload::Workload;
use tonic::transport::Uri;

/// Listens on a free port, and has `connection` deal with each connection in a thread of its
/// own. They run as long as the test's process.
pub fn listen(connection: impl Fn(TcpStream) + Send + Sync + 'static) -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there should be a free port");
    let address = listener.local_addr().expect("it should have an address");
    let connection = Arc::new(connection);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = Arc::clone(&connection);
            // Without it, each of several small writes waits for the client's word.
            let _ = stream.set_nodelay(true);
            thread::spawn(move || connection(stream));
        }
    });
    let uri = format!("http://{address}");
    uri.parse().expect("an address should make a URI")
}

/// Sends `bytes` once the client has sent its first ones, and ends when the client does. If
/// `hangs_up`, the client is told that no more bytes will come.
///
/// The socket is not closed before the client's end: a reset could overtake the bytes.
pub fn say(bytes: &'static [u8], hangs_up: bool) -> Uri {
    listen(move |mut stream| {
        // A client that is gone already needs no bytes.
        let _ = stream.read(&mut [0; 24]);
        let _ = stream.write_all(bytes);
        if hangs_up {
            let _ = stream.shutdown(std::net::Shutdown::Write);
        }
        drain(&mut stream);
    })
}

/// Reads to the end of what the client sends.
fn drain(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(1..) = stream.read(&mut buffer) {}
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    /// The response that the workload expects.
    Right,
    /// Nothing, ever.
    Nothing,
    /// Headers, the first message, and nothing more.
    OneMessage,
    /// RST_STREAM with this error code.
    Reset(u32),
    /// Headers, then RST_STREAM with this error code.
    LateReset(u32),
    /// GOAWAY with this error code, which says that this stream and later ones were not begun.
    /// Earlier ones are answered.
    GoAway(u32),
    /// What most servers do: first a GOAWAY that still allows all streams, then that one.
    TwoGoAways,
    /// GOAWAY that says that the stream was begun, and the end of the connection.
    Begun,
    /// The end of the connection.
    HangUp,
    /// Headers of HTTP with this `:status`, in HPACK, and this content type, and a page.
    Page(u8, &'static str),
}

/// A server of a workload's method. `reply` says what becomes of call `n`, counted from 1 in the
/// order in which calls arrive on any connection. What it answers with [`Reply::Right`] is
/// counted.
pub fn serve(
    workload: &Workload,
    reply: impl Fn(u32) -> Reply + Send + Sync + 'static,
) -> (Uri, Arc<AtomicU32>) {
    let responses: Vec<_> = workload.expected().cloned().collect();
    let calls = AtomicU32::new(0);
    let answered = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&answered);
    let uri = listen(move |stream| {
        let mut connection = Connection {
            stream,
            responses: &responses,
            answered: &counter,
            open: HashSet::new(),
        };
        // An error is the client's end.
        let _ = connection.serve(|| reply(calls.fetch_add(1, Relaxed) + 1));
    });
    (uri, answered)
}

struct Connection<'s> {
    stream: TcpStream,
    /// The messages of a right response.
    responses: &'s [prost::bytes::Bytes],
    answered: &'s AtomicU32,
    /// Streams that get a right response once the client has sent all.
    open: HashSet<u32>,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

impl Connection<'_> {
    fn serve(&mut self, reply: impl Fn() -> Reply) -> std::io::Result<()> {
        self.stream.read_exact(&mut [0; 24])?;
        self.send(SETTINGS, 0, 0, &[])?;
        let mut last = 0;
        // After GOAWAY: what comes later is ignored.
        let mut going_away = false;
        loop {
            let mut header = [0; 9];
            self.stream.read_exact(&mut header)?;
            let [_, _, _, kind, flags, ..] = header;
            let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
            let id = u32::from_be_bytes([header[5], header[6], header[7], header[8]]);
            let mut payload = vec![0; length as usize];
            self.stream.read_exact(&mut payload)?;
            match kind {
                SETTINGS if flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[])?,
                PING if flags & ACK == 0 => self.send(PING, ACK, 0, &payload)?,
                HEADERS if !going_away => {
                    let reply = reply();
                    if !self.begin(id, last, reply)? {
                        return Ok(());
                    }
                    last = id;
                    going_away = matches!(reply, Reply::GoAway(_) | Reply::TwoGoAways);
                }
                _ => {}
            }
            let ended = kind == DATA || kind == HEADERS;
            if ended && flags & END_STREAM != 0 && self.open.remove(&id) {
                self.answer(id)?;
            }
        }
    }

    /// Replies to the call on stream `id`; `last` is the stream before. Returns whether the
    /// connection goes on.
    fn begin(&mut self, id: u32, last: u32, reply: Reply) -> std::io::Result<bool> {
        let go_away =
            |last: u32, code: u32| [last.to_be_bytes(), code.to_be_bytes()].concat();
        match reply {
            Reply::Right => {
                self.open.insert(id);
            }
            Reply::Nothing => {}
            Reply::OneMessage => {
                self.headers(id, 0x88, "application/grpc")?;
                self.message(id, 0)?;
            }
            Reply::Reset(code) => self.send(RST_STREAM, 0, id, &code.to_be_bytes())?,
            Reply::LateReset(code) => {
                self.headers(id, 0x88, "application/grpc")?;
                self.send(RST_STREAM, 0, id, &code.to_be_bytes())?;
            }
            Reply::GoAway(code) => self.send(GOAWAY, 0, 0, &go_away(last, code))?,
            Reply::TwoGoAways => {
                self.send(GOAWAY, 0, 0, &go_away(0x7fff_ffff, 0))?;
                self.send(GOAWAY, 0, 0, &go_away(last, 0))?;
            }
            Reply::Begun => {
                self.send(GOAWAY, 0, 0, &go_away(id, 0))?;
                return self.hang_up();
            }
            Reply::HangUp => return self.hang_up(),
            Reply::Page(status, content_type) => {
                self.headers(id, status, content_type)?;
                self.send(DATA, END_STREAM, id, b"<!DOCTYPE html>")?;
            }
        }
        Ok(true)
    }

    fn hang_up(&mut self) -> std::io::Result<bool> {
        self.stream.shutdown(std::net::Shutdown::Write)?;
        drain(&mut self.stream);
        Ok(false)
    }

    fn answer(&mut self, id: u32) -> std::io::Result<()> {
        self.answered.fetch_add(1, Relaxed);
        self.headers(id, 0x88, "application/grpc")?;
        for n in 0..self.responses.len() {
            self.message(id, n)?;
        }
        let trailers = literal("grpc-status", "0");
        self.send(HEADERS, END_HEADERS | END_STREAM, id, &trailers)
    }

    fn message(&mut self, id: u32, n: usize) -> std::io::Result<()> {
        let message = &self.responses[n];
        let length =
            u32::try_from(message.len()).expect("a test's message should be short");
        let data = [&[0][..], &length.to_be_bytes(), message].concat();
        self.send(DATA, 0, id, &data)
    }

    fn headers(
        &mut self,
        id: u32,
        status: u8,
        content_type: &str,
    ) -> std::io::Result<()> {
        let mut block = vec![status];
        if !content_type.is_empty() {
            block.extend(literal("content-type", content_type));
        }
        self.send(HEADERS, END_HEADERS, id, &block)
    }

    fn send(
        &mut self,
        kind: u8,
        flags: u8,
        id: u32,
        payload: &[u8],
    ) -> std::io::Result<()> {
        let length =
            u32::try_from(payload.len()).expect("a test's frame should be short");
        let frame = [
            &length.to_be_bytes()[1..],
            &[kind, flags],
            &id.to_be_bytes(),
            payload,
        ];
        self.stream.write_all(&frame.concat())
    }
}

/// A header in HPACK, as a literal that is not indexed (RFC 7541, 6.2.2).
fn literal(name: &str, value: &str) -> Vec<u8> {
    let length =
        |text: &str| u8::try_from(text.len()).expect("a test's header should be short");
    let mut bytes = vec![0, length(name)];
    bytes.extend(name.as_bytes());
    bytes.push(length(value));
    bytes.extend(value.as_bytes());
    bytes
}
