//! The check of exercise 10. It calls each method of `Demo`, by a client that does not know
//! whether the service is in Rust or in Python.

use std::time::Duration;

use grpc_workbook::notes::proto::demo::demo_client::DemoClient;
use grpc_workbook::notes::proto::demo::{City, Delta, Number, Subject, Work};
use grpc_workbook::status::status_line;
use support::checks::{Checks, Outcome, Streamed, Verdict, outcome};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{StreamExt, iter, pending};
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Body as ResponseBody, Bytes, StdError};
use tonic::{Response, Status, Streaming};

/// What a generated client can call: a channel, or a service in this process.
pub trait Callee:
    Clone
    + Send
    + 'static
    + GrpcService<
        Body,
        Future: Send,
        Error: Into<StdError>,
        ResponseBody: ResponseBody<Data = Bytes, Error: Into<StdError> + Send>
                          + Send
                          + 'static,
    >
{
}

impl<S> Callee for S where
    S: Clone
        + Send
        + 'static
        + GrpcService<
            Body,
            Future: Send,
            Error: Into<StdError>,
            ResponseBody: ResponseBody<Data = Bytes, Error: Into<StdError> + Send>
                              + Send
                              + 'static,
        >
{
}

/// Makes all calls of the check and returns the report: `Err` if a call is wrong. When
/// `patience` ends, what has not arrived by then is taken as missing.
pub async fn check<S: Callee>(client: DemoClient<S>, patience: Patience) -> Verdict {
    let mut checks = Checks::default();
    calculate(&client, &mut checks).await;
    get_subjects(&client, &mut checks).await;
    accumulate(&client, &mut checks).await;
    accumulate_without_end(&client, &mut checks, patience).await;
    // Twice: a call must not count the numbers of the call before.
    for call in ["GuessNumber 7, -1, 7, 7", "GuessNumber 7, -1, 7, 7 again"] {
        guess_number(&client, &mut checks, patience, call).await;
    }
    checks.verdict()
}

/// How long a call waits for an answer.
#[derive(Clone, Copy)]
pub enum Patience {
    /// So many turns of everything else that runs in the call's thread. What a service in this
    /// process has not sent by then will never come.
    Turns(usize),
    /// This time, for a service in another process.
    Time(Duration),
}

impl Patience {
    /// Waits until patience ends.
    async fn end(self) {
        match self {
            Patience::Turns(turns) => {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            }
            Patience::Time(time) => tokio::time::sleep(time).await,
        }
    }
}

fn fails<T>(line: &str) -> Outcome<T> {
    Err(line.to_string())
}

async fn calculate(client: &DemoClient<impl Callee>, checks: &mut Checks) {
    for (num1, num2, expected) in [
        (3, 10, Ok(7)),
        (10, -3, Ok(13)),
        (-1, i32::MAX, fails("OUT_OF_RANGE: too far: 2147483648")),
        (0, i32::MAX, Ok(i32::MAX)),
        (i32::MIN, i32::MAX, fails("OUT_OF_RANGE: too far: 4294967295")),
    ] {
        let mut client = client.clone();
        let distance = async move {
            let response = outcome(client.calculate(Work { num1, num2, op: 0 }).await);
            response.map(|result| result.val)
        };
        let call = format!("Calculate {num1}, {num2}");
        checks.call(call, distance, expected).await;
    }
}

async fn get_subjects(client: &DemoClient<impl Callee>, checks: &mut Checks) {
    let spaces = "INVALID_ARGUMENT: a name has no spaces";
    for (name, letters, end) in [
        ("abc", &["a", "b", "c"][..], "OK"),
        ("产品", &["产", "品"], "OK"),
        ("", &[], "OK"),
        ("a b", &["a"], spaces),
        (" b", &[], spaces),
    ] {
        let mut client = client.clone();
        let subjects = async move {
            let response = client.get_subjects(City { name: name.into() }).await;
            Ok(received(response).await)
        };
        let expected = Ok(Streamed::new(letters, end));
        let call = format!("GetSubjects {name:?}");
        checks.call(call, subjects, expected).await;
    }
}

/// What a call sent, and how it ended. A status before the first message counts as one after it.
async fn received(result: Result<Response<Streaming<Subject>>, Status>) -> Streamed {
    let mut messages = Vec::new();
    let mut subjects = match result {
        Ok(response) => response.into_inner(),
        Err(status) => return Streamed { messages, end: status_line(&status) },
    };
    loop {
        match subjects.message().await {
            Ok(Some(subject)) => messages.push(subject.name),
            Ok(None) => return Streamed { messages, end: "OK".into() },
            Err(status) => return Streamed { messages, end: status_line(&status) },
        }
    }
}

async fn accumulate(client: &DemoClient<impl Callee>, checks: &mut Checks) {
    for (numbers, expected) in [
        (vec![3, 9, 4], Ok(9)),
        (vec![-5, -3, -7], Ok(-3)),
        (vec![i32::MIN], Ok(i32::MIN)),
        (vec![3, 0, 9], Ok(3)),
        (vec![], fails("FAILED_PRECONDITION: no number")),
        (vec![0, 5], fails("FAILED_PRECONDITION: no number")),
    ] {
        let mut client = client.clone();
        let call = format!("Accumulate {numbers:?}");
        let deltas = iter(numbers).map(|val| Delta { val });
        let largest =
            async move { outcome(client.accumulate(deltas).await).map(|sum| sum.val) };
        checks.call(call, largest, expected).await;
    }
}

/// The client does not end its stream, and must get its response all the same.
async fn accumulate_without_end(
    client: &DemoClient<impl Callee>,
    checks: &mut Checks,
    patience: Patience,
) {
    let mut client = client.clone();
    let deltas = iter([4, 8, 0]).chain(pending()).map(|val| Delta { val });
    let largest = async move {
        tokio::select! {
            response = client.accumulate(deltas) => outcome(response).map(|sum| sum.val),
            () = patience.end() => fails("no answer, though a 0 has come"),
        }
    };
    let call = "Accumulate 4, 8, 0, and no end";
    checks.call(call, largest, Ok(8)).await;
}

async fn guess_number(
    client: &DemoClient<impl Callee>,
    checks: &mut Checks,
    patience: Patience,
    call: &str,
) {
    let mut client = client.clone();
    let conversation = async move {
        let mut messages = Vec::new();
        let end = tokio::select! {
            end = converse(&mut client, &mut messages) => end,
            () = patience.end() => Ok("no answer to a number that was sent".into()),
        };
        let end = end.unwrap_or_else(|status| status_line(&status));
        Ok(Streamed { messages, end })
    };
    let expected = ["7: 1 times", "-1: 1 times", "7: 2 times", "7: 3 times"];
    let expected = Ok(Streamed::new(&expected, "OK"));
    checks.call(call, conversation, expected).await;
}

/// Sends four numbers, each after the answer to the last one, and then ends the stream. Keeps
/// the answers, and returns what comes after them: `OK`, if the service is right.
async fn converse(
    client: &mut DemoClient<impl Callee>,
    answers: &mut Vec<String>,
) -> Result<String, Status> {
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
    Ok(match stream.message().await? {
        Some(answer) => format!("one answer more, {:?}", answer.desc),
        None => "OK".into(),
    })
}
