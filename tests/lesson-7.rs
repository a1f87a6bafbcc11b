//! Lesson 7: the exercise, what the service answers, what a slow reader holds up, and how a
//! stream can end.

#[path = "../lessons/07_subjects_by_city/exercise.rs"]
mod exercise;
#[path = "../lessons/07_subjects_by_city/solution.rs"]
mod solution;
#[path = "../lessons/07_subjects_by_city/wrong_first.rs"]
mod wrong_first;
#[path = "../lessons/07_subjects_by_city/wrong_last.rs"]
mod wrong_last;
#[path = "../lessons/07_subjects_by_city/wrong_ok.rs"]
mod wrong_ok;
#[path = "../lessons/07_subjects_by_city/wrong_order.rs"]
mod wrong_order;
#[path = "../lessons/07_subjects_by_city/wrong_twice.rs"]
mod wrong_twice;

use std::convert::Infallible;
use std::error::Error;
use std::fmt::Display;
use std::future::{Future, Ready, pending, ready};
use std::io::{BufRead, BufReader, Read};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use grpc_workbook::Lesson;
use grpc_workbook::cli::GRACE;
use grpc_workbook::http2::record::{Recording, Seen};
use grpc_workbook::raw::RawCodec;
use grpc_workbook::status::code_name;
use grpc_workbook::subjects_by_city::proto::{
    ListSubjectsRequest, ListSubjectsResponse, TickRequest, TickResponse,
    subjects_by_city_service_client::SubjectsByCityServiceClient,
    subjects_by_city_service_server::{
        SubjectsByCityService, SubjectsByCityServiceServer,
    },
};
use grpc_workbook::subjects_by_city::{ROOM, SubjectsByCity, send_all, subjects, ticks};
use prost::Message;
use prost::bytes::Bytes;
use support::checks::{Checks, outcome};
use support::endings::{Ending, KillableServer, NotifyOnDrop, status_cell, table};
use support::programs::{self, Finished, Server, run, spawn};
use support::written;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::sync::watch;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt, iter};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::EncodeBody;
use tonic::codegen::Service;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::http::{self, HeaderValue};
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status, Streaming};

fn lesson() -> &'static Lesson {
    Lesson::find(7).expect("is in LESSONS")
}

fn city(name: &str) -> ListSubjectsRequest {
    ListSubjectsRequest { city: name.into() }
}

type Client = SubjectsByCityServiceClient<Channel>;

type Answer = Result<Response<Streaming<ListSubjectsResponse>>, Status>;

/// Reads a stream to its end: the messages that came, and the error if it did not end well.
async fn read(answer: Answer) -> (Vec<String>, Option<Status>) {
    let mut messages = Vec::new();
    let mut stream = match answer {
        Ok(response) => response.into_inner(),
        Err(status) => return (messages, Some(status)),
    };
    loop {
        match stream.message().await {
            Ok(Some(message)) => messages.push(message.subject),
            Ok(None) => return (messages, None),
            Err(status) => return (messages, Some(status)),
        }
    }
}

fn line(status: &Status) -> String {
    format!("{}: {}", code_name(status.code()), status.message())
}

// --- the exercise

/// What a call came to, for the report.
#[derive(Debug, PartialEq)]
struct Streamed {
    messages: Vec<String>,
    end: String,
}

async fn check(server: Routes) -> Result<String, String> {
    let mut client = SubjectsByCityServiceClient::new(server);
    let mut checks = Checks::default();
    let wuhan = ["python", "测试", "java", "php"];
    let both = ["python", "测试", "java", "php", "c++", "go", "运维"];
    let shanghai = ["python", "c++", "go", "测试", "运维", "java", "php"];
    let all = [
        "python",
        "c++",
        "go",
        "产品经理",
        "测试",
        "运维",
        "java",
        "php",
    ];
    for (cities, messages, end) in [
        ("wuhan", &wuhan[..], "OK"),
        ("wuhan,shanghai", &both, "OK"),
        ("shanghai,wuhan", &shanghai, "OK"),
        ("beijing,shanghai,wuhan", &all, "OK"),
        ("wuhan,wuhan", &wuhan, "OK"),
        ("tokyo", &[], "NOT_FOUND: unknown city: tokyo"),
        ("wuhan,tokyo", &wuhan, "NOT_FOUND: unknown city: tokyo"),
        ("wuhan,东京,beijing", &wuhan, "NOT_FOUND: unknown city: 东京"),
        ("tokyo,wuhan", &[], "NOT_FOUND: unknown city: tokyo"),
        ("wuhan,shanghai,tokyo,oslo", &both, "NOT_FOUND: unknown city: tokyo"),
        ("wuhan,,beijing", &wuhan, "NOT_FOUND: unknown city: "),
        ("", &[], "NOT_FOUND: unknown city: "),
    ] {
        let (came, error) = read(client.list_subjects(city(cities)).await).await;
        let ended = error.map_or("OK".into(), |status| line(&status));
        let actual = Streamed { messages: came, end: ended };
        let messages = messages.iter().map(ToString::to_string).collect();
        let expected = Streamed { messages, end: end.into() };
        checks.expect(format!("ListSubjects({cities})"), Ok(actual), Ok(expected));
    }
    checks.verdict()
}

fn serving(cities: impl SubjectsByCityService) -> Routes {
    Routes::new(SubjectsByCityServiceServer::new(cities))
}

#[tokio::test]
#[ignore = "it is yours to solve"]
async fn exercise() -> Result<(), &'static str> {
    let checked = check(serving(exercise::Cities)).await;
    checked
        .map(drop)
        .map_err(|_| "lessons/07_subjects_by_city/exercise.rs is not right yet")
}

#[tokio::test]
async fn the_check_accepts_the_solution() {
    check(serving(solution::Cities)).await.expect("is right");
}

#[tokio::test]
async fn the_check_rejects_wrong_answers() {
    let rejects = async |routes, name| check(routes).await.expect_err(name);
    rejects(serving(SubjectsByCity), "the lesson's own service").await;
    rejects(serving(wrong_last::Cities), "wrong_last").await;
    rejects(serving(wrong_ok::Cities), "wrong_ok").await;
    rejects(serving(wrong_order::Cities), "wrong_order").await;
    rejects(serving(wrong_twice::Cities), "wrong_twice").await;
    let report = rejects(serving(wrong_first::Cities), "wrong_first").await;
    written("book/generated/07-subjects-by-city-report.txt", &report);
}

// --- what it answers

#[tokio::test]
async fn answers() {
    let server = SubjectsByCityServiceServer::new(SubjectsByCity);
    let mut client = SubjectsByCityServiceClient::new(server);
    for (name, expected) in [
        ("beijing", "python c++ go 产品经理 测试 运维 java php"),
        ("shanghai", "python c++ go 测试 运维 java php"),
        ("wuhan", "python 测试 java php"),
    ] {
        let (messages, error) = read(client.list_subjects(city(name)).await).await;
        assert_eq!(messages.join(" "), expected);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(subjects(name).expect("is known"), &messages[..]);
    }
    for name in ["tokyo", "", "Beijing", "东京", "a\nb%20"] {
        let (messages, error) = read(client.list_subjects(city(name)).await).await;
        assert!(messages.is_empty());
        let expected = format!("NOT_FOUND: unknown city: {name}");
        assert_eq!(error.map(|status| line(&status)), Some(expected));
    }
    let mut ticks = ticks("jlc".into()).expect("is not close");
    assert_eq!(ticks.next().as_deref(), Some("send 1 jlc"));
    assert_eq!(ticks.next().as_deref(), Some("send 2 jlc"));
    let close = TickRequest { data: "close".into(), interval_ms: 3_600_000 };
    let close = outcome(client.tick(close).await.map(|_| Response::new(())));
    assert_eq!(close, Err("CANCELLED: CANCELLED".into()));
}

/// All messages that are ready travel together: the page's answer to "predict".
#[tokio::test]
async fn one_frame_for_four_messages() {
    let server = SubjectsByCityServiceServer::new(SubjectsByCity);
    let killable = KillableServer::start(Routes::new(server));
    let (mut client, mut recording) = recorded(&killable).await;
    let (messages, _) = read(client.list_subjects(city("wuhan")).await).await;
    assert_eq!(messages.len(), 4);
    let data = recording.server.wait(|frames| {
        Some(frames.iter().filter(|(header, _)| header.kind == 0).count())
    });
    assert_eq!(data.await.expect("is connected"), 1);
}

// --- a slow reader

/// What the lesson's client grants to a stream.
const WINDOW: u32 = 65_535;

/// Ticks as the lesson's service does, and tells how many were made, how many left the
/// channel and in how many bytes, and, when the client has left, how many were sent.
struct Counting {
    made: watch::Sender<u64>,
    taken: watch::Sender<(u64, u64)>,
    sent: UnboundedSender<u64>,
}

type Boxed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl SubjectsByCityService for Counting {
    type ListSubjectsStream = Boxed<ListSubjectsResponse>;

    async fn list_subjects(
        &self,
        _request: Request<ListSubjectsRequest>,
    ) -> Result<Response<Self::ListSubjectsStream>, Status> {
        Err(Status::unimplemented(""))
    }

    type TickStream = Boxed<TickResponse>;

    async fn tick(
        &self,
        request: Request<TickRequest>,
    ) -> Result<Response<Self::TickStream>, Status> {
        let (made, taken, told) =
            (self.made.clone(), self.taken.clone(), self.sent.clone());
        let ticks = ticks(request.into_inner().data)?
            .map(|data| TickResponse { data })
            .inspect(move |_| made.send_modify(|made| *made += 1));
        let (sender, receiver) = channel(ROOM);
        tokio::spawn(async move {
            let sent = send_all(ticks, Duration::ZERO, sender).await;
            // The test may have failed already.
            let _ = told.send(sent);
        });
        let counted = ReceiverStream::new(receiver).map(move |message| {
            let size = message
                .as_ref()
                .map_or(0, |message| 5 + message.encoded_len());
            taken.send_modify(|(count, bytes)| {
                *count += 1;
                *bytes += size as u64;
            });
            message
        });
        Ok(Response::new(Box::pin(counted)))
    }
}

/// A client with the same window as the lesson's.
async fn connect(address: impl Display) -> Client {
    let endpoint = Endpoint::try_from(format!("http://{address}")).expect("is a URI");
    let channel = endpoint.initial_stream_window_size(WINDOW).connect().await;
    Client::new(channel.expect("connects"))
}

/// Such a client, and what crosses its connection.
async fn recorded(server: &KillableServer) -> (Client, Recording) {
    let recording = Recording::of(server.address.clone()).await;
    let recording = recording.expect("listens");
    (connect(recording.address).await, recording)
}

fn data(frames: &[Seen]) -> u32 {
    let of_data = frames.iter().filter(|(header, _)| header.kind == 0);
    of_data.map(|(header, _)| header.length).sum()
}

/// `--break slow-reader`, and where the messages are that were made.
#[tokio::test]
async fn a_slow_reader_holds_up_the_sender() {
    let (made, mut count) = watch::channel(0);
    let (taken, at_http2) = watch::channel((0, 0));
    let (sent, mut told) = unbounded_channel();
    let counting = Counting { made, taken, sent };
    let server = KillableServer::start(serving(counting));
    let (mut client, mut recording) = recorded(&server).await;
    let large = TickRequest { data: "x".repeat(40_000), interval_ms: 0 };
    let unread = client.tick(large).await.expect("begins");

    let full = recording
        .server
        .wait(|frames| Some(data(frames)).filter(|sum| *sum >= WINDOW));
    assert_eq!(full.await.expect("is connected"), WINDOW);
    // hyper takes a message before it looks whether the window has room for it.
    let expected = u64::from(WINDOW) / 40_000 + 1 + 1 + ROOM as u64 + 1;
    let waits = count.wait_for(|made| *made >= expected).await;
    waits.expect("serves");
    // Time for more, if there were any: the connection works, only the stream is full.
    for _ in 0..100 {
        let answer = client.list_subjects(city("")).await;
        assert_eq!(answer.map(drop).map_err(|s| s.code()), Err(Code::Unimplemented));
    }
    drop(unread);
    let sent = told.recv().await.expect("tells");
    let made = *count.borrow();
    let (taken, bytes) = *at_http2.borrow();
    assert_eq!((made, sent, taken), (expected, expected - 1, expected - 1 - ROOM as u64));

    let (room, rest) = (sent - taken, bytes - u64::from(WINDOW));
    let in_hand = made - sent;
    written(
        "book/generated/07-subjects-by-city-slow.md",
        &format!(
            "| where | what has piled up |\n|---|---|\n\
             | in your code, at the client | nothing: it reads nothing |\n\
             | below it, in the client's HTTP/2 | {WINDOW} bytes, the window of the stream |\n\
             | in the server's HTTP/2, below your code | {rest} bytes, which have no window |\n\
             | both together | {taken} messages, {bytes} bytes with their prefixes |\n\
             | in the channel, which has room for {ROOM} | {room} messages |\n\
             | in the task, which waits in `send` | {in_hand} message |\n\
             | made in all, and no more | {made} messages |\n"
        ),
    );
}

/// With the lesson's window, the server waits even if the messages are tiny.
#[tokio::test]
async fn tiny_messages_wait() {
    let Lab { server, .. } = lab();
    let (mut client, mut recording) = recorded(&server).await;
    let unread = client.list_subjects(city("tiny")).await;
    let full = recording
        .server
        .wait(|frames| Some(data(frames)).filter(|sum| *sum == WINDOW));
    full.await.expect("is connected");
    let (messages, error) = read(unread).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(messages.len(), TINY);
}

/// A stream that is read takes no more memory if it is longer.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_long_stream_takes_no_more_memory() {
    let server = Server::start(lesson());
    let mut client = connect(&server.address).await;
    let status = format!("/proc/{}/status", server.id());
    let mut peaks = Vec::new();
    for count in [10_000, LONG] {
        let request = TickRequest { data: "hello".into(), interval_ms: 0 };
        let mut ticks = client.tick(request).await.expect("begins").into_inner();
        for n in 1..=count {
            let tick = ticks.message().await.expect("goes on").expect("has no end");
            assert!(n % 1000 != 0 || tick.data == format!("send {n} hello"));
        }
        let status = std::fs::read_to_string(&status).expect("is running");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
        peaks.push(kib.unwrap_or(u64::MAX));
    }
    // Were they kept, 100,000 messages would take more than that, if only their texts.
    assert!(peaks[1] < peaks[0] + 4096, "{peaks:?}");
}

/// How long a stream is long.
#[cfg(target_os = "linux")]
const LONG: u64 = 100_000;

// --- how a stream can end

/// So many messages are more than a client keeps that does not read them.
const TINY: usize = 20_000;

/// Sends what the city says, and then does what it says.
struct Trouble {
    told: UnboundedSender<&'static str>,
    go: Arc<Semaphore>,
}

fn sends(subject: &str) -> Result<ListSubjectsResponse, Status> {
    Ok(ListSubjectsResponse { subject: subject.into() })
}

#[tonic::async_trait]
impl SubjectsByCityService for Trouble {
    type ListSubjectsStream = Boxed<ListSubjectsResponse>;

    async fn list_subjects(
        &self,
        request: Request<ListSubjectsRequest>,
    ) -> Result<Response<Self::ListSubjectsStream>, Status> {
        let dropped = NotifyOnDrop(self.told.clone(), "dropped");
        let go = self.go.clone();
        // What comes second has to wait until the test has seen the first.
        let second = async move || {
            go.acquire().await.expect("is open").forget();
        };
        let first = iter([sends("python")]);
        let city = request.into_inner().city;
        let stream: Self::ListSubjectsStream = match city.as_str() {
            "method panics" => panic!("as the chapter's table wants it"),
            "never answers" => pending().await,
            "error in the middle" => Box::pin(iter([
                sends("python"),
                Err(Status::data_loss("no more of it")),
                sends("go"),
            ])),
            "stream panics" => Box::pin(first.chain(later(async move {
                second().await;
                panic!("as the chapter's table wants it")
            }))),
            "task panics" => {
                let (sender, receiver) = channel(ROOM);
                tokio::spawn(async move {
                    let _ = sender.send(sends("python")).await;
                    second().await;
                    panic!("as the chapter's table wants it");
                });
                Box::pin(ReceiverStream::new(receiver))
            }
            "goes on" => Box::pin(first.chain(later(async move {
                let _dropped = dropped;
                second().await;
                sends("go")
            }))),
            "tiny" => Box::pin(iter(0..TINY).then(move |_| {
                // Longer than this item, shorter than the stream.
                let _dropped = &dropped;
                // Not ready at once: what came before is sent, in a frame of its own.
                async {
                    tokio::task::yield_now().await;
                    sends("x")
                }
            })),
            "large" => Box::pin(iter([sends("python"), sends("产品经理")])),
            "large, later" => Box::pin(first.chain(later(async move {
                second().await;
                sends("产品经理")
            }))),
            city => Box::pin(iter(subjects(city)?.iter().map(|subject| sends(subject)))),
        };
        Ok(Response::new(stream))
    }

    type TickStream = Boxed<TickResponse>;

    async fn tick(
        &self,
        _request: Request<TickRequest>,
    ) -> Result<Response<Self::TickStream>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// A stream of one message, which takes time to come.
fn later<T>(message: impl Future<Output = T>) -> impl Stream<Item = T> {
    let mut message = Some(Box::pin(message));
    iter([()]).then(move |()| message.take().expect("is asked for once"))
}

/// A server that sends one message and leaves out the status.
#[derive(Clone)]
struct Truncating;

impl NamedService for Truncating {
    const NAME: &'static str = "subjects_by_city.v1.SubjectsByCityService";
}

impl Service<http::Request<Body>> for Truncating {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        let message = Bytes::from(sends("python").expect("is one").encode_to_vec());
        // A client's body has messages and no trailers.
        let body = EncodeBody::new_client(RawCodec, iter([Ok(message)]), None, None);
        let mut response = http::Response::new(Body::new(body));
        let kind = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert("content-type", kind);
        ready(Ok(response))
    }
}

/// What the table says that a client saw.
fn saw((messages, error): (Vec<String>, Option<Status>)) -> String {
    let messages: String = messages.iter().map(|m| format!("`{m}`, then ")).collect();
    messages + &error.map_or("`OK`".into(), |status| status_cell(&status))
}

struct Lab {
    server: KillableServer,
    heard: UnboundedReceiver<&'static str>,
    go: Arc<Semaphore>,
}

fn lab() -> Lab {
    let (told, heard) = unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let trouble = Trouble { told, go: go.clone() };
    Lab { server: KillableServer::start(serving(trouble)), heard, go }
}

/// Begins a stream and reads its first message.
async fn begun(client: &mut Client, name: &str) -> Streaming<ListSubjectsResponse> {
    let stream = client.list_subjects(city(name)).await.expect("begins");
    let mut stream = stream.into_inner();
    let first = stream.message().await.expect("comes");
    assert_eq!(first.map(|message| message.subject).as_deref(), Some("python"));
    stream
}

/// Reads what is left of a stream whose first message was read.
async fn rest(stream: Streaming<ListSubjectsResponse>) -> (Vec<String>, Option<Status>) {
    let (mut messages, error) = read(Ok(Response::new(stream))).await;
    messages.insert(0, "python".into());
    (messages, error)
}

#[tokio::test]
async fn ends() {
    let Lab { server, mut heard, go } = lab();
    let mut client = Client::new(server.channel().await);
    let mut ends = Vec::new();
    let mut end = |when, sees, specified| ends.push(Ending { when, sees, specified });

    let sees = saw(read(client.list_subjects(city("tokyo")).await).await);
    end("the method returns an error", sees, "");

    let answer = client.list_subjects(city("error in the middle")).await;
    let seen = read(answer).await;
    assert_eq!(seen.0, ["python"], "what stands behind an error is lost");
    end("the stream yields a message, an error, a message", saw(seen), "");

    let long = "x".repeat(20_000);
    let sees = saw(read(client.list_subjects(city(&long)).await).await);
    end(
        "the error's message has more than 20,000 bytes",
        sees,
        "a client may limit trailers; 8 KiB are suggested",
    );

    let sees = saw(read(client.list_subjects(city("method panics")).await).await);
    end("the method panics", sees, "`UNKNOWN`");

    let stream = begun(&mut client, "stream panics").await;
    go.add_permits(1);
    let sees = saw(rest(stream).await);
    end("the stream panics", sees, "`UNKNOWN`, as above");

    let stream = begun(&mut client, "task panics").await;
    go.add_permits(1);
    let seen = rest(stream).await;
    assert!(seen.1.is_none(), "{seen:?}");
    end(
        "the task panics that feeds the channel",
        saw(seen),
        "tonic knows nothing of your task: you sent no error",
    );

    let truncating = KillableServer::start(Routes::new(Truncating));
    let mut truncated = Client::new(truncating.channel().await);
    let sees = saw(read(truncated.list_subjects(city("")).await).await);
    end("the stream ends without a status", sees, "the trailers must have `grpc-status`");

    while heard.try_recv().is_ok() {}
    let mut other = Client::new(server.channel().await);
    let unread = other.list_subjects(city("tiny")).await;
    assert_eq!(heard.recv().await, Some("dropped"));
    let (_, error) = read(unread).await;
    let source = error.as_ref().and_then(|status| status.source());
    let reason = format!("{:?}", source.expect("is not the server's"));
    assert!(reason.contains("too_many_data_frames"), "{reason}");
    end(
        "the client lets thousands of tiny messages lie unread",
        saw((Vec::new(), error)),
        "the server waits for the client",
    );

    let stream = begun(&mut client, "goes on").await;
    drop(stream);
    assert_eq!(heard.recv().await, Some("dropped"));
    end(
        "the client drops its stream",
        "nothing, it no longer reads; the server drops its stream".into(),
        "`CANCELLED`, on both sides",
    );

    let limited = |name, deadline| {
        let mut request = Request::new(city(name));
        request.set_timeout(deadline);
        request
    };
    let request = limited("never answers", Duration::from_millis(1));
    let sees = saw(read(client.list_subjects(request).await).await);
    end("the deadline passes before the method returns", sees, "`DEADLINE_EXCEEDED`");

    let deadline = Duration::from_secs(1);
    let answer = client.list_subjects(limited("goes on", deadline)).await;
    // From its headers on the call has no deadline any more. This one is over now:
    tokio::time::sleep(deadline).await;
    go.add_permits(1);
    let seen = read(answer).await;
    assert_eq!(seen.0, ["python", "go"]);
    end("the deadline passes while the stream runs", saw(seen), "`DEADLINE_EXCEEDED`");

    let small = client.clone().max_decoding_message_size(10);
    let sees = saw(read({ small }.list_subjects(city("large")).await).await);
    end(
        "a message is larger than the client allows, here 10 bytes",
        sees,
        "`RESOURCE_EXHAUSTED`",
    );

    let (told, _) = unbounded_channel();
    let trouble = Trouble { told, go: go.clone() };
    let small = SubjectsByCityServiceServer::new(trouble).max_encoding_message_size(10);
    let small = KillableServer::start(Routes::new(small));
    let mut limited = Client::new(small.channel().await);
    let seen = read(limited.list_subjects(city("large")).await).await;
    end(
        "a message is larger than the server may send, here 10 bytes",
        saw(seen),
        "`RESOURCE_EXHAUSTED`",
    );
    let stream = begun(&mut limited, "large, later").await;
    go.add_permits(1);
    let seen = rest(stream).await;
    end(
        "the same, when the message before it has left",
        saw(seen),
        "`RESOURCE_EXHAUSTED`",
    );

    let large = Bytes::from(vec![0; 4 * 1024 * 1024 + 1]);
    let mut grpc = Grpc::new(server.channel().await);
    grpc.ready().await.expect("is ready");
    let path = "/subjects_by_city.v1.SubjectsByCityService/ListSubjects";
    let path = PathAndQuery::from_static(path);
    let answer = grpc.server_streaming(Request::new(large), path, RawCodec);
    let refused = answer.await.map(drop).expect_err("an error");
    end(
        "the request is larger than the server allows, 4 MiB",
        status_cell(&refused),
        "`RESOURCE_EXHAUSTED`",
    );

    let stream = begun(&mut client, "goes on").await;
    server.kill();
    let sees = saw(rest(stream).await);
    end("the server dies", sees, "`UNAVAILABLE`");
    written("book/generated/07-subjects-by-city-ends.md", &table(&ends));
}

/// `message()` tells an error once. After that it says that the stream is at its end.
#[tokio::test]
async fn an_error_is_told_once() {
    let Lab { server, .. } = lab();
    let mut client = Client::new(server.channel().await);
    let mut stream = begun(&mut client, "error in the middle").await;
    let error = stream.message().await.expect_err("is the error");
    assert_eq!(line(&error), "DATA_LOSS: no more of it");
    assert_eq!(stream.message().await.expect("is no error"), None);
}

/// A thousand clients that leave leave nothing behind.
#[tokio::test]
async fn no_stream_outlives_its_call() {
    let Lab { server, mut heard, .. } = lab();
    let mut client = Client::new(server.channel().await);
    let mut streams = Vec::new();
    for _ in 0..1000 {
        streams.push(begun(&mut client, "goes on").await);
    }
    assert!(heard.try_recv().is_err());
    drop(streams);
    for _ in 0..1000 {
        assert_eq!(heard.recv().await, Some("dropped"));
    }
}

/// The clock's task ends with its call, however long it wants to sleep.
#[tokio::test]
async fn the_task_ends_when_the_client_leaves() {
    let (sender, receiver) = channel(ROOM);
    let ticks = ticks("hello".into()).expect("is not close");
    let task = tokio::spawn(send_all(ticks, Duration::from_secs(3600), sender));
    drop(receiver);
    assert_eq!(task.await.expect("does not panic"), 0);
    // A task that waits for room ends too.
    let (sender, mut receiver) = channel(1);
    let task = tokio::spawn(send_all(1.., Duration::ZERO, sender));
    assert_eq!(receiver.recv().await.map(Result::ok), Some(Some(1)));
    drop(receiver);
    assert!((1..=2).contains(&task.await.expect("does not panic")));
}

// --- the programs

fn finished(code: i32, output: &str) -> Finished {
    Finished { code: Some(code), output: output.into() }
}

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(lesson());
    let says =
        |args: &[&str]| run(&mut programs::client(lesson(), &server.address, args));
    let script = "beijing 1: python\nbeijing 2: c++\nbeijing 3: go\n\
                  beijing 4: 产品经理\nbeijing 5: 测试\nbeijing 6: 运维\n\
                  beijing 7: java\nbeijing 8: php\nbeijing: 8 subjects, and OK\n\
                  tokyo: NOT_FOUND: unknown city: tokyo\n";
    assert_eq!(says(&[]), finished(0, script));
    assert_eq!(says(&["wuhan"]), finished(0, "python\n测试\njava\nphp\n"));
    let line = "Error: the call ended with NOT_FOUND (5): unknown city: 东京\n";
    assert_eq!(says(&["东京"]), finished(1, line));
    assert_eq!(says(&["--break", "unknown-city"]), finished(1, line));
    let ticks = says(&["tick", "hi", "--count", "3", "--interval", "1"]);
    assert_eq!(ticks, finished(0, "send 1 hi\nsend 2 hi\nsend 3 hi\n"));
    let line = "Error: the call ended with CANCELLED (1): CANCELLED\n";
    assert_eq!(says(&["--break", "close"]), finished(1, line));
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let line =
        "\nListSubjectsRequest { city: \"东京\" } -> NOT_FOUND: unknown city: 东京\n";
    assert!(output.contains(line), "{output}");
}

/// Found before a call is made: no server runs.
#[test]
fn wrong_arguments() {
    let says = |args: &[&str]| run(&mut programs::client(lesson(), "127.0.0.1:1", args));
    for (args, mistake) in [
        (&["wuhan", "hi"][..], "\"hi\" is one too many"),
        (&["wuhan", "--count", "3"], "--count goes with tick"),
        (&["tick", "hi", "ho"], "unexpected value 'ho'"),
        (&["tick", "hi", "--interval", "-1"], "unexpected argument '-1'"),
    ] {
        let Finished { code, output } = says(args);
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(mistake), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}

#[test]
fn cities_from_standard_input() {
    let server = Server::start(lesson());
    let mut client = programs::client(lesson(), &server.address, &["-"]);
    let (mut child, mut output) = spawn(client.stdin(Stdio::piped()));
    let mut input = child.stdin.take().expect("is piped");
    std::io::Write::write_all(&mut input, "wuhan\n  wuhan\n".as_bytes()).expect("writes");
    drop(input);
    let mut text = String::new();
    output.read_to_string(&mut text).expect("reads");
    assert_eq!(text, "python\n测试\njava\nphp\n".repeat(2));
    assert!(child.wait().expect("ends").success());
}

/// Ctrl-C in mid-stream: the server sees that the client is gone.
#[cfg(unix)]
#[test]
fn the_client_is_interrupted() {
    use rustix::process::{Pid, Signal, kill_process};
    let mut server = Server::start(lesson());
    let args = ["tick", "hello", "--interval", "1"];
    let mut client = programs::client(lesson(), &server.address, &args);
    let (mut child, output) = spawn(&mut client);
    let mut lines = BufReader::new(output).lines();
    let line = lines.next().expect("is there").expect("is text");
    assert_eq!(line, "send 1 hello");
    kill_process(Pid::from_child(&child), Signal::INT).expect("sends a signal");
    child.wait().expect("ends");
    let line = server.wait_for("then the client left");
    assert!(line.starts_with("Tick every 1 ms -> sent "), "{line}");
    assert_eq!(server.stop().code, Some(0));
}

/// The server notices at once, and not at the next tick, which is an hour away.
#[tokio::test]
async fn the_server_says_that_the_client_left() {
    let mut server = Server::start(lesson());
    let mut client = connect(&server.address).await;
    let hourly = TickRequest { data: "hello".into(), interval_ms: 3_600_000 };
    drop(client.tick(hourly).await.expect("begins"));
    // The line is waited for in a thread of its own: this one keeps the connection going.
    let left = tokio::task::spawn_blocking(move || {
        let line = server.wait_for("then the client left");
        (line, server.stop())
    });
    let (line, finished) = left.await.expect("does not panic");
    assert_eq!(line, "Tick every 3600000 ms -> sent 0, then the client left\n");
    assert_eq!(finished.code, Some(0));
}

/// SIGTERM in mid-stream: the stream goes on for the grace, and then it is cut.
#[cfg(unix)]
#[test]
fn the_server_stops_in_mid_stream() {
    let mut server = Server::start(lesson());
    let args = ["tick", "hello", "--interval", "1"];
    let mut client = programs::client(lesson(), &server.address, &args);
    let mut child = client
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut ticks = BufReader::new(child.stdout.take().expect("is piped")).lines();
    let first = ticks.next().expect("is there").expect("is text");
    assert_eq!(first, "send 1 hello");
    server.signal();
    server.wait_for("stopping");
    // It still ticks, and does until the grace is over.
    assert!(ticks.count() > 1);
    let mut said = String::new();
    let mut errors = child.stderr.take().expect("is piped");
    errors.read_to_string(&mut said).expect("is text");
    assert_eq!(child.wait().expect("ends").code(), Some(1));
    let address = server.address.clone();
    let Finished { code, output } = server.finish();
    assert_eq!(code, Some(0));
    let output = output.replace(&address, "127.0.0.1:50057");
    assert!(output.ends_with("cut off the calls that were still open\n"));
    assert_eq!(GRACE.as_secs(), 3, "as the chapter says");
    let shown = format!(
        "$ cargo run --bin lesson-7-server\n{output}\n\
         $ cargo run --bin lesson-7-client -- tick hello > /dev/null\n{said}"
    );
    written("book/generated/07-subjects-by-city-stopped.txt", &shown);
}

// --- the page

/// The chapter's excerpts of the generated code: the trait and the client's method.
#[test]
fn generated_code() {
    let code = &support::generated("subjects_by_city.v1.rs");
    let excerpt = |from, to| support::excerpt(code, from, to);
    written(
        "book/generated/07-subjects-by-city-trait.rs",
        &excerpt("pub trait SubjectsByCityService", "\n    }"),
    );
    written(
        "book/generated/07-subjects-by-city-client.rs",
        &excerpt("pub async fn list_subjects(", "\n        }"),
    );
}
