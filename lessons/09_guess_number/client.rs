//! `lesson-9-client`: guesses numbers, and talks to the echo, in calls in which both sides send
//! a stream.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use grpc_workbook::calculator::proto::{CalculateRequest, Operation};
use grpc_workbook::cli::{self, Failure, Source};
use grpc_workbook::guess_number::proto::{
    EchoRequest, EchoResponse, GuessRequest, GuessResponse,
    guess_number_service_client::GuessNumberServiceClient,
};
use grpc_workbook::raw;
use prost::Message;
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt, iter};
use tonic::Request;
use tonic::transport::Channel;

type Client = GuessNumberServiceClient<Channel>;

#[derive(clap::Args)]
struct Args {
    /// The numbers to guess; - reads them from standard input, one a line; without any, ten
    /// random numbers are guessed
    #[arg(allow_negative_numbers = true, value_parser = Source::parser(cli::int32))]
    numbers: Vec<Source<i32>>,
    /// Take the random numbers of this seed, the same ones each time
    #[arg(long, conflicts_with = "numbers")]
    seed: Option<u64>,
    // Without one, the client guesses.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Talk to Echo: each message is sent when the response to the one before is here
    Echo {
        /// What to say; - reads it from standard input, one message a line
        #[arg(default_values = ["1", "2", "3"], value_parser = Source::parser(cli::text))]
        messages: Vec<Source<String>>,
    },
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// wait for the server before the first message is on its way
    Deadlock,
    /// send everything before anything is read
    Full,
    /// cancel the call after one response, then call again
    Leave,
    /// send a city in the middle of the guesses
    WrongMessage,
    /// send a calculation of lesson 6 to the guessing game
    OtherMessage,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(9);
    let numbers = Source::of(args.numbers);
    let messages = args
        .command
        .map(|Command::Echo { messages }| Source::of(messages));
    let channel = cli::connect(&server).await?;
    if let Some(fault) = fault {
        return play_fault(channel, fault).await;
    }
    let mut client = Client::new(channel);
    match (messages, numbers) {
        (Some(Source::Given(messages)), _) => echo(&mut client, iter(messages)).await,
        (Some(Source::Stdin), _) => echo(&mut client, cli::lines()).await,
        (None, Source::Stdin) => guess(&mut client, cli::numbers()).await,
        (None, Source::Given(numbers)) if numbers.is_empty() => {
            let numbers: Vec<i32> = cli::random(args.seed, 1..=20).take(10).collect();
            println!("guessing {numbers:?}");
            guess(&mut client, iter(numbers)).await
        }
        (None, Source::Given(numbers)) => guess(&mut client, iter(numbers)).await,
    }
}

// ANCHOR: guess
/// Guesses numbers as they come, and prints responses as they come.
async fn guess(
    client: &mut Client,
    numbers: impl Stream<Item = i32> + Send + 'static,
) -> Result<(), Failure> {
    let guesses = numbers.map(|number| GuessRequest { number });
    // From here on the connection takes guesses out of the stream, and sends them.
    let mut responses = client.guess(guesses).await?.into_inner();
    while let Some(GuessResponse { number, verdict }) = responses.message().await? {
        println!("{verdict}: {number}");
    }
    Ok(())
}
// ANCHOR_END: guess

// ANCHOR: echo
/// Sends each message when the response to the one before is here.
async fn echo(
    client: &mut Client,
    mut messages: impl Stream<Item = String> + Unpin,
) -> Result<(), Failure> {
    let Some(data) = messages.next().await else {
        return Ok(());
    };
    println!("client: {data}");
    let (tx, rx) = mpsc::channel(1);
    // The first message is in the channel when the call begins: the server sends nothing
    // before it has that one, and the next line waits for the server's headers.
    tx.send(EchoRequest { data }).await?;
    let mut responses = client.echo(ReceiverStream::new(rx)).await?.into_inner();
    while let Some(EchoResponse { data }) = responses.message().await? {
        println!("server: {data}");
        let Some(data) = messages.next().await else {
            break;
        };
        println!("client: {data}");
        if tx.send(EchoRequest { data }).await.is_err() {
            // The server has ended the call. The responses tell why.
            break;
        }
    }
    // Ends our stream. The server may still send; then comes the status.
    drop(tx);
    while let Some(EchoResponse { data }) = responses.message().await? {
        println!("server: {data}");
    }
    Ok(())
}
// ANCHOR_END: echo

async fn play_fault(channel: Channel, fault: Fault) -> Result<(), Failure> {
    let mut client = Client::new(channel.clone());
    match fault {
        Fault::Deadlock => deadlock(&mut client).await,
        Fault::Full => full(&mut client).await,
        Fault::Leave => leave(&mut client).await,
        Fault::WrongMessage => {
            // Field 1, as in a guess, but a string: a City of the notes.
            send(channel, b"\x0a\x05wuhan".to_vec()).await
        }
        Fault::OtherMessage => {
            let operation = Operation::Divide.into();
            let calculation = CalculateRequest { left: 7, operation, right: 2 };
            send(channel, calculation.encode_to_vec()).await
        }
    }
}

/// How long `deadlock` and `full` wait for what never happens.
const PATIENCE: Duration = Duration::from_secs(1);

// ANCHOR: deadlock
async fn deadlock(client: &mut Client) -> Result<(), Failure> {
    let (tx, rx) = mpsc::channel(1);
    let call = client.echo(ReceiverStream::new(rx));
    // The server waits for the first message, and this line for the server.
    let Ok(response) = timeout(PATIENCE, call).await else {
        return Err(Failure::new("a second without headers: both sides wait"));
    };
    let mut responses = response?.into_inner();
    tx.send(EchoRequest { data: "too late".into() }).await?;
    responses.message().await?;
    Ok(())
}
// ANCHOR_END: deadlock

// ANCHOR: full
async fn full(client: &mut Client) -> Result<(), Failure> {
    let (tx, rx) = mpsc::channel(1);
    let large = EchoRequest { data: "x".repeat(64 * 1024) };
    tx.send(large.clone()).await?;
    let mut responses = client.echo(ReceiverStream::new(rx)).await?.into_inner();
    for _ in 1..1000 {
        let Ok(sent) = timeout(PATIENCE, tx.send(large.clone())).await else {
            let line = "a second without room for a message: both sides wait";
            return Err(Failure::new(line));
        };
        if sent.is_err() {
            // The server has ended the call. The responses tell why.
            break;
        }
    }
    drop(tx);
    while responses.message().await?.is_some() {}
    Ok(())
}
// ANCHOR_END: full

// ANCHOR: leave
async fn leave(client: &mut Client) -> Result<(), Failure> {
    let (tx, rx) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(rx));
    let handle = request.cancellation_handle();
    // Guess sends its headers at once: this does not wait for the first guess.
    let mut responses = client.guess(request).await?.into_inner();
    // This fails if the server has ended the call already; the next line then tells why.
    let _ = tx.send(GuessRequest { number: 5 }).await;
    if let Some(GuessResponse { number, verdict }) = responses.message().await? {
        println!("{verdict}: {number}");
    }
    handle.cancel();
    tx.closed().await;
    println!("left: a guess would go nowhere now");
    echo(client, iter(["and you?".to_string()])).await
}
// ANCHOR_END: leave

/// Guesses 5, then sends bytes that a generated client would not send.
async fn send(channel: Channel, message: Vec<u8>) -> Result<(), Failure> {
    let (tx, rx) = mpsc::channel(1);
    let path = "/guess_number.v1.GuessNumberService/Guess";
    let response = raw::streaming(channel, path, ReceiverStream::new(rx)).await?;
    let mut responses = response.into_inner();
    for message in [GuessRequest { number: 5 }.encode_to_vec(), message] {
        // As in `leave`: if the call has ended, the responses tell why.
        let _ = tx.send(Bytes::from(message)).await;
        match responses.message().await {
            Ok(Some(response)) => {
                let GuessResponse { number, verdict } = GuessResponse::decode(response)?;
                println!("{verdict}: {number}");
            }
            Ok(None) => break,
            Err(status) => {
                tx.closed().await;
                println!("the server has ended the call: a guess would go nowhere now");
                return Err(status.into());
            }
        }
    }
    drop(tx);
    responses.message().await?;
    Ok(())
}
