//! What `lesson-11-client` prints: a report on standard output, and progress on standard
//! error.

use std::error::Error;
use std::io::{IsTerminal, Write, stderr};
use std::sync::Arc;
use std::time::Duration;

use grpc_workbook::cli::Failure;
use grpc_workbook::speed::histogram::Histogram;
use grpc_workbook::speed::load::{Load, LoadResult, Plan, Progress};
use grpc_workbook::speed::usage::Usage;
use grpc_workbook::speed::workload::Workload;
use grpc_workbook::status;
use tonic::Code;

/// The width of a line of progress on a terminal, one less than that of most terminals.
const WIDTH: usize = 79;

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
    answers(result, workload, plan);
    let calls = result.completed();
    // One call in a hundred is what p99 begins to see.
    if result.held_up > 0 && result.held_up * 100 >= calls {
        println!(
            "  held up  {} calls, because all workers were busy: is --in-flight too small?",
            result.held_up
        );
    }
    if result.not_begun > 0 && result.not_begun * 100 >= calls {
        let due = result.not_begun + calls + result.unfinished;
        println!(
            "  behind   {} of {due} calls were due and never began: the rate was not kept",
            result.not_begun
        );
    }
    if result.retried > 0 {
        println!("  retried  {}, which the server had not begun", result.retried);
    }
    errors(result);
    if result.gave_up {
        println!("  gave up  no call succeeded for {:?}", plan.patience);
    }
}

/// Prints how many calls succeeded, and how long they took.
fn answers(result: &LoadResult, workload: &Workload, plan: &Plan) {
    let (calls, per_second) = (result.succeeded(), result.per_second());
    if calls == 0 {
        println!("  calls    0 answered");
        return;
    }
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
}

/// Prints how many calls failed, by their status, and why the first of them did.
pub fn errors(result: &LoadResult) {
    let mut errors = Vec::new();
    for (code, count) in &result.errors {
        errors.push(format!("{code} {count}"));
    }
    if !errors.is_empty() {
        println!("  errors   {}", errors.join(", "));
    }
    let Some(error) = &result.error else { return };
    if error.source().is_some() {
        // tonic made it up, and its message says no more than `transport error`.
        println!("  such as  {:?}", Failure::from(error.clone()));
    } else if !error.message().is_empty() {
        println!("  such as  {}", shortened(&status::one_line(error.message())));
    } else if error.code() == Code::Unimplemented {
        println!("  such as  the server does not have this method");
    }
}

/// The first words of a text: a server may put kilobytes into a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 300;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

/// Says that a signal ended the load, whose report follows.
pub fn stopped(result: &LoadResult) {
    println!(
        "  stopped  after {}; in flight, and not counted: {}",
        in_its_unit(result.elapsed),
        result.unfinished
    );
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

/// Says every second how far a load is, until its task is aborted: on one line of a terminal,
/// or on a line each.
pub async fn progress(load: Arc<Load>) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.tick().await;
    for n in 1_u64.. {
        second.tick().await;
        let Progress { answered, failed, due_and_behind } = load.progress();
        let mut line = format!("  {n} s, {answered} calls answered");
        if failed > 0 {
            line += &format!(", {failed} failed");
        }
        if let Some((due, behind)) = due_and_behind {
            line += &format!(", {due} due, {behind} behind");
        }
        let end = if stderr().is_terminal() { '\r' } else { '\n' };
        // Not `eprint!`, which panics when standard error is closed. A line of a terminal may
        // be shorter than the one before.
        let width = if stderr().is_terminal() { WIDTH } else { 0 };
        let _ = write!(stderr(), "{line:width$}{end}");
    }
}

/// Removes the line of progress from a terminal.
pub fn clear_progress() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r{:WIDTH$}\r", "");
    }
}
