//! The programs, as a reader runs them.

use std::io::{Read, Write};
use std::process::Stdio;

use grpc_workbook::Lesson;
use grpc_workbook::accumulate::Accumulator;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, AccumulateResponse, CollectRequest, CollectResponse,
    accumulate_service_server::AccumulateService,
};
use support::checks::outcome;
use support::endings::KillableServer;
use support::programs::{self, Finished, Server, run, spawn};
use tokio::sync::mpsc::{self, UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Request, Response, Status, Streaming};

use crate::{Client, deltas, serving};

const LESSON: &Lesson = support::lesson(8);

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let run_client =
        |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    let Finished { code, output } = run_client(&["--seed", "8"]);
    assert_eq!(code, Some(0));
    assert_eq!(run_client(&["--seed", "8"]).output, output);
    let (numbers, last) = output
        .trim_end()
        .rsplit_once('\n')
        .expect("the client should print lines");
    let numbers: Vec<i32> = numbers
        .lines()
        .map(|n| n.parse().expect("the line should be a number"))
        .collect();
    assert!(numbers.len() == 10 && numbers.iter().all(|n| (1..=100).contains(n)));
    assert_eq!(last, format!("sum = {}", numbers.iter().sum::<i32>()));

    assert_eq!(run_client(&["5", "-10", "0", "1"]), Finished::new(0, "sum = -4\n"));
    let line = "CollectResponse { messages: 2, closed: true }\n";
    assert_eq!(run_client(&["collect", "a", "close", "b"]), Finished::new(0, line));
    let nothing = "CollectResponse { messages: 0, closed: false }\n";
    assert_eq!(run_client(&["collect"]), Finished::new(0, nothing));
    assert_eq!(run_client(&["collect", "-"]), Finished::new(0, nothing));
    assert_eq!(run_client(&["-"]), Finished::new(0, "sum = 0\n"));

    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert!(output.contains("\nAccumulate -> AccumulateResponse { sum: -4 }\n"));
}

/// Found before a call is made: no server runs.
#[test]
fn wrong_arguments_end_with_code_2() {
    for mistake in ["2147483648", "one", "1.5", ""] {
        let mut client = programs::client(LESSON, "127.0.0.1:1", &["1", mistake]);
        let line =
            format!("Error: {mistake:?} is no number from -2147483648 to 2147483647\n");
        assert_eq!(run(&mut client), Finished::new(2, line));
    }
}

#[test]
fn broken_calls_end_as_the_chapter_says() {
    let server = Server::start(LESSON);
    for (name, code, output) in [
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
        let mut client = programs::client(LESSON, &server.address, &["--break", name]);
        assert_eq!(run(&mut client), Finished::new(code, output));
    }
}

const LEFT: &str = "Accumulate -> no answer: the client left, or its time was up\n";

/// By dropping a call, and by dying, which ends the connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_is_noticed() {
    let mut server = Server::start(LESSON);
    let mut client = Client::new(
        Endpoint::try_from(format!("http://{}", server.address))
            .expect("should be a URI")
            .connect()
            .await
            .expect("the server should accept a connection"),
    );
    for n in 0..50 {
        let mut leaving = client.clone();
        let (tx, rx) = mpsc::channel(1);
        let requests = ReceiverStream::new(rx);
        let call =
            tokio::spawn(async move { leaving.accumulate(requests).await.map(drop) });
        for delta in [1000, 1000, 1000] {
            tx.send(AccumulateRequest { delta })
                .await
                .expect("the call should go on");
        }
        let response = client.accumulate(deltas([n])).await;
        assert_eq!(outcome(response), Ok(AccumulateResponse { sum: n }));
        call.abort();
        server.wait_for(LEFT.trim_end());
    }
    for _ in 0..5 {
        let args = ["--break", "walk-away"];
        run(&mut programs::client(LESSON, &server.address, &args));
        server.wait_for(LEFT.trim_end());
    }
    let Finished { output, .. } = server.stop();
    assert_eq!(output.matches(LEFT).count(), 55);
    assert!(!output.contains("000"), "a sum of what a client left behind: {output}");
}

/// A service that tells the test of each delta when it comes.
struct TellingService(UnboundedSender<i32>);

#[tonic::async_trait]
impl AccumulateService for TellingService {
    async fn accumulate(
        &self,
        request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        let mut deltas = request.into_inner();
        let mut total = 0;
        while let Some(AccumulateRequest { delta }) = deltas.message().await? {
            self.0.send(delta).expect("the test should be listening");
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
    let (deltas_tx, mut deltas_rx) = unbounded_channel();
    let server = KillableServer::start(serving(TellingService(deltas_tx)));
    let mut client = programs::client(LESSON, &server.address, &["-"]);
    let (mut child, mut output) = spawn(client.stdin(Stdio::piped()));
    let mut stdin = child.stdin.take().expect("standard input should be a pipe");
    for delta in [1, -20, 300] {
        writeln!(stdin, "{delta}").expect("the client should be reading");
        assert_eq!(deltas_rx.recv().await, Some(delta));
    }
    drop(stdin);
    let mut text = String::new();
    output
        .read_to_string(&mut text)
        .expect("the output should be UTF-8");
    assert_eq!(text, "sum = 281\n");
    assert!(child.wait().expect("the client should end").success());
}

/// The server has enough: the client does not wait for another line.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_response_ends_the_client() {
    let server = KillableServer::start(serving(Accumulator));
    let mut client = programs::client(LESSON, &server.address, &["collect", "-"]);
    let (mut child, mut output) = spawn(client.stdin(Stdio::piped()));
    // Held until the end: the client's input does not end.
    let mut stdin = child.stdin.take().expect("standard input should be a pipe");
    stdin
        .write_all(b"a\nclose\n")
        .expect("the client should be reading");
    let mut text = String::new();
    output
        .read_to_string(&mut text)
        .expect("the output should be UTF-8");
    assert_eq!(text, "CollectResponse { messages: 2, closed: true }\n");
    assert!(child.wait().expect("the client should end").success());
    drop(stdin);
}
