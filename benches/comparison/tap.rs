//! What the tap costs: calls to lesson 11's server, past the tap and through it, in turns; and
//! what memory the tap takes for many calls.

use std::sync::Arc;
use std::time::Duration;

use grpc_workbook::speed::load::{Plan, Until};
use grpc_workbook::speed::workload::{CallKind, Workload};
use tokio::runtime::Runtime;

use crate::measure::{SEQUENTIAL, Setup, measure, median};
use crate::servers::Server;
use crate::{machine, progress};

/// The calls that are compared: their kind, how many messages a stream has, and how many calls
/// are in flight.
const CALLS: [(CallKind, u32, usize); 3] = [
    (CallKind::Unary, 1, 1),
    (CallKind::Unary, 1, 64),
    (CallKind::Server, 1000, 1),
];
/// How large a message is, in bytes.
const SIZE: usize = 64;

/// A table of speed, one of memory, and a line with the machine.
pub fn tables(runtime: &Runtime, rounds: usize, quick: bool) -> String {
    let server = Server::lesson(11);
    let tap = Server::tap(server.port);
    let mut table = String::from(
        "| call to lesson 11's server | in flight | calls a second | with the tap | half take at most | with the tap |\n\
         |---|---|---|---|---|---|\n",
    );
    for (kind, messages, in_flight) in CALLS {
        let workload = Arc::new(Workload::speed(kind, SIZE, messages));
        let plan = Plan { in_flight, ..SEQUENTIAL };
        let mut speeds = [Vec::new(), Vec::new()];
        let mut latencies = [Vec::new(), Vec::new()];
        for round in 1..=rounds {
            progress(&format!("the tap: {}, round {round} of {rounds}", workload.name));
            // No way always follows the other.
            for turn in 0..2 {
                let way = (round + turn) % 2;
                let server = [&server, &tap][way];
                let workload = Arc::clone(&workload);
                let setup = Setup { server, workload, plan, delay: Duration::ZERO };
                let result = measure(runtime, &setup).result;
                speeds[way].push(result.per_second());
                let micros = result.service.percentile(50_000).as_secs_f64() * 1e6;
                latencies[way].push(micros);
            }
        }
        table += &format!("| {} | {in_flight} |", workload.name);
        for speed in &speeds {
            table += &format!(" {} |", grouped(median(speed)));
        }
        for latency in &latencies {
            table += &format!(" {} µs |", grouped(median(latency)));
        }
        table += "\n";
    }
    table + "\n" + &memory(runtime, quick) + "\n" + &machine::of_the_tap(rounds)
}

/// The most memory that a new tap takes, after so many unary calls.
fn memory(runtime: &Runtime, quick: bool) -> String {
    let mut table =
        String::from("| unary calls through one tap | memory at most |\n|---|---|\n");
    let counts: &[u64] = if quick {
        &[1_000, 10_000]
    } else {
        &[10_000, 1_000_000]
    };
    for count in counts {
        progress(&format!("the tap: memory after {count} calls"));
        let server = Server::lesson(11);
        let tap = Server::tap(server.port);
        let setup = Setup {
            server: &tap,
            workload: Arc::new(Workload::speed(CallKind::Unary, SIZE, 1)),
            plan: Plan { until: Until::Count(*count), in_flight: 64, ..SEQUENTIAL },
            delay: Duration::ZERO,
        };
        measure(runtime, &setup);
        let peak = match tap.usage() {
            Some(usage) => format!("{:.1} MiB", usage.peak_kib as f64 / 1024.0),
            None => "not measured".into(),
        };
        table += &format!("| {} | {peak} |\n", grouped(*count as f64));
    }
    table
}

/// A number without what stands after its point, its digits in groups of three.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
