//! `lesson-8-client`: sends many messages in one call, and prints the one response.

use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::accumulate::proto::{
    AccumulateRequest, CollectRequest, accumulate_service_client::AccumulateServiceClient,
};
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::raw::RawCodec;
use prost::bytes::Bytes;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt, iter, pending};
use tonic::Request;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;

type Client = AccumulateServiceClient<Channel>;

/// What to send: see [`call`].
#[derive(clap::Args)]
struct Args {
    /// Numbers to add up, or the word collect and then words to collect; - takes them from
    /// standard input, one a line; without any, ten random numbers are added up
    #[arg(allow_negative_numbers = true)]
    what: Vec<String>,
    /// Take the random numbers of this seed, the same ones each time
    #[arg(long)]
    seed: Option<u64>,
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// send numbers whose sum is no int32
    DoesNotFit,
    /// send bytes that are no message, in the middle
    NotAMessage,
    /// go on sending after the answer
    EarlyAnswer,
    /// end the stream where something went wrong
    EndTooSoon,
    /// send three numbers and drop the call
    WalkAway,
    /// never end the stream, with a deadline
    Endless,
}

/// A call to make, and where its messages come from.
enum Call {
    /// Adds up ten random numbers.
    AccumulateRandom,
    /// Adds up the numbers of the command line.
    Accumulate(Vec<i32>),
    /// Adds up the numbers of standard input.
    AccumulateTyped,
    /// Collects the words of the command line.
    Collect(Vec<String>),
    /// Collects the lines of standard input.
    CollectTyped,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::Client { server, fault, args } = cli::client::<Args, Fault>(8);
    let call = call(&args.what);
    let channel = cli::connect(&server).await?;
    if let Some(fault) = fault {
        return play_fault(channel, fault).await;
    }
    let client = &mut Client::new(channel);
    match call {
        Call::AccumulateRandom => accumulate(client, iter(ten_random(args.seed))).await,
        Call::Accumulate(numbers) => accumulate(client, iter(numbers)).await,
        Call::AccumulateTyped => accumulate(client, cli::numbers()).await,
        Call::Collect(words) => collect(client, iter(words)).await,
        Call::CollectTyped => collect(client, cli::lines()).await,
    }
}

/// The call that the arguments ask for. A text that is no number ends the process with code 2.
fn call(what: &[String]) -> Call {
    match what {
        [] => Call::AccumulateRandom,
        [dash] if dash == "-" => Call::AccumulateTyped,
        [collect, dash] if collect == "collect" && dash == "-" => Call::CollectTyped,
        [collect, words @ ..] if collect == "collect" => Call::Collect(words.to_vec()),
        numbers => Call::Accumulate(numbers.iter().map(|text| number(text)).collect()),
    }
}

fn number(text: &str) -> i32 {
    text.parse().unwrap_or_else(|_| {
        let (least, most) = (i32::MIN, i32::MAX);
        cli::fail(2, &format!("{text:?} is no number from {least} to {most}"))
    })
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
    let client = &mut Client::new(channel.clone());
    match fault {
        Fault::DoesNotFit => accumulate(client, iter([i32::MAX, 1])).await,
        Fault::NotAMessage => not_a_message(channel).await,
        Fault::EarlyAnswer => early_answer(client).await,
        Fault::EndTooSoon => {
            // map_while ends the stream at the first text that is no number.
            let texts = iter(["1", "2", "three", "4"]);
            accumulate(client, texts.map_while(|text| text.parse().ok())).await
        }
        Fault::WalkAway => walk_away(client).await,
        Fault::Endless => endless(client).await,
    }
}

/// Sends bytes of our choice: a generated client encodes messages only.
async fn not_a_message(channel: Channel) -> Result<(), Failure> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await?;
    // The second one says that a length follows, where a varint belongs.
    let messages: [&[u8]; 3] = [b"\x08\x01", b"\x0a\xff", b"\x08\x02"];
    let request = Request::new(iter(messages.map(Bytes::from_static)));
    let path = PathAndQuery::from_static("/accumulate.v1.AccumulateService/Accumulate");
    let response = grpc.client_streaming(request, path, RawCodec).await?;
    println!("the server answered {:?}", response.into_inner());
    Ok(())
}

// ANCHOR: walk_away
async fn walk_away(client: &mut Client) -> Result<(), Failure> {
    let mut other = client.clone();
    let (deltas_tx, deltas_rx) = mpsc::channel(1);
    let send_three = async {
        for delta in [1, 2, 3] {
            deltas_tx.send(AccumulateRequest { delta }).await?;
            println!("sent {delta}");
        }
        // Once this other call has its response, the server has begun the first one.
        let deltas = iter([4, 5]).map(|delta| AccumulateRequest { delta });
        let response = other.accumulate(deltas).await?;
        println!("the other call: sum = {}", response.into_inner().sum);
        Ok(())
    };
    let result = tokio::select! {
        response = client.accumulate(ReceiverStream::new(deltas_rx)) => {
            Err(Failure::new(format!("an answer too soon: {response:?}")))
        }
        // select! drops the future that has not completed: the call.
        result = send_three => result,
    };
    // Dropping the sender would end the stream, as if all had been sent. So it is kept until
    // tonic has dropped the receiver, and with it the call.
    deltas_tx.closed().await;
    result
}
// ANCHOR_END: walk_away

// ANCHOR: early_answer
async fn early_answer(client: &mut Client) -> Result<(), Failure> {
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
// ANCHOR_END: early_answer

async fn endless(client: &mut Client) -> Result<(), Failure> {
    // One number, and then nothing more, not even the end.
    let deltas = iter([AccumulateRequest { delta: 1 }]).chain(pending());
    let mut request = Request::new(deltas);
    request.set_timeout(Duration::from_millis(200));
    let response = client.accumulate(request).await?;
    println!("sum = {}", response.into_inner().sum);
    Ok(())
}
