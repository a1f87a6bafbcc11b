//! Exercise 11, wrong: 7 of 100 calls are a hair more than 7 for a computer that computes
//! with binary fractions, and are rounded up to 8.

use std::time::Duration;

use grpc_workbook::speed::load::Call;

pub fn percentile(calls: &[Call], percent: usize) -> Option<Duration> {
    let latency = |call: &Call| call.answered - call.due;
    let mut latencies: Vec<Duration> = calls.iter().map(latency).collect();
    latencies.sort();
    let rank = (percent as f64 / 100.0 * latencies.len() as f64).ceil() as usize;
    latencies.get(rank.checked_sub(1)?).copied()
}
