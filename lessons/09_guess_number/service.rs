//! The service of lesson 9: two conversations. Both sides send a stream of messages, and
//! neither side has to wait for the other: bidirectional streaming.

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

/// The service. It has no fields: a call needs nothing but its request.
pub struct GuessNumber;

#[tonic::async_trait]
impl GuessNumberService for GuessNumber {
    // ANCHOR: guess
    type GuessStream = FilterMap<Streaming<GuessRequest>, Respond>;

    async fn guess(
        &self,
        request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        // Logged now, because the two streams may stay open for hours.
        println!("Guess -> started");
        // The responses are the guesses, seen through a function. tonic polls for a response
        // when it can send one, and only then is a guess read: a client that does not read
        // cannot fill our memory, and when it leaves, everything is dropped.
        Ok(Response::new(request.into_inner().filter_map(respond)))
    }
    // ANCHOR_END: guess

    // ANCHOR: echo
    type EchoStream = ReceiverStream<Result<EchoResponse, Status>>;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        println!("Echo -> started");
        let mut messages = request.into_inner();
        // If the first message is broken, the call can still be refused as a whole. The
        // price: until that message is here, the client gets nothing, not even headers.
        let mut next = messages.message().await?;
        let (tx, rx) = mpsc::channel(1);
        tokio::spawn(async move {
            // The loop ends when the client has finished. A cancelled call looks the same here:
            // see lesson 8.
            while let Some(EchoRequest { data }) = next {
                let response = EchoResponse { data: echo(&data) };
                // An error says that nobody reads any more: the task must not outlive its call.
                if tx.send(Ok(response)).await.is_err() {
                    break;
                }
                next = match messages.message().await {
                    Ok(next) => next,
                    Err(status) => {
                        // A message was broken, and the client is told. Or the connection broke:
                        // then nobody gets this, and sending it fails.
                        let _ = tx.send(Err(status)).await;
                        break;
                    }
                };
            }
        });
        Ok(Response::new(ReceiverStream::new(rx)))
    }
    // ANCHOR_END: echo
}

// ANCHOR: respond
/// Turns a guess into a response, or into none. The type of a plain function can be written down;
/// the type of a closure that captures a variable cannot.
type Respond = fn(Result<GuessRequest, Status>) -> Option<Result<GuessResponse, Status>>;

fn respond(guess: Result<GuessRequest, Status>) -> Option<Result<GuessResponse, Status>> {
    match guess {
        // No line in the log for a guess: printing takes longer than the guess does.
        Ok(GuessRequest { number }) if is_right(number) => {
            Some(Ok(GuessResponse { number, verdict: "bingo".into() }))
        }
        Ok(_) => None,
        // What arrived is not a guess. The status ends the call, after the responses before it.
        Err(status) => Some(Err(status)),
    }
}
// ANCHOR_END: respond

/// Whether a guess is right: the numbers from 0 to 9 are.
pub fn is_right(number: i32) -> bool {
    (0..=9).contains(&number)
}

/// What Echo sends back, in the words of the notes.
pub fn echo(data: &str) -> String {
    format!("service send client {data}")
}
