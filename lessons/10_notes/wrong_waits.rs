//! Exercise 10, a wrong answer: it answers only after the client has finished.

use std::collections::HashMap;
use std::vec::IntoIter;

use grpc_workbook::notes::proto::demo::demo_server::Demo;
use grpc_workbook::notes::proto::demo::{
    self, Answer, City, Delta, Number, Subject, Sum, Work,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Iter, iter};
use tonic::{Request, Response, Status, Streaming};

/// The service that the check calls.
pub struct Ported;

#[tonic::async_trait]
impl Demo for Ported {
    async fn calculate(
        &self,
        request: Request<Work>,
    ) -> Result<Response<demo::Result>, Status> {
        let Work { num1, num2, .. } = request.into_inner();
        let distance = num1.abs_diff(num2);
        match i32::try_from(distance) {
            Ok(val) => Ok(Response::new(demo::Result { val })),
            Err(_) => Err(Status::out_of_range(format!("too far: {distance}"))),
        }
    }

    type GetSubjectsStream = Iter<IntoIter<Result<Subject, Status>>>;

    async fn get_subjects(
        &self,
        request: Request<City>,
    ) -> Result<Response<Self::GetSubjectsStream>, Status> {
        let mut letters = Vec::new();
        for letter in request.into_inner().name.chars() {
            if letter == ' ' {
                letters.push(Err(Status::invalid_argument("a name has no spaces")));
                break;
            }
            letters.push(Ok(Subject { name: letter.to_string() }));
        }
        Ok(Response::new(iter(letters)))
    }

    async fn accumulate(
        &self,
        request: Request<Streaming<Delta>>,
    ) -> Result<Response<Sum>, Status> {
        let mut numbers = request.into_inner();
        let mut largest = None;
        let mut ended = false;
        while let Some(Delta { val }) = numbers.message().await? {
            // Wrong: after a 0 it reads on, and the client may be waiting for the response.
            ended |= val == 0;
            if !ended {
                // None is less than any number.
                largest = largest.max(Some(val));
            }
        }
        let val = largest.ok_or_else(|| Status::failed_precondition("no number"))?;
        Ok(Response::new(Sum { val }))
    }

    type GuessNumberStream = ReceiverStream<Result<Answer, Status>>;

    async fn guess_number(
        &self,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<Self::GuessNumberStream>, Status> {
        let mut numbers = request.into_inner();
        let (tx, rx) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut times = HashMap::new();
            loop {
                let answer = match numbers.message().await {
                    Ok(Some(Number { val })) => {
                        let times = times.entry(val).or_insert(0);
                        *times += 1;
                        Ok(Answer { val, desc: format!("{times} times") })
                    }
                    Ok(None) => break,
                    Err(status) => Err(status),
                };
                let last = answer.is_err();
                // It fails when the client has left. An error ends the call.
                if tx.send(answer).await.is_err() || last {
                    break;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(rx)))
    }
}
