//! `lesson-11-client`: makes calls as fast as it can, or at a rate, and tells how long they
//! took.
//!
//! This file says what is measured; `measurement.rs` measures, and `load.rs` makes the calls.
//! `args.rs` reads the command line, `report.rs` prints, and `target.rs` knows what is called:
//! without `--server` that is `child_server.rs`.

mod args;
mod child_server;
mod measurement;
mod numbers;
mod report;
mod target;

use std::process::exit;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure, Signals};
use grpc_workbook::speed::faults::{self, ServerFault};
use grpc_workbook::speed::load::{self, LoadResult, Plan, Until};
use grpc_workbook::speed::workload::{CallKind, Workload};
use tonic::transport::Uri;

use args::Args;
use child_server::ChildServer;
use measurement::{Current, measure};
use target::Target;

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// call a server whose hundredth response lacks a byte
    WrongResponse,
    /// call a server that is killed after a hundred calls
    ServerGone,
    /// call a server that stops answering after 97 calls
    Silence,
    /// call a server that does not have the method
    NoMethod,
    /// call a server that stands still for half a second, in both loops
    Stall,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (server, fault, args) = cli::parse_client_or::<Args, Fault>(11, "one of its own");
    if args.serve {
        return child_server::serve().await;
    }
    let mut signals = Signals::new()?;
    let current = Current::default();
    let code = tokio::select! {
        ended = play(server, fault, args, &current) => return ended,
        code = signals.next_code() => code,
    };
    // `play` was dropped, and with it all calls. A second signal need not wait for the report,
    // which may go to a pipe that nobody reads.
    tokio::spawn(async move { exit(signals.next_code().await) });
    current.report();
    exit(code);
}

/// Does what the command line says. `current` always has the measurement that is being made.
async fn play(
    server: Option<Uri>,
    fault: Option<Fault>,
    args: Args,
    current: &Current,
) -> Result<(), Failure> {
    let workload = args.workload();
    let plan = args.plan();
    if let Some(fault) = fault {
        return play_fault(fault, server).await;
    }
    if cfg!(debug_assertions) {
        println!("not optimized: for speed, add --release after cargo run");
    }
    let target = if args.exercise {
        Target::exercise(server, plan.timeout).await?
    } else {
        Target::find(server).await?
    };
    let target = Arc::new(target);
    match workload {
        Some(workload) => {
            report::heading(&workload, &plan);
            measure(&target, workload, &plan, args.warm_up(), current).await
        }
        None => script(&target, current).await,
    }
}

/// One call after the other, for a moment.
const SEQUENTIAL: Plan = Plan::sequential(Until::Passed(Duration::from_millis(250)));

/// Measures each kind of call, with one in flight and then with 64.
async fn script(target: &Arc<Target>, current: &Current) -> Result<(), Failure> {
    for kind in CallKind::value_variants() {
        for in_flight in [1, 64] {
            let workload = Workload::speed(*kind, 64, 100);
            let plan = Plan { in_flight, ..SEQUENTIAL };
            report::heading(&workload, &plan);
            measure(target, workload, &plan, Duration::from_millis(50), current).await?;
        }
    }
    Ok(())
}

// --- failures

async fn play_fault(fault: Fault, server: Option<Uri>) -> Result<(), Failure> {
    if !matches!(fault, Fault::NoMethod) {
        cli::refuse_server("this failure");
    }
    match fault {
        Fault::WrongResponse => wrong_response().await,
        Fault::ServerGone => server_gone().await,
        Fault::Silence => silence().await,
        Fault::NoMethod => no_method(&Target::find(server).await?).await,
        Fault::Stall => stall().await,
    }
}

/// What most of the failures call: unary, one message of 64 bytes each way.
fn unary() -> Workload {
    Workload::speed(CallKind::Unary, 64, 1)
}

async fn wrong_response() -> Result<(), Failure> {
    let uri = faults::serve(ServerFault::WrongResponse { call: 100 })?;
    let plan = Plan { until: Until::Count(1000), ..SEQUENTIAL };
    make_calls(&Target::at(uri), &Arc::new(unary()), &plan).await?;
    Ok(())
}

/// Makes the calls of a plan, without a warm-up and without telling its progress.
async fn make_calls(
    target: &Target,
    workload: &Arc<Workload>,
    plan: &Plan,
) -> Result<LoadResult, Failure> {
    let channels = load::connect(&target.uri, plan).await?;
    target
        .failure_named(load::run(&channels, workload, plan).await)
        .await
}

/// Calls a child process, which is going to be killed.
async fn server_gone() -> Result<(), Failure> {
    let mut child = ChildServer::start().await?;
    let workload = Arc::new(unary());
    let plan = Plan { until: Until::Count(100), ..SEQUENTIAL };
    let target = Target::at(child.uri.clone());
    let channels = load::connect(&target.uri, &plan).await?;
    let before = load::run(&channels, &workload, &plan).await;
    let before = target.failure_named(before).await?;
    child.kill().await?;
    // All at once: each is tried for a second.
    let plan = Plan { in_flight: 100, ..plan };
    let after = load::run(&channels, &workload, &plan).await;
    let after = target.failure_named(after).await?;
    println!("{} calls answered, then the server was killed", before.succeeded());
    // Their statuses are not printed: the call that meets the broken connection may end with
    // another one than the calls after it.
    println!("{} of the next 100 answered", after.succeeded());
    Err(Failure::new("the server went away"))
}

async fn silence() -> Result<(), Failure> {
    let target = Target::at(faults::serve(ServerFault::Silence { call: 98 })?);
    let plan = Plan {
        in_flight: 3,
        timeout: Duration::from_secs(2),
        ..Plan::sequential(Until::Count(100))
    };
    let result = make_calls(&target, &Arc::new(unary()), &plan).await?;
    println!("{} calls answered, then the server fell silent", result.succeeded());
    report::errors(&result);
    target.fail_if_calls_failed(&result).await
}

/// Calls lesson 6's method, which lesson 11's server does not have.
async fn no_method(target: &Target) -> Result<(), Failure> {
    let workload = Workload::lesson(6, 1).ok_or_else(|| Failure::new("no lesson 6"))?;
    let plan = Plan { until: Until::Count(10), ..SEQUENTIAL };
    let workload = Arc::new(workload);
    let result = make_calls(target, &workload, &plan).await?;
    report::result(&result, &workload, &plan);
    target.fail_if_calls_failed(&result).await
}

/// Makes 400 calls to a server that once stands still for half a second: one after the
/// other, then 200 a second.
async fn stall() -> Result<(), Failure> {
    let stall = ServerFault::Stall { call: 100, time: Duration::from_millis(500) };
    let workload = Arc::new(unary());
    let closed = Plan { until: Until::Count(400), ..SEQUENTIAL };
    let open = Plan { in_flight: 64, rate: Some(200.0), ..closed };
    for (name, plan) in [("closed loop", closed), ("open loop", open)] {
        let result =
            make_calls(&Target::at(faults::serve(stall)?), &workload, &plan).await?;
        println!("{name}: {}", report::percentiles(&result.latency));
    }
    Ok(())
}
