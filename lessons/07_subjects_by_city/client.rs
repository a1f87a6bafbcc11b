//! `lesson-7-client`: asks for the subjects of a city, or listens to the clock.

use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::status::status_line;
use grpc_workbook::subjects_by_city::proto::{
    ListSubjectsRequest, TickRequest,
    subjects_by_city_service_client::SubjectsByCityServiceClient,
};
use tokio::time::{sleep, timeout};
use tokio_stream::StreamExt;
use tonic::transport::{Channel, Uri};
use tonic::{Code, Request, Status, Streaming};

type Client = SubjectsByCityServiceClient<Channel>;

#[derive(clap::Args)]
struct Args {
    /// The city whose subjects to list; - reads cities from standard input; without any,
    /// the chapter's script is played
    // A Vec, to name the second city in the error; `main` allows one.
    city: Vec<String>,
    /// With tick: leave after this many ticks
    #[arg(long, value_name = "N", global = true)]
    count: Option<u64>,
    /// With tick: how many milliseconds the server waits before each tick; without it, 1000
    #[arg(long, value_name = "MS", global = true)]
    interval: Option<u32>,
    /// Given: `Tick` is called, and there is no city.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Listen to the clock
    Tick {
        /// What the server repeats
        // With this limit, clap reports a second word as an unexpected value.
        #[arg(num_args = 0..=1)]
        data: Option<String>,
    },
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// ask for a city that the server does not know
    UnknownCity,
    /// tick with the data that ends the call
    Close,
    /// leave in mid-stream, and call again on the same connection
    Leave,
    /// set a deadline that passes while the stream runs
    Deadline,
    /// ask for large ticks as fast as can be, and do not read them
    SlowReader,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli::ClientArgs { server, fault, args } = cli::parse_client::<Args, Fault>(7);
    if let [_, second, ..] = &args.city[..] {
        cli::fail(
            2,
            &format!("{second:?} is one too many: one city, or tick and its data"),
        );
    }
    if args.count.is_some() && args.command.is_none() {
        cli::fail(2, "--count goes with tick: a list has an end of its own");
    }
    if args.interval.is_some() && args.command.is_none() {
        cli::fail(2, "--interval goes with tick: a list comes at once");
    }
    let mut client = connect(server).await?;
    match fault {
        None => play(&mut client, args).await,
        Some(fault) => play_fault(&mut client, fault).await,
    }
}

async fn play(client: &mut Client, args: Args) -> Result<(), Failure> {
    match (args.command, args.city.first().map(String::as_str)) {
        (Some(Command::Tick { data }), _) => {
            let interval_ms = args.interval.unwrap_or(1000);
            let request = tick_request(&data.unwrap_or_default(), interval_ms);
            tick(client, request, args.count).await
        }
        (None, None) => script(client).await,
        (None, Some("-")) => {
            let mut cities = cli::lines();
            while let Some(city) = cities.next().await {
                list(client, city.trim()).await?;
            }
            Ok(())
        }
        (None, Some(city)) => list(client, city).await,
    }
}

async fn play_fault(client: &mut Client, fault: Fault) -> Result<(), Failure> {
    match fault {
        Fault::UnknownCity => list(client, "东京").await,
        Fault::Close => tick(client, tick_request("close", 1000), None).await,
        Fault::Leave => {
            tick(client, tick_request("hello", 1000), Some(2)).await?;
            list(client, "wuhan").await
        }
        Fault::Deadline => deadline(client, tick_request("hello", 1000)).await,
        Fault::SlowReader => {
            slow_reader(client, tick_request(&"x".repeat(40_000), 0)).await
        }
    }
}

fn tick_request(data: &str, interval_ms: u32) -> TickRequest {
    TickRequest { data: data.into(), interval_ms }
}

// ANCHOR: connect
async fn connect(server: Uri) -> Result<Client, Failure> {
    // How many bytes the server may send on one stream before the client has read any.
    // HTTP/2's own default is 65,535; tonic's client grants 2 MiB.
    let endpoint = cli::endpoint(server).initial_stream_window_size(65_535);
    Ok(Client::new(cli::connect_with(endpoint).await?))
}
// ANCHOR_END: connect

// ANCHOR: list
/// Prints the subjects of a city.
async fn list(client: &mut Client, city: &str) -> Result<(), Failure> {
    let request = ListSubjectsRequest { city: city.into() };
    let mut subjects = client.list_subjects(request).await?.into_inner();
    while let Some(message) = subjects.message().await? {
        println!("{}", message.subject);
    }
    Ok(())
}
// ANCHOR_END: list

// ANCHOR: tick
/// Prints ticks, and leaves after `count` of them.
async fn tick(
    client: &mut Client,
    request: TickRequest,
    count: Option<u64>,
) -> Result<(), Failure> {
    let mut ticks = client.tick(request).await?.into_inner();
    for _ in 0..count.unwrap_or(u64::MAX) {
        let Some(message) = ticks.message().await? else {
            break;
        };
        println!("{}", message.data);
    }
    leave(ticks).await;
    Ok(())
}

/// Ends a call by dropping its stream. The server is told, with RST_STREAM.
async fn leave<T>(stream: Streaming<T>) {
    drop(stream);
    // A background task sends the RST_STREAM. If the process ended now, that task might not
    // run any more, and the server would see a broken connection instead.
    sleep(Duration::from_millis(500)).await;
}
// ANCHOR_END: tick

// ANCHOR: script
async fn script(client: &mut Client) -> Result<(), Failure> {
    for city in ["beijing", "tokyo"] {
        match count(client, city).await {
            Ok(count) => println!("{city}: {count} subjects, and OK"),
            // An unknown city ends this call only: the next one works.
            Err(status) if status.code() == Code::NotFound => {
                println!("{city}: {}", status_line(&status));
            }
            // Nothing else is meant to happen here.
            Err(status) => return Err(status.into()),
        }
    }
    Ok(())
}

/// Prints the subjects with numbers as they arrive, and returns how many arrived.
async fn count(client: &mut Client, city: &str) -> Result<usize, Status> {
    let request = ListSubjectsRequest { city: city.into() };
    let mut subjects = client.list_subjects(request).await?.into_inner();
    let mut count = 0;
    while let Some(message) = subjects.message().await? {
        count += 1;
        println!("{city} {count}: {}", message.subject);
    }
    Ok(count)
}
// ANCHOR_END: script

// ANCHOR: deadline
/// Shows that tonic's deadline does not end a stream that runs, and that `timeout` does.
async fn deadline(client: &mut Client, request: TickRequest) -> Result<(), Failure> {
    // Halfway between the first tick and the second.
    const DEADLINE: Duration = Duration::from_millis(1500);
    let mut limited = Request::new(request.clone());
    limited.set_timeout(DEADLINE);
    tick_twice(client, limited).await?;
    println!("the second message came after the deadline, and nothing happened");

    // When the time is up, `timeout` drops the future, and the stream with it.
    match timeout(DEADLINE, tick_twice(client, Request::new(request))).await {
        Ok(done) => Ok(done?),
        Err(_) => {
            // As in `leave`: RST_STREAM still has to be sent.
            sleep(Duration::from_millis(500)).await;
            Err(Failure::new("the time is up: the client left"))
        }
    }
}
// ANCHOR_END: deadline

/// Calls `Tick` and reads two messages.
async fn tick_twice(
    client: &mut Client,
    request: Request<TickRequest>,
) -> Result<(), Status> {
    let mut ticks = client.tick(request).await?.into_inner();
    for _ in 0..2 {
        if let Some(message) = ticks.message().await? {
            println!("{}", message.data);
        }
    }
    Ok(())
}

/// Reads nothing, so that the server has to wait.
async fn slow_reader(client: &mut Client, request: TickRequest) -> Result<(), Failure> {
    let ticks = client.tick(request).await?.into_inner();
    sleep(Duration::from_secs(1)).await;
    println!("read nothing for a second, and leaves");
    leave(ticks).await;
    Ok(())
}
