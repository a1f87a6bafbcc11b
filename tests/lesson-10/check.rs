//! The check of exercise 10. It calls each method of `Demo`, by a client that does not know
//! whether the service is in Rust or in Python.

use grpc_workbook::notes::proto::demo::demo_client::DemoClient;
use grpc_workbook::notes::proto::demo::{City, Delta, Number, Subject, Work};
use grpc_workbook::status::status_line;
use support::checks::{Checks, Outcome, Verdict, outcome};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{StreamExt, iter, pending};
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Body as ResponseBody, Bytes, StdError};
use tonic::{Response, Status, Streaming};

/// What a generated client can call: a channel, or a service in this process.
pub trait Callee:
    GrpcService<
        Body,
        Error: Into<StdError>,
        ResponseBody: ResponseBody<Data = Bytes, Error: Into<StdError> + Send>
                          + Send
                          + 'static,
    >
{
}

impl<S> Callee for S where
    S: GrpcService<
            Body,
            Error: Into<StdError>,
            ResponseBody: ResponseBody<Data = Bytes, Error: Into<StdError> + Send>
                              + Send
                              + 'static,
        >
{
}

/// Makes all calls of the check and returns the report: `Err` if a call is wrong. When
/// `patience` ends, what has not arrived by then is taken as missing.
pub async fn check<S: Callee>(
    mut client: DemoClient<S>,
    patience: impl AsyncFn(),
) -> Verdict {
    let mut checks = Checks::default();
    calculate(&mut client, &mut checks).await;
    get_subjects(&mut client, &mut checks).await;
    accumulate(&mut client, &mut checks).await;
    accumulate_without_end(&mut client, &mut checks, &patience).await;
    // Twice: a call must not count the numbers of the call before.
    for _ in 0..2 {
        guess_number(&mut client, &mut checks, &patience).await;
    }
    checks.verdict()
}

fn fails<T>(line: &str) -> Outcome<T> {
    Err(line.to_string())
}

async fn calculate(client: &mut DemoClient<impl Callee>, checks: &mut Checks) {
    for (num1, num2, expected) in [
        (3, 10, Ok(7)),
        (10, -3, Ok(13)),
        (-1, i32::MAX, fails("OUT_OF_RANGE: too far: 2147483648")),
        (0, i32::MAX, Ok(i32::MAX)),
        (i32::MIN, i32::MAX, fails("OUT_OF_RANGE: too far: 4294967295")),
    ] {
        let distance = outcome(client.calculate(Work { num1, num2, op: 0 }).await);
        checks.expect(
            format!("Calculate {num1}, {num2}"),
            distance.map(|result| result.val),
            expected,
        );
    }
}

async fn get_subjects(client: &mut DemoClient<impl Callee>, checks: &mut Checks) {
    let spaces = "INVALID_ARGUMENT: a name has no spaces";
    for (name, letters, end) in [
        ("abc", vec!["a", "b", "c"], Ok(())),
        ("产品", vec!["产", "品"], Ok(())),
        ("", vec![], Ok(())),
        ("a b", vec!["a"], fails(spaces)),
        (" b", vec![], fails(spaces)),
    ] {
        let subjects = client.get_subjects(City { name: name.into() }).await;
        let letters: Vec<String> = letters.into_iter().map(str::to_string).collect();
        checks.expect(
            format!("GetSubjects {name:?}"),
            Ok(received(subjects).await),
            Ok((letters, end)),
        );
    }
}

/// The names that a call sent, and how it ended: with OK, or with a status. A status before the
/// first message counts as one after it.
async fn received(
    result: Result<Response<Streaming<Subject>>, Status>,
) -> (Vec<String>, Outcome<()>) {
    let mut names = Vec::new();
    let mut subjects = match result {
        Ok(response) => response.into_inner(),
        Err(status) => return (names, Err(status_line(&status))),
    };
    loop {
        match subjects.message().await {
            Ok(Some(subject)) => names.push(subject.name),
            Ok(None) => return (names, Ok(())),
            Err(status) => return (names, Err(status_line(&status))),
        }
    }
}

async fn accumulate(client: &mut DemoClient<impl Callee>, checks: &mut Checks) {
    for (numbers, expected) in [
        (vec![3, 9, 4], Ok(9)),
        (vec![-5, -3, -7], Ok(-3)),
        (vec![i32::MIN], Ok(i32::MIN)),
        (vec![3, 0, 9], Ok(3)),
        (vec![], fails("FAILED_PRECONDITION: no number")),
        (vec![0, 5], fails("FAILED_PRECONDITION: no number")),
    ] {
        let deltas = iter(numbers.clone()).map(|val| Delta { val });
        let largest = outcome(client.accumulate(deltas).await);
        checks.expect(
            format!("Accumulate {numbers:?}"),
            largest.map(|sum| sum.val),
            expected,
        );
    }
}

/// The client does not end its stream, and must get its response all the same.
async fn accumulate_without_end(
    client: &mut DemoClient<impl Callee>,
    checks: &mut Checks,
    patience: &impl AsyncFn(),
) {
    let deltas = iter([4, 8, 0]).chain(pending()).map(|val| Delta { val });
    let largest = tokio::select! {
        response = client.accumulate(deltas) => outcome(response).map(|sum| sum.val),
        () = patience() => fails("no answer, though a 0 has come"),
    };
    checks.expect("Accumulate [4, 8, 0, and so on".into(), largest, Ok(8));
}

async fn guess_number(
    client: &mut DemoClient<impl Callee>,
    checks: &mut Checks,
    patience: &impl AsyncFn(),
) {
    let mut answers = Vec::new();
    let end: Outcome<Option<String>> = tokio::select! {
        end = converse(client, &mut answers) => end.map_err(|status| status_line(&status)),
        () = patience() => fails("no answer to a number that was sent"),
    };
    let expected = ["7: 1 times", "-1: 1 times", "7: 2 times", "7: 3 times"];
    checks.expect(
        "GuessNumber 7, -1, 7, 7, each after the last answer".into(),
        end.map(|end| (answers, end)),
        Ok((expected.map(str::to_string).to_vec(), None)),
    );
}

/// Sends four numbers, each after the answer to the last one, and then ends the stream. Keeps
/// the answers, and returns what comes after them: nothing, if the service is right.
async fn converse(
    client: &mut DemoClient<impl Callee>,
    answers: &mut Vec<String>,
) -> Result<Option<String>, Status> {
    let (tx, rx) = mpsc::unbounded_channel();
    let guesses = UnboundedReceiverStream::new(rx).map(|val| Number { val });
    // The first number goes before the call: a server may send nothing, not even headers,
    // until it has received something. Sending fails if the call has ended. Then there is no
    // answer either, so the failure needs no other notice.
    let _ = tx.send(7);
    let mut stream = client.guess_number(guesses).await?.into_inner();
    for next in [Some(-1), Some(7), Some(7), None] {
        let Some(answer) = stream.message().await? else {
            break;
        };
        answers.push(format!("{}: {}", answer.val, answer.desc));
        if let Some(number) = next {
            let _ = tx.send(number);
        }
    }
    drop(tx);
    Ok(stream.message().await?.map(|answer| answer.desc))
}
