//! The tap: every byte passes it, and what it says of them is right.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::task::{Context, Poll};

use grpc_workbook::hello::proto::HelloRequest;
use grpc_workbook::hello::proto::greeter_client::GreeterClient;
use grpc_workbook::http2::figure::draw;
use grpc_workbook::http2::frames::PREFACE;
use grpc_workbook::http2::lines::Lines;
use grpc_workbook::http2::tap::tap;
use grpc_workbook::http2::trace::{Event, MAX_KEPT, Side, Trace, What};
use grpc_workbook::raw::RawCodec;
use grpc_workbook::{LESSONS, Lesson};
use proptest::prelude::*;
use prost::bytes::Bytes;
use regex::Regex;
use support::programs::{self, Finished, Server, run};
use support::written;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::http::{self, uri::PathAndQuery};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::{NamedService, StreamingService};
use tonic::transport::{self, Channel, Endpoint, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

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

/// What the client sent, then what the server sent: a quick server may have answered a unary call
/// before the client's END_STREAM, which is in a frame of its own, and then it may say so.
fn by_sides<T: AsRef<str>>(lines: &mut Vec<T>) {
    lines.retain(|line| !line.as_ref().ends_with("RST_STREAM NO_ERROR"));
    lines.sort_by_key(|line| line.as_ref().starts_with("<--"));
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
    by_sides(&mut shown);
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
        statuses += usize::from(ended && event.from == Side::Server);
    }
    assert_eq!(statuses, 1000);
}

/// Takes messages and answers with their bytes, one by one as they come or all together.
/// Nothing on the wire says which kind a call is, so this serves all four.
#[derive(Clone)]
struct Bytewise;

impl Service<http::Request<Body>> for Bytewise {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let together = request.uri().path() == "/tap.Bytewise/Together";
        let answer = Answer { together };
        Box::pin(async move {
            Ok(tonic::server::Grpc::new(RawCodec)
                .streaming(answer, request)
                .await)
        })
    }
}

impl NamedService for Bytewise {
    const NAME: &'static str = "tap.Bytewise";
}

struct Answer {
    together: bool,
}

impl StreamingService<Bytes> for Answer {
    type Response = Bytes;
    type ResponseStream = ReceiverStream<Result<Bytes, Status>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let (sender, answers) = mpsc::channel(1);
        let (together, mut messages) = (self.together, request.into_inner());
        tokio::spawn(async move {
            let mut all = Vec::new();
            while let Some(message) = messages.message().await? {
                all.extend(&message);
                for byte in message.into_iter().filter(|_| !together) {
                    if sender.send(Ok(Bytes::from(vec![byte]))).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if together {
                // It fails if the client has left.
                let _ = sender.send(Ok(all.into())).await;
            }
            Ok::<(), Status>(())
        });
        Box::pin(async move { Ok(Response::new(ReceiverStream::new(answers))) })
    }
}

/// What a call of each kind is answered.
async fn four_kinds(address: &str) -> Vec<Vec<Bytes>> {
    let mut grpc = Grpc::new(connect(address).await);
    let together = PathAndQuery::from_static("/tap.Bytewise/Together");
    let each = PathAndQuery::from_static("/tap.Bytewise/Each");
    let word = || Request::new(Bytes::from_static(b"one"));
    let words = || {
        let words = ["one", "", "three"].map(|word| Bytes::from_static(word.as_bytes()));
        Request::new(tokio_stream::iter(words))
    };

    grpc.ready().await.expect("is connected");
    let unary = grpc.unary(word(), together.clone(), RawCodec).await;
    let unary = vec![unary.expect("answers").into_inner()];

    grpc.ready().await.expect("is connected");
    let answer = grpc.server_streaming(word(), each.clone(), RawCodec).await;
    let answers = answer.expect("answers").into_inner();
    let server_streaming: Result<Vec<Bytes>, Status> = answers.collect().await;

    grpc.ready().await.expect("is connected");
    let client_streaming = grpc.client_streaming(words(), together, RawCodec).await;
    let client_streaming = vec![client_streaming.expect("answers").into_inner()];

    // Turn by turn: the next question is asked when the last one is answered.
    grpc.ready().await.expect("is connected");
    let (sender, questions) = mpsc::channel(1);
    sender
        .send(Bytes::from_static(b"a"))
        .await
        .expect("is read");
    let questions = Request::new(ReceiverStream::new(questions));
    let answer = grpc.streaming(questions, each, RawCodec).await;
    let mut answers = answer.expect("answers").into_inner();
    let mut both = Vec::new();
    for question in [&b"b"[..], b"c", b"d"] {
        both.extend(answers.message().await.expect("goes on"));
        sender.send(question.into()).await.expect("is read");
    }
    drop(sender);
    while let Some(answer) = answers.message().await.expect("goes on") {
        both.push(answer);
    }
    vec![
        unary,
        server_streaming.expect("goes on"),
        client_streaming,
        both,
    ]
}

#[tokio::test]
async fn calls_of_each_kind_are_answered_as_without_it() {
    let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("listens");
    let server = incoming.local_addr().expect("has an address").to_string();
    let incoming = incoming.with_nodelay(Some(true));
    let serving = transport::Server::builder()
        .add_service(Bytewise)
        .serve_with_incoming(incoming);
    let serving = tokio::spawn(serving);
    let (address, mut events) = tapped(&server).await;

    let without = four_kinds(&server).await;
    let with = four_kinds(&address).await;
    assert_eq!(with, without);
    let bytes = |text: &'static str| -> Vec<Bytes> {
        text.split(' ').map(|word| word.as_bytes().into()).collect()
    };
    assert_eq!(
        with,
        [
            bytes("one"),
            bytes("o n e"),
            bytes("onethree"),
            bytes("a b c d")
        ]
    );

    // Who sent how many messages, in each of the four streams.
    let mut messages = BTreeMap::<u32, [u32; 2]>::new();
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event.what, What::Unread { .. }), "{event:?}");
        if matches!(event.what, What::Message { .. }) {
            let count = messages.entry(event.stream).or_default();
            count[usize::from(event.from == Side::Server)] += 1;
        }
    }
    let expected = [(1, [1, 1]), (3, [1, 3]), (5, [3, 1]), (7, [4, 4])];
    assert_eq!(messages, BTreeMap::from(expected));
    serving.abort();
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
    assert_eq!((event.from, event.stream), (Side::Client, 1));
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
    let address = tap.address.clone();
    let Finished { code, output } = tap.stop();
    assert_eq!(code, Some(0), "{output}");
    // With the addresses that the page has.
    let shown = output
        .replace(&server.address, "127.0.0.1:50051")
        .replace(&address, "127.0.0.1:8000");
    let mut shown: Vec<&str> = shown.lines().collect();
    by_sides(&mut shown);
    let shown = shown.join("\n") + "\n";
    written("book/generated/05-http2-tap.txt", &shown);

    let taken = ["tap", "--listen", &server.address, "--to", &server.address];
    let Finished { code, output } = run(programs::command("grpc-workbook").args(taken));
    assert_eq!(code, Some(1));
    assert!(output.starts_with("Error: ") && output.contains("is in use"), "{output}");
    let Finished { code, output } = run(programs::command("grpc-workbook").arg("tap"));
    assert_eq!(code, Some(2));
    assert!(output.ends_with("; see cargo run -- tap --help\n"), "{output}");
}

/// Reads a whole XML document as far as a drawing needs it: elements, attributes, text, entities.
/// The name and the attributes of the outermost element.
fn xml(text: &str) -> (String, Vec<(String, String)>) {
    let is_allowed =
        |c: char| c == '\n' || !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    assert!(text.chars().all(is_allowed));
    let tag = Regex::new(r#"^<(/?)([a-z]+)((?: [a-zA-Z0-9-]+="[^"<]*")*)(/?)>"#)
        .expect("is one");
    let attribute = Regex::new(r#"([a-zA-Z0-9-]+)="([^"]*)""#).expect("is one");
    let entity = Regex::new("^&(amp|lt|gt|quot);").expect("is one");
    let (mut open, mut outermost, mut rest) = (Vec::new(), None, text.trim_end());
    while let Some(c) = rest.chars().next() {
        assert!(outermost.is_none() || !open.is_empty(), "after its end: {rest}");
        let size = match c {
            '<' => {
                let tag = tag
                    .captures(rest)
                    .unwrap_or_else(|| panic!("no tag: {rest}"));
                let attributes: Vec<(String, String)> = attribute
                    .captures_iter(&tag[3])
                    .map(|pair| (pair[1].to_string(), pair[2].to_string()))
                    .collect();
                let names: BTreeSet<&String> =
                    attributes.iter().map(|one| &one.0).collect();
                assert_eq!(names.len(), attributes.len(), "twice: {rest}");
                for (_, value) in &attributes {
                    assert!(!value.replace("&quot;", "").contains('&'), "{value}");
                }
                match (&tag[1], &tag[4]) {
                    ("/", _) => {
                        assert_eq!(open.pop().as_deref(), Some(&tag[2]), "{rest}")
                    }
                    (_, "/") => assert!(!open.is_empty()),
                    _ => open.push(tag[2].to_string()),
                }
                outermost.get_or_insert((tag[2].to_string(), attributes));
                tag[0].len()
            }
            '&' => entity.find(rest).unwrap_or_else(|| panic!("{rest}")).len(),
            _ => c.len_utf8(),
        };
        assert!(c == '<' || !open.is_empty(), "outside: {rest}");
        rest = &rest[size..];
    }
    assert!(open.is_empty(), "{open:?}");
    outermost.expect("has an element")
}

fn is_a_drawing(text: &str) {
    let (name, attributes) = xml(text);
    assert_eq!(name, "svg");
    let namespace = ("xmlns".to_string(), "http://www.w3.org/2000/svg".to_string());
    assert!(attributes.contains(&namespace), "{attributes:?}");
}

/// Whatever is in the headers, it is drawn; and connections are told apart.
#[test]
fn a_drawing_is_xml() {
    let headers = |path: &str| {
        let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
        let fields = vec![pair(":method", "POST"), pair(":path", path)];
        let what = What::Headers { fields, end_stream: false };
        Event { from: Side::Client, stream: 1, what }
    };
    let nasty = headers("/<&>\"'\0\u{1b}\u{fffe}\u{ffff}名/]]>");
    let mut lines = Lines::new(true, true);
    let one = draw("a", "<&>", &mut lines, &[(6, nasty.clone()), (6, headers("/a/B"))]);
    is_a_drawing(&one);
    assert!(!one.contains("connection"), "{one}");
    let preface = Event { from: Side::Client, stream: 0, what: What::Preface };
    let events = [
        (1, preface),
        (2, nasty.clone()),
        (2, headers("/a/B")),
        (10, nasty),
    ];
    let several = draw("a", "", &mut lines, &events);
    is_a_drawing(&several);
    let numbers = several.matches(">connection ").count();
    assert_eq!(numbers, 3 + 1, "three headings, and once in the text: {several}");
    // What is not shown counts for nothing.
    let mut lines = Lines::new(false, false);
    assert!(!draw("a", "", &mut lines, &events[..3]).contains("connection"));
    is_a_drawing(&draw("a", "", &mut lines, &[]));
}

#[test]
fn a_lesson_is_drawn() {
    let file = std::env::temp_dir().join(format!("workbook-{}.svg", std::process::id()));
    let mut player = programs::command("grpc-workbook");
    let Finished { code, output } = run(player.args(["1", "--svg"]).arg(&file));
    assert_eq!(code, Some(0), "{output}");
    let drawing = std::fs::read_to_string(&file).expect("is written");
    std::fs::remove_file(&file).expect("is there");
    is_a_drawing(&drawing);
    assert!(drawing.contains("/helloworld.Greeter/SayHello"));
    let mut player = programs::command("grpc-workbook");
    let Finished { code, output } =
        run(player.args(["1", "--svg", "/nowhere/at/all.svg"]));
    assert_eq!(code, Some(1));
    assert!(output.contains("Error: cannot write /nowhere/at/all.svg"), "{output}");
}

// --- the trace, on any input

/// All that a trace sees, of bytes that come in pieces of these sizes.
fn follow(from: Side, bytes: &[u8], sizes: &[usize]) -> Vec<Event> {
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
    let events = follow(Side::Client, &a_call(), &[1000]);
    let what: Vec<&What> = events.iter().map(|event| &event.what).collect();
    let fields = vec![
        (":method".into(), "POST".into()),
        (":path".into(), "/a/B".into()),
    ];
    assert_eq!(what[2], &What::Headers { fields, end_stream: false });
    let bytes = b"\x0a\x03you".to_vec();
    assert_eq!(
        what[6],
        &What::Message { compressed: false, length: 5, bytes, end_stream: true }
    );
    // Padding and its length take room in the windows too.
    assert_eq!(what[3], &What::Piece { length: 9 });
    assert_eq!(what[5], &What::Piece { length: 4 });
    assert_eq!(what.len(), 10);
}

fn cases(least: u32) -> ProptestConfig {
    let cases = ProptestConfig::default().cases.max(least);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// However TCP cuts it, it is the same.
    #[test]
    fn pieces_of_any_size(sizes in prop::collection::vec(1..40usize, 1..20)) {
        prop_assert_eq!(follow(Side::Client, &a_call(), &sizes), follow(Side::Client, &a_call(), &[1000]));
    }
}

/// A call with a few bytes wrong, and nothing right after it.
fn broken_call() -> impl Strategy<Value = Vec<u8>> {
    let changes =
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let random = prop::collection::vec(any::<u8>(), 0..60);
    (changes, random).prop_map(|(changes, random)| {
        let mut bytes = a_call();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.extend(random);
        bytes
    })
}

proptest! {
    #![proptest_config(cases(50_000))]

    #[test]
    fn any_bytes_of_a_client_are_followed(bytes in broken_call()) {
        followed(Side::Client, &bytes)?;
    }

    #[test]
    fn any_bytes_of_a_server_are_followed(bytes in broken_call()) {
        followed(Side::Server, &bytes[PREFACE.len()..])?;
    }
}

/// No panic, no more events than there are bytes, and a line for each event at most.
fn followed(from: Side, bytes: &[u8]) -> Result<(), TestCaseError> {
    thread_local! {
        // Made once: it reads all definitions.
        static LINES: RefCell<Lines> = RefCell::new(Lines::new(true, true));
    }
    let events = follow(from, bytes, &[7, 30, 1000]);
    prop_assert!(events.len() <= bytes.len());
    for event in &events {
        let line = LINES.with_borrow_mut(|lines| lines.line(1, event));
        prop_assert!(!line.unwrap_or_default().contains('\n'));
    }
    Ok(())
}
