//! `lesson-8-client`: sends many messages in one call, and prints the one response.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, CollectRequest, accumulate_service_client::AccumulateServiceClient,
};
use grpc_workbook::cli::{self, Failure, Source};
use grpc_workbook::raw;
use grpc_workbook::status::status_line;
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt, iter, pending};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request};

type Client = AccumulateServiceClient<Channel>;

#[derive(clap::Args)]
struct Args {
    /// The numbers to add up; - reads them from standard input, one a line; without any, ten
    /// random numbers are added up
    #[arg(allow_negative_numbers = true, value_parser = Source::parser(cli::int32))]
    numbers: Vec<Source<i32>>,
    /// Take the random numbers of this seed, the same ones each time
    #[arg(long, conflicts_with = "numbers")]
    seed: Option<u64>,
    // Without one, the client adds up numbers.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Collect words instead
    Collect {
        /// The words to collect; - reads them from standard input, one a line
        #[arg(value_parser = Source::parser(cli::text))]
        words: Vec<Source<String>>,
    },
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// send numbers whose sum does not fit in an int32
    DoesNotFit,
    /// send bytes that cannot be decoded, in the middle
    NotAMessage,
    /// go on sending after the response
    EarlyResponse,
    /// end the stream where something went wrong
    EndTooSoon,
    /// send three numbers, then cancel the call
    Leave,
    /// never end the stream, with a deadline
    Deadline,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(8);
    let numbers = Source::of(args.numbers);
    let words = args
        .command
        .map(|Command::Collect { words }| Source::of(words));
    let channel = cli::connect(&server).await?;
    if let Some(fault) = fault {
        return play_fault(channel, fault).await;
    }
    let mut client = Client::new(channel);
    match (words, numbers) {
        (Some(Source::Given(words)), _) => collect(&mut client, iter(words)).await,
        (Some(Source::Stdin), _) => collect(&mut client, cli::lines()).await,
        (None, Source::Stdin) => accumulate(&mut client, cli::numbers()).await,
        (None, Source::Given(numbers)) if numbers.is_empty() => {
            accumulate(&mut client, iter(ten_random(args.seed))).await
        }
        (None, Source::Given(numbers)) => accumulate(&mut client, iter(numbers)).await,
    }
}

// ANCHOR: accumulate
fn ten_random(seed: Option<u64>) -> impl Iterator<Item = i32> + Send + 'static {
    let numbers = cli::random(seed, 1..=100).take(10);
    // An iterator is lazy: a number is printed when tonic asks for it.
    numbers.inspect(|number| println!("{number}"))
}

async fn accumulate(
    client: &mut Client,
    deltas: impl Stream<Item = i32> + Send + 'static,
) -> Result<(), Failure> {
    let requests = deltas.map(|delta| AccumulateRequest { delta });
    let response = client.accumulate(requests).await?;
    println!("sum = {}", response.into_inner().sum);
    Ok(())
}
// ANCHOR_END: accumulate

async fn collect(
    client: &mut Client,
    words: impl Stream<Item = String> + Send + 'static,
) -> Result<(), Failure> {
    let requests = words.map(|data| CollectRequest { data });
    let response = client.collect(requests).await?;
    println!("{:?}", response.into_inner());
    Ok(())
}

async fn play_fault(channel: Channel, fault: Fault) -> Result<(), Failure> {
    let mut client = Client::new(channel.clone());
    match fault {
        Fault::DoesNotFit => accumulate(&mut client, iter([i32::MAX, 1])).await,
        Fault::NotAMessage => not_a_message(channel).await,
        Fault::EarlyResponse => early_response(&mut client).await,
        Fault::EndTooSoon => {
            // map_while ends the stream at the first text that gives None.
            let texts = iter(["1", "2", "three", "4"]);
            accumulate(&mut client, texts.map_while(number)).await
        }
        Fault::Leave => leave(&mut client).await,
        Fault::Deadline => deadline(&mut client).await,
    }
}

fn number(text: &str) -> Option<i32> {
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => {
            println!("read {text:?}: not a number");
            None
        }
    }
}

/// Sends bytes of our choice: a generated client encodes messages only.
async fn not_a_message(channel: Channel) -> Result<(), Failure> {
    // The second one says that a length follows, where a varint belongs.
    let messages: [&[u8]; 3] = [b"\x08\x01", b"\x0a\xff", b"\x08\x02"];
    let messages = iter(messages.map(Bytes::from_static));
    let path = "/accumulate.v1.AccumulateService/Accumulate";
    let response = raw::client_streaming(channel, path, messages).await?;
    println!("the server answered {:?}", response.into_inner());
    Ok(())
}

// ANCHOR: early_response
async fn early_response(client: &mut Client) -> Result<(), Failure> {
    let (tx, rx) = mpsc::channel(1);
    let send = async {
        for word in ["one", "close"] {
            tx.send(CollectRequest { data: word.into() }).await?;
            println!("sent {word:?}");
        }
        // When the call is over, tonic drops the stream, and with it the receiver.
        tx.closed().await;
        if let Err(error) = tx.send(CollectRequest { data: "two".into() }).await {
            println!("could not send \"two\": {error}");
        }
        Ok(())
    };
    // ReceiverStream makes a stream of the channel: for messages that come bit by bit.
    let call = client.collect(ReceiverStream::new(rx));
    let (response, sent) = tokio::join!(call, send);
    println!("{:?}", response?.into_inner());
    sent
}
// ANCHOR_END: early_response

// ANCHOR: leave
async fn leave(client: &mut Client) -> Result<(), Failure> {
    let mut other = client.clone();
    let (tx, rx) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(rx));
    let handle = request.cancellation_handle();
    let send_three_and_leave = async {
        for delta in [1, 2, 3] {
            tx.send(AccumulateRequest { delta }).await?;
            println!("sent {delta}");
        }
        // Once this other call has its response, the server has begun the first one.
        let deltas = iter([4, 5]).map(|delta| AccumulateRequest { delta });
        let response = other.accumulate(deltas).await?;
        println!("the other call: sum = {}", response.into_inner().sum);
        handle.cancel();
        Ok(())
    };
    let call = client.accumulate(request);
    let (response, sent) = tokio::join!(call, send_three_and_leave);
    match response {
        Ok(response) => println!("sum = {}", response.into_inner().sum),
        Err(status) if status.code() == Code::Cancelled => {
            println!("the call ended with {}", status_line(&status));
        }
        // It ended by itself. Then the messages had nowhere to go, and `sent` says only that.
        Err(status) => return Err(status.into()),
    }
    sent
}
// ANCHOR_END: leave

// ANCHOR: deadline
async fn deadline(client: &mut Client) -> Result<(), Failure> {
    // One number, and then nothing more, not even the end.
    let deltas = iter([AccumulateRequest { delta: 1 }]).chain(pending());
    let mut request = Request::new(deltas);
    request.set_timeout(Duration::from_secs(1));
    let batch = MetadataValue::from_static("2024-06");
    request.metadata_mut().insert("batch", batch);
    let response = client.accumulate(request).await?;
    println!("sum = {}", response.into_inner().sum);
    Ok(())
}
// ANCHOR_END: deadline
