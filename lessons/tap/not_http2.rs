//! What a connection speaks if it does not speak HTTP/2, judged by its first bytes.

use super::trace::Side;
use crate::http2::frames::{Header, flag, frame_type};

/// What the first bytes of a direction tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    /// They begin as this protocol does.
    LooksLike(&'static str),
    /// They may still become one that is known.
    NotYet,
    /// They begin as none that is known.
    Unknown,
}

const HTTP1: &str = "HTTP/1.1";
const PROXY: &str = "the PROXY protocol, which stands before what the client sends";
const TLS: &str = "TLS (https)";
const PAGE: &str = "a page of HTML, without HTTP";
const MAIL: &str = "SMTP or FTP";

/// What clients begin with.
const OF_CLIENTS: &[(&[u8], &str)] = &[
    (b"GET ", HTTP1),
    (b"HEAD ", HTTP1),
    (b"POST ", HTTP1),
    (b"PUT ", HTTP1),
    (b"PATCH ", HTTP1),
    (b"DELETE ", HTTP1),
    (b"OPTIONS ", HTTP1),
    (b"CONNECT ", HTTP1),
    (b"TRACE ", HTTP1),
    (b"PROXY ", PROXY),
    (b"\r\n\r\n\0\r\nQUIT\n", PROXY),
    (b"EHLO ", "SMTP"),
    (b"HELO ", "SMTP"),
    (b"PING\r\n", "Redis"),
    (b"\0\0\0\x08\x04\xd2\x16\x2f", "PostgreSQL"),
    (b"\x05\x01\0", "SOCKS"),
];

/// What servers begin with.
const OF_SERVERS: &[(&[u8], &str)] = &[
    (b"HTTP/", HTTP1),
    (b"<!DOCTYPE", PAGE),
    (b"<!doctype", PAGE),
    (b"<html", PAGE),
    (b"<HTML", PAGE),
    (b"<?xml", "XML"),
    (b"220 ", MAIL),
    (b"220-", MAIL),
    (b"421 ", MAIL),
    (b"500 ", MAIL),
    (b"554 ", MAIL),
    (b"-ERR", "Redis"),
    (b"-NOAUTH", "Redis"),
    (b"-DENIED", "Redis"),
    (b"-MISCONF", "Redis"),
    (b"+PONG", "Redis"),
    (b"+OK", "POP3 or Redis"),
    (b"* OK", "IMAP"),
    (b"ERROR\r\n", "memcached"),
    (b"INFO {", "NATS"),
    (b"RFB ", "VNC"),
    (b"@RSYNCD", "rsync"),
    (b"\xff\xfb", "Telnet"),
    (b"\xff\xfd", "Telnet"),
];

/// What both sides begin with.
const OF_BOTH: &[(&[u8], &str)] = &[
    (b"SSH-", "SSH"),
    (b"AMQP", "AMQP"),
    // The types of TLS's records, and the version that all of them name.
    (b"\x14\x03", TLS),
    (b"\x15\x03", TLS),
    (b"\x16\x03", TLS),
    (b"\x17\x03", TLS),
];

/// What a direction speaks that began with `bytes`.
pub fn guess(from: Side, bytes: &[u8]) -> Guess {
    let own = match from {
        Side::Client => OF_CLIENTS,
        Side::Server => OF_SERVERS,
    };
    let mut guess = Guess::Unknown;
    for (beginning, name) in own.iter().chain(OF_BOTH) {
        if bytes.starts_with(beginning) {
            return Guess::LooksLike(name);
        }
        if beginning.starts_with(bytes) {
            guess = Guess::NotYet;
        }
    }
    match (guess, from) {
        (Guess::Unknown, Side::Client) => guess_client_by_length(bytes),
        (Guess::Unknown, Side::Server) => guess_server_by_length(bytes),
        _ => guess,
    }
}

/// What a client speaks that begins with a length.
fn guess_client_by_length(bytes: &[u8]) -> Guess {
    match bytes {
        // How many words a command has.
        [b'*', b'1'..=b'9', ..] => Guess::LooksLike("Redis"),
        [b'*'] => Guess::NotYet,
        _ => Guess::Unknown,
    }
}

/// What a server speaks that begins with a length.
fn guess_server_by_length(bytes: &[u8]) -> Guess {
    match bytes {
        // Three bytes of length, the number of the packet, and the version of the protocol,
        // or ff for an error.
        [_, 0 | 1, 0, 0 | 1, 0x0a | 0xff, ..] => Guess::LooksLike("MySQL"),
        // An error, four bytes of length, and how severe it is.
        [b'E', 0, 0, _, _, b'S', ..] => Guess::LooksLike("PostgreSQL"),
        [_]
        | [_, 0 | 1]
        | [_, 0 | 1, 0]
        | [_, 0 | 1, 0, 0 | 1]
        | [b'E', 0, 0, _]
        | [b'E', 0, 0, _, _] => Guess::NotYet,
        _ => Guess::Unknown,
    }
}

/// Whether a server that speaks HTTP/2 may begin with this frame. It has to begin with
/// SETTINGS (RFC 9113, 3.4), but one that refuses a connection may say only why.
pub fn may_begin(header: Header) -> bool {
    let Header { length, kind, flags, stream } = header;
    let size_fits = match kind {
        frame_type::SETTINGS => length.is_multiple_of(6) && flags & !flag::ACK == 0,
        frame_type::PING => length == 8 && flags & !flag::ACK == 0,
        frame_type::WINDOW_UPDATE | frame_type::RST_STREAM => length == 4 && flags == 0,
        frame_type::GOAWAY => (8..16_384).contains(&length) && flags == 0,
        frame_type::HEADERS | frame_type::DATA => length <= 16_384 && flags & !0x2d == 0,
        _ => false,
    };
    let stream_fits = match kind {
        frame_type::SETTINGS | frame_type::PING | frame_type::GOAWAY => stream == 0,
        frame_type::WINDOW_UPDATE => stream < 1 << 24,
        _ => stream % 2 == 1 && stream < 1 << 24,
    };
    size_fits && stream_fits
}
