//! The programs as a reader runs them: the chapter's commands, its failures, and mistakes on the
//! command line. And what tonic says by itself.

use std::error::Error;
use std::io::{Read, pipe};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Output, Stdio};
use std::thread;

use grpc_workbook::hello::proto::{HelloRequest, greeter_client::GreeterClient};
use support::programs::{self, Finished, Server, run};
use tokio::net::TcpSocket;

use crate::LESSON;

/// The chapter quotes what it prints when the port is taken.
#[test]
fn the_smallest_main_prints_errors_as_rust_does() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port should be found");
    let taken = holder
        .local_addr()
        .expect("a listener should have an address")
        .to_string();
    let Finished { code, output } =
        run(programs::command("lesson-1-minimal").arg(&taken));
    assert_eq!(code, Some(1));
    assert!(output.starts_with("Error: tonic::transport::Error(Transport, Os { code: "));
    assert!(output.contains("Address already in use"), "{output}");
}

#[test]
fn the_smallest_main_serves_too() {
    let (mut minimal, address) = start_minimal();
    let client = run(&mut programs::client(LESSON, &address, &[]));
    minimal.kill().expect("the server should still run");
    minimal.wait().expect("the server should end");
    assert_eq!(client, Finished::new(0, "Hello, you!\n"));
}

/// Starts the smallest server, and returns it with its address once it accepts connections.
fn start_minimal() -> (Child, String) {
    // It prints nothing, so it cannot take port 0 and say which one it got. It is given a port that
    // is held for it: nobody gets this port who asks for a free one, and whoever names it does, as
    // long as the holder does not listen.
    let holder = TcpSocket::new_v4().expect("the system should make a socket");
    holder
        .set_reuseaddr(true)
        .and_then(|()| holder.bind(([127, 0, 0, 1], 0).into()))
        .expect("a free port should be found");
    let address = holder
        .local_addr()
        .expect("a socket that is bound should have an address")
        .to_string();
    let mut minimal = programs::command("lesson-1-minimal")
        .arg(&address)
        .spawn()
        .expect("the server should start");
    while TcpStream::connect(&address).is_err() {
        let ended = minimal.try_wait();
        let ended = ended.expect("the server should be a child of this test");
        assert_eq!(ended, None, "the server should listen on {address}");
        thread::yield_now();
    }
    (minimal, address)
}

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let client =
        |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    assert_eq!(client(&[]), Finished::new(0, "Hello, you!\n"));
    assert_eq!(client(&["Ada"]), Finished::new(0, "Hello, Ada!\n"));
    assert_eq!(client(&["小明"]), Finished::new(0, "Hello, 小明!\n"));
    assert_eq!(client(&["--break", "empty-name"]), Finished::new(0, "Hello, !\n"));
    let address = server.address.clone();
    let expected = format!(
        "lesson-1-server listening on {address}\n\
         SayHello \"you\" -> \"Hello, you!\"\n\
         SayHello \"Ada\" -> \"Hello, Ada!\"\n\
         SayHello \"小明\" -> \"Hello, 小明!\"\n\
         SayHello \"\" -> \"Hello, !\"\n\
         lesson-1-server stopping\n"
    );
    assert_eq!(server.stop(), Finished::new(0, expected));
}

#[test]
fn mistakes_on_the_command_line_get_one_line() {
    let holder = TcpListener::bind("127.0.0.1:0").expect("a free port should be found");
    let taken = holder
        .local_addr()
        .expect("a listener should have an address")
        .to_string();
    let server = |args: &[&str]| run(programs::command("lesson-1-server").args(args));
    let client = |args: &[&str]| run(programs::command("lesson-1-client").args(args));
    for (finished, code, words) in [
        (server(&["--addr", &taken]), 1, format!("{taken} is in use").as_str()),
        (server(&["--addr", "192.0.2.1:50051"]), 1, "not an address of this machine"),
        (server(&["--addr", "nonsense"]), 2, "'nonsense' for '--addr"),
        (
            server(&["--addr", "127.0.0.1:65536"]),
            2,
            "the port is a number from 0 to 65535",
        ),
        (server(&["--addr", "127.0.0.1:http"]), 2, "not HOST:PORT"),
        (server(&["--addr"]), 2, "a value is required for '--addr"),
        (server(&["--adr", "127.0.0.1:0"]), 2, "'--addr'"),
        (server(&["loud"]), 2, "unexpected argument 'loud'"),
        (
            client(&["--server", "http://127.0.0.1:1"]),
            1,
            "no server at http://127.0.0.1:1:",
        ),
        (client(&["--server", "http://127.0.0.1:1/path"]), 2, "no path"),
        (client(&["--server", "https://127.0.0.1:1"]), 2, "without TLS"),
        (client(&["--server", "127.0.0.1:1"]), 2, "not begin with http://"),
        (client(&["--server", "http://"]), 2, "not a URI"),
        (client(&["--server", "http://:1"]), 2, "it names no host"),
        (client(&["--server", "http://127.0.0.1:65536"]), 2, "from 0 to 65535"),
        (client(&["--server", "http://[::1]:99999"]), 2, "from 0 to 65535"),
        (client(&["--server", "http://127.0.0.1:"]), 2, "from 0 to 65535"),
        (client(&["--server", "http://localhost:http"]), 2, "from 0 to 65535"),
        (client(&["--server", "http://[::1]:1"]), 1, "no server at http://[::1]:1:"),
        (client(&["--break", "everything"]), 2, "wrong-path"),
        (client(&["Ada", "Grace"]), 2, "unexpected argument 'Grace'"),
        (client(&["--break", "no-server"]), 1, "no server at http://127.0.0.1:1:"),
        (client(&["--break", "wrong-port"]), 1, "does not speak HTTP/2"),
    ] {
        let Finished { code: actual, output } = &finished;
        assert_eq!(*actual, Some(code), "{output}");
        assert!(output.starts_with("Error: ") && output.contains(words), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
        assert!(!output.contains("os error"), "{output}");
    }
}

/// A server that dies during a call.
#[test]
fn the_client_says_that_the_server_went_away() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port should be found");
    let address = listener
        .local_addr()
        .expect("a listener should have an address")
        .to_string();
    let server = thread::spawn(move || {
        let (mut connection, _) = listener.accept().expect("the client should connect");
        connection
            .read_exact(&mut [0; 24])
            .expect("the client should send the preface");
        // Frames, each with its length and type first, until HEADERS begins the call.
        let mut header = [0; 9];
        while header[3] != 1 {
            connection
                .read_exact(&mut header)
                .expect("the client should send a frame");
            let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
            connection
                .read_exact(&mut vec![0; length as usize])
                .expect("the frame should be whole");
        }
    });
    let Finished { code, output } = run(&mut programs::client(LESSON, &address, &[]));
    server
        .join()
        .expect("the server should read the call and hang up");
    assert_eq!(code, Some(1));
    assert!(output.starts_with("Error: the server went away"), "{output}");
    assert_eq!(output.lines().count(), 1, "{output}");
}

#[test]
fn a_closed_output_ends_the_programs_quietly() {
    let server = Server::start(LESSON);
    for args in [&[][..], &["--help"], &["--break"]] {
        let mut client = programs::client(LESSON, &server.address, args);
        let (reader, writer) = pipe().expect("the system should make a pipe");
        drop(reader);
        let Output { status, stderr, .. } = client
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .expect("the client should start");
        assert!(status.success() && stderr.is_empty(), "{args:?}: {status}, {stderr:?}");
    }
}

/// What tonic says by itself. The page of error messages lists it.
#[tokio::test]
async fn tonic_hides_the_cause() {
    for (uri, messages) in [
        ("http://127.0.0.1:1", &["tcp connect error", "Connection refused"][..]),
        ("127.0.0.1:1", &["invalid URL, scheme is missing"]),
    ] {
        let error = GreeterClient::connect(uri)
            .await
            .expect_err("no server should be there");
        assert_eq!(error.to_string(), "transport error");
        let mut causes = String::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes += &format!("{error}: ");
            cause = error.source();
        }
        for message in messages {
            assert!(causes.contains(message), "{message} is not in {causes}");
        }
    }
}

/// Why the lessons' clients refuse an address with https: tonic is built without TLS here.
#[tokio::test]
async fn tonic_without_tls_takes_https_for_clear_text() {
    let server = Server::start(LESSON);
    let mut greeter = GreeterClient::connect(format!("https://{}", server.address))
        .await
        .expect("tonic should connect");
    let request = HelloRequest { name: "you".into() };
    let response = greeter
        .say_hello(request)
        .await
        .expect("the call should succeed");
    assert_eq!(response.into_inner().message, "Hello, you!");
}
