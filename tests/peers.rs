//! Clients and servers in other languages, which share no code with ours, against lesson 10's.
//!
//! Each peer is installed by one command. A test whose peer is missing prints that command and
//! passes; in CI it fails.

#[path = "peers/describing.rs"]
mod describing;
#[path = "peers/failing.rs"]
mod failing;

use std::fs;
use std::path::Path;
use std::process::Command;

use grpc_workbook::Lesson;
use grpc_workbook::tap::proxy::tap;
use grpc_workbook::tap::render::Renderer;
use support::peers::{EVERYTHING, Peer};
use support::programs::{self, Finished, Server, root, run};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const LESSON: &Lesson = support::lesson(10);

/// The lesson's server, as fast as most tests want it.
fn server() -> Server {
    server_with_interval("1")
}

/// The lesson's server, which waits so many milliseconds before each message of
/// `TestClientRecvStream`.
fn server_with_interval(milliseconds: &str) -> Server {
    let args = ["--addr", "127.0.0.1:0", "--interval", milliseconds];
    Server::from(programs::command(&LESSON.server()).args(args))
}

/// The lesson's own client, to be run against this address.
fn rust_client(address: &str, services: &[&str]) -> Command {
    programs::client(LESSON, address, services)
}

/// What a command prints. It must succeed.
fn output_of(command: &mut Command) -> String {
    let Finished { code, output } = run(command);
    assert_eq!(code, Some(0), "{command:?}: {output}");
    output
}

/// The output of clients that cancel a call, set a deadline and send too much. The codes are
/// those of the specification, except where our server decides: tonic refuses a message that is
/// too large with OUT_OF_RANGE, others with RESOURCE_EXHAUSTED.
const FAILURES: &str = "\
cancel after one answer: CANCELLED
deadline: DEADLINE_EXCEEDED
too large: OUT_OF_RANGE
";

/// The rest of the output of a client that can send bytes of its own.
const RAW_FAILURES: &str = "\
unknown path: UNIMPLEMENTED
not a message: INTERNAL
";

/// In milliseconds: so slow that no message of `TestClientRecvStream` arrives before the clients'
/// deadline, 100 ms.
const FAILURES_INTERVAL: &str = "400";

// --- what the peers need

/// The page says which Python and which Node the packages support that we pin.
#[test]
fn the_page_says_which_versions_are_supported() {
    let page = read("book/src/10-notes.md");
    if Peer::installed_or_skip("python").is_some() {
        let pins = read("tests/peers/python/requirements.txt");
        let grpcio = pins.lines().find_map(|pin| pin.strip_prefix("grpcio=="));
        let grpcio = grpcio.expect("grpcio should be pinned");
        let folder = format!("tests/peers/python/packages/grpcio-{grpcio}.dist-info");
        let metadata = read(&format!("{folder}/METADATA"));
        let python = metadata
            .lines()
            .find_map(|line| line.strip_prefix("Requires-Python: >="))
            .expect("grpcio should say which Python it needs");
        let sentence = format!("grpcio {grpcio} needs Python {python}");
        assert!(page.contains(&sentence), "{sentence}");
    }
    if Peer::installed_or_skip("node").is_some() {
        let pins = json("tests/peers/node/package.json");
        let connect = pins["dependencies"]["@connectrpc/connect-node"]
            .as_str()
            .expect("connect-node should be pinned");
        let modules = "tests/peers/node/node_modules";
        let package = json(&format!("{modules}/@connectrpc/connect-node/package.json"));
        assert_eq!(package["version"], connect);
        let node = package["engines"]["node"]
            .as_str()
            .and_then(|versions| versions.strip_prefix(">="))
            .expect("connect-node should say which Node it needs");
        let sentence = format!("connect-node {connect} needs Node.js {node}");
        assert!(page.contains(&sentence), "{sentence}");
    }
}

/// A file of the repository.
fn read(file: &str) -> String {
    fs::read_to_string(root().join(file))
        .unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn json(file: &str) -> serde_json::Value {
    serde_json::from_str(&read(file)).expect("the file should be JSON")
}

/// Where a proxy is set, clients in Python and Node go to it even for this machine, unless
/// `NO_PROXY` or `no_proxy` says otherwise, as on the page.
#[test]
fn clients_need_no_proxy_behind_a_proxy() {
    const PROXY: (&str, &str) = ("http_proxy", "http://127.0.0.1:1");
    const EXCEPTION: (&str, &str) = ("no_proxy", "127.0.0.1");
    let server = server();
    if let Some(peer) = Peer::installed_or_skip("python") {
        let client = || python_client(peer, "greeter", &server.address);
        let Finished { code, output } = run(client().envs([PROXY]));
        let refused = "Error: SayHello \"you\": UNAVAILABLE: ";
        assert!(code == Some(1) && output.starts_with(refused), "{output}");
        let served = output_of(client().envs([PROXY, EXCEPTION]));
        assert_eq!(served, "SayHello \"you\": Hello, you!\n");
    }
    if let Some(peer) = Peer::installed_or_skip("node") {
        let client = || {
            let mut command = peer.command();
            command.args(["tests/peers/node/calculate.js", &server.address]);
            command
        };
        let Finished { code, output } = run(client().envs([PROXY]));
        assert!(
            code == Some(1) && output.contains("Failed to connect to proxy"),
            "{output}"
        );
        let served = output_of(client().envs([PROXY, EXCEPTION]));
        assert_eq!(served, "INVALID_ARGUMENT: cannot divide by 0\n");
    }
    server.stop();
}

// --- Python, grpcio

fn python_client(peer: &Peer, service: &str, address: &str) -> Command {
    let mut command = peer.command();
    command.args(["tests/peers/python/client.py", service, "--server", address]);
    command
}

fn python_server(peer: &Peer, services: &[&str]) -> Command {
    let mut command = peer.command();
    command.arg("tests/peers/python/server.py").args(services);
    command.args(["--port", "0", "--interval", "0.001"]);
    command
}

#[test]
fn python_calls_every_method() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let server = server();
    let mut output = String::new();
    for service in ["test", "greeter", "user-info", "stream-test", "demo"] {
        output += &output_of(&mut python_client(peer, service, &server.address));
    }
    assert_eq!(output, EVERYTHING);
    server.stop();
}

#[test]
fn python_reports_the_code_of_each_failure() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let server = server_with_interval(FAILURES_INTERVAL);
    let output = output_of(&mut python_client(peer, "failures", &server.address));
    assert_eq!(output, format!("{FAILURES}{RAW_FAILURES}"));
    server.stop();
}

/// Messages and statuses of the two clients are the same. What differs is some headers, and
/// where END_STREAM stands.
#[tokio::test(flavor = "multi_thread")]
async fn python_looks_like_rust_on_the_wire() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let rust = on_the_wire(|address| rust_client(address, &["demo"])).await;
    let python = on_the_wire(|address| python_client(peer, "demo", address)).await;
    assert!(rust.len() > 20, "{rust:#?}");
    assert_eq!(rust, python);
}

/// Runs a client through the tap, and returns the tap's lines about messages and statuses.
async fn on_the_wire(client: impl Fn(&str) -> Command) -> Vec<String> {
    let server = server();
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port should be free");
    let address = listener
        .local_addr()
        .expect("listener should have an address");
    // The events of all calls: they are read when the client has ended.
    let (tx, mut rx) = mpsc::channel(1 << 20);
    let tap = tokio::spawn(tap(listener, server.address.clone(), tx));
    output_of(&mut client(&address.to_string()));
    server.stop();
    // Each connection has a sender of its own: the events end when the last connection does.
    tap.abort();

    let mut renderer = Renderer::new(false, false);
    let mut lines = Vec::new();
    while let Some(tapped) = rx.recv().await {
        if !tapped.event.is_housekeeping() {
            lines.extend(renderer.line(&tapped));
        }
    }
    lines.retain(|line| line.contains(" { ") || line.contains("grpc-status"));
    for line in &mut lines {
        // One library sends END_STREAM with the last message, another in a frame of its own.
        *line = line.trim_end_matches("  END_STREAM").to_string();
    }
    // In which order the two directions meet at the tap is chance.
    lines.sort();
    lines
}

/// The lesson's client calls the notes' servers.
#[test]
fn python_serves_every_method() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    // Two processes, because one cannot load both files of the package `example`.
    let services = ["test", "greeter", "user-info", "demo"];
    let most = Server::from(&mut python_server(peer, &services));
    let stream_test = Server::from(&mut python_server(peer, &["stream-test"]));
    let mut output = String::new();
    for (server, services) in [
        (&most, &["test", "greeter", "user-info"][..]),
        (&stream_test, &["stream-test"]),
        (&most, &["demo"]),
    ] {
        output += &output_of(&mut rust_client(&server.address, services));
    }
    assert_eq!(output, EVERYTHING);
}

/// One process of Python cannot load two files that define the same name.
#[test]
fn python_refuses_a_name_defined_twice() {
    let Some(peer) = Peer::installed_or_skip("python") else {
        return;
    };
    let mut command = python_server(peer, &["user-info", "stream-test"]);
    let Finished { code, output } = run(&mut command);
    assert_eq!(code, Some(1));
    assert!(output.contains("duplicate symbol 'example.request'"), "{output}");
}

// --- Node: grpc-js, and Connect

const GRPC_JS: &str = "tests/peers/node/client.js";
const CONNECT: &str = "tests/peers/node/connect.mjs";

fn node_client(peer: &Peer, program: &str, args: &[&str], server: &Server) -> String {
    let mut command = peer.command();
    command.args([program, "--server", &server.address]);
    output_of(command.args(args))
}

#[test]
fn node_calls_a_method_of_each_kind() {
    let Some(peer) = Peer::installed_or_skip("node") else {
        return;
    };
    let server = server();
    for program in [GRPC_JS, CONNECT] {
        let output = node_client(peer, program, &[], &server);
        assert_eq!(output, lines_about_demo(), "{program}");
    }
    server.stop();
}

/// The lines of [`EVERYTHING`] about the methods of `Demo`.
fn lines_about_demo() -> String {
    let methods = ["Calculate", "GetSubjects", "Accumulate", "GuessNumber"];
    let mut about_demo = String::new();
    for line in EVERYTHING.lines() {
        if methods.iter().any(|method| line.starts_with(method)) {
            about_demo += line;
            about_demo += "\n";
        }
    }
    about_demo
}

#[test]
fn node_reports_the_code_of_each_failure() {
    let Some(peer) = Peer::installed_or_skip("node") else {
        return;
    };
    let server = server_with_interval(FAILURES_INTERVAL);
    let output = node_client(peer, GRPC_JS, &["failures"], &server);
    assert_eq!(output, format!("{FAILURES}{RAW_FAILURES}"));
    let output = node_client(peer, CONNECT, &["failures"], &server);
    assert_eq!(output, FAILURES);
    server.stop();
}

// --- command line

/// curl speaks HTTP/2 but not gRPC: the five bytes before the message are made by hand.
#[test]
fn curl_calls_with_a_prefix_made_by_hand() {
    let Some(peer) = Peer::installed_or_skip("curl") else {
        return;
    };
    let server = server();
    let request = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers-request.bin");
    fs::write(&request, b"\0\0\0\0\x05\n\x03you").expect("the file should be written");
    let mut command = peer.command();
    command
        .args(["--silent", "--show-error", "--include", "--no-buffer"])
        .args(["--http2-prior-knowledge", "--header", "te: trailers"])
        .args([
            "--header",
            "content-type: application/grpc",
            "--data-binary",
        ])
        .arg(format!("@{}", request.display()))
        .arg(format!("http://{}/helloworld.Greeter/SayHello", server.address));
    let output = output_of(&mut command);
    assert!(output.starts_with("HTTP/2 200"), "{output}");
    assert!(output.contains("\0\0\0\0\r\n\x0bHello, you!"), "{output:?}");
    assert!(output.ends_with("grpc-status: 0\r\n"), "{output:?}");

    let mut http1 = peer.command();
    http1.args([
        "--silent",
        "--show-error",
        &format!("http://{}", server.address),
    ]);
    let Finished { code, output } = run(&mut http1);
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("Received HTTP/0.9 when not allowed"), "{output}");
    server.stop();
}
