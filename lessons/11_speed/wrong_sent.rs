//! Exercise 11, wrong: coordinated omission. The time that a call waited for its turn, while
//! the server answered nobody, is left out.

use std::time::Duration;

use grpc_workbook::speed::load::Call;

pub fn percentile(calls: &[Call], percent: usize) -> Option<Duration> {
    let latency = |call: &Call| call.answered - call.sent;
    let mut latencies: Vec<Duration> = calls.iter().map(latency).collect();
    latencies.sort();
    let rank = (latencies.len() * percent).div_ceil(100);
    latencies.get(rank.checked_sub(1)?).copied()
}
