//! `lesson-7-client`: asks for the subjects of a city, or listens to the clock.

use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::status::status_line;
use grpc_workbook::subjects_by_city::proto::{
    ListSubjectsRequest, TickRequest,
    subjects_by_city_service_client::SubjectsByCityServiceClient,
};
use tokio::time::{sleep, timeout};
use tokio_stream::StreamExt;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status, Streaming};

#[derive(clap::Args)]
struct Args {
    /// The city whose subjects to list, or the word tick and then what the server is to
    /// repeat; - reads cities from standard input; without any, the chapter's script is
    /// played
    #[arg(num_args = 0..=2)]
    what: Vec<String>,
    /// Leave after so many ticks
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// How many milliseconds the server waits before each tick
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    interval: u32,
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
    let cli::Client { server, fault, args } = cli::client::<Args, Fault>(7);
    let what: Vec<&str> = args.what.iter().map(String::as_str).collect();
    if let [city, more] = what[..]
        && city != "tick"
    {
        cli::fail(
            2,
            &format!("{more:?} is one too many: one city, or tick and its data"),
        );
    }
    if args.count.is_some() && what.first() != Some(&"tick") {
        cli::fail(2, "--count goes with tick: a list has an end of its own");
    }
    let mut client = connect(&server).await?;
    let ticks = |data: &str, interval_ms| TickRequest { data: data.into(), interval_ms };
    match fault {
        None => match what[..] {
            [] => script(&mut client).await,
            ["-"] => {
                let mut cities = cli::lines();
                while let Some(city) = cities.next().await {
                    list(&mut client, city.trim()).await?;
                }
                Ok(())
            }
            ["tick", ref data @ ..] => {
                let data = data.first().copied().unwrap_or_default();
                tick(&mut client, ticks(data, args.interval), args.count).await
            }
            [city, ..] => list(&mut client, city).await,
        },
        Some(Fault::UnknownCity) => list(&mut client, "东京").await,
        Some(Fault::Close) => tick(&mut client, ticks("close", 1000), None).await,
        Some(Fault::Leave) => {
            tick(&mut client, ticks("hello", 1000), Some(2)).await?;
            list(&mut client, "wuhan").await
        }
        Some(Fault::Deadline) => deadline(&mut client, ticks("hello", 700)).await,
        Some(Fault::SlowReader) => {
            slow_reader(&mut client, ticks(&"x".repeat(40_000), 0)).await
        }
    }
}

type Client = SubjectsByCityServiceClient<Channel>;

// ANCHOR: connect
async fn connect(server: &Uri) -> Result<Client, Failure> {
    // For its error, which says what to do when nobody is there.
    drop(cli::connect(server).await?);
    // What HTTP/2 grants to a stream if nobody says otherwise; tonic says 2 MiB. When so
    // much is unread, the server waits.
    let endpoint = Endpoint::from(server.clone()).initial_stream_window_size(65_535);
    Ok(Client::new(endpoint.connect().await?))
}
// ANCHOR_END: connect

// ANCHOR: list
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

/// Tells the server that nobody reads any more.
async fn leave<T>(stream: Streaming<T>) {
    drop(stream);
    // A task of the connection sends RST_STREAM. If the process ended now, so would that
    // task, and the connection would break instead.
    sleep(Duration::from_millis(500)).await;
}
// ANCHOR_END: tick

// ANCHOR: script
async fn script(client: &mut Client) -> Result<(), Failure> {
    for city in ["beijing", "tokyo"] {
        match count(client, city).await {
            Ok(count) => println!("{city}: {count} subjects, and OK"),
            // An unknown city is an answer too, and the next call works.
            Err(status) => println!("{city}: {}", status_line(&status)),
        }
    }
    Ok(())
}

/// Prints each subject with its number of arrival, and returns how many came.
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
async fn deadline(client: &mut Client, request: TickRequest) -> Result<(), Failure> {
    const DEADLINE: Duration = Duration::from_secs(1);
    let mut limited = Request::new(request.clone());
    limited.set_timeout(DEADLINE);
    tick_twice(client, limited).await?;
    println!("the second message came after the deadline, and nothing happened");

    // Dropped when its time is up, the future drops the stream.
    match timeout(DEADLINE, tick_twice(client, Request::new(request))).await {
        Ok(done) => Ok(done?),
        Err(_) => {
            sleep(Duration::from_millis(500)).await;
            Err(Failure::new("the time is up: the client left"))
        }
    }
}
// ANCHOR_END: deadline

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

async fn slow_reader(client: &mut Client, request: TickRequest) -> Result<(), Failure> {
    let ticks = client.tick(request).await?.into_inner();
    sleep(Duration::from_secs(1)).await;
    println!("read nothing for a second, and leaves");
    leave(ticks).await;
    Ok(())
}
