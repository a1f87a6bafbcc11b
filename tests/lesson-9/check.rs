//! The check of the exercise: games, played by turns and all at once.

use std::time::Duration;

use grpc_workbook::guess_number::proto::{
    GuessRequest, GuessResponse, guess_number_service_client::GuessNumberServiceClient,
};
use grpc_workbook::status::status_line;
use support::checks::{Checks, Outcome, Streamed, Verdict};
use tokio::sync::mpsc::{self, Sender};
use tokio::time::sleep;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::service::Routes;
use tonic::{Response, Status, Streaming};

use crate::{guess, turns};

/// What a call came to, or `None` if it hangs. Service and client share a thread, so a service
/// that has not responded after a thousand turns of everybody does not respond.
async fn unless_it_hangs<T>(call: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        outcome = call => Some(outcome),
        // An exercise may wait for something outside of this thread.
        () = async { sleep(Duration::from_millis(200)).await; turns(1000).await } => None,
    }
}

/// The client's side of one game, while it goes on.
struct Player {
    /// The end of the channel that feeds the call.
    tx: Sender<GuessRequest>,
    /// The server's responses, until the game has ended.
    responses: Option<Streaming<GuessResponse>>,
    /// What came from the server: a text for each response, and how the game ended.
    transcript: Streamed,
}

impl Player {
    /// Starts a game, and sends nothing before the headers are here.
    async fn start(server: &Routes) -> Player {
        let (tx, rx) = mpsc::channel(8);
        let mut client = GuessNumberServiceClient::new(server.clone());
        let call = client.guess(ReceiverStream::new(rx));
        match unless_it_hangs(call).await {
            Some(response) => Player::new(tx, response),
            None => Player::ended(tx, "no headers, and no end".into()),
        }
    }

    fn new(
        tx: Sender<GuessRequest>,
        response: Result<Response<Streaming<GuessResponse>>, Status>,
    ) -> Player {
        match response {
            Ok(response) => Player {
                tx,
                responses: Some(response.into_inner()),
                transcript: Streamed::new(&[], "the game goes on"),
            },
            Err(status) => Player::ended(tx, status_line(&status)),
        }
    }

    fn ended(tx: Sender<GuessRequest>, end: String) -> Player {
        Player { tx, responses: None, transcript: Streamed::new(&[], &end) }
    }

    /// Sends a number. A server that has ended the game does not get it.
    async fn say(&self, number: i32) {
        let _ = self.tx.send(guess(number)).await;
    }

    /// Waits for the next response or the end. Returns whether there was a response.
    async fn listen(&mut self) -> bool {
        let Some(responses) = &mut self.responses else {
            return false;
        };
        self.transcript.end = match unless_it_hangs(responses.message()).await {
            Some(Ok(Some(GuessResponse { number, verdict }))) => {
                self.transcript.messages.push(format!("{number} {verdict}"));
                return true;
            }
            Some(Ok(None)) => "OK".into(),
            Some(Err(status)) => status_line(&status),
            None => "no answer, and no end".into(),
        };
        self.responses = None;
        false
    }

    /// Waits for all that is still to come, and returns the transcript.
    async fn finish(mut self) -> Streamed {
        while self.listen().await {}
        self.transcript
    }
}

/// One game: each guess is made when the one before it was answered. The client does not end
/// its stream.
async fn by_turns(
    server: Routes,
    secret: i32,
    guesses: &'static [i32],
) -> Outcome<Streamed> {
    let mut player = Player::start(&server).await;
    player.say(secret).await;
    for number in guesses {
        player.say(*number).await;
        if !player.listen().await {
            break;
        }
    }
    Ok(player.finish().await)
}

/// One game: the client sends everything, ends its stream, and then listens.
async fn at_once(server: Routes, numbers: &'static [i32]) -> Outcome<Streamed> {
    let guesses = tokio_stream::iter(numbers.to_vec()).map(guess);
    let mut client = GuessNumberServiceClient::new(server);
    let response = client.guess(guesses).await;
    // Nothing more is sent: this channel feeds no call.
    let (tx, _) = mpsc::channel(1);
    Ok(Player::new(tx, response).finish().await)
}

/// Two games at once, in which what one player says is nothing to the other. Returns what each
/// heard.
async fn two_games(server: Routes) -> Outcome<[Vec<String>; 2]> {
    let mut one = Player::start(&server).await;
    let mut other = Player::start(&server).await;
    one.say(10).await;
    other.say(90).await;
    for player in [&mut one, &mut other] {
        player.say(50).await;
        player.listen().await;
    }
    one.say(60).await;
    one.listen().await;
    Ok([one.transcript.messages, other.transcript.messages])
}

pub async fn check(server: Routes) -> Verdict {
    let too_large = "INVALID_ARGUMENT: 100 is not in 0..=99";
    let negative = "INVALID_ARGUMENT: -1 is not in 0..=99";
    let mut checks = Checks::default();
    for (call, secret, guesses, answers, end) in [
        (
            "37, by turns 50 20 37",
            37,
            &[50, 20, 37][..],
            &["50 lower", "20 higher", "37 bingo"][..],
            "OK",
        ),
        ("99, by turns 98 100", 99, &[98, 100], &["98 higher"], too_large),
        ("-1, by turns", -1, &[], &[], negative),
    ] {
        let game = by_turns(server.clone(), secret, guesses);
        let expected = Streamed::new(answers, end);
        checks.call(call, game, Ok(expected)).await;
    }
    for (call, numbers, answers, end) in [
        (
            "at once 10 20 5 100 10",
            &[10, 20, 5, 100, 10][..],
            &["20 lower", "5 higher"][..],
            too_large,
        ),
        ("at once 0 0 1 100", &[0, 0, 1, 100], &["0 bingo"], "OK"),
        ("at once 5 6", &[5, 6], &["6 lower"], "OK"),
        ("at once nothing", &[], &[], "OK"),
    ] {
        let game = at_once(server.clone(), numbers);
        let expected = Streamed::new(answers, end);
        checks.call(call, game, Ok(expected)).await;
    }
    let call = "two games, 10 and 90, 50 in both, 60 in the first";
    let heard: [&[&str]; 2] = [&["50 lower", "60 lower"], &["50 higher"]];
    let heard = heard.map(|lines| lines.iter().map(ToString::to_string).collect());
    checks.call(call, two_games(server), Ok(heard)).await;
    checks.verdict()
}
