//! Exercise 11, a wrong answer: it takes the rank for an index.

use std::time::Duration;

use grpc_workbook::speed::load::Call;

pub fn percentile(calls: &[Call], percent: usize) -> Option<Duration> {
    let latency = |call: &Call| call.finished - call.scheduled;
    let mut latencies: Vec<Duration> = calls.iter().map(latency).collect();
    latencies.sort();
    let rank = (latencies.len() * percent).div_ceil(100);
    // Wrong: ranks count from 1, and indices from 0.
    latencies.get(rank).or(latencies.last()).copied()
}
