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
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::{fs, thread};

use grpc_workbook::hello::MyGreeter;
use grpc_workbook::hello::proto::greeter_client::GreeterClient;
use grpc_workbook::hello::proto::greeter_server::{self, Greeter, GreeterServer};
use grpc_workbook::hello::proto::{HelloReply, HelloRequest};
use grpc_workbook::raw::{self, RawCodec};
use grpc_workbook::{Lesson, OUT_DIR};
use prost::Message;
use prost::bytes::Bytes;
use support::bytes::hex;
use support::checks::{Checks, Verdict, outcome};
use support::programs::{self, Finished, Server, run};
use support::{excerpt, generated, lesson, written};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

const LESSON: &Lesson = lesson(1);
const PATH: &str = "/helloworld.Greeter/SayHello";

/// A call that runs in a task of its own.
type Call = JoinHandle<Result<Response<Bytes>, Status>>;

// --- the exercise

/// Greets names with and without white space, and nobody.
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

/// A server with this answer to the exercise.
fn serving(greeter: impl Greeter) -> Routes {
    Routes::new(GreeterServer::new(greeter))
}

support::exercise! {
    files: "lessons/01_hello/exercise.rs",
    serve: |answer| serving(answer::PoliteGreeter),
    check: check,
    own: serving(MyGreeter),
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

#[tokio::test(flavor = "multi_thread")]
async fn only_the_full_path_and_a_message_reach_the_service() {
    assert_eq!(greeter_server::SERVICE_NAME, "helloworld.Greeter");
    let server = Server::start(LESSON);
    let channel = server.channel().await;

    let response = raw::unary(channel.clone(), PATH, b"\x0a\x03you")
        .await
        .expect("the call should succeed");
    assert_eq!(response.into_inner(), &b"\x0a\x0bHello, you!"[..]);

    for path in [
        "/Greeter/SayHello",
        "/helloworld.Greeter/sayHello",
        "/helloworld.Greeter",
        "/",
    ] {
        let status = raw::unary(channel.clone(), path, b"")
            .await
            .expect_err("no service should have this path");
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
            .expect_err("the message should be refused");
        assert_eq!(status.code(), Code::Internal, "{broken:?}");
    }
    // Only the first call reached the service.
    drop(channel);
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert_eq!(output.matches("SayHello").count(), 1, "{output}");
}

/// The chapter's table of bytes: what is on the wire for the call, and for its answer.
#[test]
fn the_table_explains_each_byte_of_the_call() {
    let request = HelloRequest { name: "you".into() }.encode_to_vec();
    let reply = HelloReply { message: "Hello, you!".into() }.encode_to_vec();
    let mut table = String::from("| who | bytes | meaning |\n|---|---|---|\n");
    for (who, field, message) in
        [("client", "name", request), ("server", "message", reply)]
    {
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
fn build_rs_keeps_the_descriptors() {
    let file = Path::new(OUT_DIR).join("descriptors.bin");
    let descriptors =
        fs::read(file).expect("build.rs should have written the descriptors");
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
fn the_excerpts_of_the_generated_code_are_current() {
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
    // It prints nothing, so it cannot take port 0 and say which one it got. It is given a port
    // that was free just now, and another one if some other program was faster.
    loop {
        let free =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = free.expect("a free port should be found").to_string();
        let mut minimal = programs::command("lesson-1-minimal")
            .arg(&address)
            .spawn()
            .expect("the server should start");
        loop {
            if TcpStream::connect(&address).is_ok() {
                return (minimal, address);
            }
            let ended = minimal.try_wait();
            if ended
                .expect("the server should be a child of this test")
                .is_some()
            {
                break;
            }
            thread::yield_now();
        }
    }
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

#[tokio::test]
async fn a_call_that_is_open_at_sigterm_may_finish() {
    let mut server = Server::start(LESSON);
    let (names_tx, call) = open_call(&server).await;
    server.signal();
    server.wait_for("lesson-1-server stopping");
    names_tx
        .send(HelloRequest { name: "late".into() }.encode_to_vec().into())
        .expect("the call should wait for its message");
    drop(names_tx);
    let response = call
        .await
        .expect("the task should run to its end")
        .expect("the open call should be answered");
    assert_eq!(response.into_inner(), &b"\x0a\x0cHello, late!"[..]);
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(0));
    assert!(!output.contains("cut off"), "{output}");
}

/// A second signal does not wait for the calls that are open.
#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_twice_ends_the_server_at_once() {
    let mut server = Server::start(LESSON);
    let (_names_tx, call) = open_call(&server).await;
    server.interrupt();
    server.wait_for("lesson-1-server stopping");
    server.interrupt();
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(1));
    assert!(
        output.ends_with(
            "Error: lesson-1-server cut off the connections that were still open\n"
        ),
        "{output}"
    );
    call.await
        .expect("the task should run to its end")
        .expect_err("the open call should be cut off");
}

#[tokio::test]
async fn a_call_that_stays_open_is_cut_off_after_the_grace() {
    let server = Server::start(LESSON);
    let (_names_tx, call) = open_call(&server).await;
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(1));
    assert!(
        output.ends_with(
            "Error: lesson-1-server cut off the connections that were still open\n"
        ),
        "{output}"
    );
    call.await
        .expect("the task should run to its end")
        .expect_err("the open call should be cut off");
}

/// Starts a call and holds its only message back: it goes into the sender. When this returns,
/// the server has the call.
async fn open_call(server: &Server) -> (UnboundedSender<Bytes>, Call) {
    let mut grpc = Grpc::new(server.channel().await);
    let (names_tx, names_rx) = mpsc::unbounded_channel();
    let mut open = grpc.clone();
    let mut call = Box::pin(async move {
        open.ready().await.expect("the channel should be connected");
        // As client streaming, so that the message can come later: the wire looks the same.
        let messages = Request::new(UnboundedReceiverStream::new(names_rx));
        open.client_streaming(messages, PathAndQuery::from_static(PATH), RawCodec)
            .await
    });
    // Frames of one connection arrive in order: once a second call is answered, the first has
    // arrived.
    grpc.ready().await.expect("the channel should be connected");
    let (empty, path) = (Request::new(Bytes::new()), PathAndQuery::from_static(PATH));
    tokio::select! {
        biased;
        _ = &mut call => panic!("the call should wait for its message"),
        response = grpc.unary(empty, path, RawCodec) => {
            response.expect("the second call should be answered");
        }
    }
    (names_tx, tokio::spawn(call))
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
