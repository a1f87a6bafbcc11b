//! Exercise 11, a wrong answer: it measures from when a call started, which is coordinated
//! omission.

use std::time::Duration;

use grpc_workbook::speed::load::Call;

pub fn percentile(calls: &[Call], percent: usize) -> Option<Duration> {
    // Wrong: it leaves out how long the call waited to be started.
    let latency = |call: &Call| call.finished - call.started;
    let mut latencies: Vec<Duration> = calls.iter().map(latency).collect();
    latencies.sort();
    let rank = (latencies.len() * percent).div_ceil(100);
    latencies.get(rank.checked_sub(1)?).copied()
}
