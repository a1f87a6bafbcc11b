//! What `lesson-11-client` prints: a report on standard output, and progress on standard
//! error.

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use grpc_workbook::speed::histogram::Histogram;
use grpc_workbook::speed::load::{self, LoadResult, Plan};
use grpc_workbook::speed::usage::Usage;
use grpc_workbook::speed::workload::Workload;
use grpc_workbook::status;

/// Says what is going to be measured.
pub fn heading(workload: &Workload, plan: &Plan) {
    // With a rate it is a limit, which a server that keeps up never reaches.
    let most = if plan.rate.is_some() { "at most " } else { "" };
    let mut line = format!("{}, {most}{} in flight", workload.name, plan.in_flight);
    if plan.connections > 1 {
        line += &format!(" on each of {} connections", plan.connections);
    }
    if let Some(rate) = plan.rate {
        line += &format!(", {rate} a second");
    }
    println!("{line}");
}

/// Prints the results of the calls.
pub fn result(result: &LoadResult, workload: &Workload, plan: &Plan) {
    if result.succeeded() > 0 {
        let (calls, per_second) = (result.succeeded(), result.per_second());
        println!("  calls    {calls}, {per_second:.0} a second");
        if workload.messages() > 1 {
            let messages = calls * workload.messages() as u64;
            let per_second = per_second * workload.messages() as f64;
            println!("  messages {messages}, {per_second:.0} a second");
        }
        println!("  latency  {}", percentiles(&result.latency));
        if plan.rate.is_some() {
            println!("  of which {}, once started", percentiles(&result.service));
        }
        // One call in a hundred is what p99 begins to see.
        if result.held_up * 100 >= calls {
            println!(
                "  held up  {} calls, because all workers were busy: is --in-flight too small?",
                result.held_up
            );
        }
    }
    let mut errors = Vec::new();
    for (code, count) in &result.errors {
        errors.push(format!("{code} {count}"));
    }
    if !errors.is_empty() {
        println!("  errors   {}", errors.join(", "));
    }
    if let Some(error) = &result.error
        && !error.message().is_empty()
    {
        println!("  such as  {}", status::one_line(error.message()));
    }
}

/// Prints what a server used between two moments.
pub fn server_usage(before: Usage, after: Usage) {
    println!(
        "  server   {:.2} s on a processor, at most {:.1} MiB of memory",
        (after.cpu - before.cpu).as_secs_f64(),
        after.peak_kib as f64 / 1024.0
    );
}

/// The percentiles of a report, in one line.
pub fn percentiles(latency: &Histogram) -> String {
    let mut line = String::new();
    for (name, thousandths) in [
        ("p50", 50_000),
        ("p90", 90_000),
        ("p99", 99_000),
        ("p99.9", 99_900),
    ] {
        line += &format!("{name} {}, ", in_its_unit(latency.percentile(thousandths)));
    }
    line + &format!("max {}", in_its_unit(latency.max()))
}

fn in_its_unit(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1e-3 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.2} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

/// Says every second how many calls have been made, until its task is aborted: on one line
/// of a terminal, or on a line each.
pub async fn progress(so_far: Arc<Mutex<LoadResult>>) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.tick().await;
    for n in 1_u64.. {
        second.tick().await;
        let calls = load::locked(&so_far).completed();
        let end = if stderr().is_terminal() { '\r' } else { '\n' };
        // Not `eprint!`, which panics when standard error is closed.
        let _ = write!(stderr(), "  {n} s, {calls} calls{end}");
    }
}

/// Removes the line of progress from a terminal.
pub fn clear_progress() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r{:40}\r", "");
    }
}
