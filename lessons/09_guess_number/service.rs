//! The service of lesson 9: two conversations. Both sides send a stream of messages, and
//! neither has to wait for the other: bidirectional methods.

use tokio::sync::mpsc;
use tokio_stream::adapters::FilterMap;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

/// What build.rs generated from `protos/guess_number.proto`.
pub mod proto {
    tonic::include_proto!("guess_number.v1");
}

use proto::guess_number_service_server::GuessNumberService;
use proto::{EchoRequest, EchoResponse, GuessRequest, GuessResponse};

pub struct GuessNumber;

#[tonic::async_trait]
impl GuessNumberService for GuessNumber {
    type GuessStream = FilterMap<Streaming<GuessRequest>, Answer>;

    async fn guess(
        &self,
        request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        println!("Guess: a call");
        // The answers are the guesses, seen through a function. tonic asks for an answer
        // when it can send one, and only then is a guess read: a client that doesn't read
        // can't fill our memory, and when it leaves, everything is dropped.
        Ok(Response::new(request.into_inner().filter_map(answer)))
    }

    type EchoStream = ReceiverStream<Result<EchoResponse, Status>>;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        println!("Echo: a call");
        let mut messages = request.into_inner();
        // If the first message is broken, the call can still be refused as a whole. The
        // price: until that message is here, the client gets nothing, not even headers.
        let mut next = messages.message().await?;
        let (answers, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            // None: the client has said all, or it has cancelled. tonic makes no difference.
            while let Some(EchoRequest { data }) = next {
                let answer = EchoResponse { data: echo(&data) };
                // Nobody reads the answers any more: the task must not outlive its call.
                if answers.send(Ok(answer)).await.is_err() {
                    break;
                }
                next = match messages.message().await {
                    Ok(next) => next,
                    Err(status) => {
                        // No message, or the connection broke: then nobody gets this.
                        let _ = answers.send(Err(status)).await;
                        break;
                    }
                };
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

/// What makes an answer of a guess, or none. A plain function has a type that can be
/// written down; a closure that keeps something has not.
type Answer = fn(Result<GuessRequest, Status>) -> Option<Result<GuessResponse, Status>>;

fn answer(guess: Result<GuessRequest, Status>) -> Option<Result<GuessResponse, Status>> {
    match guess {
        // No line for a guess: it would take longer than the guess does.
        Ok(GuessRequest { number }) => is_right(number)
            .then(|| Ok(GuessResponse { number, verdict: "bingo".into() })),
        // What arrived is no guess. The status ends the call, behind the answers before it.
        Err(status) => Some(Err(status)),
    }
}

/// Whether a number is one of those that the server has in mind.
pub fn is_right(number: i32) -> bool {
    (0..=9).contains(&number)
}

/// What Echo answers, in the words of the notes.
pub fn echo(data: &str) -> String {
    format!("service send client {data}")
}
