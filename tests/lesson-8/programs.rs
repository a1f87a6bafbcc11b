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
    let client =
        |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    let Finished { code, output } = client(&["--seed", "8"]);
    assert_eq!(code, Some(0));
    assert_eq!(client(&["--seed", "8"]).output, output);
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

    assert_eq!(client(&["5", "-10", "0", "1"]), Finished::new(0, "sum = -4\n"));
    let line = "CollectResponse { messages: 2, closed: true }\n";
    assert_eq!(client(&["collect", "a", "close", "b"]), Finished::new(0, line));
    let nothing = "CollectResponse { messages: 0, closed: false }\n";
    assert_eq!(client(&["collect"]), Finished::new(0, nothing));
    assert_eq!(client(&["collect", "-"]), Finished::new(0, nothing));
    assert_eq!(client(&["-"]), Finished::new(0, "sum = 0\n"));

    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    assert!(output.contains("\nAccumulate -> sum = -4\n"), "{output}");
    assert!(output.contains("\nCollect -> messages = 2, closed = true\n"), "{output}");
}

/// Found before a call is made: no server runs.
#[test]
fn mistakes_on_the_command_line_get_one_line() {
    let not_an_int32 = "it is not an int32, a number from -2147483648 to 2147483647";
    let not_alone = "- is for standard input, and stands alone";
    for (args, mistake) in [
        (&["1", "2147483648"][..], not_an_int32),
        (&["1", "one"], not_an_int32),
        (&["1", "1.5"], not_an_int32),
        (&["1", ""], not_an_int32),
        (&["-", "1"], not_alone),
        (&["collect", "a", "-"], not_alone),
    ] {
        let Finished { code, output } =
            run(&mut programs::client(LESSON, "127.0.0.1:1", args));
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(mistake), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}

#[test]
fn faults_end_as_the_chapter_says() {
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
        (
            "leave",
            0,
            "sent 1\nsent 2\nsent 3\nthe other call: sum = 9\n\
             the call ended with CANCELLED: h2 protocol error: http2 error\n",
        ),
        ("end-too-soon", 0, "read \"three\": not a number\nsum = 3\n"),
        (
            "early-response",
            0,
            "sent \"one\"\nsent \"close\"\ncould not send \"two\": channel closed\n\
             CollectResponse { messages: 2, closed: true }\n",
        ),
        (
            "deadline",
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
        let args = ["--break", "leave"];
        run(&mut programs::client(LESSON, &server.address, &args));
        server.wait_for(LEFT.trim_end());
    }
    let Finished { output, .. } = server.stop();
    assert_eq!(output.matches(LEFT).count(), 55);
    assert!(!output.contains("000"), "a sum of what a client left behind: {output}");
}

/// A service that tells the test what a call brings.
struct ReportingService {
    /// The call's metadata `batch` and its deadline, if it has them, and then each delta.
    reports: UnboundedSender<String>,
}

#[tonic::async_trait]
impl AccumulateService for ReportingService {
    async fn accumulate(
        &self,
        request: Request<Streaming<AccumulateRequest>>,
    ) -> Result<Response<AccumulateResponse>, Status> {
        let report = |text: String| {
            self.reports
                .send(text)
                .expect("the test should be listening");
        };
        for key in ["batch", "grpc-timeout"] {
            if let Some(value) = request.metadata().get(key) {
                report(format!("{key}: {}", value.to_str().unwrap_or_default()));
            }
        }
        let mut deltas = request.into_inner();
        let mut total = 0;
        while let Some(AccumulateRequest { delta }) = deltas.message().await? {
            report(delta.to_string());
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
    let (tx, mut reports) = unbounded_channel();
    let server = KillableServer::start(serving(ReportingService { reports: tx }));
    let mut client = programs::client(LESSON, &server.address, &["-"]);
    let (mut child, mut output) = spawn(client.stdin(Stdio::piped()));
    let mut stdin = child.stdin.take().expect("standard input should be a pipe");
    for delta in [1, -20, 300] {
        writeln!(stdin, "{delta}").expect("the client should be reading");
        assert_eq!(reports.recv().await, Some(delta.to_string()));
    }
    drop(stdin);
    let mut text = String::new();
    output
        .read_to_string(&mut text)
        .expect("the output should be UTF-8");
    assert_eq!(text, "sum = 281\n");
    assert!(child.wait().expect("the client should end").success());
}

/// A request around the stream has a deadline, and metadata.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_sent_with_a_deadline_and_metadata() {
    let (tx, mut reports) = unbounded_channel();
    let server = KillableServer::start(serving(ReportingService { reports: tx }));
    let expected = ["batch: 2024-06", "grpc-timeout: 1000000u", "1"];
    let mut seen = Vec::new();
    // On a busy machine, the deadline may pass before the message arrives: then once more.
    for _ in 0..20 {
        let mut client =
            programs::client(LESSON, &server.address, &["--break", "deadline"]);
        let client = tokio::task::spawn_blocking(move || run(&mut client));
        let finished = client.await.expect("the client should run");
        assert_eq!(finished.code, Some(1));
        seen.clear();
        while let Ok(report) = reports.try_recv() {
            seen.push(report);
        }
        if seen == expected {
            break;
        }
    }
    assert_eq!(seen, expected);
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
