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
use grpc_workbook::speed::load::{self, LoadResult, Plan, Until};
use grpc_workbook::speed::workload::{CallKind, Workload};
use tonic::transport::Uri;

use args::Args;
use child_server::ChildServer;

/// `--break`: what can go wrong.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// call a server whose hundredth response lacks a byte
    WrongResponse,
    /// call a server that is killed after a hundred calls
    ServerGone,
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
    let workload = args.workload();
    if let Some(fault) = fault {
        return play_fault(fault, server).await;
    }
    if cfg!(debug_assertions) {
        println!("not optimized: for speed, add --release after cargo run");
    }
    // The exercise has a server of its own, which is the learner's.
    let of_the_exercise = Uri::from_static("http://127.0.0.1:50061");
    let server = server.or(args.exercise.then_some(of_the_exercise));
    let target = Target::find(server).await?;
    if args.exercise && cli::connect_tcp(&target.uri).await.is_err() {
        // The lesson's server would not do: it does not have the shop.
        let place = target.uri.to_string();
        return Err(Failure::new(format!(
            "no server at {}: start it with cargo run --release --bin lesson-11-exercise",
            place.trim_end_matches('/')
        )));
    }
    match workload {
        Some(workload) => {
            let plan = args.plan();
            report::heading(&workload, &plan);
            measure(&target, workload, &plan, args.warm_up()).await
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
    for kind in CallKind::value_variants() {
        for in_flight in [1, 64] {
            let workload = Workload::speed(*kind, 64, 100);
            let plan = Plan { in_flight, ..SEQUENTIAL };
            report::heading(&workload, &plan);
            measure(target, workload, &plan, Duration::from_millis(50)).await?;
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
    workload: Workload,
    plan: &Plan,
    warm_up: Duration,
) -> Result<(), Failure> {
    let workload = Arc::new(workload);
    let channels = load::connect(&target.uri, plan).await?;
    if !warm_up.is_zero() {
        // Without a rate. A server that cannot keep up with it would still be behind when
        // the measurement begins.
        let plan = Plan { until: Until::Passed(warm_up), rate: None, ..*plan };
        load::run(&channels, &workload, &plan, &Arc::default()).await?;
    }
    let before = target.child.as_ref().and_then(ChildServer::usage);
    let so_far = Arc::default();
    let progress = tokio::spawn(report::progress(Arc::clone(&so_far)));
    let result = load::run(&channels, &workload, plan, &so_far).await;
    progress.abort();
    report::clear_progress();
    let result = result?;
    report::result(&result, &workload, plan);
    let after = target.child.as_ref().and_then(ChildServer::usage);
    if let (Some(before), Some(after)) = (before, after) {
        report::server_usage(before, after);
    }
    fail_if_calls_failed(&result)
}

fn fail_if_calls_failed(result: &LoadResult) -> Result<(), Failure> {
    match result.failed() {
        0 => Ok(()),
        failed => {
            let completed = result.completed();
            Err(Failure::new(format!("{failed} of {completed} calls failed")))
        }
    }
}

// --- failures

async fn play_fault(fault: Fault, server: Option<Uri>) -> Result<(), Failure> {
    match fault {
        Fault::WrongResponse => wrong_response().await,
        Fault::ServerGone => server_gone().await,
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
    make_calls(&uri, &Arc::new(unary()), &plan).await?;
    Ok(())
}

/// Makes the calls of a plan, without a warm-up and without telling its progress.
async fn make_calls(
    server: &Uri,
    workload: &Arc<Workload>,
    plan: &Plan,
) -> Result<LoadResult, Failure> {
    let channels = load::connect(server, plan).await?;
    load::run(&channels, workload, plan, &Arc::default()).await
}

/// Calls a child process, whatever `--server` says: it is going to be killed.
async fn server_gone() -> Result<(), Failure> {
    let mut child = ChildServer::start().await?;
    let workload = Arc::new(unary());
    let plan = Plan { until: Until::Count(100), ..SEQUENTIAL };
    let channels = load::connect(&child.uri, &plan).await?;
    let before = load::run(&channels, &workload, &plan, &Arc::default()).await?;
    child.kill().await?;
    let after = load::run(&channels, &workload, &plan, &Arc::default()).await?;
    println!("{} calls answered, then the server was killed", before.succeeded());
    // Their statuses are not printed: the call that meets the broken connection may end with
    // another one than the calls after it.
    println!("{} of the next 100 answered", after.succeeded());
    Err(Failure::new("the server went away"))
}

/// Calls lesson 6's method, which lesson 11's server does not have.
async fn no_method(target: &Target) -> Result<(), Failure> {
    let workload = Workload::lesson(6, 1).ok_or_else(|| Failure::new("no lesson 6"))?;
    let plan = Plan { until: Until::Count(10), ..SEQUENTIAL };
    let workload = Arc::new(workload);
    let result = make_calls(&target.uri, &workload, &plan).await?;
    report::result(&result, &workload, &plan);
    fail_if_calls_failed(&result)
}

/// Makes 400 calls to a server that once stands still for half a second: one after the
/// other, then 200 a second.
async fn stall() -> Result<(), Failure> {
    let stall = ServerFault::Stall { call: 100, time: Duration::from_millis(500) };
    let workload = Arc::new(unary());
    let closed = Plan { until: Until::Count(400), ..SEQUENTIAL };
    let open = Plan { in_flight: 64, rate: Some(200.0), ..closed };
    for (name, plan) in [("closed loop", closed), ("open loop", open)] {
        let result = make_calls(&faults::serve(stall)?, &workload, &plan).await?;
        println!("{name}: {}", report::percentiles(&result.latency));
    }
    Ok(())
}
