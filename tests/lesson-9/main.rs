//! Lesson 9: the exercise, two conversations, and how a call with two streams can end.

#[path = "../../lessons/09_guess_number/exercise.rs"]
mod exercise;
#[path = "../../lessons/09_guess_number/solution.rs"]
mod solution;
#[path = "../../lessons/09_guess_number/wrong_collects.rs"]
mod wrong_collects;
#[path = "../../lessons/09_guess_number/wrong_early.rs"]
mod wrong_early;
#[path = "../../lessons/09_guess_number/wrong_endless.rs"]
mod wrong_endless;
#[path = "../../lessons/09_guess_number/wrong_shared.rs"]
mod wrong_shared;
#[path = "../../lessons/09_guess_number/wrong_waits.rs"]
mod wrong_waits;

#[path = "../../lessons/09_guess_number/chat.rs"]
mod chat;

mod check;
mod conversations;
mod endings;
mod faulty;
mod leaving;
mod mixed;
mod programs;
mod resuming;
mod service;
mod shared;

use grpc_workbook::guess_number::GuessNumber;
use grpc_workbook::guess_number::proto::{
    EchoRequest, EchoResponse, GuessRequest, GuessResponse,
    guess_number_service_client::GuessNumberServiceClient,
    guess_number_service_server::{GuessNumberService, GuessNumberServiceServer},
};
use tokio::sync::mpsc::{self, Sender};
use tokio::task::yield_now;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::service::Routes;
use tonic::transport::Channel;

use check::check;

type Client<T = Channel> = GuessNumberServiceClient<T>;

support::exercise! {
    files: "lessons/09_guess_number/exercise.rs",
    serve: |answer| serving(answer::Game),
    check: check,
    own: serving(GuessNumber),
    wrong: [
        wrong_collects,
        wrong_early,
        wrong_endless => "book/generated/09-guess-number-report.txt",
        wrong_shared: serving(wrong_shared::Game::default()),
        wrong_waits,
    ],
}

fn serving(service: impl GuessNumberService) -> Routes {
    Routes::new(GuessNumberServiceServer::new(service))
}

/// A client of the lesson's service, without a network.
fn in_process_client() -> Client<Routes> {
    GuessNumberServiceClient::new(serving(GuessNumber))
}

fn guess(number: i32) -> GuessRequest {
    GuessRequest { number }
}

fn message(data: impl Into<String>) -> EchoRequest {
    EchoRequest { data: data.into() }
}

/// The two ends of a call of Guess that has its headers, and in which nothing was sent yet.
async fn start_guess(
    client: &mut Client,
) -> (Sender<GuessRequest>, Streaming<GuessResponse>) {
    let (tx, rx) = mpsc::channel(1);
    let response = client.guess(ReceiverStream::new(rx)).await;
    (tx, response.expect("call should start").into_inner())
}

/// The two ends of a call of Echo in which `first` was sent: without a message it does not
/// start.
async fn start_echo(
    client: &mut Client,
    first: EchoRequest,
) -> (Sender<EchoRequest>, Streaming<EchoResponse>) {
    let (tx, rx) = mpsc::channel(1);
    send(&tx, first).await;
    let response = client.echo(ReceiverStream::new(rx)).await;
    (tx, response.expect("call should start").into_inner())
}

/// A call of Guess in which 5 was answered: both streams are open.
async fn open_conversation(
    client: &mut Client,
) -> (Sender<GuessRequest>, Streaming<GuessResponse>) {
    let (tx, mut responses) = start_guess(client).await;
    send(&tx, guess(5)).await;
    assert_eq!(receive(&mut responses).await.number, 5);
    (tx, responses)
}

async fn send<T>(tx: &Sender<T>, message: T) {
    tx.send(message)
        .await
        .expect("the call should take another message");
}

async fn receive<T>(responses: &mut Streaming<T>) -> T {
    let response = responses.message().await.expect("the call should go on");
    response.expect("the server should send another response")
}

async fn assert_ends_with_ok<T>(responses: &mut Streaming<T>) {
    let response = responses.message().await.expect("the call should be OK");
    assert!(response.is_none(), "the server should send nothing more");
}

/// Lets every other task of this thread run so many times.
async fn turns(count: u32) {
    for _ in 0..count {
        yield_now().await;
    }
}

/// The chapter's excerpts of the generated code: the trait and the client's method.
#[test]
fn excerpts_match_the_generated_code() {
    let code = support::generated("guess_number.v1.rs");
    let excerpt = |from, to| support::excerpt(&code, from, to);
    support::written(
        "book/generated/09-guess-number-trait.rs",
        &excerpt("pub trait GuessNumberService", "\n    }"),
    );
    support::written(
        "book/generated/09-guess-number-client.rs",
        &excerpt("pub async fn guess(", "\n        }"),
    );
}
