//! Note 004: `Demo`, a method of each kind. Lessons 6 to 9 have the functions that compute the
//! results; these methods only translate between them and the notes' messages.

use std::vec::IntoIter;

use tokio_stream::adapters::FilterMap;
use tokio_stream::{Iter, StreamExt, iter};
use tonic::{Request, Response, Status, Streaming};

use super::proto::demo::demo_server::Demo;
use super::proto::demo::{self, Answer, City, Delta, Number, Subject, Sum, Work, work};
use crate::accumulate::{CallLog, message_unless_cancelled, sum};
use crate::calculator::{calculate, proto::Operation};
use crate::guess_number::is_right;
use crate::status::status_line;
use crate::subjects_by_city::subjects;

/// The service. It has no state: every call stands alone.
pub struct MyDemo;

#[tonic::async_trait]
impl Demo for MyDemo {
    // ANCHOR: calculate
    async fn calculate(
        &self,
        request: Request<Work>,
    ) -> Result<Response<demo::Result>, Status> {
        let work = request.into_inner();
        let call = describe(&work);
        let val = compute(&work)
            .inspect_err(|status| println!("{call} -> {}", status_line(status)))?;
        println!("{call} -> {val}");
        Ok(Response::new(demo::Result { val }))
    }
    // ANCHOR_END: calculate

    // All subjects are known before the first is sent: an iterator as a stream.
    type GetSubjectsStream = Iter<IntoIter<Result<Subject, Status>>>;

    async fn get_subjects(
        &self,
        request: Request<City>,
    ) -> Result<Response<Self::GetSubjectsStream>, Status> {
        let City { name } = request.into_inner();
        let call = format!("GetSubjects {name:?}");
        let subjects = subjects(&name)
            .inspect_err(|status| println!("{call} -> {}", status_line(status)))?;
        println!("{call} -> {} subjects", subjects.len());
        let mut messages = Vec::new();
        for &name in subjects {
            messages.push(Ok(Subject { name: name.into() }));
        }
        Ok(Response::new(iter(messages)))
    }

    async fn accumulate(
        &self,
        request: Request<Streaming<Delta>>,
    ) -> Result<Response<Sum>, Status> {
        // Prints when it is dropped, so that a cancelled call leaves a line too: see lesson 8.
        let mut log = CallLog::new("Accumulate");
        let result = add_up(request.into_inner()).await;
        log.record(&result, |sum| sum.to_string());
        Ok(Response::new(Sum { val: result? }))
    }

    // ANCHOR: guess_number
    // The guesses, each passed through a function. The type of a plain `fn` can be written
    // here; that of a closure that captures something cannot.
    type GuessNumberStream = FilterMap<
        Streaming<Number>,
        fn(Result<Number, Status>) -> Option<Result<Answer, Status>>,
    >;

    async fn guess_number(
        &self,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<Self::GuessNumberStream>, Status> {
        // The call goes on after this line: its outcome is a stream.
        println!("GuessNumber -> bingo for each right guess");
        Ok(Response::new(request.into_inner().filter_map(answer)))
    }
    // ANCHOR_END: guess_number
}

/// The call as the log shows it, `Calculate 7 DIVIDE 2`. An operation that has no name is shown
/// by its number.
fn describe(Work { num1, num2, op }: &Work) -> String {
    match work::Operation::try_from(*op) {
        Ok(op) => format!("Calculate {num1} {} {num2}", op.as_str_name()),
        Err(_) => format!("Calculate {num1} {op} {num2}"),
    }
}

// ANCHOR: compute
fn compute(work: &Work) -> Result<i32, Status> {
    // The notes' enum gives the operations the same numbers as lesson 6's does. It is open:
    // any number can arrive.
    let operation = Operation::try_from(work.op)
        .map_err(|_| Status::invalid_argument("invalid operation"))?;
    calculate(work.num1, operation, work.num2)
}
// ANCHOR_END: compute

async fn add_up(mut deltas: Streaming<Delta>) -> Result<i32, Status> {
    // An i128, because the total of many int32 can overflow an i64 too: see lesson 8.
    let mut total = 0;
    while let Some(Delta { val }) = message_unless_cancelled(&mut deltas).await? {
        total += i128::from(val);
    }
    sum(total)
}

// ANCHOR: answer
/// The answer to a guess, if the guess is right. An error is passed on, and ends the call.
fn answer(guess: Result<Number, Status>) -> Option<Result<Answer, Status>> {
    match guess {
        Ok(Number { val }) if is_right(val) => {
            Some(Ok(Answer { val, desc: "bingo".into() }))
        }
        Ok(_) => None,
        Err(status) => Some(Err(status)),
    }
}
// ANCHOR_END: answer
