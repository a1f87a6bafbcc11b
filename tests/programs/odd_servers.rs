//! Clients that find nobody, or something other than their server. Whoever is faster, the client
//! that writes or the other side that hangs up: the client says the same.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use grpc_workbook::http2::frames::{Frame, flag, frame_type};
use grpc_workbook::{LESSONS, Lesson};
use support::lesson;
use support::programs::{self, Server, run};
use tokio::net::TcpSocket;

use crate::{assert_fails, lessons};

/// What a server that is none of ours does with a connection.
type Behaviour = fn(TcpStream) -> io::Result<()>;

/// Serves each connection in this way, in threads that end with this process. Returns HOST:PORT.
fn serve(behaviour: Behaviour) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port should be found");
    let address = listener
        .local_addr()
        .expect("a listener should have an address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // It may fail: the client may hang up at any time.
            thread::spawn(move || behaviour(connection));
        }
    });
    address.to_string()
}

/// Reads what comes until the client hangs up.
fn read_on(mut connection: TcpStream) -> io::Result<()> {
    io::copy(&mut connection, &mut io::sink()).map(drop)
}

/// Reads the first bytes of HTTP/2, answers with these, and hangs up.
fn answer(mut connection: TcpStream, bytes: &[u8]) -> io::Result<()> {
    connection.read_exact(&mut [0; 2])?;
    connection.write_all(bytes)
}

/// SETTINGS without a setting (RFC 9113, 6.5).
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// Every client calls a server that behaves like this. The last line has `words`, and the name
/// of the client's own server as the only one.
fn every_client_says(what: &str, behaviour: Behaviour, words: &str) {
    let address = serve(behaviour);
    thread::scope(|threads| {
        for lesson in lessons() {
            let address = &address;
            threads.spawn(move || client_says(lesson, address, what, words));
        }
    });
}

fn client_says(lesson: &Lesson, address: &str, what: &str, words: &str) {
    // Its first steps are not gRPC, and have a line of their own: see the test below.
    let words = if lesson.number == 5 {
        "does not answer as lesson 5's server does"
    } else {
        words
    };
    let finished = run(&mut programs::client(lesson, address, &[]));
    assert_fails(&finished, 1, words, what);
    let last = finished.output.lines().last().unwrap_or_default();
    for other in LESSONS {
        let is_own = other.number == lesson.number;
        let is_named = last.ends_with(&other.server())
            || last.contains(&format!("{} ", other.server()));
        assert_eq!(is_named, is_own, "{what}: {last}");
    }
    for words in ["os error", "broken pipe", "reset by peer", "channel closed"] {
        assert!(!last.contains(words), "{what}: {last}");
    }
}

#[test]
fn a_server_that_hangs_up() {
    let gone = "the server went away";
    every_client_says("at once", |_| Ok(()), gone);
    every_client_says(
        "after the preface",
        |mut connection| connection.read_exact(&mut [0; 24]),
        gone,
    );
    every_client_says("after its SETTINGS", |it| answer(it, SETTINGS), gone);
    every_client_says(
        "inside a frame",
        |it| answer(it, &[SETTINGS, b"\0\0\x10\x01"].concat()),
        gone,
    );
}

#[test]
fn a_server_of_another_protocol() {
    const REFUSAL: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    // A fatal alert, unexpected_message (RFC 8446, 6).
    const ALERT: &[u8] = b"\x15\x03\x01\x00\x02\x02\x0a";

    let not_http2 = "what listens there does not speak HTTP/2";
    every_client_says("HTTP/1.1", |it| answer(it, REFUSAL), not_http2);
    every_client_says(
        "HTTP/1.1, which does not wait for a request",
        |mut it| it.write_all(REFUSAL),
        not_http2,
    );
    every_client_says(
        "HTTP/1.1, which stays",
        |mut it| {
            it.write_all(REFUSAL)?;
            read_on(it)
        },
        not_http2,
    );
    every_client_says("TLS", |it| answer(it, ALERT), not_http2);
    every_client_says("SSH", |it| answer(it, b"SSH-2.0-OpenSSH_9.6\r\n"), not_http2);
    every_client_says("Redis", |it| answer(it, b"-ERR unknown command\r\n"), not_http2);
}

/// Sends SETTINGS, waits until a call begins, and answers it with these frames, on stream 1.
fn answer_call(mut connection: TcpStream, frames: &[&[u8]]) -> io::Result<()> {
    connection.write_all(SETTINGS)?;
    connection.read_exact(&mut [0; 24])?;
    let mut header = [0; 9];
    while header[3] != frame_type::HEADERS {
        connection.read_exact(&mut header)?;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        connection.read_exact(&mut vec![0; length as usize])?;
    }
    connection.write_all(&frames.concat())?;
    read_on(connection)
}

/// HTTP/2, but not gRPC: there is no `grpc-status`.
#[test]
fn a_web_server_of_http2() {
    let not_grpc = "what listens there does not speak gRPC";
    every_client_says(
        "404",
        |it| {
            // `:status: 404` is entry 13 of HPACK's table (RFC 7541, appendix A).
            let flags = flag::END_HEADERS | flag::END_STREAM;
            answer_call(it, &[&Frame::encode_raw(frame_type::HEADERS, flags, 1, b"\x8d")])
        },
        not_grpc,
    );
    every_client_says(
        "a page",
        |it| {
            // `:status: 200` is entry 8.
            let headers =
                Frame::encode_raw(frame_type::HEADERS, flag::END_HEADERS, 1, b"\x88");
            let page = b"<html>Welcome</html>";
            let data = Frame::encode_raw(frame_type::DATA, flag::END_STREAM, 1, page);
            answer_call(it, &[&headers, &data])
        },
        not_grpc,
    );
}

/// It takes ten seconds until a client believes it.
#[test]
fn a_server_that_says_nothing() {
    let nothing = "the server says nothing";
    every_client_says("nothing", read_on, nothing);
    every_client_says(
        "nothing after its SETTINGS",
        |mut it| {
            it.write_all(SETTINGS)?;
            read_on(it)
        },
        nothing,
    );
}

#[test]
fn the_server_of_another_lesson() {
    thread::scope(|threads| {
        for lesson in lessons() {
            threads.spawn(|| {
                // Lesson 10's server has lesson 1's service too.
                let other = other_than(lesson);
                let server = Server::start(other);
                let words = match lesson.number {
                    10 => "calls failed that should have succeeded; lesson 10's server",
                    _ => "UNIMPLEMENTED (12)",
                };
                client_says(lesson, &server.address, "another lesson's", words);
            });
        }
    });
}

fn other_than(of: &Lesson) -> &'static Lesson {
    lesson(if of.number == 6 { 7 } else { 6 })
}

/// Each step of lesson 5's client by itself, and each of the other clients' failures that are
/// played against a server.
#[test]
fn every_script_against_the_server_of_another_lesson() {
    let server = Server::start(lesson(2));
    let own = |n: u8| format!("cargo run --bin lesson-{n}-server");
    for (number, args) in [
        (5, &["tcp"][..]),
        (5, &["http1"]),
        (5, &["http2"]),
        (5, &["flow"]),
        (6, &["7", "/", "2"]),
        (6, &["--break", "divide-by-zero"]),
        (6, &["--break", "not-a-message"]),
        (6, &["--break", "leave"]),
        (7, &["wuhan"]),
        (7, &["tick"]),
        (7, &["--break", "leave"]),
        (7, &["--break", "deadline"]),
        (8, &["5", "6"]),
        (8, &["collect", "a"]),
        (8, &["--break", "not-a-message"]),
        (8, &["--break", "early-response"]),
        (8, &["--break", "leave"]),
        (8, &["--break", "end-too-soon"]),
        (8, &["--break", "deadline"]),
        (9, &["5"]),
        (9, &["echo", "a"]),
        (9, &["--break", "deadlock"]),
        (9, &["--break", "full"]),
        (9, &["--break", "leave"]),
        (9, &["--break", "wrong-message"]),
        (10, &["greeter"]),
        (10, &["--break", "same-name"]),
        (12, &["enrol", "wuhan-c", "s-1"]),
        (12, &["list", "wuhan"]),
        (12, &["--break", "proxy-html"]),
        (12, &["--break", "proxy-empty"]),
        (12, &["--break", "io-error"]),
        (12, &["--break", "details-too-long"]),
        (12, &["--break", "late-error"]),
        (12, &["--break", "not-base64"]),
    ] {
        let finished = run(&mut programs::client(lesson(number), &server.address, args));
        let what = format!("lesson {number}, {args:?}");
        assert_fails(&finished, 1, &own(number), &what);
    }
}

/// A client calls the port of another lesson, and nobody is there: it names its own server.
#[test]
fn nobody_is_there() {
    for lesson in lessons() {
        // Bound, and not listening: nobody else can listen there in the meantime.
        let socket = TcpSocket::new_v4().expect("the system should make a socket");
        // Of the last lesson, this is the first one.
        let next = usize::from(lesson.number) % LESSONS.len();
        let neighbour = LESSONS[next].port();
        // Where the neighbour's server runs, any port has to do.
        let port = socket.bind(([127, 0, 0, 1], neighbour).into());
        let port = port.or_else(|_| socket.bind(([127, 0, 0, 1], 0).into()));
        port.expect("a free port should be found");
        let address = socket
            .local_addr()
            .expect("a socket that is bound should have an address")
            .to_string();
        client_says_nobody(lesson, &address);
    }
}

fn client_says_nobody(lesson: &Lesson, address: &str) {
    let finished = run(&mut programs::client(lesson, address, &[]));
    let words = format!(
        "no server at http://{address}: start it with cargo run --bin {}, which listens on port {}",
        lesson.server(),
        lesson.port()
    );
    assert_fails(&finished, 1, &words, "nobody");
}
