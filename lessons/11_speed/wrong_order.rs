//! Exercise 11, a wrong answer: it does not sort the latencies.

use std::time::Duration;

use grpc_workbook::speed::load::Call;

pub fn percentile(calls: &[Call], percent: usize) -> Option<Duration> {
    let rank = (calls.len() * percent).div_ceil(100);
    // Wrong: the calls are in the order in which they were made.
    let call = calls.get(rank.checked_sub(1)?)?;
    Some(call.finished - call.scheduled)
}
