//! Lesson 6: the exercise, what the calculator answers, and how a unary call can end.

#[path = "../lessons/06_calculator/exercise.rs"]
mod exercise;
#[path = "../lessons/06_calculator/solution.rs"]
mod solution;
#[path = "../lessons/06_calculator/wrong_always.rs"]
mod wrong_always;
#[path = "../lessons/06_calculator/wrong_euclid.rs"]
mod wrong_euclid;
#[path = "../lessons/06_calculator/wrong_rust.rs"]
mod wrong_rust;
#[path = "../lessons/06_calculator/wrong_zero.rs"]
mod wrong_zero;

use std::fs;
use std::future::pending;
use std::time::Duration;

use grpc_workbook::Lesson;
use grpc_workbook::calculator::proto::{
    CalculateRequest, CalculateResponse, Operation,
    calculator_service_client::CalculatorServiceClient,
    calculator_service_server::{CalculatorService, CalculatorServiceServer},
};
use grpc_workbook::calculator::{Calculator, calculate};
use grpc_workbook::raw::RawCodec;
use proptest::prelude::*;
use prost::Message;
use prost::bytes::Bytes;
use support::checks::{Checks, Outcome, Verdict, outcome};
use support::endings::{Ending, KillableServer, NotifyOnDrop, status_cell, table};
use support::programs::{self, Finished, Server, root, run};
use support::{excerpt, generated, lesson, written};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

const LESSON: &Lesson = lesson(6);

fn request(left: i32, operation: Operation, right: i32) -> CalculateRequest {
    CalculateRequest { left, operation: operation.into(), right }
}

// --- the exercise

/// The check calls as the solution's client, which knows the field.
async fn check(server: Routes) -> Verdict {
    use Operation::{Add, Divide, Multiply, Subtract};
    use solution::proto::CalculateResponse;
    use solution::proto::calculator_service_client::CalculatorServiceClient;

    let answer = |result, remainder| Ok(CalculateResponse { result, remainder });
    let fails = |line: &str| Err(line.to_string());
    let calculator = CalculatorServiceClient::new(server);
    let mut checks = Checks::default();
    for (left, operation, right, expected) in [
        (7, Divide, 2, answer(3, Some(1))),
        (-7, Divide, 2, answer(-4, Some(1))),
        (7, Divide, -2, answer(-4, Some(-1))),
        (-7, Divide, -2, answer(3, Some(-1))),
        (6, Divide, 3, answer(2, Some(0))),
        (0, Divide, 5, answer(0, Some(0))),
        (1, Divide, i32::MIN, answer(-1, Some(-i32::MAX))),
        (i32::MIN, Divide, i32::MAX, answer(-2, Some(i32::MAX - 1))),
        (7, Add, 2, answer(9, None)),
        (7, Subtract, 2, answer(5, None)),
        (7, Multiply, 2, answer(14, None)),
        (1, Divide, 0, fails("INVALID_ARGUMENT: cannot divide by 0")),
        (
            i32::MIN,
            Divide,
            -1,
            fails("OUT_OF_RANGE: result does not fit in int32: 2147483648"),
        ),
    ] {
        let request = solution::proto::CalculateRequest {
            left,
            operation: operation.into(),
            right,
        };
        let mut calculator = calculator.clone();
        let response = async move { outcome(calculator.calculate(request).await) };
        let call = format!("{left} {operation:?} {right}");
        checks.call(call, response, expected).await;
    }
    let unknown = solution::proto::CalculateRequest { left: 1, operation: 99, right: 2 };
    let mut calculator = calculator.clone();
    let response = async move { outcome(calculator.calculate(unknown).await) };
    let expected = fails("INVALID_ARGUMENT: invalid operation");
    checks.call("1 99 2".into(), response, expected).await;
    checks.verdict()
}

support::exercise! {
    files: "lessons/06_calculator/exercise.rs or exercise.proto",
    // Each answer has a generated server of its own, made from its own .proto.
    check: |answer| {
        use answer::proto::calculator_service_server::CalculatorServiceServer;
        check(Routes::new(CalculatorServiceServer::new(answer::Calculator)))
    },
    own: check(Routes::new(CalculatorServiceServer::new(Calculator))),
    wrong: [
        wrong_always,
        wrong_euclid,
        wrong_rust => "book/generated/06-calculator-report.txt",
        wrong_zero,
    ],
}

/// The reader starts from the lesson's definition, and the solution only adds to it.
#[test]
fn the_exercise_begins_with_the_lesson() {
    let read = |file: &str| {
        let text =
            fs::read_to_string(root().join(file)).expect("the file should be there");
        let (_, text) = text
            .split_once("syntax =")
            .expect("the file should have a syntax line");
        text.lines()
            .filter(|line| !line.trim().starts_with("//"))
            .map(|line| line.to_string() + "\n")
            .collect::<String>()
    };
    let lesson = read("protos/calculator.proto");
    // The reader's own file may be finished already.
    let begins = lesson.trim_end().trim_end_matches('}').trim_end();
    assert!(read("lessons/06_calculator/solution.proto").starts_with(begins));
    // An old client reads the answers of a new server.
    let new = solution::proto::CalculateResponse { result: 3, remainder: Some(1) };
    let old = CalculateResponse::decode(&new.encode_to_vec()[..]);
    assert_eq!(old, Ok(CalculateResponse { result: 3 }));
}

// --- what it answers

fn answers(left: i32, operation: Operation, right: i32) -> Outcome<i32> {
    outcome(calculate(left, operation, right).map(Response::new))
}

#[test]
fn results() {
    use Operation::{Add, Divide, Multiply, Subtract};
    let fails = |line: &str| Err(line.to_string());
    let too_large =
        |n: i64| Err(format!("OUT_OF_RANGE: result does not fit in int32: {n}"));
    for (left, operation, right, expected) in [
        (100, Add, 20, Ok(120)),
        (100, Subtract, 20, Ok(80)),
        (100, Multiply, 20, Ok(2000)),
        (100, Divide, 20, Ok(5)),
        (-7, Divide, 2, Ok(-4)),
        (7, Divide, -2, Ok(-4)),
        (-7, Divide, -2, Ok(3)),
        (1, Divide, -2, Ok(-1)),
        (6, Divide, -2, Ok(-3)),
        (0, Divide, -2, Ok(0)),
        (100, Divide, 0, fails("INVALID_ARGUMENT: cannot divide by 0")),
        (0, Divide, 0, fails("INVALID_ARGUMENT: cannot divide by 0")),
        (i32::MIN, Divide, -1, too_large(2147483648)),
        (i32::MAX, Add, 1, too_large(2147483648)),
        (i32::MIN, Subtract, 1, too_large(-2147483649)),
        (65536, Multiply, 65536, too_large(4294967296)),
        (i32::MIN, Multiply, i32::MIN, too_large(1 << 62)),
    ] {
        assert_eq!(answers(left, operation, right), expected, "{left}, {right}");
    }
}

proptest! {
    /// Rounded down: the largest number whose product with the divisor is not beyond.
    #[test]
    fn division_rounds_down(left: i32, right: i32) {
        if let Ok(result) = answers(left, Operation::Divide, right) {
            let (left, right) = (i64::from(left), i64::from(right));
            let rest = left - right * i64::from(result);
            prop_assert!(rest.abs() < right.abs());
            prop_assert!(rest == 0 || (rest < 0) == (right < 0));
        }
    }
}

#[tokio::test]
async fn messages_at_the_edge() {
    let server = CalculatorServiceServer::new(Calculator);
    let mut calculator = CalculatorServiceClient::new(server.clone());
    // Nothing set: 0 + 0.
    let nothing = calculator.calculate(CalculateRequest::default()).await;
    assert_eq!(outcome(nothing), Ok(CalculateResponse { result: 0 }));
    for operation in [99, -1] {
        let request = CalculateRequest { left: 1, operation, right: 2 };
        let unknown = outcome(calculator.calculate(request).await);
        assert_eq!(unknown, Err("INVALID_ARGUMENT: invalid operation".into()));
    }
    // A varint of 2^32 + 5 in an int32: the upper bits are dropped.
    let long = CalculateRequest::decode(&b"\x08\x85\x80\x80\x80\x10"[..]);
    assert_eq!(long, Ok(request(5, Operation::Add, 0)));
}

// --- how a call can end

const CALCULATE: &str = "/calculator.v1.CalculatorService/Calculate";

/// A calculator that takes the operation for what is to happen to the call.
struct FaultyService(UnboundedSender<&'static str>);

#[tonic::async_trait]
impl CalculatorService for FaultyService {
    async fn calculate(
        &self,
        request: Request<CalculateRequest>,
    ) -> Result<Response<CalculateResponse>, Status> {
        let _dropped = NotifyOnDrop(self.0.clone(), "dropped");
        match request.into_inner().operation() {
            Operation::Add => Err(Status::invalid_argument("cannot divide by 0")),
            Operation::Subtract => panic!("as the chapter's table wants it"),
            Operation::Multiply => {
                self.0.send("begun").expect("the test should wait for it");
                pending().await
            }
            Operation::Divide => Ok(Response::new(CalculateResponse { result: 1 })),
        }
    }
}

type Client = CalculatorServiceClient<tonic::transport::Channel>;

fn faulty_server() -> (KillableServer, UnboundedReceiver<&'static str>) {
    let (tx, rx) = unbounded_channel();
    let routes = Routes::new(CalculatorServiceServer::new(FaultyService(tx)));
    (KillableServer::start(routes), rx)
}

async fn fails(
    calculator: &mut Client,
    request: impl tonic::IntoRequest<CalculateRequest>,
) -> Status {
    calculator
        .calculate(request)
        .await
        .expect_err("the call should fail")
}

/// The notes' server has ten threads, and so ten calls at once: the eleventh waits. Here a
/// call is a task.
#[tokio::test]
async fn a_thousand_open_calls_do_not_hold_up_another() {
    let (server, mut rx) = faulty_server();
    let calculator = Client::new(server.channel().await);
    let open = (0..1000).map(|_| {
        let mut calculator = calculator.clone();
        let call = request(1, Operation::Multiply, 0);
        tokio::spawn(async move { calculator.calculate(call).await.map(drop) })
    });
    let open: Vec<_> = open.collect();
    for _ in &open {
        assert_eq!(rx.recv().await, Some("begun"));
    }
    let another = fails(&mut calculator.clone(), request(1, Operation::Add, 0)).await;
    assert_eq!(another.code(), Code::InvalidArgument);
    assert_eq!(rx.recv().await, Some("dropped"));
    // A client that walks away leaves nothing behind, a thousand times.
    for call in &open {
        call.abort();
    }
    for _ in &open {
        assert_eq!(rx.recv().await, Some("dropped"));
    }
}

#[tokio::test]
async fn ends() {
    let (server, mut rx) = faulty_server();
    let mut calculator = Client::new(server.channel().await);
    let calls = |operation| request(1, operation, 0);
    let mut ends = Vec::new();

    let status = fails(&mut calculator, calls(Operation::Add)).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    ends.push(Ending {
        when: "the method returns an error",
        sees: status_cell(&status),
        specified: "",
    });

    let status = fails(&mut calculator, calls(Operation::Subtract)).await;
    ends.push(Ending {
        when: "the method panics",
        sees: status_cell(&status),
        specified: "`UNKNOWN`",
    });
    // The panic was that call's: the connection serves the next one.
    let next = calculator.calculate(calls(Operation::Divide)).await;
    assert!(next.is_ok(), "{next:?}");
    while rx.try_recv().is_ok() {}

    let mut other = calculator.clone();
    let call = tokio::spawn(async move {
        other.calculate(calls(Operation::Multiply)).await.map(drop)
    });
    assert_eq!(rx.recv().await, Some("begun"));
    call.abort();
    assert_eq!(rx.recv().await, Some("dropped"));
    ends.push(Ending {
        when: "the client drops its call",
        sees: "nothing, it no longer waits; the server drops the method's future".into(),
        specified: "`CANCELLED`, on both sides",
    });

    let mut request = Request::new(calls(Operation::Multiply));
    request.set_timeout(Duration::from_millis(1));
    let status = fails(&mut calculator, request).await;
    ends.push(Ending {
        when: "the deadline passes",
        sees: status_cell(&status),
        specified: "`DEADLINE_EXCEEDED`",
    });

    let tiny = calculator.clone().max_decoding_message_size(1);
    let status = fails(&mut { tiny }, calls(Operation::Divide)).await;
    ends.push(Ending {
        when: "the answer is larger than the client allows, here 1 byte",
        sees: status_cell(&status),
        specified: "`RESOURCE_EXHAUSTED`",
    });

    let large = Bytes::from(vec![0; 4 * 1024 * 1024 + 1]);
    let mut grpc = Grpc::new(server.channel().await);
    grpc.ready().await.expect("the connection should be ready");
    let path = PathAndQuery::from_static(CALCULATE);
    let answer = grpc.unary(Request::new(large), path, RawCodec).await;
    ends.push(Ending {
        when: "the request is larger than the server allows, 4 MiB",
        sees: status_cell(&answer.expect_err("the call should fail")),
        specified: "`RESOURCE_EXHAUSTED`",
    });

    while rx.try_recv().is_ok() {}
    let call =
        tokio::spawn(
            async move { fails(&mut calculator, calls(Operation::Multiply)).await },
        );
    while rx.recv().await != Some("begun") {}
    server.kill();
    let status = call.await.expect("the call should not panic");
    ends.push(Ending {
        when: "the server dies",
        sees: status_cell(&status),
        specified: "`UNAVAILABLE`",
    });
    written("book/generated/06-calculator-ends.md", &table(&ends));
}

// --- the programs

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(LESSON);
    let says = |args: &[&str]| run(&mut programs::client(LESSON, &server.address, args));
    let script = "100 + 20 = 120\n100 - 20 = 80\n100 * 20 = 2000\n100 / 20 = 5\n\
                  100 / 0: INVALID_ARGUMENT: cannot divide by 0\n";
    assert_eq!(says(&[]), Finished::new(0, script));
    assert_eq!(says(&["-7", "/", "2"]), Finished::new(0, "-4\n"));
    assert_eq!(says(&["-7", "x", "-2"]), Finished::new(0, "14\n"));
    assert_eq!(says(&["7", "-", "2"]), Finished::new(0, "5\n"));
    let line = "Error: the call ended with INVALID_ARGUMENT (3): cannot divide by 0\n";
    assert_eq!(says(&["7", "/", "0"]), Finished::new(1, line));
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let line = "\nCalculateRequest { left: 7, operation: Divide, right: 0 } \
                -> INVALID_ARGUMENT: cannot divide by 0\n";
    assert!(output.contains(line), "{output}");
}

/// Found before a call is made: no server runs.
#[test]
fn wrong_arguments() {
    let says = |args: &[&str]| run(&mut programs::client(LESSON, "127.0.0.1:1", args));
    for (args, mistake) in [
        (&["1", "+", "2147483648"][..], "is not in -2147483648..=2147483647"),
        (&["1", "?", "2"], "it is none of + - * x /"),
        (&["1"], "were not provided: <OPERATOR> <RIGHT>"),
    ] {
        let Finished { code, output } = says(args);
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(mistake), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}

#[test]
fn broken_calls_end_as_the_chapter_says() {
    let server = Server::start(LESSON);
    for (name, end) in [
        ("divide-by-zero", "INVALID_ARGUMENT (3): cannot divide by 0"),
        ("unknown-operation", "INVALID_ARGUMENT (3): invalid operation"),
        ("does-not-fit", "OUT_OF_RANGE (11): result does not fit in int32: 2147483648"),
        (
            "not-a-message",
            "INTERNAL (13): failed to decode Protobuf message: CalculateRequest.left: \
             invalid wire type: LengthDelimited (expected Varint)",
        ),
        (
            "too-large",
            "OUT_OF_RANGE (11): Error, decoded message length too large: \
             found 4194305 bytes, the limit is: 4194304 bytes",
        ),
    ] {
        let args = ["--break", name];
        let mut client = programs::client(LESSON, &server.address, &args);
        let line = format!("Error: the call ended with {end}\n");
        assert_eq!(run(&mut client), Finished::new(1, line));
    }
    let answer = run(&mut programs::client(LESSON, &server.address, &["7", "/", "2"]));
    assert_eq!(answer, Finished::new(0, "3\n"));
}

// --- the page

/// The chapter's excerpts of the generated code: the trait and the client's method.
#[test]
fn generated_code() {
    let code = generated("calculator.v1.rs");
    let excerpt = |from, to| excerpt(&code, from, to);
    written(
        "book/generated/06-calculator-trait.rs",
        &excerpt("pub trait CalculatorService", "\n    }"),
    );
    written(
        "book/generated/06-calculator-client.rs",
        &excerpt("pub async fn calculate(", "\n        }"),
    );
}
