//! What is not HTTP/2: the reason that the trace gives is true, and does not depend on how TCP
//! cuts the bytes.

use grpc_workbook::http2::frames::{PREFACE, frame_type};
use grpc_workbook::tap::trace::{EventKind, Side, Trace};

use super::wire::*;

/// Why a direction is not read, if the connection ends behind these bytes: whole, and cut
/// anywhere.
fn why_not(side: Side, bytes: &[u8]) -> Option<String> {
    let see = |cut: usize| {
        let mut trace = Trace::default();
        if side == Side::Server {
            trace.push(Side::Client, PREFACE);
        }
        let (one, two) = bytes.split_at(cut);
        let mut events = trace.push(side, one);
        events.extend(trace.push(side, two));
        events.extend(trace.end(side));
        let mut reasons = events.into_iter().filter_map(|event| match event.kind {
            EventKind::Undecodable { why } => Some(why),
            _ => None,
        });
        let why = reasons.next();
        assert_eq!(reasons.next(), None, "it should be said once");
        why
    };
    let whole = see(0);
    for cut in 1..=bytes.len() {
        assert_eq!(see(cut), whole, "{bytes:?} cut at {cut}");
    }
    whole
}

fn looks_like(side: Side, cases: &[(&[u8], &str)]) {
    for (bytes, name) in cases {
        let expected = format!("this is not HTTP/2: it looks like {name}");
        assert_eq!(why_not(side, bytes), Some(expected), "{bytes:?}");
    }
}

/// What other servers say to HTTP/2's preface, or before it.
#[test]
fn other_servers_are_recognised() {
    let tls = "TLS (https)";
    let page = "a page of HTML, without HTTP";
    looks_like(
        Side::Server,
        &[
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP/1.1"),
            (b"HTTP/1.0 505 HTTP Version Not Supported\r\n\r\n", "HTTP/1.1"),
            (b"<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">", page),
            (b"<html>\r\n<head><title>400 Bad Request</title></head>", page),
            (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
            (b"-ERR unknown command 'PRI'\r\n", "Redis"),
            (b"-NOAUTH Authentication required.\r\n", "Redis"),
            (b"-DENIED Redis is running in protected mode", "Redis"),
            // An alert, protocol_version, and a handshake.
            (b"\x15\x03\x01\0\x02\x02\x46", tls),
            (b"\x15\x03\x03\0\x02\x02\x0a", tls),
            (b"\x16\x03\x03\0\x7a\x02\0\0\x76\x03\x03", tls),
            (b"220 mail.example.org ESMTP Postfix\r\n", "SMTP or FTP"),
            (b"554 5.7.1 no\r\n", "SMTP or FTP"),
            (b"+OK POP3 ready\r\n", "POP3 or Redis"),
            (b"* OK IMAP4rev1 ready\r\n", "IMAP"),
            (b"\x4a\0\0\0\x0a8.0.36\0\x08\0\0\0", "MySQL"),
            (b"\x5b\0\0\0\x0a5.5.5-10.11.6-MariaDB\0", "MySQL"),
            (b"\x45\0\0\0\xff\x6a\x04Host '", "MySQL"),
            (b"E\0\0\0\x8bSFATAL\0", "PostgreSQL"),
            (b"AMQP\0\0\x09\x01", "AMQP"),
            (b"ERROR\r\n", "memcached"),
            (b"INFO {\"server_id\":\"", "NATS"),
            (b"\xff\xfd\x18\xff\xfd\x20", "Telnet"),
        ],
    );
    let unknown = "this is not HTTP/2: it does not begin with SETTINGS";
    for bytes in [
        &b"hello, who are you?"[..],
        b"{\"error\":\"no\"}",
        &[0; 40],
        &[0xff; 40],
        // A request instead of an answer, and HTTP/2's own preface.
        b"GET / HTTP/1.1\r\n\r\n",
        PREFACE,
    ] {
        assert_eq!(why_not(Side::Server, bytes).as_deref(), Some(unknown), "{bytes:?}");
    }
    // It left before one could tell.
    for bytes in [&b"h"[..], b"HTT", b"\0\0\0\x04", b"\x16"] {
        assert_eq!(why_not(Side::Server, bytes).as_deref(), Some("this is not HTTP/2"));
    }
    assert_eq!(why_not(Side::Server, b""), None);
}

/// What other clients begin with.
#[test]
fn other_clients_are_recognised() {
    let proxy = "the PROXY protocol, which stands before what the client sends";
    looks_like(
        Side::Client,
        &[
            (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1"),
            (b"POST /a.B/C HTTP/1.1\r\n", "HTTP/1.1"),
            (b"PUT /a HTTP/1.1\r\n", "HTTP/1.1"),
            (b"PATCH /a HTTP/1.1\r\n", "HTTP/1.1"),
            (b"HEAD / HTTP/1.1\r\n", "HTTP/1.1"),
            (b"OPTIONS * HTTP/1.1\r\n", "HTTP/1.1"),
            (b"CONNECT a:443 HTTP/1.1\r\n", "HTTP/1.1"),
            (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", "TLS (https)"),
            (b"\x16\x03\x03\0\xa5\x01\0\0\xa1\x03\x03", "TLS (https)"),
            (b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\nPRI * HTTP/2.0", proxy),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", proxy),
            (b"SSH-2.0-Go\r\n", "SSH"),
            (b"EHLO me\r\n", "SMTP"),
            (b"*1\r\n$4\r\nPING\r\n", "Redis"),
            (b"*12\r\n$4\r\nHSET\r\n", "Redis"),
        ],
    );
    for bytes in [
        &b"hello"[..],
        b"\0\0\0\x05hello",
        b"PRI * HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        b"P",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r",
        b"get / HTTP/1.1\r\n",
    ] {
        let why = why_not(Side::Client, bytes);
        assert_eq!(why.as_deref(), Some("this is not HTTP/2"), "{bytes:?}");
    }
    assert_eq!(why_not(Side::Client, b""), None);
    assert_eq!(why_not(Side::Client, PREFACE), None);
}

/// The server of a client that does not speak HTTP/2 does not either: nothing is said twice.
/// A server that does not, on the other hand, says nothing about the client.
#[test]
fn a_reason_is_given_once() {
    let mut talk = Talk::default();
    talk.client(b"GET / HTTP/1.1\r\n\r\n")
        .server(b"HTTP/1.1 200 OK\r\n\r\n")
        .end();
    let seen = talk.seen();
    assert_eq!(seen, ["--> 0 not read: this is not HTTP/2: it looks like HTTP/1.1"]);
    let mut talk = Talk::default();
    talk.server(b"SSH-2.0-OpenSSH_9.6\r\n")
        .client(PREFACE)
        .client(&request(1, END));
    talk.end();
    let seen = talk.seen();
    assert_eq!(seen[0], "<-- 0 not read: this is not HTTP/2: it looks like SSH");
    assert_eq!(seen[1..], ["--> 1 headers :method POST END"]);
}

/// A server that speaks HTTP/2 begins with SETTINGS; one that refuses may say only why.
#[test]
fn servers_of_http2_are_read() {
    let settings = frame(frame_type::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);
    let goaway = frame(frame_type::GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 11]);
    let ping = frame(frame_type::PING, 0, 0, &[0; 8]);
    for first in [
        &settings[..],
        &frame(frame_type::SETTINGS, 0, 0, b""),
        &goaway,
        &ping,
    ] {
        let bytes = [first, &goaway].concat();
        assert_eq!(why_not(Side::Server, &bytes), None);
    }
}
