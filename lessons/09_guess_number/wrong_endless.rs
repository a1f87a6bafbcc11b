//! Exercise 9, wrong: after `bingo` the server waits until the client has said all.

use std::cmp::Ordering;

use grpc_workbook::guess_number::{GuessNumber, proto};
use proto::guess_number_service_server::GuessNumberService;
use proto::{EchoRequest, GuessRequest, GuessResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

pub struct Game;

#[tonic::async_trait]
impl GuessNumberService for Game {
    type GuessStream = ReceiverStream<Result<GuessResponse, Status>>;

    async fn guess(
        &self,
        request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        let numbers = request.into_inner();
        let (answers, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            if let Err(status) = play(numbers, &answers).await {
                // The client may have left: then nobody is told.
                let _ = answers.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    type EchoStream = <GuessNumber as GuessNumberService>::EchoStream;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        GuessNumber.echo(request).await
    }
}

type Answers = mpsc::Sender<Result<GuessResponse, Status>>;

/// One game, to its end.
async fn play(
    mut numbers: Streaming<GuessRequest>,
    answers: &Answers,
) -> Result<(), Status> {
    let Some(GuessRequest { number }) = numbers.message().await? else {
        return Ok(());
    };
    let secret = within(number)?;
    while let Some(GuessRequest { number }) = numbers.message().await? {
        let verdict = verdict(secret, within(number)?);
        let answer = GuessResponse { number, verdict: verdict.into() };
        if answers.send(Ok(answer)).await.is_err() {
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
