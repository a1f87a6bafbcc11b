//! The tap: every byte passes it, and what it says of them is right.

mod support;

use std::sync::{LazyLock, Mutex};

use grpc_workbook::hello::proto::HelloRequest;
use grpc_workbook::hello::proto::greeter_client::GreeterClient;
use grpc_workbook::http2::frames::PREFACE;
use grpc_workbook::http2::lines::Lines;
use grpc_workbook::http2::tap::tap;
use grpc_workbook::http2::trace::{Event, From, MAX_KEPT, Trace, What};
use grpc_workbook::raw::RawCodec;
use grpc_workbook::{LESSONS, Lesson};
use proptest::prelude::*;
use prost::bytes::Bytes;
use support::programs::{self, Finished, Server, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};

const HELLO: &Lesson = &LESSONS[0];

/// A tap to `server`: its address, and what it sees.
async fn tapped(server: &str) -> (String, UnboundedReceiver<Event>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let address = listener.local_addr().expect("has an address").to_string();
    let (sender, events) = mpsc::unbounded_channel();
    tokio::spawn(tap(listener, server.to_string(), move |_, event| {
        let _ = sender.send(event);
    }));
    (address, events)
}

async fn connect(address: &str) -> Channel {
    let uri = format!("http://{address}");
    Endpoint::try_from(uri)
        .expect("is a URI")
        .connect()
        .await
        .expect("connects")
}

/// The next event that the test is after.
async fn wait_for(
    events: &mut UnboundedReceiver<Event>,
    wanted: fn(&What) -> bool,
) -> Event {
    loop {
        let event = events.recv().await.expect("comes");
        if wanted(&event.what) {
            return event;
        }
    }
}

#[tokio::test]
async fn a_call_is_shown_in_lines() {
    let server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    let mut greeter = GreeterClient::new(connect(&address).await);
    greeter
        .say_hello(HelloRequest { name: "小明\n".into() })
        .await
        .expect("answers");
    let mut lines = Lines::new(false, true);
    let mut shown = Vec::new();
    while let Ok(event) = events.try_recv() {
        shown.extend(lines.line(1, &event));
    }
    let expected = [
        "--> stream 1   HEADERS  POST /helloworld.Greeter/SayHello, te trailers, content-type application/grpc",
        "--> stream 1   DATA     HelloRequest { name: \"小明\\n\" }  [00 00 00 00 09 | 0a 07 e5 b0 8f e6 98 8e 0a]",
        "--> stream 1   DATA       END_STREAM",
        "<-- stream 1   HEADERS  :status 200, content-type application/grpc",
        "<-- stream 1   DATA     HelloReply { message: \"Hello, 小明\\n!\" }  \
         [00 00 00 00 11 | 0a 0f 48 65 6c 6c 6f 2c 20 e5 b0 8f e6 98 8e 0a ... 17 bytes]",
        "<-- stream 1   HEADERS  grpc-status 0 OK  END_STREAM",
    ];
    assert_eq!(shown, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_at_once_are_answered() {
    let server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    let greeter = GreeterClient::new(connect(&address).await);
    let calls: Vec<_> = (0..1000)
        .map(|n| {
            let mut greeter = greeter.clone();
            tokio::spawn(async move {
                let reply = greeter
                    .say_hello(HelloRequest { name: n.to_string() })
                    .await;
                assert_eq!(
                    reply.expect("answers").into_inner().message,
                    format!("Hello, {n}!")
                );
            })
        })
        .collect();
    for call in calls {
        call.await.expect("is right");
    }
    let mut statuses = 0;
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event.what, What::Unread { .. }), "{event:?}");
        let ended = matches!(event.what, What::Headers { end_stream: true, .. });
        statuses += usize::from(ended && event.from == From::Server);
    }
    assert_eq!(statuses, 1000);
}

/// Messages of megabytes, in many frames and through full windows. Of each no more is kept than
/// is said.
#[tokio::test]
async fn large_messages_pass() {
    let server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    let mut greeter = GreeterClient::new(connect(&address).await);
    for letter in ["a", "b", "c", "d"] {
        let name = letter.repeat(3 << 20);
        let reply = greeter.say_hello(HelloRequest { name: name.clone() }).await;
        assert_eq!(
            reply.expect("answers").into_inner().message,
            format!("Hello, {name}!")
        );
    }
    let mut lengths = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let What::Message { length, bytes, .. } = event.what {
            assert!(bytes.len() <= MAX_KEPT);
            lengths.push(length >> 20);
        }
    }
    assert_eq!(lengths, [3; 8]);
}

/// What is no HTTP/2 is carried all the same, both ways, half-closed too.
#[tokio::test]
async fn other_protocols_pass() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let server = listener.local_addr().expect("has an address").to_string();
    let echo = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("accepts");
        let mut all = Vec::new();
        // To the end, which the client says while it still listens.
        connection.read_to_end(&mut all).await.expect("reads");
        connection.write_all(&all).await.expect("writes");
    });
    let (address, mut events) = tapped(&server).await;
    let connection = TcpStream::connect(&address).await.expect("connects");
    let (mut reads, mut writes) = connection.into_split();
    let sent: Vec<u8> = (0..10 << 20).map(|n: u32| (n / 7) as u8).collect();
    writes.write_all(&sent).await.expect("writes");
    writes.shutdown().await.expect("says that this is all");
    let mut answer = Vec::new();
    reads.read_to_end(&mut answer).await.expect("reads");
    echo.await.expect("ends");
    assert!(answer == sent);
    let event = wait_for(&mut events, |what| matches!(what, What::Unread { .. })).await;
    assert_eq!(event.what, What::Unread { why: "this is not HTTP/2".into() });
}

#[tokio::test]
async fn a_call_that_is_dropped_is_seen() {
    let mut server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    let mut grpc = Grpc::new(connect(&address).await);
    grpc.ready().await.expect("is connected");
    let (name, names) = mpsc::unbounded_channel::<Bytes>();
    let path = PathAndQuery::from_static("/helloworld.Greeter/SayHello");
    let names = tokio_stream::wrappers::UnboundedReceiverStream::new(names);
    let mut call = Box::pin(grpc.client_streaming::<_, Bytes, Bytes, _>(
        Request::new(names),
        path,
        RawCodec,
    ));
    tokio::select! {
        biased;
        _ = &mut call => panic!("answered without a message"),
        _ = wait_for(&mut events, |what| matches!(what, What::Headers { .. })) => {}
    }
    drop(call);
    let event = wait_for(&mut events, |what| matches!(what, What::Reset { .. })).await;
    assert_eq!((event.from, event.stream), (From::Client, 1));
    assert_eq!(
        Lines::new(false, false).line(1, &event).as_deref(),
        Some("--> stream 1   RST_STREAM CANCEL")
    );
    drop(name);
    server.signal();
}

#[tokio::test]
async fn a_server_that_dies_or_is_not_there_ends_the_connection() {
    let server = Server::start(HELLO);
    let (address, mut events) = tapped(&server.address).await;
    let mut greeter = GreeterClient::new(connect(&address).await);
    let hello = || HelloRequest { name: "you".into() };
    greeter.say_hello(hello()).await.expect("answers");
    // Dropped, it is killed.
    drop(server);
    // The first call may still find the old connection; a later one makes another.
    let why = loop {
        greeter
            .say_hello(hello())
            .await
            .expect_err("nobody is there");
        let seen = std::iter::from_fn(|| events.try_recv().ok());
        let unread = seen.filter_map(|event| match event.what {
            What::Unread { why } => Some(why),
            _ => None,
        });
        if let Some(why) = unread.last() {
            break why;
        }
    };
    assert!(why.starts_with("no server at 127.0.0.1:"), "{why}");
}

#[test]
fn the_command_shows_a_wire() {
    let server = Server::start(HELLO);
    let mut command = programs::command("grpc-workbook");
    let mut tap = Server::from(command.args([
        "tap",
        "--listen",
        "127.0.0.1:0",
        "--to",
        &server.address,
    ]));
    let Finished { code, output } = run(&mut programs::client(HELLO, &tap.address, &[]));
    assert_eq!((code, output.as_str()), (Some(0), "Hello, you!\n"));
    tap.wait_for("grpc-status 0 OK");
    let Finished { code, output } = tap.stop();
    assert_eq!(code, Some(0), "{output}");
    assert_eq!(output.matches("stream 1").count(), 6, "{output}");

    let taken = ["tap", "--listen", &server.address, "--to", &server.address];
    let Finished { code, output } = run(programs::command("grpc-workbook").args(taken));
    assert_eq!(code, Some(1));
    assert!(output.starts_with("Error: ") && output.contains("is in use"), "{output}");
}

#[test]
fn a_lesson_is_drawn() {
    let file = std::env::temp_dir().join(format!("workbook-{}.svg", std::process::id()));
    let mut player = programs::command("grpc-workbook");
    let Finished { code, output } = run(player.args(["1", "--svg"]).arg(&file));
    assert_eq!(code, Some(0), "{output}");
    let drawing = std::fs::read_to_string(&file).expect("is written");
    std::fs::remove_file(&file).expect("is there");
    assert!(
        drawing.starts_with("<svg ") && drawing.contains("/helloworld.Greeter/SayHello")
    );
    let mut player = programs::command("grpc-workbook");
    let Finished { code, output } =
        run(player.args(["1", "--svg", "/nowhere/at/all.svg"]));
    assert_eq!(code, Some(1));
    assert!(output.contains("Error: cannot write /nowhere/at/all.svg"), "{output}");
}

// --- the trace, on any input

/// All that a trace sees, of bytes that come in pieces of these sizes.
fn follow(from: From, bytes: &[u8], sizes: &[usize]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut trace = Trace::default();
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at((*size).clamp(1, rest.len()));
        trace.push(from, now, &mut |event| events.push(event));
        rest = later;
    }
    events
}

/// A call as a client sends it, put together by hand: HEADERS in two pieces, a message in two
/// frames, one of them padded, and the end.
fn a_call() -> Vec<u8> {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let mut frame = vec![0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream];
        frame.extend(payload);
        frame
    };
    [
        PREFACE.to_vec(),
        frame(4, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]),
        // :method POST, then a path, not compressed.
        frame(1, 0, 1, b"\x83\x04\x04"),
        frame(9, 4, 1, b"/a/B"),
        frame(0, 8, 1, b"\x02\0\0\0\0\x05\x0a\0\0"),
        frame(8, 0, 1, &[0, 0, 1, 0]),
        frame(0, 1, 1, b"\x03you"),
        frame(6, 0, 0, &[0; 8]),
        frame(0x77, 0, 1, b"what?"),
        frame(7, 0, 0, &[0; 8]),
    ]
    .concat()
}

#[test]
fn pieces_are_put_together() {
    let events = follow(From::Client, &a_call(), &[1000]);
    let what: Vec<&What> = events.iter().map(|event| &event.what).collect();
    let fields = vec![
        (":method".into(), "POST".into()),
        (":path".into(), "/a/B".into()),
    ];
    assert_eq!(what[2], &What::Headers { fields, end_stream: false });
    let bytes = b"\x0a\x03you".to_vec();
    assert_eq!(
        what[4],
        &What::Message { compressed: false, length: 5, bytes, end_stream: true }
    );
    assert_eq!(what.len(), 8);
}

/// Made once: it reads all definitions.
static LINES: LazyLock<Mutex<Lines>> =
    LazyLock::new(|| Mutex::new(Lines::new(true, true)));

fn cases(least: u32) -> ProptestConfig {
    let cases = ProptestConfig::default().cases.max(least);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// However TCP cuts it, it is the same.
    #[test]
    fn pieces_of_any_size(sizes in prop::collection::vec(1..40usize, 1..20)) {
        prop_assert_eq!(follow(From::Client, &a_call(), &sizes), follow(From::Client, &a_call(), &[1000]));
    }
}

proptest! {
    #![proptest_config(cases(100_000))]

    /// A few bytes wrong, or nothing right: no panic, and no more events than there are bytes.
    #[test]
    fn any_bytes_are_followed(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        random in prop::collection::vec(any::<u8>(), 0..60),
        from_server: bool,
    ) {
        let mut bytes = a_call();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.extend(random);
        let (from, bytes) = match from_server {
            true => (From::Server, &bytes[PREFACE.len()..]),
            false => (From::Client, &bytes[..]),
        };
        let events = follow(from, bytes, &[7, 30, 1000]);
        prop_assert!(events.len() <= bytes.len());
        let mut lines = LINES.lock().expect("no test panics with it");
        for event in &events {
            let line = lines.line(1, event).unwrap_or_default();
            prop_assert!(!line.contains('\n'));
        }
    }
}
