//! What goes wrong around the tap's connections: it says so, and goes on.

use std::net::TcpStream;

use grpc_workbook::tap::trace::{EventKind, MAX_KEPT};
use support::patience::within;
use support::programs::{self, Finished, Server, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::{HELLO, connect, tapped, wait_for};

/// A client that leaves before it is accepted, or with a reset, is that client's end.
#[tokio::test]
async fn a_client_that_resets_ends_only_itself() {
    let server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    for _ in 0..200 {
        let connection = tokio::net::TcpStream::connect(&address)
            .await
            .expect("connection should open");
        // Closed with this, it is reset.
        connection
            .set_zero_linger()
            .expect("linger should be settable");
    }
    let channel = within("the tap", connect(&address)).await;
    let path = "/helloworld.Greeter/SayHello";
    let reply = grpc_workbook::raw::unary(channel, path, b"\x0a\x01a").await;
    reply.expect("call should succeed");
    wait_for(&mut events, |kind| matches!(kind, EventKind::Message { .. })).await;
}

/// At EMFILE the tap says what there is too little of, whether it accepts or connects, and
/// when there are file descriptors again, calls pass and are shown.
#[cfg(unix)]
#[test]
fn a_tap_out_of_file_descriptors_goes_on() {
    let server = Server::start(HELLO);
    let mut tap = programs::command("grpc-workbook");
    tap.args(["tap", "--listen", "127.0.0.1:0", "--to", &server.address]);
    let mut tap = Server::from(&mut programs::with_few_files(&tap, 30));
    let mut connections = Vec::new();
    for _ in 0..60 {
        let connection = TcpStream::connect(&tap.address);
        connections.push(connection.expect("the system should take the connection"));
    }
    // Either "cannot accept a connection now", or "cannot connect to" the server.
    tap.wait_for("too many open files");
    drop(connections);
    // The tap closes its side of the connections in its own time.
    loop {
        let mut client = programs::client(HELLO, &tap.address, &[]);
        let Finished { code, output } = run(&mut client);
        if code == Some(0) {
            assert_eq!(output, "Hello, you!\n");
            break;
        }
    }
    tap.wait_for("grpc-status 0 OK");
    let Finished { code, output } = tap.stop();
    assert_eq!(code, Some(0), "{output}");
}

/// Nobody takes the events: the connection waits, as it does for a slow reader, and loses
/// neither bytes nor events.
#[tokio::test]
async fn a_slow_viewer_slows_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port should be found");
    let server = listener.local_addr().expect("it should have an address");
    let echo = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("it should come");
        let mut all = Vec::new();
        connection
            .read_to_end(&mut all)
            .await
            .expect("read should succeed");
        all
    });
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port should be found");
    let address = listener.local_addr().expect("it should have an address");
    let (tx, mut events) = mpsc::channel(2);
    tokio::spawn(grpc_workbook::tap::proxy::tap(listener, server.to_string(), tx));
    let mut client = tokio::net::TcpStream::connect(address)
        .await
        .expect("connection should open");
    let mut sent = grpc_workbook::http2::frames::PREFACE.to_vec();
    sent.extend(super::wire::request(1, 0));
    for _ in 0..1000 {
        sent.extend(super::wire::data(1, 0, &super::wire::message(0, &[7; 100])));
    }
    // In a task: it waits, too, if the system keeps less for it than this.
    let bytes = sent.clone();
    tokio::spawn(async move { client.write_all(&bytes).await });
    let mut messages = 0;
    while messages < 1000 {
        let tapped = within("the next event", events.recv()).await;
        let tapped = tapped.expect("the event should come");
        messages += u32::from(matches!(tapped.event.kind, EventKind::Message { .. }));
    }
    // The last events, which make room for the last bytes.
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    assert!(
        within("the end", echo)
            .await
            .expect("task should not panic")
            == sent
    );
    assert!(sent.len() > MAX_KEPT);
}
