//! Lesson 8: the exercise, what the service answers, who ends a call, and how it can end.

#[path = "../lessons/08_accumulate/exercise.rs"]
mod exercise;
#[path = "../lessons/08_accumulate/solution.rs"]
mod solution;
#[path = "../lessons/08_accumulate/wrong_half.rs"]
mod wrong_half;
#[path = "../lessons/08_accumulate/wrong_late.rs"]
mod wrong_late;
#[path = "../lessons/08_accumulate/wrong_saturates.rs"]
mod wrong_saturates;
#[path = "../lessons/08_accumulate/wrong_wraps.rs"]
mod wrong_wraps;
#[path = "../lessons/08_accumulate/wrong_zero.rs"]
mod wrong_zero;

use std::future;
use std::io::{Read, Write};
use std::pin::Pin;
use std::process::Stdio;
use std::slice::Iter;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use grpc_workbook::Lesson;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
    accumulate_service_client::AccumulateServiceClient,
    accumulate_service_server::{AccumulateService, AccumulateServiceServer},
};
use grpc_workbook::accumulate::{Accumulator, sum};
use grpc_workbook::http2::frames::Frame;
use grpc_workbook::http2::record::Recording;
use grpc_workbook::raw::RawCodec;
use prost::Message;
use prost::bytes::Bytes;
use support::checks::{Checks, Outcome, outcome};
use support::endings::{Ending, KillableServer, NotifyOnDrop, status_cell, table};
use support::programs::{self, Finished, Server, run, spawn};
use support::written;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt, empty, iter, pending};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status, Streaming};

type Client = AccumulateServiceClient<Channel>;

fn lesson() -> &'static Lesson {
    Lesson::find(8).expect("is in LESSONS")
}

fn deltas<I>(deltas: I) -> impl Stream<Item = AccumulateRequest> + Send + 'static
where
    I: IntoIterator<Item = i32, IntoIter: Send + 'static>,
{
    iter(deltas).map(|delta| AccumulateRequest { delta })
}

fn words<'w>(
    words: impl IntoIterator<Item = &'w str>,
) -> impl Stream<Item = CollectRequest> + Send + 'static {
    let words: Vec<String> = words.into_iter().map(str::to_string).collect();
    iter(words).map(|data| CollectRequest { data })
}

// --- the exercise

/// What the client does after its last delta.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Ends,
    /// Says nothing more, and does not end its stream either.
    IsSilent,
}

/// A client's stream that hands out a delta when the server asks for one, and tells when the
/// server asks for more than there is.
struct OneByOne {
    left: Iter<'static, i32>,
    then: Then,
    pause: bool,
    asked: UnboundedSender<()>,
}

impl Stream for OneByOne {
    type Item = AccumulateRequest;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<AccumulateRequest>> {
        // tonic packs messages that are there already into one piece. After a pause, each
        // is a piece of its own, and the next is asked for when the server wants it.
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.pause = true;
        match (self.left.next(), self.then) {
            (Some(&delta), _) => Poll::Ready(Some(AccumulateRequest { delta })),
            (None, Then::Ends) => Poll::Ready(None),
            (None, Then::IsSilent) => {
                self.asked.send(()).expect("is listened to");
                Poll::Pending
            }
        }
    }
}

const WAITS: &str = "no answer: it waits for another message";

async fn ask(server: &Routes, deltas: &'static [i32], then: Then) -> Outcome<i32> {
    let mut accumulator = AccumulateServiceClient::new(server.clone());
    let (asked, mut asks) = unbounded_channel();
    let left = deltas.iter();
    let call = accumulator.accumulate(OneByOne { left, then, pause: false, asked });
    tokio::select! {
        biased;
        answer = call => outcome(answer).map(|answer| answer.sum),
        Some(()) = asks.recv() => Err(WAITS.into()),
        // Whoever neither reads nor answers would stop the check.
        () = tokio::time::sleep(Duration::from_secs(20)) => Err("no answer".into()),
    }
}

async fn check(server: Routes) -> Result<String, String> {
    use Then::{Ends, IsSilent};
    let negative =
        |n, delta| Err(format!("INVALID_ARGUMENT: delta {n} is negative: {delta}"));
    let too_large =
        |n: i64| Err(format!("OUT_OF_RANGE: result does not fit in int32: {n}"));
    let mut checks = Checks::default();
    for (deltas, then, expected) in [
        (&[][..], Ends, Ok(0)),
        (&[1, 2, 3], Ends, Ok(6)),
        (&[0, 0], Ends, Ok(0)),
        (&[i32::MAX], Ends, Ok(i32::MAX)),
        (&[i32::MAX, 0], Ends, Ok(i32::MAX)),
        (&[5, -1], Ends, negative(2, -1)),
        (&[5, -1], IsSilent, negative(2, -1)),
        (&[-5], IsSilent, negative(1, -5)),
        (&[3, 0, i32::MIN], IsSilent, negative(3, i32::MIN)),
        (&[5, -1, -2], Ends, negative(2, -1)),
        (&[i32::MAX, 1], Ends, too_large(2147483648)),
        (&[i32::MAX, 1], IsSilent, too_large(2147483648)),
        (&[1, i32::MAX, 7], IsSilent, too_large(2147483648)),
        (&[i32::MAX, i32::MAX], IsSilent, too_large(4294967294)),
        (&[i32::MAX, 1, -1], Ends, too_large(2147483648)),
        (&[i32::MAX, -1, 2], Ends, negative(2, -1)),
        (&[1, 2], IsSilent, Err(WAITS.to_string())),
    ] {
        let call = match then {
            Ends => format!("{deltas:?}"),
            IsSilent => format!("{deltas:?} and no end"),
        };
        checks.expect(call, ask(&server, deltas, then).await, expected);
    }
    checks.verdict()
}

fn serving(service: impl AccumulateService) -> Routes {
    Routes::new(AccumulateServiceServer::new(service))
}

#[tokio::test]
#[ignore = "it is yours to solve"]
async fn exercise() -> Result<(), &'static str> {
    let checked = check(serving(exercise::Meter)).await;
    checked
        .map(drop)
        .map_err(|_| "lessons/08_accumulate/exercise.rs is not right yet")
}

#[tokio::test]
async fn the_check_accepts_the_solution() {
    check(serving(solution::Meter)).await.expect("is right");
}

#[tokio::test]
async fn the_check_rejects_wrong_answers() {
    let rejected = async |server| check(server).await.expect_err("is wrong");
    rejected(serving(Accumulator)).await;
    rejected(serving(wrong_half::Meter)).await;
    rejected(serving(wrong_saturates::Meter)).await;
    rejected(serving(wrong_wraps::Meter)).await;
    rejected(serving(wrong_zero::Meter)).await;
    let report = rejected(serving(wrong_late::Meter)).await;
    written("book/generated/08-accumulate-report.txt", &report);
}

// --- what it answers

#[tokio::test]
async fn sums() {
    let mut accumulator =
        AccumulateServiceClient::new(AccumulateServiceServer::new(Accumulator));
    let too_large =
        |n: i64| Err(format!("OUT_OF_RANGE: result does not fit in int32: {n}"));
    for (numbers, expected) in [
        (&[][..], Ok(0)),
        (&[5, -10, 0, 1], Ok(-4)),
        (&[i32::MAX, 1, -1], Ok(i32::MAX)),
        (&[i32::MIN, -1, 1], Ok(i32::MIN)),
        (&[i32::MAX, 1], too_large(2147483648)),
        (&[i32::MIN, -1], too_large(-2147483649)),
        (&[i32::MAX, i32::MAX, i32::MAX], too_large(6442450941)),
    ] {
        let answer = accumulator.accumulate(deltas(numbers.to_vec())).await;
        let answer = outcome(answer).map(|answer| answer.sum);
        assert_eq!(answer, expected, "{numbers:?}");
    }
    let many = accumulator
        .accumulate(deltas((0..100_000).map(|_| 2)))
        .await;
    assert_eq!(outcome(many), Ok(AccumulateResponse { sum: 200_000 }));
}

/// Why the total is an int128: how many bytes make an int64 overflow.
#[test]
fn a_client_can_make_an_int64_overflow() {
    let deltas = i64::MAX / i64::from(i32::MAX) + 1;
    assert_eq!(deltas, (1 << 32) + 3);
    // With the five bytes before the message.
    let size = 5 + AccumulateRequest { delta: i32::MAX }.encoded_len();
    let bytes = deltas * i64::try_from(size).expect("is small");
    assert_eq!(bytes / (1 << 30), 44);
    let status = sum(i128::from(i64::MAX) + 1).expect_err("is no int32");
    assert_eq!(status.message(), "result does not fit in int32: 9223372036854775808");
}

#[tokio::test]
async fn collections() {
    let mut accumulator =
        AccumulateServiceClient::new(AccumulateServiceServer::new(Accumulator));
    let closed = |messages| CollectResponse { messages, closed: true };
    let full = |messages| CollectResponse { messages, closed: false };
    let mut eleventh = vec!["x"; 10];
    eleventh.push("close");
    for (data, expected) in [
        (vec![], full(0)),
        (vec!["close"], closed(1)),
        (vec!["a", "b"], full(2)),
        (vec!["a", "close", "b"], closed(2)),
        (vec!["Close", "close ", ""], full(3)),
        (vec!["x"; 5], full(5)),
        (vec!["x"; 10], full(10)),
        (vec!["x"; 11], full(11)),
        (vec!["x"; 1000], full(11)),
        (eleventh, closed(11)),
    ] {
        let call = words(data.iter().copied());
        assert_eq!(outcome(accumulator.collect(call).await), Ok(expected), "{data:?}");
        // A client that has not finished is answered as well, if it has said enough.
        if expected.closed || expected.messages == 11 {
            let call = words(data).chain(pending());
            assert_eq!(outcome(accumulator.collect(call).await), Ok(expected));
        }
    }
}

/// As above, over a connection: the server resets the stream, and the answer is not lost.
#[tokio::test]
async fn an_early_answer_arrives() {
    let server = KillableServer::start(serving(Accumulator));
    let mut accumulator = Client::new(server.channel().await);
    for _ in 0..20 {
        let closed = words(["close"]).chain(pending());
        let answer = outcome(accumulator.collect(closed).await);
        assert_eq!(answer, Ok(CollectResponse { messages: 1, closed: true }));
        let text = "x".repeat(10_000);
        let endless = iter(std::iter::repeat_with(move || text.clone()))
            .map(|data| CollectRequest { data });
        let answer = outcome(accumulator.collect(endless).await);
        assert_eq!(answer, Ok(CollectResponse { messages: 11, closed: false }));
    }
}

// --- how fast a client may be

/// What is ready at once crosses the wire in one frame; then an empty one ends the stream.
#[tokio::test]
async fn messages_that_are_ready_share_a_frame() {
    let server = KillableServer::start(serving(Accumulator));
    let recording = Recording::of(server.address.clone()).await;
    let mut recording = recording.expect("listens");
    let endpoint = Endpoint::try_from(format!("http://{}", recording.address));
    let channel = endpoint.expect("is a URI").connect().await;
    let mut accumulator = Client::new(channel.expect("connects"));
    let answer = accumulator.accumulate(deltas([1; 10])).await;
    assert_eq!(outcome(answer), Ok(AccumulateResponse { sum: 10 }));
    let data = recording.client.wait(|seen| {
        let data = seen.iter().filter_map(|(_, frame)| match frame {
            Ok(Frame::Data { data, end_stream }) => Some((data.len(), *end_stream)),
            _ => None,
        });
        Some(data.collect::<Vec<_>>()).filter(|data| data.iter().any(|(_, end)| *end))
    });
    let message = 5 + AccumulateRequest { delta: 1 }.encoded_len();
    assert_eq!(data.await.expect("ends"), [(10 * message, false), (0, true)]);
}

/// Collects as slowly as the test lets it, and tells of each message.
struct Slow {
    may_read: Arc<Semaphore>,
    read: UnboundedSender<()>,
}

#[tonic::async_trait]
impl AccumulateService for Slow {
    async fn accumulate(
        &self,
        _request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        let mut words = request.into_inner();
        let mut answer = CollectResponse::default();
        loop {
            let permit = self.may_read.acquire().await;
            permit.expect("is open").forget();
            if words.message().await?.is_none() {
                return Ok(Response::new(answer));
            }
            answer.messages += 1;
            self.read.send(()).expect("is listened to");
        }
    }
}

/// `send` waits while the server does not read: what is under way is bounded.
#[tokio::test]
async fn a_client_is_never_far_ahead() {
    // ANCHOR: ahead
    const MESSAGES: usize = 200;
    const SIZE: usize = 64 * 1024;
    // The server's window for a stream is 1 MiB, and h2's buffer in the client as large.
    const AHEAD: usize = 2 * 1024 * 1024 / SIZE + 4;
    // ANCHOR_END: ahead

    let may_read = Arc::new(Semaphore::new(0));
    let (read, mut reads) = unbounded_channel();
    let server =
        KillableServer::start(serving(Slow { may_read: may_read.clone(), read }));
    let mut accumulator = Client::new(server.channel().await);
    let (sender, words) = mpsc::channel(1);
    let (sent, mut sends) = watch::channel(0);
    tokio::spawn(async move {
        for n in 1..=MESSAGES {
            let request = CollectRequest { data: "x".repeat(SIZE) };
            sender.send(request).await.expect("is taken");
            sent.send(n).expect("is watched");
        }
    });
    let words = ReceiverStream::new(words);
    let call = tokio::spawn(async move { outcome(accumulator.collect(words).await) });
    for done in 0..MESSAGES {
        // The client may be ahead by ten at least; and is, before the server goes on.
        let ten = MESSAGES.min(done + 10);
        let sent = *sends.wait_for(|sent| *sent >= ten).await.expect("goes on");
        assert!(sent - done <= AHEAD, "{sent} sent, {done} read");
        may_read.add_permits(1);
        reads.recv().await.expect("goes on");
    }
    may_read.add_permits(1);
    let messages = u32::try_from(MESSAGES).expect("is small");
    let answer = call.await.expect("does not panic");
    assert_eq!(answer, Ok(CollectResponse { messages, closed: false }));
}

// --- how a call can end

/// A service whose calls come to no good end.
struct Trouble(UnboundedSender<&'static str>);

#[tonic::async_trait]
impl AccumulateService for Trouble {
    /// Returns an error before it reads anything.
    async fn accumulate(
        &self,
        _request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        Err(Status::failed_precondition("not today"))
    }

    /// Does what the words say.
    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        let Trouble(told) = self;
        let tell = |event| told.send(event).expect("is listened to");
        let _dropped = NotifyOnDrop(told.clone(), "dropped");
        let mut words = request.into_inner();
        let mut answer = CollectResponse::default();
        while let Some(CollectRequest { data }) = words.message().await? {
            tell("read");
            answer.messages += 1;
            match data.as_str() {
                "answer" => return Ok(Response::new(answer)),
                "fail" => return Err(Status::invalid_argument("no such word: fail")),
                "panic" => panic!("as the chapter's table wants it"),
                "wait at the end" => answer.closed = true,
                "fail at the end" => {
                    while words.message().await?.is_some() {}
                    return Err(Status::invalid_argument("a word is missing"));
                }
                _ => {}
            }
        }
        tell("None");
        if answer.closed {
            future::pending::<()>().await;
        }
        Ok(Response::new(answer))
    }
}

fn trouble() -> (KillableServer, UnboundedReceiver<&'static str>) {
    let (told, heard) = unbounded_channel();
    (KillableServer::start(serving(Trouble(told))), heard)
}

fn failed<T>(result: Result<T, Status>) -> Status {
    result.err().expect("an error")
}

fn word(data: &str) -> CollectRequest {
    CollectRequest { data: data.into() }
}

#[tokio::test]
async fn ends() {
    let (server, mut heard) = trouble();
    let mut client = Client::new(server.channel().await);
    let mut ends = Vec::new();
    let mut end = |when, sees: String, specified| {
        ends.push(Ending { when, sees, specified });
    };

    let status = failed(client.accumulate(pending()).await);
    assert_eq!(status.code(), Code::FailedPrecondition);
    end(
        "the method returns an error before it has read anything",
        status_cell(&status),
        "",
    );

    let status = failed(client.collect(words(["a", "fail"]).chain(pending())).await);
    assert_eq!(status.code(), Code::InvalidArgument);
    let when = "the method returns an error while the client is still sending";
    end(when, status_cell(&status), "");

    let answer = client
        .collect(words(["a", "answer"]).chain(pending()))
        .await;
    let answer = answer.expect("an answer").into_inner();
    let when = "the method returns an answer while the client is still sending";
    end(when, format!("the answer, `{answer:?}`"), "");

    let status = failed(client.collect(words(["a", "panic"]).chain(pending())).await);
    let exception = "`UNKNOWN`";
    end("the method panics", status_cell(&status), exception);

    // What feeds the stream fails and drops its sender: it looks like a good end.
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move { sender.send(word("a")).await });
    let answer = client.collect(ReceiverStream::new(receiver)).await;
    let answer = answer.expect("an answer").into_inner();
    let when = "the client's sender is dropped in the middle";
    end(when, format!("an answer to half of it, `{answer:?}`"), "");

    while heard.try_recv().is_ok() {}
    let mut other = client.clone();
    let call = words(["wait at the end"]).chain(pending());
    let call = tokio::spawn(async move { other.collect(call).await.map(drop) });
    assert_eq!(heard.recv().await, Some("read"));
    call.abort();
    // The chapter's riddle: a call that is given up looks like one that has ended.
    assert_eq!(heard.recv().await, Some("None"));
    assert_eq!(heard.recv().await, Some("dropped"));
    let when = "the client drops its call";
    let sees = "nothing, it no longer waits; the server's `message` says `Ok(None)`, \
                and then the method's future is dropped where it waits";
    end(when, sees.into(), "`CANCELLED`, on both sides");

    let mut request = Request::new(words(["a"]).chain(pending()));
    request.set_timeout(Duration::from_millis(100));
    let status = failed(client.collect(request).await);
    assert_eq!(status.code(), Code::Cancelled);
    let when = "the deadline passes, and the client has not finished";
    end(when, status_cell(&status), "`DEADLINE_EXCEEDED`");

    let raw = async |message: &[u8]| {
        let mut grpc = Grpc::new(server.channel().await);
        grpc.ready().await.expect("is ready");
        let messages = [
            Bytes::from_static(b"\x0a\x01a"),
            Bytes::copy_from_slice(message),
        ];
        let request = Request::new(iter(messages).chain(pending()));
        let path = PathAndQuery::from_static("/accumulate.v1.AccumulateService/Collect");
        failed(grpc.client_streaming(request, path, RawCodec).await)
    };
    let when = "the second message is none";
    end(when, status_cell(&raw(b"\x08\x01").await), "");
    let when = "the second message is larger than the server allows, 4 MiB";
    let large = raw(&[0; 4 * 1024 * 1024 + 1]).await;
    end(when, status_cell(&large), "`RESOURCE_EXHAUSTED`");

    let mut tiny = client.clone().max_decoding_message_size(1);
    let status = failed(tiny.collect(words(["answer"])).await);
    let when = "the answer is larger than the client allows, here 1 byte";
    end(when, status_cell(&status), "`RESOURCE_EXHAUSTED`");

    // All that was before is over, and left nothing behind.
    let answer = client.collect(empty()).await.expect("an answer");
    assert_eq!(answer.into_inner(), CollectResponse::default());
    while heard.try_recv().is_ok() {}
    let call = words(["a"]).chain(pending());
    let call = tokio::spawn(async move { failed(client.collect(call).await) });
    assert_eq!(heard.recv().await, Some("read"));
    server.kill();
    let status = call.await.expect("does not panic");
    end("the server dies", status_cell(&status), "`UNAVAILABLE`");
    written("book/generated/08-accumulate-ends.md", &table(&ends));
}

/// The client's side: what feeds the stream of a call learns that the call is over.
#[tokio::test]
async fn a_dropped_call_closes_the_channel() {
    let (server, mut heard) = trouble();
    let mut client = Client::new(server.channel().await);
    let (sender, receiver) = mpsc::channel(1);
    sender.send(word("a")).await.expect("has room");
    let call = tokio::spawn(async move {
        client
            .collect(ReceiverStream::new(receiver))
            .await
            .map(drop)
    });
    assert_eq!(heard.recv().await, Some("read"));
    call.abort();
    sender.closed().await;
    sender.send(word("b")).await.expect_err("nobody takes it");
    while heard.recv().await != Some("dropped") {}
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
    let Finished { code, output } = says(&["--seed", "8"]);
    assert_eq!(code, Some(0));
    assert_eq!(says(&["--seed", "8"]).output, output);
    let (numbers, last) = output.trim_end().rsplit_once('\n').expect("has lines");
    let numbers: Vec<i32> = numbers
        .lines()
        .map(|n| n.parse().expect("is one"))
        .collect();
    assert!(numbers.len() == 10 && numbers.iter().all(|n| (1..=100).contains(n)));
    assert_eq!(last, format!("sum = {}", numbers.iter().sum::<i32>()));

    assert_eq!(says(&["5", "-10", "0", "1"]), finished(0, "sum = -4\n"));
    let line = "CollectResponse { messages: 2, closed: true }\n";
    assert_eq!(says(&["collect", "a", "close", "b"]), finished(0, line));
    let nothing = "CollectResponse { messages: 0, closed: false }\n";
    assert_eq!(says(&["collect"]), finished(0, nothing));
    assert_eq!(says(&["collect", "-"]), finished(0, nothing));
    assert_eq!(says(&["-"]), finished(0, "sum = 0\n"));

    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert!(output.contains("\nAccumulate -> AccumulateResponse { sum: -4 }\n"));
}

/// Found before a call is made: no server runs.
#[test]
fn wrong_arguments() {
    for mistake in ["2147483648", "one", "1.5", ""] {
        let mut client = programs::client(lesson(), "127.0.0.1:1", &["1", mistake]);
        let line =
            format!("Error: {mistake:?} is no number from -2147483648 to 2147483647\n");
        assert_eq!(run(&mut client), finished(2, &line));
    }
}

#[test]
fn broken_calls_end_as_the_chapter_says() {
    let server = Server::start(lesson());
    for (name, code, says) in [
        (
            "does-not-fit",
            1,
            "Error: the call ended with OUT_OF_RANGE (11): \
             result does not fit in int32: 2147483648\n",
        ),
        (
            "not-a-message",
            1,
            "Error: the call ended with INTERNAL (13): failed to decode Protobuf message: \
             AccumulateRequest.delta: invalid wire type: LengthDelimited (expected Varint)\n",
        ),
        ("walk-away", 0, "sent 1\nsent 2\nsent 3\nthe other call: sum = 9\n"),
        ("end-too-soon", 0, "sum = 3\n"),
        (
            "early-answer",
            0,
            "sent \"one\"\nsent \"close\"\ncould not send \"two\": channel closed\n\
             CollectResponse { messages: 2, closed: true }\n",
        ),
        (
            "endless",
            1,
            "Error: the deadline passed, so the call ended with CANCELLED (1): \
             Timeout expired\n",
        ),
    ] {
        let args = ["--break", name];
        let mut client = programs::client(lesson(), &server.address, &args);
        assert_eq!(run(&mut client), finished(code, says));
    }
}

const LEFT: &str = "Accumulate -> no answer: the client left, or its time was up\n";

/// By dropping a call, and by dying, which ends the connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_is_noticed() {
    let mut server = Server::start(lesson());
    let uri = format!("http://{}", server.address);
    let endpoint = Endpoint::try_from(uri).expect("is a URI");
    let mut accumulator = Client::new(endpoint.connect().await.expect("connects"));
    for n in 0..50 {
        let mut other = accumulator.clone();
        let (sender, receiver) = mpsc::channel(1);
        let call = tokio::spawn(async move {
            other
                .accumulate(ReceiverStream::new(receiver))
                .await
                .map(drop)
        });
        for delta in [1000, 1000, 1000] {
            sender
                .send(AccumulateRequest { delta })
                .await
                .expect("is taken");
        }
        let answer = accumulator.accumulate(deltas([n])).await;
        assert_eq!(outcome(answer), Ok(AccumulateResponse { sum: n }));
        call.abort();
        server.wait_for(LEFT.trim_end());
    }
    for _ in 0..5 {
        let args = ["--break", "walk-away"];
        run(&mut programs::client(lesson(), &server.address, &args));
        server.wait_for(LEFT.trim_end());
    }
    let Finished { output, .. } = server.stop();
    assert_eq!(output.matches(LEFT).count(), 55);
    assert!(!output.contains("000"), "a sum of what a client left behind: {output}");
}

/// Tells each delta as it comes.
struct Telling(UnboundedSender<i32>);

#[tonic::async_trait]
impl AccumulateService for Telling {
    async fn accumulate(
        &self,
        request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        let mut deltas = request.into_inner();
        let mut total = 0;
        while let Some(AccumulateRequest { delta }) = deltas.message().await? {
            self.0.send(delta).expect("is listened to");
            total += delta;
        }
        Ok(Response::new(AccumulateResponse { sum: total }))
    }

    async fn collect(
        &self,
        request: Request<Streaming<CollectRequest>>,
    ) -> Result<Response<CollectResponse>, Status> {
        Accumulator.collect(request).await
    }
}

/// A line is sent when it is typed, not when the input ends.
#[tokio::test(flavor = "multi_thread")]
async fn lines_are_sent_as_they_are_typed() {
    let (told, mut heard) = unbounded_channel();
    let server = KillableServer::start(serving(Telling(told)));
    let mut client = programs::client(lesson(), &server.address, &["-"]);
    let (mut child, mut output) = spawn(client.stdin(Stdio::piped()));
    let mut input = child.stdin.take().expect("is piped");
    for delta in [1, -20, 300] {
        writeln!(input, "{delta}").expect("is read");
        assert_eq!(heard.recv().await, Some(delta));
    }
    drop(input);
    let mut text = String::new();
    output.read_to_string(&mut text).expect("is UTF-8");
    assert_eq!(text, "sum = 281\n");
    assert!(child.wait().expect("ends").success());
}

/// The server has heard enough: the client does not wait for another line.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_ends_the_client() {
    let server = KillableServer::start(serving(Accumulator));
    let mut client = programs::client(lesson(), &server.address, &["collect", "-"]);
    let (mut child, mut output) = spawn(client.stdin(Stdio::piped()));
    // Held until the end: the client's input does not end.
    let mut input = child.stdin.take().expect("is piped");
    input.write_all(b"a\nclose\n").expect("is read");
    let mut text = String::new();
    output.read_to_string(&mut text).expect("is UTF-8");
    assert_eq!(text, "CollectResponse { messages: 2, closed: true }\n");
    assert!(child.wait().expect("ends").success());
    drop(input);
}

// --- the page

/// The chapter's excerpts of the generated code: the trait and the client's method.
#[test]
fn generated_code() {
    let code = &support::generated("accumulate.v1.rs");
    let excerpt = |from, to| support::excerpt(code, from, to);
    written(
        "book/generated/08-accumulate-trait.rs",
        &excerpt("pub trait AccumulateService", "\n    }"),
    );
    written(
        "book/generated/08-accumulate-client.rs",
        &excerpt("pub async fn accumulate(", "\n        }"),
    );
}
