//! Clients and servers in other languages, which know nothing of Rust, against lesson 10's.
//!
//! Each peer is installed by one command, which the test says if it is missing; in CI a
//! missing peer is a failure.

use std::process::Command;
use std::sync::mpsc;

use grpc_workbook::Lesson;
use grpc_workbook::tap::proxy::tap;
use grpc_workbook::tap::render::Lines;
use support::peers::{EVERYTHING, Peer};
use support::programs::{self, Finished, Server, run};
use tokio::net::TcpListener;

fn lesson() -> &'static Lesson {
    Lesson::find(10).expect("is in LESSONS")
}

/// The lesson's server, which waits so many milliseconds before each message of
/// `TestClientRecvStream`.
fn server_with(pace: &str) -> Server {
    let args = ["--addr", "127.0.0.1:0", "--pace", pace];
    Server::from(programs::command(&lesson().server()).args(args))
}

fn server() -> Server {
    server_with("1")
}

fn said(command: &mut Command) -> String {
    let Finished { code, output } = run(command);
    assert_eq!(code, Some(0), "{command:?}: {output}");
    output
}

/// The lines of [`EVERYTHING`] that are about the methods of `Demo`.
fn about_demo() -> String {
    let demo = ["Calculate", "GetSubjects", "Accumulate", "GuessNumber"];
    let about = |line: &&str| demo.iter().any(|method| line.starts_with(method));
    EVERYTHING
        .lines()
        .filter(about)
        .map(|line| format!("{line}\n"))
        .collect()
}

/// What a client reports that cancels, sets a deadline, and sends too much. tonic's own
/// client says CANCELLED at its deadline; tonic's server says OUT_OF_RANGE where others say
/// RESOURCE_EXHAUSTED.
const TROUBLE: &str = "\
cancel after one answer: CANCELLED
deadline: DEADLINE_EXCEEDED
too large: OUT_OF_RANGE
";

/// What it reports besides, if it can send bytes of its own.
const RAW_TROUBLE: &str = "\
unknown path: UNIMPLEMENTED
not a message: INTERNAL
";

// --- Python, grpcio

fn python(peer: &Peer, service: &str, server: &Server) -> String {
    let mut command = peer.command();
    command.args(["tests/peers/python/client.py", service]);
    said(command.args(["--server", &server.address]))
}

#[test]
fn python_calls_everything() {
    let Some(peer) = Peer::is_ready("python") else {
        return;
    };
    let server = server();
    let services = ["test", "greeter", "user-info", "stream-test", "demo"];
    let output = services.map(|service| python(peer, service, &server));
    assert_eq!(output.concat(), EVERYTHING);
    server.stop();
}

#[test]
fn python_reports_trouble() {
    let Some(peer) = Peer::is_ready("python") else {
        return;
    };
    // So slow that no message comes before the deadline of 100 ms.
    let server = server_with("400");
    let output = python(peer, "trouble", &server);
    assert_eq!(output, format!("{TROUBLE}{RAW_TROUBLE}"));
    server.stop();
}

/// What crosses the wire does not tell the two languages apart, but for some headers.
#[tokio::test(flavor = "multi_thread")]
async fn python_looks_like_rust_on_the_wire() {
    let Some(peer) = Peer::is_ready("python") else {
        return;
    };
    let mut lines = Vec::new();
    for foreign in [false, true] {
        let server = server();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let address = listener.local_addr().expect("has an address").to_string();
        let (sender, events) = mpsc::channel();
        tokio::spawn(tap(listener, server.address.clone(), move |connection, event| {
            // Nobody listens any more when the client has ended.
            let _ = sender.send((connection, event));
        }));
        if foreign {
            let mut command = peer.command();
            command.args(["tests/peers/python/client.py", "demo", "--server", &address]);
            said(&mut command);
        } else {
            said(&mut programs::client(lesson(), &address, &["demo"]));
        }
        server.stop();
        let mut printer = Lines::new(false, false);
        let mut seen: Vec<String> = events
            .try_iter()
            .filter(|(_, event)| !event.is_housekeeping())
            .filter_map(|(connection, event)| printer.line(connection, &event))
            .map(|line| line.trim_end_matches("  END_STREAM").to_string())
            .collect();
        // END_STREAM stands with the last message, or in a frame of its own; and where a
        // message stands among those of the other direction is chance. The rest is the same.
        seen.retain(|line| line.contains(" { ") || line.contains("grpc-status"));
        seen.sort();
        lines.push(seen);
    }
    let [rust, python] = &lines[..] else {
        unreachable!("there are two")
    };
    assert!(rust.len() > 20, "{rust:#?}");
    assert_eq!(rust, python);
}

/// The notes' servers, called by the lesson's client.
#[test]
fn python_serves_everything() {
    let Some(peer) = Peer::is_ready("python") else {
        return;
    };
    let serve = |services: &[&str]| {
        let mut command = peer.command();
        command.arg("tests/peers/python/server.py").args(services);
        Server::from(command.args(["--port", "0", "--pace", "0.001"]))
    };
    // Two files of the package `example` do not fit into one process of Python.
    let most = serve(&["test", "greeter", "user-info", "demo"]);
    let rest = serve(&["stream-test"]);
    let says = |server: &Server, services: &[&str]| {
        said(&mut programs::client(lesson(), &server.address, services))
    };
    let output = [
        says(&most, &["test", "greeter", "user-info"]),
        says(&rest, &["stream-test"]),
        says(&most, &["demo"]),
    ];
    assert_eq!(output.concat(), EVERYTHING);
}

/// Both at once: Python refuses, as the chapter says.
#[test]
fn python_has_one_pool_of_definitions() {
    let Some(peer) = Peer::is_ready("python") else {
        return;
    };
    let mut command = peer.command();
    command.args(["tests/peers/python/server.py", "user-info", "stream-test"]);
    let Finished { code, output } = run(command.args(["--port", "0"]));
    assert_eq!(code, Some(1));
    assert!(output.contains("duplicate symbol 'example.request'"), "{output}");
}

/// Its library asks the older of the two versions of reflection.
#[test]
fn python_lists_services() {
    let Some(peer) = Peer::is_ready("python") else {
        return;
    };
    let server = server();
    let mut command = peer.command();
    let output = said(command.args(["tests/peers/python/list.py", &server.address]));
    for service in grpc_workbook::notes::SERVICES {
        assert!(output.lines().any(|line| line == *service), "{output}");
    }
    server.stop();
}

// --- Node

fn node(program: &str, args: &[&str], server: &Server) -> Option<String> {
    let mut command = Peer::is_ready("node")?.command();
    command.arg(program).args(["--server", &server.address]);
    Some(said(command.args(args)))
}

#[test]
fn node_calls_each_kind() {
    let server = server();
    for program in ["tests/peers/node/client.js", "tests/peers/node/connect.mjs"] {
        let Some(output) = node(program, &[], &server) else {
            return;
        };
        assert_eq!(output, about_demo(), "{program}");
    }
    server.stop();
}

#[test]
fn node_reports_trouble() {
    let server = server_with("400");
    let Some(output) = node("tests/peers/node/client.js", &["trouble"], &server) else {
        return;
    };
    assert_eq!(output, format!("{TROUBLE}{RAW_TROUBLE}"));
    let output = node("tests/peers/node/connect.mjs", &["trouble"], &server);
    assert_eq!(output.as_deref(), Some(TROUBLE));
    server.stop();
}

// --- on the command line

/// Calls a service of which it has no `.proto`: the server tells.
#[test]
fn buf_calls_through_reflection() {
    let Some(peer) = Peer::is_ready("buf") else {
        return;
    };
    let server = server();
    let curl = |path: &str, args: &[&str]| {
        let mut command = peer.command();
        command.args(["curl", "--protocol", "grpc", "--http2-prior-knowledge"]);
        run(command
            .args(args)
            .arg(format!("http://{}{path}", server.address)))
    };
    let call = |path: &str, message: &str| {
        let Finished { code, output } = curl(path, &["--data", message]);
        assert_eq!(code, Some(0), "{output}");
        output.split_whitespace().collect::<String>()
    };
    let division = r#"{"num1": -7, "op": "DIVIDE", "num2": 2}"#;
    assert_eq!(call("/Demo/Calculate", division), r#"{"val":-4}"#);
    let name = r#"{"name": "daoji"}"#;
    assert_eq!(call("/example.UserInfo/Info", name), r#"{"message":"Hello,daoji!"}"#);
    let close = r#"{"message": "close"}"#;
    assert_eq!(
        call("/example.StreamTest/ClientStream", close),
        r#"{"message":"close!😢"}"#
    );
    let demo = r#"{"service": "Demo"}"#;
    assert_eq!(call("/grpc.health.v1.Health/Check", demo), r#"{"status":"SERVING"}"#);

    // A list of all stops where two files define one name differently.
    let Finished { code, output } = curl("", &["--list-methods"]);
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("Demo/Calculate"), "{output}");
    assert!(
        output.contains("failed to find service named \"example.UserInfo\""),
        "{output}"
    );
    server.stop();
}

/// curl has never heard of gRPC. It speaks HTTP/2, and the five bytes are made by hand.
#[test]
fn curl_calls_with_a_frame_made_by_hand() {
    let server = server();
    let script = format!(
        r#"printf '\000\000\000\000\005\n\003you' | curl --silent --show-error --include --no-buffer \
        --http2-prior-knowledge --header 'content-type: application/grpc' --header 'te: trailers' \
        --data-binary @- http://{}/helloworld.Greeter/SayHello"#,
        server.address
    );
    let output = said(Command::new("sh").args(["-c", &script]));
    assert!(output.starts_with("HTTP/2 200"), "{output}");
    assert!(output.contains("\0\0\0\0\r\n\x0bHello, you!"), "{output:?}");
    assert!(output.ends_with("grpc-status: 0\r\n"), "{output:?}");
    server.stop();
}
