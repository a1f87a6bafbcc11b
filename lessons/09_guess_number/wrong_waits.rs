//! Exercise 9, a wrong answer: it sends no headers before the secret is here, so a client
//! that waits for the headers before it sends the secret waits forever.

use std::cmp::Ordering;

use grpc_workbook::guess_number::{GuessNumber, proto};
use proto::guess_number_service_server::GuessNumberService;
use proto::{EchoRequest, GuessRequest, GuessResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

/// The service that the check calls. Its calls share nothing.
pub struct Game;

#[tonic::async_trait]
impl GuessNumberService for Game {
    type GuessStream = ReceiverStream<Result<GuessResponse, Status>>;

    async fn guess(
        &self,
        request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        let mut numbers = request.into_inner();
        let (tx, rx) = mpsc::channel(1);
        // Wrong: the method waits here, and headers are sent only when it returns.
        if let Some(GuessRequest { number }) = numbers.message().await? {
            let secret = within(number)?;
            tokio::spawn(async move {
                if let Err(status) = play(secret, numbers, &tx).await {
                    let _ = tx.send(Err(status)).await;
                }
            });
        }
        Ok(Response::new(ReceiverStream::new(rx)))
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

type Responses = mpsc::Sender<Result<GuessResponse, Status>>;

/// Plays one game, to its end.
///
/// # Errors
/// INVALID_ARGUMENT for a number that is not in 0..=99, or what the client's stream ended with.
async fn play(
    secret: i32,
    mut numbers: Streaming<GuessRequest>,
    tx: &Responses,
) -> Result<(), Status> {
    while let Some(GuessRequest { number }) = numbers.message().await? {
        let verdict = verdict(secret, within(number)?);
        let response = GuessResponse { number, verdict: verdict.into() };
        // The game is over when the client has left, or after `bingo`.
        if tx.send(Ok(response)).await.is_err() || number == secret {
            break;
        }
    }
    Ok(())
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
