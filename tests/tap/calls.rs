//! Calls and connections through a tap: they end as without it, and its events say what
//! happened.

use grpc_workbook::hello::proto::HelloRequest;
use grpc_workbook::hello::proto::greeter_client::GreeterClient;
use grpc_workbook::raw::RawCodec;
use grpc_workbook::tap::proxy::TappedEvent;
use grpc_workbook::tap::render::Renderer;
use grpc_workbook::tap::trace::{EventKind, MAX_KEPT, Side};
use prost::bytes::Bytes;
use support::programs::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;

use super::{HELLO, by_sides, connect, tapped, wait_for};

#[tokio::test]
async fn a_call_is_shown_in_lines() {
    let server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    let mut greeter = GreeterClient::new(connect(&address).await);
    greeter
        .say_hello(HelloRequest { name: "小明\n".into() })
        .await
        .expect("call should succeed");
    let mut renderer = Renderer::new(false, true);
    let mut shown = Vec::new();
    while let Ok(tapped) = events.try_recv() {
        shown.extend(renderer.line(&tapped));
    }
    by_sides(&mut shown);
    let expected = [
        "--> stream 1   HEADERS  POST /helloworld.Greeter/SayHello, te trailers, content-type application/grpc",
        "--> stream 1   DATA     HelloRequest { name: \"小明\\n\" }  [00 00 00 00 09 | 0a 07 e5 b0 8f e6 98 8e 0a]",
        "--> stream 1   DATA       END_STREAM",
        "<-- stream 1   HEADERS  :status 200, content-type application/grpc",
        "<-- stream 1   DATA     HelloReply { message: \"Hello, 小明\\n!\" }  \
         [00 00 00 00 11 | 0a 0f 48 65 6c 6c 6f 2c 20 e5 b0 8f e6 98 8e 0a 21]",
        "<-- stream 1   HEADERS  grpc-status 0 OK  END_STREAM",
    ];
    assert_eq!(shown, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_at_once_are_answered() {
    let server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    let greeter = GreeterClient::new(connect(&address).await);
    let mut calls = Vec::new();
    for n in 0..1000 {
        let mut greeter = greeter.clone();
        calls.push(tokio::spawn(async move {
            let request = HelloRequest { name: n.to_string() };
            let reply = greeter.say_hello(request).await;
            let reply = reply.expect("call should succeed").into_inner();
            assert_eq!(reply.message, format!("Hello, {n}!"));
        }));
    }
    for call in calls {
        call.await.expect("task should not panic");
    }
    let mut statuses = 0;
    while let Ok(TappedEvent { event, .. }) = events.try_recv() {
        assert!(!matches!(event.kind, EventKind::Undecodable { .. }), "{event:?}");
        let ends = matches!(event.kind, EventKind::Headers { end_stream: true, .. });
        if ends && event.from == Side::Server {
            statuses += 1;
        }
    }
    assert_eq!(statuses, 1000);
}

/// Messages of megabytes, in many frames and through full windows. Of each message, the tap keeps
/// no more than it promises.
#[tokio::test]
async fn large_messages_pass() {
    let server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    let mut greeter = GreeterClient::new(connect(&address).await);
    for letter in ["a", "b", "c", "d"] {
        let name = letter.repeat(3 << 20);
        let reply = greeter.say_hello(HelloRequest { name: name.clone() }).await;
        assert_eq!(
            reply.expect("call should succeed").into_inner().message,
            format!("Hello, {name}!")
        );
    }
    let mut lengths = Vec::new();
    while let Ok(TappedEvent { event, .. }) = events.try_recv() {
        if let EventKind::Message { length, bytes, .. } = event.kind {
            assert!(bytes.len() <= MAX_KEPT);
            lengths.push(length >> 20);
        }
    }
    assert_eq!(lengths, [3; 8]);
}

/// A protocol other than HTTP/2 is forwarded too, both ways, also half-closed.
#[tokio::test]
async fn other_protocols_pass() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port should be found");
    let server = listener
        .local_addr()
        .expect("a listener should have an address")
        .to_string();
    let echo = tokio::spawn(async move {
        let (mut connection, _) = listener
            .accept()
            .await
            .expect("connection should be accepted");
        let mut all = Vec::new();
        // To the end: the client has closed its direction, and still listens.
        connection
            .read_to_end(&mut all)
            .await
            .expect("read should succeed");
        connection
            .write_all(&all)
            .await
            .expect("write should succeed");
    });
    let (address, mut events) = tapped(&server).await;
    let connection = TcpStream::connect(&address)
        .await
        .expect("connection should open");
    let (mut reads, mut writes) = connection.into_split();
    let sent: Vec<u8> = (0..10 << 20).map(|n: u32| (n / 7) as u8).collect();
    writes.write_all(&sent).await.expect("write should succeed");
    writes.shutdown().await.expect("shutdown should succeed");
    let mut answer = Vec::new();
    reads
        .read_to_end(&mut answer)
        .await
        .expect("read should succeed");
    echo.await.expect("task should not panic");
    assert!(answer == sent);
    let tapped =
        wait_for(&mut events, |kind| matches!(kind, EventKind::Undecodable { .. })).await;
    assert_eq!(
        tapped.event.kind,
        EventKind::Undecodable { why: "this is not HTTP/2".into() }
    );
}

#[tokio::test]
async fn a_call_that_is_dropped_is_seen() {
    let mut server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    let mut grpc = Grpc::new(connect(&address).await);
    grpc.ready().await.expect("channel should be ready");
    let (tx, rx) = mpsc::unbounded_channel::<Bytes>();
    let path = PathAndQuery::from_static("/helloworld.Greeter/SayHello");
    let names = tokio_stream::wrappers::UnboundedReceiverStream::new(rx);
    let mut call = Box::pin(grpc.client_streaming::<_, Bytes, Bytes, _>(
        Request::new(names),
        path,
        RawCodec,
    ));
    tokio::select! {
        biased;
        _ = &mut call => panic!("answered without a message"),
        _ = wait_for(&mut events, |kind| matches!(kind, EventKind::Headers { .. })) => {}
    }
    drop(call);
    let tapped =
        wait_for(&mut events, |kind| matches!(kind, EventKind::Reset { .. })).await;
    assert_eq!((tapped.event.from, tapped.event.stream), (Side::Client, 1));
    assert_eq!(
        Renderer::new(false, false).line(&tapped).as_deref(),
        Some("--> stream 1   RST_STREAM CANCEL")
    );
    drop(tx);
    server.signal();
}

#[tokio::test]
async fn a_server_that_dies_or_is_not_there_ends_the_connection() {
    let server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    let mut greeter = GreeterClient::new(connect(&address).await);
    let hello = || HelloRequest { name: "you".into() };
    greeter
        .say_hello(hello())
        .await
        .expect("call should succeed");
    // Dropped, it is killed.
    drop(server);
    // The first call may still find the old connection; a later one makes another.
    let why = loop {
        greeter
            .say_hello(hello())
            .await
            .expect_err("the server should be gone");
        let recorded = std::iter::from_fn(|| events.try_recv().ok());
        let undecodable = recorded.filter_map(|tapped| match tapped.event.kind {
            EventKind::Undecodable { why } => Some(why),
            _ => None,
        });
        if let Some(why) = undecodable.last() {
            break why;
        }
    };
    assert!(why.starts_with("no server at 127.0.0.1:"), "{why}");
}
