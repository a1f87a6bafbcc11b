//! `lesson-11-client`: makes calls as fast as it can, or at a rate, and tells how long they
//! took.
//!
//! This file says what is measured; `load.rs` makes the calls. `args.rs` reads the command
//! line, `report.rs` prints, and `child_server.rs` is the server that is called without
//! `--server`.

mod args;
mod child_server;
mod report;

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use grpc_workbook::cli::{self, Failure};
use grpc_workbook::speed::faults::{self, ServerFault};
use grpc_workbook::speed::load::{self, Plan, Until};
use grpc_workbook::speed::work::{Kind, Work};
use tonic::transport::Uri;

use args::Args;
use child_server::ChildServer;

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
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
    let (server, fault, args) = cli::client_without::<Args, Fault>(11, "one of its own");
    if args.serve {
        return child_server::serve().await;
    }
    let work = args.work();
    if let Some(fault) = fault {
        return play_fault(fault, server).await;
    }
    if cfg!(debug_assertions) {
        println!("not optimized: for speed, add --release after cargo run");
    }
    let target = Target::find(server).await?;
    match work {
        Some(work) => {
            let plan = args.plan();
            report::heading(&work, &plan);
            measure(&target, work, &plan, args.warm_up()).await
        }
        None => script(&target).await,
    }
}

/// What is called.
struct Target {
    /// Where it listens.
    uri: Uri,
    /// The server at `uri`, if it is a child process. It lives as long as the target.
    child: Option<ChildServer>,
}

impl Target {
    /// The server at `--server`, or else a new child process.
    async fn find(server: Option<Uri>) -> Result<Target, Failure> {
        if let Some(uri) = server {
            return Ok(Target { uri, child: None });
        }
        let child = ChildServer::start().await?;
        Ok(Target { uri: child.uri.clone(), child: Some(child) })
    }
}

/// One call after the other, for a moment.
const SEQUENTIAL: Plan = Plan {
    connections: 1,
    in_flight: 1,
    until: Until::Passed(Duration::from_millis(250)),
    rate: None,
};

/// Measures each kind of call, with one in flight and then with 64.
async fn script(target: &Target) -> Result<(), Failure> {
    for kind in Kind::value_variants() {
        for in_flight in [1, 64] {
            let work = Work::speed(*kind, 64, 100);
            let plan = Plan { in_flight, ..SEQUENTIAL };
            report::heading(&work, &plan);
            measure(target, work, &plan, Duration::from_millis(50)).await?;
        }
    }
    Ok(())
}

/// Makes calls for `warm_up`, which do not count, then those of the plan, and prints how long
/// they took. The first calls take longer: nothing is in a cache, and the connections'
/// windows are still small.
///
/// # Errors
/// A call failed, or a response was wrong.
async fn measure(
    target: &Target,
    work: Work,
    plan: &Plan,
    warm_up: Duration,
) -> Result<(), Failure> {
    let work = Arc::new(work);
    let channels = load::connect(&target.uri, plan).await?;
    if !warm_up.is_zero() {
        // Without a rate. A server that cannot keep up with it would still be behind when
        // the measurement begins.
        let plan = Plan { until: Until::Passed(warm_up), rate: None, ..*plan };
        load::run(&channels, &work, &plan, &Arc::default()).await?;
    }
    let before = target.child.as_ref().and_then(ChildServer::usage);
    let so_far = Arc::default();
    let progress = tokio::spawn(report::progress(Arc::clone(&so_far)));
    let outcome = load::run(&channels, &work, plan, &so_far).await;
    progress.abort();
    report::clear_progress();
    let outcome = outcome?;
    report::outcome(&outcome, &work, plan);
    let after = target.child.as_ref().and_then(ChildServer::usage);
    if let (Some(before), Some(after)) = (before, after) {
        report::server_usage(before, after);
    }
    match outcome.failed() {
        0 => Ok(()),
        failed => {
            let completed = outcome.completed();
            Err(Failure::new(format!("{failed} of {completed} calls failed")))
        }
    }
}

// --- failures

async fn play_fault(fault: Fault, server: Option<Uri>) -> Result<(), Failure> {
    match fault {
        Fault::WrongAnswer => wrong_answer().await,
        Fault::ServerGone => server_gone().await,
        Fault::NoMethod => no_method(&Target::find(server).await?).await,
        Fault::Stall => stall().await,
    }
}

/// What most of the failures call: unary, one message of 64 bytes each way.
fn unary() -> Work {
    Work::speed(Kind::Unary, 64, 1)
}

async fn wrong_answer() -> Result<(), Failure> {
    let uri = faults::serve(ServerFault::WrongResponse { call: 100 })?;
    let plan = Plan { until: Until::Count(1000), ..SEQUENTIAL };
    measure(&Target { uri, child: None }, unary(), &plan, Duration::ZERO).await
}

/// Calls a child process, whatever `--server` says: it is going to be killed.
async fn server_gone() -> Result<(), Failure> {
    let mut child = ChildServer::start().await?;
    let work = Arc::new(unary());
    let plan = Plan { until: Until::Count(100), ..SEQUENTIAL };
    let channels = load::connect(&child.uri, &plan).await?;
    let before = load::run(&channels, &work, &plan, &Arc::default()).await?;
    child.kill().await?;
    let after = load::run(&channels, &work, &plan, &Arc::default()).await?;
    println!("{} calls answered, then the server was killed", before.succeeded());
    // Not with which status the others ended: that of the call which meets the broken
    // connection can be another one than that of those after it.
    println!("{} of the next 100 answered", after.succeeded());
    Err(Failure::new("the server went away"))
}

/// Calls lesson 6's method, which lesson 11's server does not have.
async fn no_method(target: &Target) -> Result<(), Failure> {
    let work = Work::lesson(6, 1).ok_or_else(|| Failure::new("no lesson 6"))?;
    let plan = Plan { until: Until::Count(10), ..SEQUENTIAL };
    measure(target, work, &plan, Duration::ZERO).await
}

/// Makes 400 calls to a server that once stands still for half a second: one after the
/// other, then 200 a second.
async fn stall() -> Result<(), Failure> {
    let stall = ServerFault::Stall { call: 100, time: Duration::from_millis(500) };
    let work = Arc::new(unary());
    let closed = Plan { until: Until::Count(400), ..SEQUENTIAL };
    let open = Plan { in_flight: 64, rate: Some(200.0), ..closed };
    for (name, plan) in [("closed loop", closed), ("open loop", open)] {
        let channels = load::connect(&faults::serve(stall)?, &plan).await?;
        let outcome = load::run(&channels, &work, &plan, &Arc::default()).await?;
        println!("{name}: {}", report::percentiles(&outcome.latency));
    }
    Ok(())
}
