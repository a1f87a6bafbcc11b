//! Lesson 9: the exercise, two conversations, and how a call with two streams can end.

#[path = "../lessons/09_guess_number/exercise.rs"]
mod exercise;
#[path = "../lessons/09_guess_number/solution.rs"]
mod solution;
#[path = "../lessons/09_guess_number/wrong_collects.rs"]
mod wrong_collects;
#[path = "../lessons/09_guess_number/wrong_early.rs"]
mod wrong_early;
#[path = "../lessons/09_guess_number/wrong_endless.rs"]
mod wrong_endless;
#[path = "../lessons/09_guess_number/wrong_shared.rs"]
mod wrong_shared;
#[path = "../lessons/09_guess_number/wrong_waits.rs"]
mod wrong_waits;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use grpc_workbook::Lesson;
use grpc_workbook::guess_number::proto::{
    EchoRequest, EchoResponse, GuessRequest, GuessResponse,
    guess_number_service_client::GuessNumberServiceClient,
    guess_number_service_server::{GuessNumberService, GuessNumberServiceServer},
};
use grpc_workbook::guess_number::{GuessNumber, echo, is_right};
use grpc_workbook::status::code_name;
use support::checks::Checks;
use support::endings::{Ending, KillableServer, NotifyOnDrop, status_cell, table};
use support::programs::{self, Finished, Server, run, spawn};
use support::written;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc::{
    self, Sender, UnboundedReceiver, UnboundedSender, unbounded_channel,
};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use tokio_stream::adapters::FilterMap;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

fn lesson() -> &'static Lesson {
    Lesson::find(9).expect("is in LESSONS")
}

fn guess(number: i32) -> GuessRequest {
    GuessRequest { number }
}

fn message(data: impl Into<String>) -> EchoRequest {
    EchoRequest { data: data.into() }
}

// --- the exercise

/// What a call came to, unless it hangs. All of it happens in this thread: who has not
/// answered when everybody had a thousand turns, does not answer.
async fn unless_it_hangs<T>(call: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        outcome = call => Some(outcome),
        // An exercise may wait for something outside of this thread.
        () = async { sleep(Duration::from_millis(200)).await; turns(1000).await } => None,
    }
}

async fn turns(count: u32) {
    for _ in 0..count {
        yield_now().await;
    }
}

/// A game that goes on.
struct Game {
    say: Sender<GuessRequest>,
    answers: Result<Streaming<GuessResponse>, String>,
    heard: Vec<String>,
}

impl Game {
    /// Begins a game, and says nothing before the headers are here.
    async fn begin(server: &Routes) -> Game {
        let (say, said) = mpsc::channel(8);
        let mut player = GuessNumberServiceClient::new(server.clone());
        let call = player.guess(ReceiverStream::new(said));
        let answers = match unless_it_hangs(call).await {
            None => Err("no headers, and no end".into()),
            Some(response) => response
                .map(Response::into_inner)
                .map_err(|status| ended(&status)),
        };
        Game { say, answers, heard: Vec::new() }
    }

    /// Says a number. A server that has ended the game does not hear it.
    async fn say(&self, number: i32) {
        let _ = self.say.send(guess(number)).await;
    }

    /// Hears the next answer or, once, the end. Returns whether there was an answer.
    async fn hear(&mut self) -> bool {
        let end = match &mut self.answers {
            Err(end) => std::mem::take(end),
            Ok(answers) => match unless_it_hangs(answers.message()).await {
                Some(Ok(Some(GuessResponse { number, verdict }))) => {
                    self.heard.push(format!("{number} {verdict}"));
                    return true;
                }
                Some(Ok(None)) => "OK".into(),
                Some(Err(status)) => ended(&status),
                None => "no answer, and no end".into(),
            },
        };
        if !end.is_empty() {
            self.heard.push(end);
        }
        self.answers = Err(String::new());
        false
    }

    /// Hears all that is still to come.
    async fn finish(mut self) -> Vec<String> {
        while self.hear().await {}
        self.heard
    }
}

fn ended(status: &Status) -> String {
    format!("{}: {}", code_name(status.code()), status.message())
}

/// One game: each guess is made when the one before it was answered. The client does not
/// say that it has said all.
async fn by_turns(server: &Routes, secret: i32, guesses: &[i32]) -> Vec<String> {
    let mut game = Game::begin(server).await;
    game.say(secret).await;
    for number in guesses {
        game.say(*number).await;
        if !game.hear().await {
            return game.heard;
        }
    }
    game.finish().await
}

/// One game: the client says all, and that it was all, and then listens.
async fn at_once(server: &Routes, numbers: &'static [i32]) -> Vec<String> {
    let numbers = tokio_stream::iter(numbers).map(|number| guess(*number));
    let mut player = GuessNumberServiceClient::new(server.clone());
    let answers = player.guess(numbers).await;
    let answers = answers
        .map(Response::into_inner)
        .map_err(|status| ended(&status));
    let (say, _) = mpsc::channel(1);
    Game { say, answers, heard: Vec::new() }.finish().await
}

async fn check(server: Routes) -> Result<String, String> {
    let lines = |lines: &[&str]| Ok(lines.iter().map(ToString::to_string).collect());
    let mut checks = Checks::default();

    let call = "37, by turns 50 20 37".to_string();
    let heard = by_turns(&server, 37, &[50, 20, 37]).await;
    checks.expect(call, Ok(heard), lines(&["50 lower", "20 higher", "37 bingo", "OK"]));

    let call = "99, by turns 98 100".to_string();
    let heard = by_turns(&server, 99, &[98, 100]).await;
    let refused = "INVALID_ARGUMENT: 100 is not in 0..=99";
    checks.expect(call, Ok(heard), lines(&["98 higher", refused]));

    let heard = by_turns(&server, -1, &[]).await;
    let refused = "INVALID_ARGUMENT: -1 is not in 0..=99";
    checks.expect("-1, by turns".into(), Ok(heard), lines(&[refused]));

    let call = "at once 10 20 5 100 10".to_string();
    let heard = at_once(&server, &[10, 20, 5, 100, 10]).await;
    let refused = "INVALID_ARGUMENT: 100 is not in 0..=99";
    checks.expect(call, Ok(heard), lines(&["20 lower", "5 higher", refused]));

    let heard = at_once(&server, &[0, 0, 1, 100]).await;
    checks.expect("at once 0 0 1 100".into(), Ok(heard), lines(&["0 bingo", "OK"]));

    let heard = at_once(&server, &[5, 6]).await;
    checks.expect("at once 5 6".into(), Ok(heard), lines(&["6 lower", "OK"]));

    let heard = at_once(&server, &[]).await;
    checks.expect("at once nothing".into(), Ok(heard), lines(&["OK"]));

    let (mut one, mut other) = (Game::begin(&server).await, Game::begin(&server).await);
    one.say(10).await;
    other.say(90).await;
    for game in [&mut one, &mut other] {
        game.say(50).await;
        game.hear().await;
    }
    one.say(60).await;
    one.hear().await;
    let heard = [one.heard, other.heard].concat();
    let call = "two games, 10 and 90, 50 in both, 60 in the first".to_string();
    checks.expect(call, Ok(heard), lines(&["50 lower", "60 lower", "50 higher"]));
    checks.verdict()
}

fn serving(service: impl GuessNumberService) -> Routes {
    Routes::new(GuessNumberServiceServer::new(service))
}

#[tokio::test]
#[ignore = "it is yours to solve"]
async fn exercise() -> Result<(), &'static str> {
    let checked = check(serving(exercise::Game)).await;
    let not_yet = "lessons/09_guess_number/exercise.rs is not right yet";
    checked.map(drop).map_err(|_| not_yet)
}

#[tokio::test]
async fn the_check_accepts_the_solution() {
    check(serving(solution::Game)).await.expect("is right");
}

#[tokio::test]
async fn the_check_rejects_wrong_answers() {
    let shared = wrong_shared::Game::default();
    let (own, early, endless, shared, waits, collects) = tokio::join!(
        check(serving(GuessNumber)),
        check(serving(wrong_early::Game)),
        check(serving(wrong_endless::Game)),
        check(serving(shared)),
        check(serving(wrong_waits::Game)),
        check(serving(wrong_collects::Game)),
    );
    own.expect_err("the lesson's own service");
    early.expect_err("wrong_early");
    shared.expect_err("wrong_shared");
    waits.expect_err("wrong_waits");
    collects.expect_err("wrong_collects");
    let report = endless.expect_err("wrong_endless");
    written("book/generated/09-guess-number-report.txt", &report);
}

// --- what it answers

type Client<T = Channel> = GuessNumberServiceClient<T>;

/// The service without a network.
fn near() -> Client<Routes> {
    GuessNumberServiceClient::new(serving(GuessNumber))
}

#[test]
fn what_is_right() {
    let right: Vec<i32> = (-1000..1000).filter(|number| is_right(*number)).collect();
    assert_eq!(right, (0..=9).collect::<Vec<_>>());
    assert!(!is_right(i32::MIN) && !is_right(i32::MAX));
    assert_eq!(echo("1"), "service send client 1");
}

#[tokio::test]
async fn guesses() {
    for (numbers, right) in [
        (&[10, 11, 20, -1, i32::MAX][..], &[][..]),
        (&[5, 19, 3, 3], &[5, 3, 3]),
        (&[], &[]),
    ] {
        let guesses = numbers.iter().map(|number| guess(*number));
        let guesses = tokio_stream::iter(guesses.collect::<Vec<_>>());
        let answers = near().guess(guesses).await.expect("begins").into_inner();
        let answers: Result<Vec<_>, _> = answers.collect().await;
        let bingo =
            |number: &i32| GuessResponse { number: *number, verdict: "bingo".into() };
        let expected: Vec<_> = right.iter().map(bingo).collect();
        assert_eq!(answers.expect("ends with OK"), expected);
    }
}

#[tokio::test]
async fn echoes() {
    let said = tokio_stream::iter(["1", "", "老师"]).map(message);
    let answers = near().echo(said).await.expect("begins").into_inner();
    let answers: Result<Vec<_>, _> =
        answers.map(|answer| answer.map(|a| a.data)).collect().await;
    let expected = [
        "service send client 1",
        "service send client ",
        "service send client 老师",
    ];
    assert_eq!(answers.expect("ends with OK"), expected);
    let none = near().echo(tokio_stream::empty()).await;
    let none = none.expect("begins").into_inner().message().await;
    assert_eq!(none.expect("ends with OK"), None);
}

/// What the chapter asks the reader to predict.
#[tokio::test]
async fn no_bytes_at_all_are_a_right_guess() {
    assert_eq!(prost::Message::encoded_len(&guess(0)), 0);
    let guesses = tokio_stream::iter([GuessRequest::default()]);
    let mut answers = near().guess(guesses).await.expect("begins").into_inner();
    let answer = answers.message().await.expect("is OK").map(|a| a.number);
    assert_eq!(answer, Some(0));
}

// --- both speak

/// A message is sent when the one before it was answered, so both directions are open all
/// the time, and nothing waits until it has more to send.
#[tokio::test]
async fn a_thousand_rounds() {
    let server = KillableServer::start(serving(GuessNumber));
    let mut client = Client::new(server.channel().await);

    let (say, said) = mpsc::channel(1);
    say.send(message("0")).await.expect("has room");
    let call = client.echo(ReceiverStream::new(said)).await;
    let mut answers = call.expect("begins").into_inner();
    for round in 0..1000 {
        let answer = answers.message().await.expect("is OK").map(|a| a.data);
        assert_eq!(answer, Some(echo(&round.to_string())));
        let next = message((round + 1).to_string());
        say.send(next).await.expect("goes on");
    }

    let (say, said) = mpsc::channel(1);
    let call = client.guess(ReceiverStream::new(said)).await;
    let mut answers = call.expect("begins").into_inner();
    for round in 0..1000 {
        say.send(guess(round % 10)).await.expect("goes on");
        let answer = answers.message().await.expect("is OK").map(|a| a.number);
        assert_eq!(answer, Some(round % 10));
    }
    drop(say);
    assert_eq!(answers.message().await.expect("ends with OK"), None);
}

/// Within one direction the order is kept, however the messages are packed.
#[tokio::test]
async fn answers_come_in_order() {
    let server = KillableServer::start(serving(GuessNumber));
    let said = tokio_stream::iter(0..2000).map(|n: i32| message(n.to_string()));
    let call = Client::new(server.channel().await).echo(said).await;
    let mut answers = call.expect("begins").into_inner();
    for n in 0..2000 {
        let answer = answers.message().await.expect("is OK").map(|a| a.data);
        assert_eq!(answer, Some(echo(&n.to_string())));
    }
    assert_eq!(answers.message().await.expect("ends with OK"), None);
}

/// What makes the deadlock: a method that waits for a message before it returns. Guess
/// returns at once, and its headers go out before there is anything to say.
#[tokio::test]
async fn headers_come_when_the_method_returns() {
    let server = KillableServer::start(serving(GuessNumber));
    let (say, said) = mpsc::channel(1);
    let mut client = Client::new(server.channel().await);
    let call = client.guess(ReceiverStream::new(said));
    assert_eq!(call.await.expect("begins").metadata().len(), 2, "headers alone");
    drop(say);

    let (say, said) = mpsc::channel(1);
    let mut client = near();
    let mut call = std::pin::pin!(client.echo(ReceiverStream::new(said)));
    tokio::select! {
        biased;
        _ = &mut call => panic!("headers before the first message"),
        () = turns(1000) => {}
    }
    say.send(message("1")).await.expect("has room");
    let answer = call.await.expect("begins").into_inner().message().await;
    assert_eq!(answer.expect("is OK"), Some(EchoResponse { data: echo("1") }));
}

/// The other deadlock: who sends without reading fills the room of both directions, and
/// then each side waits until the other one reads. Once somebody reads, it all goes on.
#[tokio::test]
async fn who_never_reads_cannot_send_for_ever() {
    const COUNT: usize = 256;
    let server = KillableServer::start(serving(GuessNumber));
    let (say, said) = mpsc::channel(1);
    let large = message("x".repeat(64 * 1024));
    say.send(large.clone()).await.expect("has room");
    let mut client = Client::new(server.channel().await);
    let call = client.echo(ReceiverStream::new(said));
    let mut answers = call.await.expect("begins").into_inner();
    let mut sent = 1;
    while let Ok(room) = timeout(Duration::from_secs(1), say.reserve()).await {
        room.expect("goes on").send(large.clone());
        sent += 1;
        assert!(sent < COUNT, "there is room for everything");
    }
    let rest = tokio::spawn(async move {
        for _ in sent..COUNT {
            say.send(large.clone()).await.expect("goes on");
        }
    });
    let mut heard = 0;
    while answers.message().await.expect("is OK").is_some() {
        heard += 1;
    }
    rest.await.expect("sends the rest");
    assert_eq!(heard, COUNT);
}

/// Calls whose clients leave in the middle, in each of the ways there are. When they are
/// gone, so is everything that worked for them: neither method leaves a task behind.
#[tokio::test]
async fn no_task_outlives_its_call() {
    let any = "127.0.0.1:0".parse().expect("is an address");
    let incoming = TcpIncoming::bind(any).expect("listens");
    let address = incoming.local_addr().expect("has an address");
    let server = tonic::transport::Server::builder().add_routes(serving(GuessNumber));
    tokio::spawn(server.serve_with_incoming(incoming));
    let mut client = Client::connect(format!("http://{address}"))
        .await
        .expect("connects");

    // A first call, so that all is there that stays.
    let none = client.guess(tokio_stream::empty()).await.expect("begins");
    assert_eq!(none.into_inner().message().await.expect("is OK"), None);
    let tasks = Handle::current().metrics();
    turns(1000).await;
    let before = tasks.num_alive_tasks();
    for _ in 0..20 {
        let (say, said) = mpsc::channel(1);
        let mut call = Request::new(ReceiverStream::new(said));
        let handle = call.cancellation_handle();
        let mut answers = client.guess(call).await.expect("begins").into_inner();
        say.send(guess(1)).await.expect("goes on");
        answers
            .message()
            .await
            .expect("is OK")
            .expect("is an answer");
        handle.cancel();

        let (say, said) = mpsc::channel(1);
        say.send(message("1")).await.expect("has room");
        let call = client.echo(ReceiverStream::new(said)).await;
        let mut answers = call.expect("begins").into_inner();
        answers
            .message()
            .await
            .expect("is OK")
            .expect("is an answer");
        drop((say, answers));

        // Here the task waits for room: the answer to the second message is not read.
        let (say, said) = mpsc::channel(1);
        say.send(message("1")).await.expect("has room");
        let mut call = Request::new(ReceiverStream::new(said));
        let handle = call.cancellation_handle();
        let _answers = client.echo(call).await.expect("begins");
        say.send(message("x".repeat(3 << 20)))
            .await
            .expect("goes on");
        say.send(message("2")).await.expect("goes on");
        handle.cancel();
    }
    let gone = async {
        while tasks.num_alive_tasks() > before {
            yield_now().await;
        }
    };
    let in_time = timeout(Duration::from_secs(60), gone).await;
    in_time.expect("some task is still there");
}

// --- how a call can end

/// Conversations that go wrong as their messages ask for.
struct Trouble(UnboundedSender<&'static str>);

/// What a guess asks of [`Trouble`]; any other number is right.
const ERROR: i32 = -1;
const PANIC: i32 = -2;
const END: i32 = -3;
const ERROR_AT_THE_END: i32 = -4;

fn trouble_with() -> Status {
    Status::aborted("no more")
}

#[tonic::async_trait]
impl GuessNumberService for Trouble {
    /// With a task, as the lesson's Echo.
    type GuessStream = ReceiverStream<Result<GuessResponse, Status>>;

    async fn guess(
        &self,
        request: Request<Streaming<GuessRequest>>,
    ) -> Result<Response<Self::GuessStream>, Status> {
        let told = self.0.clone();
        let mut guesses = request.into_inner();
        let (answers, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            let _over = NotifyOnDrop(told.clone(), "over");
            let mut at_the_end = None;
            loop {
                let answer = match guesses.message().await {
                    Ok(Some(GuessRequest { number: END })) => break,
                    Ok(Some(GuessRequest { number: PANIC })) => panic!("as it was asked"),
                    Ok(Some(GuessRequest { number: ERROR })) => Err(trouble_with()),
                    Ok(Some(GuessRequest { number: ERROR_AT_THE_END })) => {
                        at_the_end = Some(trouble_with());
                        continue;
                    }
                    Ok(Some(GuessRequest { number })) => {
                        Ok(GuessResponse { number, verdict: "bingo".into() })
                    }
                    Ok(None) => {
                        let _ = told.send("no more guesses");
                        match at_the_end.take() {
                            Some(status) => Err(status),
                            None => break,
                        }
                    }
                    Err(status) => {
                        let _ = told.send("broken");
                        Err(status)
                    }
                };
                let ends = answer.is_err();
                let sent = answers.send(answer).await;
                let _ = told.send("answered");
                if ends || sent.is_err() {
                    break;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    /// Without a task, as the lesson's Guess.
    type EchoStream = FilterMap<Streaming<EchoRequest>, Answer>;

    async fn echo(
        &self,
        request: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<Self::EchoStream>, Status> {
        let _over = NotifyOnDrop(self.0.clone(), "method over");
        let mut messages = request.into_inner();
        let _ = self.0.send("begun");
        let Some(first) = messages.message().await? else {
            let _ = self.0.send("no first message");
            return Err(trouble_with());
        };
        match first.data.as_str() {
            "error" => Err(trouble_with()),
            "panic" => panic!("as it was asked"),
            _ => Ok(Response::new(messages.filter_map(answer))),
        }
    }
}

type Answer = fn(Result<EchoRequest, Status>) -> Option<Result<EchoResponse, Status>>;

fn answer(message: Result<EchoRequest, Status>) -> Option<Result<EchoResponse, Status>> {
    let message = message.map(|EchoRequest { data }| {
        assert!(data != "panic", "as it was asked");
        EchoResponse { data }
    });
    Some(message)
}

fn trouble() -> (KillableServer, UnboundedReceiver<&'static str>) {
    let (told, heard) = unbounded_channel();
    (KillableServer::start(serving(Trouble(told))), heard)
}

/// Waits until the server tells that.
async fn until(heard: &mut UnboundedReceiver<&'static str>, what: &str) {
    while heard.recv().await.expect("is told") != what {}
}

/// A call of Guess in which 5 was answered: both streams are open.
async fn talking(
    client: &mut Client,
) -> (Sender<GuessRequest>, Streaming<GuessResponse>) {
    let (say, said) = mpsc::channel(1);
    let call = client.guess(ReceiverStream::new(said)).await;
    let mut answers = call.expect("begins").into_inner();
    say.send(guess(5)).await.expect("goes on");
    let answer = answers.message().await.expect("is OK");
    assert_eq!(answer.map(|a| a.number), Some(5));
    (say, answers)
}

/// How a call ends that has no more answers.
async fn end<T: std::fmt::Debug>(answers: &mut Streaming<T>) -> String {
    match answers.message().await {
        Ok(None) => "`OK`".into(),
        Ok(Some(answer)) => panic!("{answer:?} is one more"),
        Err(status) => status_cell(&status),
    }
}

/// Each side ends by itself: answers come after the client has said all, and what the
/// server said before it ended can be read long after.
#[tokio::test]
async fn the_two_ends_are_independent() {
    let (server, mut heard) = trouble();
    let mut client = Client::new(server.channel().await);
    let (say, mut answers) = talking(&mut client).await;
    say.send(guess(ERROR_AT_THE_END)).await.expect("goes on");
    drop(say);
    until(&mut heard, "no more guesses").await;
    assert_eq!(end(&mut answers).await, "`ABORTED`: `no more`");

    let (say, said) = mpsc::channel(1);
    let call = client.guess(ReceiverStream::new(said)).await;
    let answers = call.expect("begins").into_inner();
    for number in [1, 2, 3, END] {
        say.send(guess(number)).await.expect("goes on");
    }
    // The server has ended the call, and its RST_STREAM is here.
    say.closed().await;
    say.send(guess(4)).await.expect_err("goes nowhere");
    let numbers = answers.map(|answer| answer.map(|a| a.number));
    let numbers: Result<Vec<i32>, Status> = numbers.collect().await;
    assert_eq!(numbers.expect("ends with OK"), [1, 2, 3]);
}

/// The server's stream of requests ends in the same way when the client has said all and
/// when it has cancelled the call.
#[tokio::test]
async fn a_client_that_left_looks_like_one_that_has_said_all() {
    let (server, mut heard) = trouble();
    let mut client = Client::new(server.channel().await);
    let (say, answers) = talking(&mut client).await;
    drop(say);
    until(&mut heard, "no more guesses").await;
    until(&mut heard, "over").await;
    drop(answers);

    let (say, said) = mpsc::channel(1);
    let mut call = Request::new(ReceiverStream::new(said));
    let handle = call.cancellation_handle();
    let _answers = client.guess(call).await.expect("begins");
    say.send(guess(5)).await.expect("goes on");
    until(&mut heard, "answered").await;
    handle.cancel();
    until(&mut heard, "no more guesses").await;
    until(&mut heard, "over").await;

    // If the connection breaks, that is an error. What the client holds stays until then:
    // dropped earlier, it would still cancel the call.
    let runtime = Runtime::new().expect("has threads");
    let call = runtime.spawn(async move {
        let mut client = Client::new(server.channel().await);
        (talking(&mut client).await, server)
    });
    let _call = call.await.expect("talks");
    runtime.shutdown_background();
    until(&mut heard, "broken").await;
    until(&mut heard, "over").await;
}

/// Before the headers are here, a dropped call is cancelled as a whole. Afterwards the
/// answers and what the client sends with are two things: see [`ends`].
#[tokio::test]
async fn a_call_without_headers_ends_when_it_is_dropped() {
    let (server, mut heard) = trouble();
    let mut client = Client::new(server.channel().await);
    let (say, said) = mpsc::channel(1);
    {
        let mut call = std::pin::pin!(client.echo(ReceiverStream::new(said)));
        tokio::select! {
            _ = &mut call => panic!("headers before the first message"),
            () = until(&mut heard, "begun") => {}
        }
    }
    // The method goes on first: to it the client has said all.
    until(&mut heard, "no first message").await;
    until(&mut heard, "method over").await;
    say.closed().await;
}

/// The notes' server has ten threads, so the eleventh conversation waits for one of ten to
/// end. Here one that is open costs a task.
#[tokio::test]
async fn a_thousand_open_conversations_do_not_hold_up_another() {
    let server = KillableServer::start(serving(GuessNumber));
    let mut client = Client::new(server.channel().await);
    let mut open = Vec::new();
    for _ in 0..1000 {
        open.push(talking(&mut client).await);
    }
    talking(&mut client).await;
}

#[tokio::test]
async fn ends() {
    let (server, mut heard) = trouble();
    let mut client = Client::new(server.channel().await);
    let mut ends: Vec<Ending> = Vec::new();
    let after = |end: String| format!("one answer, then {end}");

    let call = client.echo(tokio_stream::iter([message("error")])).await;
    ends.push(Ending {
        when: "the method returns an error, and no stream",
        sees: format!("no answer, {}", status_cell(&call.expect_err("an error"))),
        specified: "",
    });

    let (say, mut answers) = talking(&mut client).await;
    say.send(guess(ERROR)).await.expect("goes on");
    ends.push(Ending {
        when: "the server's stream has an error in the middle",
        sees: after(end(&mut answers).await),
        specified: "",
    });
    say.closed().await;

    let (say, mut answers) = talking(&mut client).await;
    say.send(guess(ERROR_AT_THE_END)).await.expect("goes on");
    drop(say);
    ends.push(Ending {
        when: "the client has said all, then the server's stream has an error",
        sees: after(end(&mut answers).await),
        specified: "",
    });

    let (say, mut answers) = talking(&mut client).await;
    say.send(guess(END)).await.expect("goes on");
    say.closed().await;
    ends.push(Ending {
        when: "the server's stream ends first",
        sees: after(end(&mut answers).await) + "; what it says from now on goes nowhere",
        specified: "",
    });

    let call = client.echo(tokio_stream::iter([message("panic")])).await;
    ends.push(Ending {
        when: "the method panics",
        sees: format!("no answer, {}", status_cell(&call.expect_err("an error"))),
        specified: "`UNKNOWN`",
    });

    let (say, said) = mpsc::channel(1);
    say.send(message("first")).await.expect("has room");
    let call = client.echo(ReceiverStream::new(said)).await;
    let mut answers = call.expect("begins").into_inner();
    say.send(message("5")).await.expect("goes on");
    answers
        .message()
        .await
        .expect("is OK")
        .expect("is an answer");
    say.send(message("panic")).await.expect("goes on");
    ends.push(Ending {
        when: "the server's stream panics, as a `FilterMap` would",
        sees: after(end(&mut answers).await),
        specified: "`UNKNOWN`",
    });

    let (say, mut answers) = talking(&mut client).await;
    say.send(guess(PANIC)).await.expect("goes on");
    ends.push(Ending {
        when: "the task behind the server's channel panics",
        sees: after(end(&mut answers).await) + ", as if nothing had happened",
        specified: "tonic knows nothing of your task: you sent no error",
    });
    say.closed().await;

    let large = client.clone().max_decoding_message_size(32);
    let (say, said) = mpsc::channel(1);
    say.send(message("first")).await.expect("has room");
    let call = { large }.echo(ReceiverStream::new(said)).await;
    let mut answers = call.expect("begins").into_inner();
    say.send(message("5")).await.expect("goes on");
    answers
        .message()
        .await
        .expect("is OK")
        .expect("is an answer");
    say.send(message("x".repeat(31))).await.expect("goes on");
    ends.push(Ending {
        when: "an answer is larger than the client allows, here 32 bytes",
        sees: after(end(&mut answers).await),
        specified: "`RESOURCE_EXHAUSTED`",
    });
    drop((say, answers));

    let (say, said) = mpsc::channel(1);
    say.send(message("first")).await.expect("has room");
    let call = client.echo(ReceiverStream::new(said)).await;
    let mut answers = call.expect("begins").into_inner();
    say.send(message("5")).await.expect("goes on");
    answers
        .message()
        .await
        .expect("is OK")
        .expect("is an answer");
    say.send(message("x".repeat(4 << 20)))
        .await
        .expect("goes on");
    ends.push(Ending {
        when: "a message is larger than the server allows, 4 MiB, and the method hands the error on",
        sees: after(end(&mut answers).await),
        specified: "`RESOURCE_EXHAUSTED`",
    });

    let (say, said) = mpsc::channel(1);
    let mut call = Request::new(ReceiverStream::new(said));
    call.set_timeout(Duration::from_millis(1));
    let late = client.echo(call).await.expect_err("an error");
    ends.push(Ending {
        when: "the deadline passes before the server's headers are here",
        sees: format!("no answer, {}", status_cell(&late)),
        specified: "`DEADLINE_EXCEEDED`",
    });
    drop(say);

    let deadline = Duration::from_secs(1);
    let (say, said) = mpsc::channel(1);
    let mut call = Request::new(ReceiverStream::new(said));
    call.set_timeout(deadline);
    let mut answers = client.guess(call).await.expect("begins").into_inner();
    let begun = Instant::now();
    let mut is_over = false;
    while !is_over {
        is_over = begun.elapsed() > deadline;
        say.send(guess(5)).await.expect("goes on");
        answers
            .message()
            .await
            .expect("is OK")
            .expect("is an answer");
    }
    drop(say);
    ends.push(Ending {
        when: "the deadline passes after the headers",
        sees: format!("nothing: every answer comes, then {}", end(&mut answers).await),
        specified: "`DEADLINE_EXCEEDED`",
    });

    while heard.try_recv().is_ok() {}
    let (say, answers) = talking(&mut client).await;
    drop(answers);
    say.send(guess(6)).await.expect("goes on");
    until(&mut heard, "answered").await;
    until(&mut heard, "answered").await;
    ends.push(Ending {
        when: "the client drops its answers, and keeps what it sends with",
        sees: "nothing, and the call goes on: the server answers, and nobody reads"
            .into(),
        specified: "elsewhere a call is cancelled as a whole",
    });
    drop(say);
    until(&mut heard, "over").await;
    ends.push(Ending {
        when: "the client drops both",
        sees: "nothing, it no longer waits; the server drops its stream".into(),
        specified: "`CANCELLED`, on both sides",
    });

    let (say, said) = mpsc::channel(1);
    let mut call = Request::new(ReceiverStream::new(said));
    let handle = call.cancellation_handle();
    let mut answers = client.guess(call).await.expect("begins").into_inner();
    say.send(guess(5)).await.expect("goes on");
    answers
        .message()
        .await
        .expect("is OK")
        .expect("is an answer");
    handle.cancel();
    until(&mut heard, "over").await;
    ends.push(Ending {
        when: "the client cancels, with `Request::cancellation_handle`",
        sees: after(end(&mut answers).await),
        specified: "",
    });

    let (_say, mut answers) = talking(&mut client).await;
    server.kill();
    ends.push(Ending {
        when: "the server dies",
        sees: after(end(&mut answers).await),
        specified: "`UNAVAILABLE`",
    });
    written("book/generated/09-guess-number-ends.md", &table(&ends));
}

// --- the programs

fn finished(code: i32, output: &str) -> Finished {
    Finished { code: Some(code), output: output.into() }
}

#[test]
fn the_client_plays_the_chapter() {
    let server = Server::start(lesson());
    let says =
        |args: &[&str]| run(&mut programs::client(lesson(), &server.address, args));
    assert_eq!(
        says(&["5", "19", "3", "3"]),
        finished(0, "bingo: 5\nbingo: 3\nbingo: 3\n")
    );
    assert_eq!(says(&["-1", "10", "2147483647", "-2147483648"]), finished(0, ""));
    let random = says(&["--seed", "9"]);
    assert_eq!(random, says(&["--seed", "9"]));
    let guessing = random.output.lines().next().unwrap_or_default();
    let numbers = guessing
        .trim_start_matches("guessing [")
        .trim_end_matches(']');
    let numbers: Vec<i32> = numbers
        .split(", ")
        .map(|number| number.parse().expect("is a number"))
        .collect();
    assert_eq!(numbers.len(), 10);
    assert!(numbers.iter().all(|number| (1..=20).contains(number)));
    let right = numbers.iter().filter(|number| is_right(**number));
    let right: String = right.map(|number| format!("bingo: {number}\n")).collect();
    assert_eq!(random, finished(0, &format!("{guessing}\n{right}")));

    let turns = "client: a\nserver: service send client a\n\
                 client: b\nserver: service send client b\n";
    assert_eq!(says(&["echo", "a", "b"]), finished(0, turns));
    assert_eq!(says(&["echo"]).output.lines().count(), 6);
    let Finished { code, output } = server.stop();
    assert_eq!(code, Some(0));
    let calls = "Guess -> started\n".repeat(4) + &"Echo -> started\n".repeat(2);
    assert!(output.contains(&format!("\n{calls}lesson-9-server stopping\n")), "{output}");
}

/// A line is typed when the one before it was answered, and the program runs on.
#[test]
fn answers_come_while_the_reader_types() {
    let server = Server::start(lesson());
    for (args, lines) in [
        (
            &["-"][..],
            &[
                ("5\n", "bingo: 5\n"),
                (" 9 \n", "bingo: 9\n"),
                (
                    "12\n-4\nfive\n",
                    "\"five\" is no int32, a number from -2147483648 to 2147483647: left out\n",
                ),
                ("0\n", "bingo: 0\n"),
            ][..],
        ),
        (
            &["echo", "-"],
            &[
                ("hi\n", "client: hi\nserver: service send client hi\n"),
                ("you\n", "client: you\nserver: service send client you\n"),
            ],
        ),
    ] {
        let mut client = programs::client(lesson(), &server.address, args);
        let (mut child, output) = spawn(client.stdin(Stdio::piped()));
        let mut stdin = child.stdin.take().expect("is piped");
        let mut output = BufReader::new(output);
        for (typed, answer) in lines {
            stdin.write_all(typed.as_bytes()).expect("types");
            let mut read = String::new();
            while read.len() < answer.len() {
                output.read_line(&mut read).expect("reads a pipe");
            }
            assert_eq!(read, *answer);
        }
        drop(stdin);
        let mut rest = String::new();
        output.read_to_string(&mut rest).expect("reads a pipe");
        assert_eq!(rest, "");
        assert!(child.wait().expect("waits for a child").success());
    }
}

/// Found before a call is made: no server runs.
#[test]
fn wrong_arguments() {
    for (args, mistake) in [
        (&["x"][..], "it is no int32"),
        (&["2147483648"], "it is no int32"),
        (&["5", "-"], "- is for standard input, and stands alone"),
        (&["--seed", "x"], "invalid digit"),
        (&["--break", "x"], "invalid value"),
    ] {
        let Finished { code, output } =
            run(&mut programs::client(lesson(), "127.0.0.1:1", args));
        assert_eq!(code, Some(2), "{output}");
        assert!(output.contains(mistake), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}

#[test]
fn broken_calls_end_as_the_chapter_says() {
    let server = Server::start(lesson());
    for (name, code, output) in [
        ("deadlock", 1, "Error: a second without headers: both sides wait\n"),
        ("full", 1, "Error: a second without room for a message: both sides wait\n"),
        (
            "leave",
            0,
            "bingo: 5\nleft: a guess would go nowhere now\n\
             client: and you?\nserver: service send client and you?\n",
        ),
        (
            "wrong-message",
            1,
            "bingo: 5\nthe server has ended the call: a guess would go nowhere now\n\
             Error: the call ended with INTERNAL (13): failed to decode Protobuf message: \
             GuessRequest.number: invalid wire type: LengthDelimited (expected Varint)\n",
        ),
        ("other-message", 0, "bingo: 5\nbingo: 7\n"),
    ] {
        let args = ["--break", name];
        let mut client = programs::client(lesson(), &server.address, &args);
        assert_eq!(run(&mut client), finished(code, output), "{name}");
    }
    let answer = run(&mut programs::client(lesson(), &server.address, &["3"]));
    assert_eq!(answer, finished(0, "bingo: 3\n"));
}

// --- the page

/// The chapter's excerpts of the generated code: the trait and the client's method.
#[test]
fn generated_code() {
    let code = &support::generated("guess_number.v1.rs");
    let excerpt = |from, to| support::excerpt(code, from, to);
    written(
        "book/generated/09-guess-number-trait.rs",
        &excerpt("pub trait GuessNumberService", "\n    }"),
    );
    written(
        "book/generated/09-guess-number-client.rs",
        &excerpt("pub async fn guess(", "\n        }"),
    );
}
