//! Exercise 11, wrong: the mean of the fastest calls, which is the latency of none of them.

use std::time::Duration;

use grpc_workbook::speed::load::Call;

pub fn percentile(calls: &[Call], percent: usize) -> Option<Duration> {
    let latency = |call: &Call| call.answered - call.due;
    let mut latencies: Vec<Duration> = calls.iter().map(latency).collect();
    latencies.sort();
    let rank = (latencies.len() * percent).div_ceil(100);
    let fastest = latencies.get(..rank)?;
    fastest
        .iter()
        .sum::<Duration>()
        .checked_div(u32::try_from(rank).ok()?)
}
