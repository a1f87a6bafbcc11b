//! Exercise 11, a wrong answer: it computes the rank with fractions, which are not exact.

use std::time::Duration;

use grpc_workbook::speed::load::Call;

pub fn percentile(calls: &[Call], percent: usize) -> Option<Duration> {
    let latency = |call: &Call| call.finished - call.scheduled;
    let mut latencies: Vec<Duration> = calls.iter().map(latency).collect();
    latencies.sort();
    // Wrong: 7 of 100 calls come to 7.000000000000001, which rounds up to 8.
    let rank = (percent as f64 / 100.0 * latencies.len() as f64).ceil() as usize;
    latencies.get(rank.checked_sub(1)?).copied()
}
