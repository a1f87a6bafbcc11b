//! Exercise 9: a game that remembers, and that the server ends. Yours to finish.
//!
//! A call of Guess is one game:
//! - The first number is the secret. It gets no response.
//! - Each further number is a guess. It gets a response at once, with that number and a
//!   verdict: `lower` if the secret is lower, `higher` if it is higher, or `bingo`.
//! - After `bingo` the server ends the call with OK, whether or not the client has finished.
//! - A number that is not in 0..=99 ends the call with INVALID_ARGUMENT, `100 is not in 0..=99`.
//!   That holds for the secret, too. The responses before it must arrive.
//! - A client that finishes without a `bingo` gets OK.
//! - Two games at the same time know nothing of each other.
//! - A client may wait for your headers before it sends anything.
//!
//! Check it with: cargo test --test lesson-9 -- --ignored --nocapture

use grpc_workbook::guess_number::{GuessNumber, proto};
use proto::guess_number_service_server::GuessNumberService;
use proto::{EchoRequest, GuessRequest, GuessResponse};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

/// The service that the check calls. Its calls share nothing.
pub struct Game;

#[tonic::async_trait]
impl GuessNumberService for Game {
    type GuessStream = ReceiverStream<Result<GuessResponse, Status>>;

    async fn guess(
        &self,
        _request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        Err(Status::unimplemented("exercise 9 is not solved yet"))
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
