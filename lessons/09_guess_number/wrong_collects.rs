//! Exercise 9, a wrong answer: its responses are right, but all come at the end.

use std::cmp::Ordering;
use std::vec::IntoIter;

use grpc_workbook::guess_number::{GuessNumber, proto};
use proto::guess_number_service_server::GuessNumberService;
use proto::{EchoRequest, GuessRequest, GuessResponse};
use tokio_stream::Iter;
use tonic::{Request, Response, Status, Streaming};

/// The service that the check calls. Its calls share nothing.
pub struct Game;

#[tonic::async_trait]
impl GuessNumberService for Game {
    type GuessStream = Iter<IntoIter<Result<GuessResponse, Status>>>;

    async fn guess(
        &self,
        request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        let mut numbers = request.into_inner();
        let mut responses = Vec::new();
        if let Some(GuessRequest { number }) = numbers.message().await? {
            let secret = within(number)?;
            while let Some(GuessRequest { number }) = numbers.message().await? {
                let verdict = verdict(secret, within(number)?).to_string();
                // Wrong: gathered, where each should be sent at once.
                responses.push(Ok(GuessResponse { number, verdict }));
                if number == secret {
                    break;
                }
            }
        }
        Ok(Response::new(tokio_stream::iter(responses)))
    }

    // Not part of the exercise.
    type EchoStream = <GuessNumber as GuessNumberService>::EchoStream;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        GuessNumber.echo(request).await
    }
}

fn within(number: i32) -> Result<i32, Status> {
    match number {
        0..=99 => Ok(number),
        _ => Err(Status::invalid_argument(format!("{number} is not in 0..=99"))),
    }
}

fn verdict(secret: i32, guess: i32) -> &'static str {
    match secret.cmp(&guess) {
        Ordering::Less => "lower",
        Ordering::Greater => "higher",
        Ordering::Equal => "bingo",
    }
}
