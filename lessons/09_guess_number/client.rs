//! `lesson-9-client`: guesses numbers, and talks to the echo.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use grpc_workbook::calculator::proto::{CalculateRequest, Operation};
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::guess_number::proto::{
    EchoRequest, EchoResponse, GuessRequest, GuessResponse,
    guess_number_service_client::GuessNumberServiceClient,
};
use grpc_workbook::raw::RawCodec;
use prost::Message;
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;

#[derive(clap::Args)]
struct Args {
    /// The numbers to guess; `-` reads them, a line each; without any, ten at random
    #[arg(allow_negative_numbers = true, value_parser = number)]
    numbers: Vec<Number>,
    /// Take the same random numbers each time
    #[arg(long)]
    seed: Option<u64>,
    #[command(subcommand)]
    other: Option<Other>,
}

#[derive(Clone, Copy, PartialEq)]
enum Number {
    Given(i32),
    /// Those of standard input.
    Typed,
}

#[derive(Subcommand)]
enum Other {
    /// Talk to Echo: each message is sent when the one before it was answered
    Echo {
        /// What to say; `-` reads it, a line each
        #[arg(default_values = ["1", "2", "3"])]
        messages: Vec<String>,
    },
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// wait for the server before the first message is on its way
    Deadlock,
    /// send everything before anything is read
    Full,
    /// walk away after one answer, then call again
    Leave,
    /// send a city in the middle of the guesses
    WrongMessage,
    /// send a calculation of lesson 6 to the guessing game
    OtherMessage,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::Client { server, fault, args } = cli::client::<Args, Fault>(9);
    if args.numbers.len() > 1 && args.numbers.contains(&Number::Typed) {
        cli::fail(2, "- is for standard input, and stands alone");
    }
    let channel = cli::connect(&server).await?;
    let client = Client::new(channel.clone());
    match fault {
        None => play(client, args).await,
        Some(Fault::Deadlock) => deadlock(client).await,
        Some(Fault::Full) => full(client).await,
        Some(Fault::Leave) => leave(client).await,
        Some(Fault::WrongMessage) => {
            // Field 1, as in a guess, but a string: a City of the notes.
            send(channel, b"\x0a\x05wuhan".to_vec()).await
        }
        Some(Fault::OtherMessage) => {
            let operation = Operation::Divide.into();
            let calculation = CalculateRequest { left: 7, operation, right: 2 };
            send(channel, calculation.encode_to_vec()).await
        }
    }
}

type Client = GuessNumberServiceClient<Channel>;

async fn play(client: Client, args: Args) -> Result<(), Failure> {
    match (args.other, &args.numbers[..]) {
        (Some(Other::Echo { messages }), _) => match &messages[..] {
            [dash] if dash == "-" => echo(client, cli::lines()).await,
            _ => echo(client, tokio_stream::iter(messages)).await,
        },
        (None, []) => {
            let numbers: Vec<i32> = cli::random(args.seed, 1..=20).take(10).collect();
            println!("guessing {numbers:?}");
            guess(client, tokio_stream::iter(numbers)).await
        }
        (None, [Number::Typed]) => guess(client, cli::numbers()).await,
        (None, numbers) => {
            let given = numbers.iter().filter_map(|number| match number {
                Number::Given(number) => Some(*number),
                Number::Typed => None,
            });
            let given: Vec<i32> = given.collect();
            guess(client, tokio_stream::iter(given)).await
        }
    }
}

fn number(text: &str) -> Result<Number, &'static str> {
    match text {
        "-" => Ok(Number::Typed),
        _ => match text.parse() {
            Ok(number) => Ok(Number::Given(number)),
            Err(_) => Err("it is no int32"),
        },
    }
}

// ANCHOR: guess
/// Guesses numbers as they come, and prints answers as they come.
async fn guess<S>(mut client: Client, numbers: S) -> Result<(), Failure>
where
    S: Stream<Item = i32> + Send + 'static,
{
    let guesses = numbers.map(|number| GuessRequest { number });
    // From here on the connection takes guesses out of the stream, and sends them.
    let mut answers = client.guess(guesses).await?.into_inner();
    while let Some(GuessResponse { number, verdict }) = answers.message().await? {
        println!("{verdict}: {number}");
    }
    Ok(())
}
// ANCHOR_END: guess

// ANCHOR: echo
/// Says each message when the one before it was answered.
async fn echo<S>(mut client: Client, mut messages: S) -> Result<(), Failure>
where
    S: Stream<Item = String> + Unpin,
{
    let Some(data) = messages.next().await else {
        return Ok(());
    };
    println!("client: {data}");
    let (say, said) = mpsc::channel(1);
    // The first message is in the channel when the call begins: the server sends nothing
    // before it has that one, and the next line waits for the server's headers.
    say.send(EchoRequest { data }).await?;
    let mut answers = client.echo(ReceiverStream::new(said)).await?.into_inner();
    while let Some(EchoResponse { data }) = answers.message().await? {
        println!("server: {data}");
        let Some(data) = messages.next().await else {
            break;
        };
        println!("client: {data}");
        if say.send(EchoRequest { data }).await.is_err() {
            // The server has ended the call. Why, the answers tell.
            break;
        }
    }
    // We have said all. The server may still speak; then it says how it went.
    drop(say);
    while let Some(EchoResponse { data }) = answers.message().await? {
        println!("server: {data}");
    }
    Ok(())
}
// ANCHOR_END: echo

/// How long we wait here for what never happens.
const PATIENCE: Duration = Duration::from_secs(1);

// ANCHOR: deadlock
async fn deadlock(mut client: Client) -> Result<(), Failure> {
    let (say, said) = mpsc::channel(1);
    let call = client.echo(ReceiverStream::new(said));
    // The server waits for the first message, and this line for the server.
    let Ok(response) = timeout(PATIENCE, call).await else {
        return Err(Failure::new("a second without headers: both sides wait"));
    };
    say.send(EchoRequest { data: "too late".into() }).await?;
    response?.into_inner().message().await?;
    Ok(())
}
// ANCHOR_END: deadlock

// ANCHOR: full
async fn full(mut client: Client) -> Result<(), Failure> {
    let (say, said) = mpsc::channel(1);
    let large = EchoRequest { data: "x".repeat(64 * 1024) };
    say.send(large.clone()).await?;
    let mut answers = client.echo(ReceiverStream::new(said)).await?.into_inner();
    for _ in 1..1000 {
        let Ok(sent) = timeout(PATIENCE, say.send(large.clone())).await else {
            let line = "a second without room for a message: both sides wait";
            return Err(Failure::new(line));
        };
        sent?;
    }
    drop(say);
    while answers.message().await?.is_some() {}
    Ok(())
}
// ANCHOR_END: full

// ANCHOR: leave
async fn leave(mut client: Client) -> Result<(), Failure> {
    let (say, guesses) = mpsc::channel(1);
    let mut call = Request::new(ReceiverStream::new(guesses));
    let handle = call.cancellation_handle();
    // Guess sends its headers at once: this does not wait for the first guess.
    let mut answers = client.guess(call).await?.into_inner();
    say.send(GuessRequest { number: 5 }).await?;
    if let Some(GuessResponse { number, verdict }) = answers.message().await? {
        println!("{verdict}: {number}");
    }
    handle.cancel();
    say.closed().await;
    println!("left: a guess would go nowhere now");
    echo(client, tokio_stream::iter(["and you?".to_string()])).await
}
// ANCHOR_END: leave

/// Guesses 5, then sends bytes that a generated client would not send.
async fn send(channel: Channel, message: Vec<u8>) -> Result<(), Failure> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await?;
    let path = "/guess_number.v1.GuessNumberService/Guess";
    let (say, said) = mpsc::channel(1);
    let call = Request::new(ReceiverStream::new(said));
    let path = PathAndQuery::from_static(path);
    let mut answers = grpc.streaming(call, path, RawCodec).await?.into_inner();
    for message in [GuessRequest { number: 5 }.encode_to_vec(), message] {
        say.send(Bytes::from(message)).await?;
        match answers.message().await {
            Ok(Some(answer)) => {
                let GuessResponse { number, verdict } = GuessResponse::decode(answer)?;
                println!("{verdict}: {number}");
            }
            Ok(None) => break,
            Err(status) => {
                say.closed().await;
                println!("the server has ended the call: a guess would go nowhere now");
                return Err(status.into());
            }
        }
    }
    drop(say);
    answers.message().await?;
    Ok(())
}
