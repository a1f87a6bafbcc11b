//! Lesson 1: the exercise, and what the chapter says of server and client.

#[path = "../lessons/01_hello/exercise.rs"]
mod exercise;
#[path = "../lessons/01_hello/solution.rs"]
mod solution;
#[path = "../lessons/01_hello/wrong_code.rs"]
mod wrong_code;
#[path = "../lessons/01_hello/wrong_ok.rs"]
mod wrong_ok;
#[path = "../lessons/01_hello/wrong_untrimmed.rs"]
mod wrong_untrimmed;

use std::error::Error;
use std::io::{Read, pipe};
use std::iter::successors;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Output, Stdio};
use std::{fs, thread};

use grpc_workbook::hello::MyGreeter;
use grpc_workbook::hello::proto::greeter_client::GreeterClient;
use grpc_workbook::hello::proto::greeter_server::{self, Greeter, GreeterServer};
use grpc_workbook::hello::proto::{HelloReply, HelloRequest};
use grpc_workbook::raw::{self, RawCodec};
use grpc_workbook::{Lesson, OUT_DIR};
use prost::Message;
use prost::bytes::Bytes;
use support::checks::{Checks, Verdict, outcome};
use support::programs::{self, Finished, Server, run};
use support::{excerpt, generated, lesson, written};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

const LESSON: &Lesson = lesson(1);
const PATH: &str = "/helloworld.Greeter/SayHello";

type Call = JoinHandle<Result<Response<Bytes>, Status>>;

// --- the exercise

async fn check(server: Routes) -> Verdict {
    let greeter = GreeterClient::new(server);
    let mut checks = Checks::default();
    let missing = || Err("INVALID_ARGUMENT: name is empty".to_string());
    for (name, expected) in [
        ("you", Ok("Hello, you!".to_string())),
        ("  Ada ", Ok("Hello, Ada!".to_string())),
        ("小 明\n", Ok("Hello, 小 明!".to_string())),
        ("", missing()),
        (" \t ", missing()),
    ] {
        let mut greeter = greeter.clone();
        let response = async move {
            let reply = greeter.say_hello(HelloRequest { name: name.into() }).await;
            outcome(reply).map(|reply| reply.message)
        };
        let call = format!("SayHello({name:?})");
        checks.call(call, response, expected).await;
    }
    checks.verdict()
}

fn serving(greeter: impl Greeter) -> Routes {
    Routes::new(GreeterServer::new(greeter))
}

support::exercise! {
    files: "lessons/01_hello/exercise.rs",
    check: |answer| check(serving(answer::PoliteGreeter)),
    own: check(serving(MyGreeter)),
    wrong: [
        wrong_code,
        wrong_ok,
        wrong_untrimmed => "book/generated/01-hello-report.txt",
    ],
}

// --- the wire

/// The chapter's "predict": a field at its default is not sent.
#[test]
fn an_empty_name_takes_no_byte() {
    let request = |name: &str| HelloRequest { name: name.into() }.encode_to_vec();
    assert_eq!(request("you"), b"\x0a\x03you");
    assert_eq!(request(""), b"");
    assert_eq!(
        HelloReply { message: "Hello, you!".into() }.encode_to_vec(),
        b"\x0a\x0bHello, you!"
    );
}

#[tokio::test]
async fn the_server_has_one_path() {
    assert_eq!(greeter_server::SERVICE_NAME, "helloworld.Greeter");
    let server = Server::start(LESSON);
    let channel = connect(&server).await;

    let answer = raw::unary(channel.clone(), PATH, b"\x0a\x03you")
        .await
        .expect("the server should answer");
    assert_eq!(answer.into_inner(), &b"\x0a\x0bHello, you!"[..]);

    for path in [
        "/Greeter/SayHello",
        "/helloworld.Greeter/sayHello",
        "/helloworld.Greeter",
        "/",
    ] {
        let status = raw::unary(channel.clone(), path, b"")
            .await
            .expect_err(path);
        assert_eq!(
            (status.code(), status.message()),
            (Code::Unimplemented, ""),
            "{path}"
        );
    }
    for broken in [
        &b"\x0a\x02\xc3\x28"[..],
        b"\x0a\x05you",
        b"\x0a",
        b"\x08\x01",
        b"\x0b",
    ] {
        let status = raw::unary(channel.clone(), PATH, broken)
            .await
            .expect_err("a broken message should be refused");
        assert_eq!(status.code(), Code::Internal, "{broken:?}");
    }
    // None of it reached the service but the first call.
    drop(channel);
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert_eq!(output.matches("SayHello").count(), 1, "{output}");
}

async fn connect(server: &Server) -> Channel {
    let uri = format!("http://{}", server.address);
    Endpoint::try_from(uri)
        .expect("should be a URI")
        .connect()
        .await
        .expect("the server should accept a connection")
}

/// The chapter's table of bytes: what is on the wire for the call, and for its answer.
#[test]
fn bytes_of_the_call() {
    let request = HelloRequest { name: "you".into() }.encode_to_vec();
    let reply = HelloReply { message: "Hello, you!".into() }.encode_to_vec();
    let mut table = String::from("| who | bytes | meaning |\n|---|---|---|\n");
    for (who, field, message) in
        [("client", "name", request), ("server", "message", reply)]
    {
        let hex = |bytes: &[u8]| {
            let bytes: Vec<String> =
                bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            bytes.join(" ")
        };
        let mut row = |bytes: &[u8], meaning: String| {
            table += &format!("| {who} | `{}` | {meaning} |\n", hex(bytes));
        };
        let length = u32::try_from(message.len()).expect("the message should be short");
        row(&[0], "not compressed".into());
        row(&length.to_be_bytes(), format!("the message takes {length} bytes"));
        assert_eq!(message[0], 1 << 3 | 2, "the tag of field 1, length-delimited");
        assert_eq!(usize::from(message[1]), message.len() - 2);
        let text = String::from_utf8_lossy(&message[2..]);
        row(&message[..1], format!("field 1, `{field}`; its value begins with a length"));
        row(&message[1..2], format!("{} bytes follow", message[1]));
        row(&message[2..], format!("`{text}` in UTF-8"));
    }
    written("book/generated/01-hello-bytes.md", &table);
}

/// What a server needs to describe itself: the definitions as data.
#[test]
fn descriptors_are_kept() {
    let file = Path::new(OUT_DIR).join("descriptors.bin");
    let descriptors = fs::read(file).expect("build.rs should have made the file");
    let text = String::from_utf8_lossy(&descriptors);
    for name in [
        "hello.proto",
        "helloworld",
        "Greeter",
        "SayHello",
        "HelloRequest",
    ] {
        assert!(text.contains(name), "{name}");
    }
}

/// The chapter's excerpts of the generated code.
#[test]
fn generated_code() {
    let code = generated("helloworld.rs");
    let excerpt = |from, to| excerpt(&code, from, to);
    written("book/generated/01-hello-message.rs", &excerpt("#[derive", "\n}"));
    written(
        "book/generated/01-hello-client.rs",
        &excerpt("pub async fn say_hello", "\n        }"),
    );
    written("book/generated/01-hello-trait.rs", &excerpt("#[async_trait]", "\n    }"));
}

// --- the programs

/// What the chapter says of it: it is not kind about a port that is taken.
#[test]
fn the_smallest_main_says_what_rust_says() {
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
    // It takes an address and says nothing: ask for a port that was free just now, and for
    // another one if somebody was faster.
    let (mut minimal, address) = loop {
        let free =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a free port should be found").to_string();
        let mut minimal = programs::command("lesson-1-minimal")
            .arg(&address)
            .spawn()
            .expect("the server should start");
        let ended = loop {
            if TcpStream::connect(&address).is_ok() {
                break false;
            }
            if minimal.try_wait().expect("should be a child").is_some() {
                break true;
            }
            thread::yield_now();
        };
        if !ended {
            break (minimal, address);
        }
    };
    let answer = run(&mut programs::client(LESSON, &address, &[]));
    minimal
        .kill()
        .and_then(|()| minimal.wait())
        .expect("the server should end");
    assert_eq!(answer, Finished::new(0, "Hello, you!\n"));
}

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let says = |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    assert_eq!(says(&[]), Finished::new(0, "Hello, you!\n"));
    assert_eq!(says(&["Ada"]), Finished::new(0, "Hello, Ada!\n"));
    assert_eq!(says(&["小明"]), Finished::new(0, "Hello, 小明!\n"));
    assert_eq!(says(&["--break", "empty-name"]), Finished::new(0, "Hello, !\n"));
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
fn mistakes_get_one_line() {
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
        (server(&["--addr", "127.0.0.1:65536"]), 2, "not HOST:PORT"),
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

/// A server that dies under a call: the client says so, in one line.
#[test]
fn a_server_that_goes_away_is_named() {
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
        // Frames, each with its length and type in front, until HEADERS begins the call.
        let mut header = [0; 9];
        while header[3] != 1 {
            connection
                .read_exact(&mut header)
                .expect("the client should send a frame");
            let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
            connection
                .read_exact(&mut vec![0; length as usize])
                .expect("the client should send the whole frame");
        }
    });
    let Finished { code, output } = run(&mut programs::client(LESSON, &address, &[]));
    server
        .join()
        .expect("the server should read the call's HEADERS");
    assert_eq!(code, Some(1));
    assert!(output.starts_with("Error: the server went away"), "{output}");
    assert_eq!(output.lines().count(), 1, "{output}");
}

/// What tonic says by itself; the page of error messages lists it.
#[tokio::test]
async fn tonic_hides_the_cause() {
    for (uri, messages) in [
        ("http://127.0.0.1:1", &["tcp connect error", "Connection refused"][..]),
        ("127.0.0.1:1", &["invalid URL, scheme is missing"]),
    ] {
        let error = GreeterClient::connect(uri)
            .await
            .expect_err("connecting should fail");
        assert_eq!(error.to_string(), "transport error");
        let causes = successors(error.source(), |cause: &&dyn Error| (*cause).source());
        let causes = causes
            .map(|cause| cause.to_string())
            .collect::<Vec<_>>()
            .join(": ");
        for message in messages {
            assert!(causes.contains(message), "{message} is not in {causes}");
        }
    }
}

#[tokio::test]
async fn a_call_that_is_open_at_sigterm_is_finished() {
    let mut server = Server::start(LESSON);
    let (name, call) = open_call(&server).await;
    server.signal();
    server.wait_for("lesson-1-server stopping");
    name.send(HelloRequest { name: "late".into() }.encode_to_vec().into())
        .expect("the call should still be open");
    drop(name);
    let answer = call
        .await
        .expect("the call should not panic")
        .expect("the call should be answered");
    assert_eq!(answer.into_inner(), &b"\x0a\x0cHello, late!"[..]);
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(0));
    assert!(!output.contains("cut off"), "{output}");
}

/// A second signal does not wait for the calls that are open.
#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_twice_ends_the_server_at_once() {
    let mut server = Server::start(LESSON);
    let (_name, call) = open_call(&server).await;
    server.interrupt();
    server.wait_for("lesson-1-server stopping");
    server.interrupt();
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(0));
    assert!(!output.contains("cut off"), "{output}");
    call.await
        .expect("the call should not panic")
        .expect_err("the call should be cut off");
}

#[tokio::test]
async fn a_call_that_stays_open_is_cut_off() {
    let server = Server::start(LESSON);
    let (_name, call) = open_call(&server).await;
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert!(
        output.ends_with("lesson-1-server cut off the calls that were still open\n"),
        "{output}"
    );
    call.await
        .expect("the call should not panic")
        .expect_err("the call should be cut off");
}

/// Starts a call and holds its only message back. When this returns, the server has the call.
async fn open_call(server: &Server) -> (UnboundedSender<Bytes>, Call) {
    let mut grpc = Grpc::new(connect(server).await);
    let (name, names) = mpsc::unbounded_channel();
    let mut open = grpc.clone();
    let mut call = Box::pin(async move {
        open.ready().await.expect("the connection should be ready");
        // As client streaming, so that the message can come later: the wire looks the same.
        let names = Request::new(UnboundedReceiverStream::new(names));
        open.client_streaming(names, PathAndQuery::from_static(PATH), RawCodec)
            .await
    });
    // Frames of one connection arrive in order: once a second call is answered, the first is
    // there.
    grpc.ready().await.expect("the connection should be ready");
    tokio::select! {
        biased;
        _ = &mut call => panic!("answered without a message"),
        answer = grpc.unary(Request::new(Bytes::new()), PathAndQuery::from_static(PATH), RawCodec) => {
            answer.expect("the second call should be answered");
        }
    }
    (name, tokio::spawn(call))
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
