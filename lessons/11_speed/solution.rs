//! Exercise 11: one good answer.

use std::time::Duration;

use grpc_workbook::speed::load::Call;

pub fn percentile(calls: &[Call], percent: usize) -> Option<Duration> {
    let latency = |call: &Call| call.finished - call.scheduled;
    let mut latencies: Vec<Duration> = calls.iter().map(latency).collect();
    latencies.sort();
    // In whole numbers: 0.07 * 100.0 is 7.000000000000001, which rounds up to 8.
    let rank = (latencies.len() * percent).div_ceil(100);
    latencies.get(rank.checked_sub(1)?).copied()
}
