//! `lesson-8-client`: sends many messages in one call.

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
use tonic::transport::{Channel, Uri};

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

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::Client { server, fault, args } = cli::client::<Args, Fault>(8);
    if let Some(fault) = fault {
        return play_fault(&server, fault).await;
    }
    let what: Vec<&str> = args.what.iter().map(String::as_str).collect();
    match what[..] {
        [] => accumulate(&server, iter(ten_random(args.seed))).await,
        ["-"] => accumulate(&server, cli::numbers()).await,
        ["collect", "-"] => collect(&server, cli::lines()).await,
        ["collect", ..] => collect(&server, iter(args.what).skip(1)).await,
        _ => accumulate(&server, iter(numbers(&what))).await,
    }
}

fn numbers(texts: &[&str]) -> Vec<i32> {
    let parse = |text: &&str| match text.parse() {
        Ok(number) => number,
        Err(_) => {
            let (least, most) = (i32::MIN, i32::MAX);
            cli::fail(2, &format!("{text:?} is no number from {least} to {most}"))
        }
    };
    texts.iter().map(parse).collect()
}

// ANCHOR: accumulate
fn ten_random(seed: Option<u64>) -> impl Iterator<Item = i32> + Send + 'static {
    let numbers = cli::random(seed, 1..=100).take(10);
    // An iterator is lazy: a number is printed when tonic asks for it.
    numbers.inspect(|number| println!("{number}"))
}

async fn accumulate(
    server: &Uri,
    deltas: impl Stream<Item = i32> + Send + 'static,
) -> Result<(), Failure> {
    let mut accumulator = connect(server).await?;
    let requests = deltas.map(|delta| AccumulateRequest { delta });
    let response = accumulator.accumulate(requests).await?;
    println!("sum = {}", response.into_inner().sum);
    Ok(())
}
// ANCHOR_END: accumulate

async fn collect(
    server: &Uri,
    words: impl Stream<Item = String> + Send + 'static,
) -> Result<(), Failure> {
    let mut accumulator = connect(server).await?;
    let requests = words.map(|data| CollectRequest { data });
    let response = accumulator.collect(requests).await?;
    println!("{:?}", response.into_inner());
    Ok(())
}

type Accumulator = AccumulateServiceClient<Channel>;

async fn connect(server: &Uri) -> Result<Accumulator, Failure> {
    Ok(Accumulator::new(cli::connect(server).await?))
}

async fn play_fault(server: &Uri, fault: Fault) -> Result<(), Failure> {
    match fault {
        Fault::DoesNotFit => accumulate(server, iter([i32::MAX, 1])).await,
        Fault::NotAMessage => not_a_message(server).await,
        Fault::WalkAway => walk_away(server).await,
        Fault::EndTooSoon => {
            let texts = iter(["1", "2", "three", "4"]);
            accumulate(server, texts.map_while(|text| text.parse().ok())).await
        }
        Fault::EarlyAnswer => early_answer(server).await,
        Fault::Endless => endless(server).await,
    }
}

/// Sends bytes of our choice: a generated client encodes messages only.
async fn not_a_message(server: &Uri) -> Result<(), Failure> {
    let mut grpc = Grpc::new(cli::connect(server).await?);
    grpc.ready().await?;
    // The second one says that a length follows, where a varint belongs.
    let messages: [&[u8]; 3] = [b"\x08\x01", b"\x0a\xff", b"\x08\x02"];
    let messages = Request::new(iter(messages.map(Bytes::from_static)));
    let path = PathAndQuery::from_static("/accumulate.v1.AccumulateService/Accumulate");
    let answer = grpc.client_streaming(messages, path, RawCodec).await?;
    println!("the server answered {:?}", answer.into_inner());
    Ok(())
}

// ANCHOR: walk_away
async fn walk_away(server: &Uri) -> Result<(), Failure> {
    let mut accumulator = connect(server).await?;
    let mut other = accumulator.clone();
    let (sender, deltas) = mpsc::channel(1);
    let leave = async {
        for delta in [1, 2, 3] {
            sender.send(AccumulateRequest { delta }).await?;
            println!("sent {delta}");
        }
        // Another call in the meantime: once it is answered, the server has begun this one.
        let deltas = iter([4, 5]).map(|delta| AccumulateRequest { delta });
        let response = other.accumulate(deltas).await?;
        println!("the other call: sum = {}", response.into_inner().sum);
        Ok(())
    };
    let left = tokio::select! {
        answer = accumulator.accumulate(ReceiverStream::new(deltas)) => {
            Err(Failure::new(format!("an answer too soon: {answer:?}")))
        }
        // What select! does not wait for any more, it drops: the call.
        left = leave => left,
    };
    // To drop the sender is to end the stream: not before tonic has given up the call.
    sender.closed().await;
    left
}
// ANCHOR_END: walk_away

// ANCHOR: early_answer
async fn early_answer(server: &Uri) -> Result<(), Failure> {
    let mut accumulator = connect(server).await?;
    let (sender, words) = mpsc::channel(1);
    // ReceiverStream makes a stream of the channel: for messages that come bit by bit.
    let send = async {
        for word in ["one", "close"] {
            let request = CollectRequest { data: word.into() };
            sender.send(request).await?;
            println!("sent {word:?}");
        }
        // When the call is over, tonic drops the stream, and with it the receiver.
        sender.closed().await;
        let request = CollectRequest { data: "two".into() };
        if let Err(error) = sender.send(request).await {
            println!("could not send \"two\": {error}");
        }
        Ok(())
    };
    let call = accumulator.collect(ReceiverStream::new(words));
    let (response, sent) = tokio::join!(call, send);
    println!("{:?}", response?.into_inner());
    sent
}
// ANCHOR_END: early_answer

async fn endless(server: &Uri) -> Result<(), Failure> {
    let mut accumulator = connect(server).await?;
    // One number, and then nothing more, not even the end.
    let deltas = iter([AccumulateRequest { delta: 1 }]).chain(pending());
    let mut request = Request::new(deltas);
    request.set_timeout(Duration::from_millis(200));
    let response = accumulator.accumulate(request).await?;
    println!("sum = {}", response.into_inner().sum);
    Ok(())
}
