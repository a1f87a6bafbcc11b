//! The programs: the client's steps and faults, and connections that do not hold up others.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use support::programs::{self, Finished, Server, run};

use super::LESSON;

fn client(server: &Server, args: &[&str]) -> Finished {
    run(&mut programs::client(LESSON, &server.address, args))
}

#[test]
fn the_client_plays_each_step() {
    let server = Server::start(LESSON);
    let mut all = String::new();
    for step in ["tcp", "http1", "http2", "flow"] {
        let Finished { code, output } = client(&server, &[step]);
        assert_eq!(code, Some(0), "{output}");
        all += &output;
    }
    // It has a server of its own.
    let goaway = run(programs::command(&LESSON.client()).arg("goaway"));
    assert_eq!(goaway.code, Some(0), "{}", goaway.output);
    all += &goaway.output;
    let Finished { code, output } = client(&server, &[]);
    assert_eq!((code, output), (Some(0), all.clone()));
    let place = |text: &str| all.find(text).unwrap_or_else(|| panic!("{text}: {all}"));
    assert!(place("http1: answered slow") < place("http1: answered quick"));
    assert!(place("http2: answered quick") < place("http2: answered slow"));
    for words in [
        "SETTINGS: INITIAL_WINDOW_SIZE 2097152",
        "WINDOW_UPDATE on stream 0: 5177345 bytes",
        "65535 bytes of DATA",
        "still no more than 65535",
        "4 chunks read, 65572 bytes",
        "RST_STREAM on 1: CANCEL",
        "GOAWAY, NO_ERROR, last stream 2147483647\ngoaway: the server sent PING\n",
        "GOAWAY, NO_ERROR, last stream 1\ngoaway: a new call fails",
    ] {
        place(words);
    }
}

#[test]
fn faults_end_as_the_chapter_says() {
    let server = Server::start(LESSON);
    for (name, words) in [
        ("http1-to-grpc", "the server sent SETTINGS, and hung up without GOAWAY"),
        ("bad-preface", "the server sent SETTINGS, and hung up without GOAWAY"),
        ("frame-on-stream-0", "the server sent GOAWAY, PROTOCOL_ERROR, last stream 0"),
        ("too-large-frame", "GOAWAY, FRAME_SIZE_ERROR, last stream 0"),
    ] {
        let Finished { code, output } = client(&server, &["--break", name]);
        assert_eq!(code, Some(1), "{name}: {output}");
        assert!(output.contains(words), "{name}: {output}");
    }
}

#[test]
fn without_a_server_each_step_says_how_to_start_one() {
    for step in ["tcp", "http1", "http2", "flow"] {
        let Finished { code, output } =
            run(&mut programs::client(LESSON, "127.0.0.1:1", &[step]));
        assert_eq!(code, Some(1), "{step}: {output}");
        assert!(output.contains("no server at"), "{step}: {output}");
        assert!(output.contains("cargo run --bin lesson-5-server"), "{step}: {output}");
    }
}

/// Connections that send nothing, or half of a message, hold up neither the others nor the
/// server's shutdown.
#[test]
fn silent_connections_hold_up_no_other() {
    let server = Server::start(LESSON);
    let connect = || TcpStream::connect(&server.address).expect("connection should open");
    let silent: Vec<TcpStream> = (0..20).map(|_| connect()).collect();
    let mut half = connect();
    half.write_all(b"\0\0").expect("write should succeed");
    let mut gone = connect();
    gone.shutdown(Shutdown::Write)
        .expect("shutdown should succeed");
    assert_eq!(gone.read(&mut [0]).expect("read should succeed"), 0);

    let mut huge = connect();
    huge.write_all(b"\x7f\xff\xff\xff")
        .expect("write should succeed");
    assert_eq!(huge.read(&mut [0]).expect("read should succeed"), 0, "it is refused");

    assert_eq!(client(&server, &["tcp"]).code, Some(0));
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert!(output.contains("TCP: the message is too long"), "{output}");
    assert!(!output.contains("cut off"), "{output}");
    drop(silent);
}

/// What `curl -I` sends gets an answer in HTTP/1.1, and so does any method that is not GET.
#[test]
fn other_methods_of_http1_are_not_allowed() {
    let server = Server::start(LESSON);
    for method in ["HEAD", "DELETE", "OPTIONS"] {
        let mut connection =
            TcpStream::connect(&server.address).expect("connection should open");
        let request = format!("{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        connection
            .write_all(request.as_bytes())
            .expect("write should succeed");
        let mut response = String::new();
        connection
            .read_to_string(&mut response)
            .expect("the connection should end without a reset");
        assert_eq!(
            response,
            "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n",
            "{method}"
        );
    }
    let Finished { output, .. } = server.stop();
    assert!(output.contains("HTTP/1.1: HEAD / HTTP/1.1 -> 405"), "{output}");
    assert!(!output.contains("TCP:"), "{output}");
}

/// The steps that are not gRPC, against a server that speaks nothing else.
#[test]
fn the_server_of_another_lesson_is_told_apart() {
    let server = Server::start(support::lesson(1));
    for step in ["tcp", "http1"] {
        let Finished { code, output } = client(&server, &[step]);
        assert_eq!(code, Some(1), "{step}: {output}");
        let words = "does not answer as lesson 5's server does: start that with cargo run --bin lesson-5-server";
        assert!(output.contains(words), "{step}: {output}");
    }
}

#[test]
fn mistakes_on_the_command_line_get_one_line() {
    for (args, words) in [
        (&["udp"][..], "'udp'"),
        (&["tcp", "http1"], "'http1'"),
        (&["--break", "nothing"], "'nothing'"),
    ] {
        let Finished { code, output } =
            run(&mut programs::client(LESSON, "127.0.0.1:1", args));
        assert_eq!(code, Some(2), "{args:?}: {output}");
        assert_eq!(output.lines().count(), 1, "{args:?}: {output}");
        assert!(output.contains(words), "{args:?}: {output}");
    }
}
