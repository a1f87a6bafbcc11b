//! `lesson-11-client`: makes calls as fast as it can, or so many a second, and tells how
//! long they took.

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::speed::faults::{self, Fault};
use grpc_workbook::speed::histogram::Histogram;
use grpc_workbook::speed::load::{self, Outcome, Plan, Until};
use grpc_workbook::speed::own::{self, Own};
use grpc_workbook::speed::work::{Kind, Work};
use tonic::transport::Uri;

#[derive(clap::Args)]
struct Args {
    /// What kind of call to make; without it, the chapter's script is played
    #[arg(group = "what")]
    kind: Option<Kind>,
    /// Call the server of this lesson, at --server, instead of this lesson's
    #[arg(long, value_name = "6..9", group = "what", requires = "server",
        value_parser = clap::value_parser!(u8).range(6..=9))]
    lesson: Option<u8>,
    /// Over how many connections
    #[arg(long, value_name = "N", default_value = "1", requires = "what",
        value_parser = at_least_one)]
    connections: usize,
    /// How many calls at once on each connection
    #[arg(long, value_name = "N", default_value = "1", requires = "what",
        value_parser = at_least_one)]
    in_flight: usize,
    /// How many bytes each message carries
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 64,
        requires = "kind",
        conflicts_with = "lesson"
    )]
    size: usize,
    /// How many messages a call of a stream has; without it, 100
    #[arg(long, value_name = "N", requires = "what",
        value_parser = clap::value_parser!(u32).range(..=i32::MAX as i64))]
    messages: Option<u32>,
    /// For how long to begin calls
    #[arg(long, value_name = "SECONDS", default_value = "5", requires = "what",
        value_parser = seconds, conflicts_with = "count")]
    duration: Duration,
    /// How many calls to make, instead of --duration
    #[arg(long, value_name = "N", requires = "what", value_parser = at_least_one)]
    count: Option<usize>,
    /// How long to make calls before they count; without it, 1 second with --duration and
    /// none with --count
    #[arg(long, value_name = "SECONDS", requires = "what", value_parser = seconds)]
    warm_up: Option<Duration>,
    /// Begin so many calls a second, whether or not earlier ones were answered
    #[arg(long, value_name = "CALLS", requires = "what", value_parser = rate)]
    rate: Option<f64>,
}

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Break {
    /// call a server whose hundredth answer lacks a byte
    WrongAnswer,
    /// call a server that is killed after a hundred calls
    ServerGone,
    /// call a server that does not have the method
    NoMethod,
    /// call a server that stands still for half a second, in a closed and in an open loop
    Stall,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    if own::is_own() {
        return own::serve().await;
    }
    let (server, fault, args) = cli::client_without::<Args, Break>(11, "one of its own");
    let work = args.work();
    if cfg!(debug_assertions) && fault.is_none() {
        println!("not optimized: for speed, add --release after cargo run");
    }
    match (fault, work) {
        (None, None) => script(server).await,
        (None, Some(work)) => {
            let plan = args.plan();
            println!("{}, {}", work.name, shown(&plan));
            let warm_up = args.warm_up.unwrap_or(match plan.until {
                Until::Count(_) => Duration::ZERO,
                Until::Passed(_) => Duration::from_secs(1),
            });
            let mut target = Target::of(server).await?;
            measure(&mut target, work, &plan, warm_up).await?.verdict()
        }
        (Some(Break::WrongAnswer), _) => {
            let target = Target { uri: faults::serve(Fault::Wrong(100))?, own: None };
            unary(target, Until::Count(1000)).await
        }
        (Some(Break::ServerGone), _) => server_gone().await,
        (Some(Break::NoMethod), _) => {
            let mut target = Target::of(server).await?;
            let work = Work::lesson(6, 1).ok_or_else(|| Failure::new("no lesson 6"))?;
            let plan = Plan { until: Until::Count(10), ..ONE };
            measure(&mut target, work, &plan, Duration::ZERO)
                .await?
                .verdict()
        }
        (Some(Break::Stall), _) => stall().await,
    }
}

impl Args {
    /// None if the arguments name none.
    fn work(&self) -> Option<Work> {
        if self.messages.is_some() && matches!(self.kind, Some(Kind::Unary)) {
            misused("a unary call has one message each way: leave --messages out");
        }
        if self.messages.is_some() && matches!(self.lesson, Some(6 | 7)) {
            misused(
                "lessons 6 and 7 have as many messages as they have: leave --messages out",
            );
        }
        let messages = self.messages.unwrap_or(100);
        match (self.kind, self.lesson) {
            (Some(kind), _) => Some(Work::speed(kind, self.size, messages)),
            (None, Some(lesson)) => Work::lesson(lesson, messages),
            (None, None) => None,
        }
    }

    fn plan(&self) -> Plan {
        let until = self.count.map(|count| Until::Count(count as u64));
        Plan {
            connections: self.connections,
            in_flight: self.in_flight,
            until: until.unwrap_or(Until::Passed(self.duration)),
            rate: self.rate,
        }
    }
}

/// One call after the other.
const ONE: Plan = Plan {
    connections: 1,
    in_flight: 1,
    until: Until::Passed(Duration::from_millis(250)),
    rate: None,
};

// ANCHOR: script
/// Each kind of call, one at a time and then 64, a moment each.
async fn script(server: Option<Uri>) -> Result<(), Failure> {
    let mut target = Target::of(server).await?;
    for kind in Kind::value_variants() {
        for in_flight in [1, 64] {
            let work = Work::speed(*kind, 64, 100);
            let plan = Plan { in_flight, ..ONE };
            println!("{}, {}", work.name, shown(&plan));
            let warm_up = Duration::from_millis(50);
            measure(&mut target, work, &plan, warm_up)
                .await?
                .verdict()?;
        }
    }
    Ok(())
}
// ANCHOR_END: script

/// What is called: a server elsewhere, or a process of our own.
struct Target {
    uri: Uri,
    own: Option<Own>,
}

impl Target {
    async fn of(server: Option<Uri>) -> Result<Target, Failure> {
        match server {
            Some(uri) => Ok(Target { uri, own: None }),
            None => {
                let own = Own::start().await?;
                Ok(Target { uri: own.uri.clone(), own: Some(own) })
            }
        }
    }
}

// ANCHOR: measure
/// Makes the calls twice, and forgets the first time: until code and memory are warm, and
/// the connections' windows open, calls take longer.
async fn measure(
    target: &mut Target,
    work: Work,
    plan: &Plan,
    warm_up: Duration,
) -> Result<Measured, Failure> {
    let work = Arc::new(work);
    let channels = load::connect(&target.uri, plan).await?;
    if !warm_up.is_zero() {
        // Not at a rate: what a server cannot keep up with would have to be made up for.
        let plan = Plan { until: Until::Passed(warm_up), rate: None, ..*plan };
        load::run(&channels, &work, &plan, &Arc::default()).await?;
    }
    let so_far = Arc::default();
    let before = target.own.as_ref().and_then(Own::usage);
    let progress = tokio::spawn(progress(Arc::clone(&so_far)));
    let outcome = load::run(&channels, &work, plan, &so_far).await;
    progress.abort();
    clear();
    let measured = Measured { outcome: outcome?, messages: work.messages() };
    measured.report(plan);
    // What the server used meanwhile.
    if let (Some(before), Some(own)) = (before, &target.own)
        && let Some(after) = own.usage()
    {
        println!(
            "  server   {:.2} s on a processor, at most {:.1} MiB of memory",
            (after.cpu - before.cpu).as_secs_f64(),
            after.peak as f64 / 1024.0
        );
    }
    Ok(measured)
}
// ANCHOR_END: measure

struct Measured {
    outcome: Outcome,
    /// In each call.
    messages: usize,
}

impl Measured {
    fn report(&self, plan: &Plan) {
        let Outcome { latency, service, errors, error, .. } = &self.outcome;
        if latency.count() > 0 {
            let (calls, second) = (latency.count(), self.outcome.per_second());
            println!("  calls    {calls}, {second:.0} a second");
            if self.messages > 1 {
                let messages = calls * self.messages as u64;
                let second = second * self.messages as f64;
                println!("  messages {messages}, {second:.0} a second");
            }
            println!("  latency  {}", percentiles(latency));
            if plan.rate.is_some() {
                println!("  of which {}, once sent", percentiles(service));
            }
        }
        if !errors.is_empty() {
            let errors = errors.iter().map(|(code, count)| format!("{code} {count}"));
            println!("  errors   {}", errors.collect::<Vec<_>>().join(", "));
        }
        if let Some(error) = error.as_ref().filter(|error| !error.message().is_empty()) {
            println!("  such as  {}", grpc_workbook::status::one_line(error.message()));
        }
    }

    /// # Errors
    /// Some call failed.
    fn verdict(&self) -> Result<(), Failure> {
        match (self.outcome.failed(), self.outcome.made()) {
            (0, _) => Ok(()),
            (failed, made) => {
                Err(Failure::new(format!("{failed} of {made} calls failed")))
            }
        }
    }
}

fn percentiles(latency: &Histogram) -> String {
    let mut line = String::new();
    for (name, thousandths) in [
        ("p50", 50_000),
        ("p90", 90_000),
        ("p99", 99_000),
        ("p99.9", 99_900),
    ] {
        line += &format!("{name} {}, ", time(latency.percentile(thousandths)));
    }
    line + &format!("max {}", time(latency.max()))
}

fn time(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1e-3 => format!("{:.0} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.2} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}

fn shown(plan: &Plan) -> String {
    let connections = match plan.connections {
        1 => String::new(),
        n => format!(" on each of {n} connections"),
    };
    let rate = plan.rate.map(|rate| format!(", {rate} a second"));
    format!("{} in flight{connections}{}", plan.in_flight, rate.unwrap_or_default())
}

/// Tells how many calls were made, every second: on one line of a terminal, or on a line
/// each.
async fn progress(so_far: Arc<Mutex<Outcome>>) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.tick().await;
    for n in 1_u64.. {
        second.tick().await;
        let calls = load::locked(&so_far).made();
        let end = if stderr().is_terminal() { '\r' } else { '\n' };
        // Nobody has to listen.
        let _ = write!(stderr(), "  {n} s, {calls} calls{end}");
    }
}

/// Takes the line of progress away.
fn clear() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r{:40}\r", "");
    }
}

// --- failures

async fn unary(mut target: Target, until: Until) -> Result<(), Failure> {
    let plan = Plan { until, ..ONE };
    let work = Work::speed(Kind::Unary, 64, 1);
    measure(&mut target, work, &plan, Duration::ZERO)
        .await?
        .verdict()
}

/// Its own server, whatever --server says: it is going to be killed.
async fn server_gone() -> Result<(), Failure> {
    let mut own = Own::start().await?;
    let work = Arc::new(Work::speed(Kind::Unary, 64, 1));
    let plan = Plan { until: Until::Count(100), ..ONE };
    let channels = load::connect(&own.uri, &plan).await?;
    let before = load::run(&channels, &work, &plan, &Arc::default()).await?;
    own.kill().await?;
    let mut outcome = load::run(&channels, &work, &plan, &Arc::default()).await?;
    println!("{} calls answered, then the server was killed", before.answered());
    // The call that meets the broken connection can end otherwise than those after it.
    outcome.errors.clear();
    println!("{} of the next 100 answered", outcome.answered());
    Err(Failure::new("the server went away"))
}

// ANCHOR: stall
/// 200 calls a second to a server that once stands still for half a second.
async fn stall() -> Result<(), Failure> {
    let stall = Fault::Stall(100, Duration::from_millis(500));
    let work = Arc::new(Work::speed(Kind::Unary, 64, 1));
    for (name, in_flight, rate) in
        [("closed loop", 1, None), ("open loop", 64, Some(200.0))]
    {
        let plan = Plan { in_flight, rate, until: Until::Count(400), ..ONE };
        let channels = load::connect(&faults::serve(stall)?, &plan).await?;
        let outcome = load::run(&channels, &work, &plan, &Arc::default()).await?;
        println!("{name}: {}", percentiles(&outcome.latency));
    }
    Ok(())
}
// ANCHOR_END: stall

// --- arguments

/// What clap cannot tell.
fn misused(how: &str) -> ! {
    cli::fail(2, &format!("{how}; see lesson-11-client --help"))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("it is no number from 1".into()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    let seconds = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "it is no number of seconds".into())
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=1e9).contains(&rate) => Ok(rate),
        _ => Err("it is no number of calls a second".into()),
    }
}
