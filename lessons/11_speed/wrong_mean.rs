//! Exercise 11, a wrong answer: it takes the mean of the fastest calls.

use std::time::Duration;

use grpc_workbook::speed::load::Call;

pub fn percentile(calls: &[Call], percent: usize) -> Option<Duration> {
    let latency = |call: &Call| call.finished - call.scheduled;
    let mut latencies: Vec<Duration> = calls.iter().map(latency).collect();
    latencies.sort();
    let rank = (latencies.len() * percent).div_ceil(100);
    let fastest = latencies.get(..rank)?;
    // Wrong: a mean is the latency of no call.
    fastest
        .iter()
        .sum::<Duration>()
        .checked_div(u32::try_from(rank).ok()?)
}
