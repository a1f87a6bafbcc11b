//! Every client against servers that fail it: each exits with 1, and its last line says why.

use std::process::Command;
use std::thread;

use support::peers::Peer;
use support::programs::{Finished, Server, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{CONNECT, GRPC_JS, python_client, rust_client, server};

/// A command that runs a client against an address.
type Client = fn(&Peer, &str) -> Command;

/// The clients in other languages, each with the peer that runs it.
const CLIENTS: [(&str, Client); 11] = [
    ("python", |peer, address| python_client(peer, "demo", address)),
    ("python", |peer, address| python_client(peer, "test", address)),
    ("python", |peer, address| python_client(peer, "failures", address)),
    ("python", |peer, address| with_address(peer, "python/list.py", address)),
    ("python", |peer, address| with_name(peer, "python/reflect.py", address)),
    ("python", |peer, address| with_name(peer, "python/watch.py", address)),
    ("node", |peer, address| with_address(peer, "node/calculate.js", address)),
    ("node", |peer, address| node_client(peer, GRPC_JS, address)),
    ("node", |peer, address| {
        let mut command = node_client(peer, GRPC_JS, address);
        command.arg("failures");
        command
    }),
    ("node", |peer, address| node_client(peer, CONNECT, address)),
    ("node", |peer, address| {
        let mut command = node_client(peer, CONNECT, address);
        command.arg("failures");
        command
    }),
];

fn with_address(peer: &Peer, program: &str, address: &str) -> Command {
    let mut command = peer.command();
    command.arg(format!("tests/peers/{program}")).arg(address);
    command
}

fn with_name(peer: &Peer, program: &str, address: &str) -> Command {
    let mut command = with_address(peer, program, address);
    command.arg("Demo");
    command
}

fn node_client(peer: &Peer, program: &str, address: &str) -> Command {
    let mut command = peer.command();
    command.args([program, "--server", address]);
    command
}

/// Runs all clients, and ours, at the same time. Each has to fail, with one line about it.
fn all_fail(address: &str) {
    thread::scope(|clients| {
        for (name, client) in CLIENTS {
            if let Some(peer) = Peer::installed_or_skip(name) {
                clients.spawn(move || fails(&mut client(peer, address)));
            }
        }
        clients.spawn(|| fails(&mut rust_client(address, &[])));
    });
}

fn fails(command: &mut Command) {
    let Finished { code, output } = run(command);
    assert_eq!(code, Some(1), "{command:?}: {output}");
    let last = output.lines().last().unwrap_or_default();
    assert!(last.contains(": "), "{command:?}: {output}");
    for noise in ["Traceback", "    at ", "panicked"] {
        assert!(!output.contains(noise), "{command:?}: {output}");
    }
}

#[test]
fn clients_fail_where_nobody_listens() {
    // A port that only the system's own services may have.
    all_fail("127.0.0.1:1");
}

/// A server that has other services: each call ends with UNIMPLEMENTED.
#[test]
fn clients_fail_where_no_service_is_theirs() {
    let other = Server::start(support::lesson(6));
    all_fail(&other.address);
    other.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_fail_at_a_web_server() {
    let address = listen(|mut client: TcpStream| async move {
        let mut request = [0; 1024];
        let _ = client.read(&mut request).await;
        let page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        let _ = client.write_all(page).await;
    });
    let address = address.await;
    run_blocking(address).await;
}

/// The server closes the connection as soon as the client has sent something after its preface.
#[tokio::test(flavor = "multi_thread")]
async fn clients_fail_at_a_server_that_hangs_up() {
    let address = listen(|mut client: TcpStream| async move {
        // An empty SETTINGS frame: a server's preface.
        let _ = client.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
        let mut preface = [0; 24];
        let _ = client.read_exact(&mut preface).await;
        // The first frame behind it is the client's SETTINGS; the next bytes belong to a call, or
        // acknowledge ours.
        let mut bytes = [0; 1024];
        let _ = client.read(&mut bytes).await;
    });
    let address = address.await;
    run_blocking(address).await;
}

/// The server accepts the connection, and that is all.
#[tokio::test(flavor = "multi_thread")]
async fn clients_fail_at_a_server_that_says_nothing() {
    let address = listen(|mut client: TcpStream| async move {
        let mut bytes = [0; 1024];
        while client.read(&mut bytes).await.is_ok_and(|size| size > 0) {}
    });
    let address = address.await;
    run_blocking(address).await;
}

/// The server speaks HTTP/2, and answers the PING that asks whether it is still there. But it
/// answers no call.
#[tokio::test(flavor = "multi_thread")]
async fn clients_fail_at_a_server_that_answers_no_call() {
    let address = listen(|client: TcpStream| async move {
        let Ok(mut connection) = h2::server::handshake(client).await else {
            return;
        };
        let mut calls = Vec::new();
        while let Some(Ok(call)) = connection.accept().await {
            // A call that is dropped would be reset.
            calls.push(call);
        }
    });
    let address = address.await;
    run_blocking(address).await;
}

async fn run_blocking(address: String) {
    let running = tokio::task::spawn_blocking(move || all_fail(&address));
    running.await.expect("every client should fail");
}

/// Serves each connection so, and returns the address.
async fn listen<F>(serve: fn(TcpStream) -> F) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port should be free");
    let address = listener
        .local_addr()
        .expect("listener should have an address");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client));
        }
    });
    address.to_string()
}

/// What is meant to fail is no failure: the same clients exit with 0 at the lesson's server.
#[test]
fn clients_that_are_refused_as_they_expect_succeed() {
    let server = server();
    if let Some(peer) = Peer::installed_or_skip("node") {
        let mut command = with_address(peer, "node/calculate.js", &server.address);
        let refused = Finished::new(0, "INVALID_ARGUMENT: cannot divide by 0\n");
        assert_eq!(run(&mut command), refused);
    }
    server.stop();
}
