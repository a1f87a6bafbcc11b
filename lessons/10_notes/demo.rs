//! Note 004: `Demo`, a method of each kind. What they compute is in lessons 6 to 9.

use std::vec::IntoIter;

use tokio_stream::adapters::FilterMap;
use tokio_stream::{Iter, StreamExt, iter};
use tonic::{Request, Response, Status, Streaming};

use super::proto::demo::demo_server::Demo;
use super::proto::demo::{self, Answer, City, Delta, Number, Subject, Sum, Work};
use crate::accumulate::{message_unless_cancelled, sum};
use crate::calculator::{calculate, proto::Operation};
use crate::guess_number::is_right;
use crate::subjects_by_city::subjects;

pub struct MyDemo;

#[tonic::async_trait]
impl Demo for MyDemo {
    async fn calculate(
        &self,
        request: Request<Work>,
    ) -> Result<Response<demo::Result>, Status> {
        let work = request.into_inner();
        println!("Calculate {work:?}");
        // The notes' operations have the numbers of lesson 6's.
        let operation = Operation::try_from(work.op)
            .map_err(|_| Status::invalid_argument("invalid operation"))?;
        let val = calculate(work.num1, operation, work.num2)?;
        Ok(Response::new(demo::Result { val }))
    }

    type GetSubjectsStream = Iter<IntoIter<Result<Subject, Status>>>;

    async fn get_subjects(
        &self,
        request: Request<City>,
    ) -> Result<Response<Self::GetSubjectsStream>, Status> {
        let City { name } = request.into_inner();
        println!("GetSubjects {name:?}");
        let subject = |name: &&str| Ok(Subject { name: (*name).into() });
        let answers: Vec<_> = subjects(&name)?.iter().map(subject).collect();
        Ok(Response::new(iter(answers)))
    }

    async fn accumulate(
        &self,
        request: Request<Streaming<Delta>>,
    ) -> Result<Response<Sum>, Status> {
        let mut deltas = request.into_inner();
        let mut total = 0;
        while let Some(Delta { val }) = message_unless_cancelled(&mut deltas).await? {
            total += i128::from(val);
        }
        println!("Accumulate -> {total}");
        Ok(Response::new(Sum { val: sum(total)? }))
    }

    type GuessNumberStream = FilterMap<
        Streaming<Number>,
        fn(Result<Number, Status>) -> Option<Result<Answer, Status>>,
    >;

    async fn guess_number(
        &self,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<Self::GuessNumberStream>, Status> {
        println!("GuessNumber");
        Ok(Response::new(request.into_inner().filter_map(answer)))
    }
}

/// The answer to a guess, if it is right. An error is passed on.
fn answer(guess: Result<Number, Status>) -> Option<Result<Answer, Status>> {
    match guess {
        Ok(Number { val }) if is_right(val) => {
            Some(Ok(Answer { val, desc: "bingo".into() }))
        }
        Ok(_) => None,
        Err(status) => Some(Err(status)),
    }
}
