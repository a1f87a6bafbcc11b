//! The check of the exercise: percentiles of calls that are written down.

use std::time::Duration;

use grpc_workbook::speed::load::Call;
use support::checks::{Checks, Verdict};

use crate::ms;

type Percentile = fn(&[Call], usize) -> Option<Duration>;

/// Calls with these latencies, in milliseconds, each started when it was scheduled.
fn calls(latencies: &[u64]) -> Vec<Call> {
    let mut calls = Vec::new();
    for (n, latency) in (0..).zip(latencies) {
        let scheduled = ms(n * 10);
        let finished = scheduled + ms(*latency);
        calls.push(Call { scheduled, started: scheduled, finished });
    }
    calls
}

pub async fn check(percentile: Percentile) -> Verdict {
    let mut checks = Checks::default();
    let mut expect = |name: &str, calls: &[Call], percents: &[(usize, Option<u64>)]| {
        for (percent, expected) in percents {
            let call = format!("p{percent} of {name}");
            let actual = percentile(calls, *percent);
            checks.expect(call, Ok(actual), Ok(expected.map(ms)));
        }
    };
    expect("no calls", &[], &[(50, None), (100, None)]);
    expect(
        "one call of 7 ms",
        &calls(&[7]),
        &[(1, Some(7)), (50, Some(7)), (100, Some(7))],
    );
    expect(
        "calls of 40, 10, 30 and 20 ms",
        &calls(&[40, 10, 30, 20]),
        &[
            (25, Some(10)),
            (50, Some(20)),
            (75, Some(30)),
            (76, Some(40)),
            (100, Some(40)),
        ],
    );
    let hundred: Vec<u64> = (1..=100).rev().collect();
    expect(
        "a hundred calls of 1 to 100 ms",
        &calls(&hundred),
        &[(1, Some(1)), (7, Some(7)), (50, Some(50)), (99, Some(99))],
    );
    // One worker, a call every 10 ms, and a server that stands still for 50 ms in the second
    // call: those after it wait for the worker.
    let stalled = [
        (0, 0, 1),
        (10, 10, 60),
        (20, 60, 61),
        (30, 61, 62),
        (40, 62, 63),
    ];
    let stalled = stalled.map(|(scheduled, started, finished)| Call {
        scheduled: ms(scheduled),
        started: ms(started),
        finished: ms(finished),
    });
    expect(
        "five calls, of which one is slow and three wait for it",
        &stalled,
        &[
            (20, Some(1)),
            (40, Some(23)),
            (50, Some(32)),
            (90, Some(50)),
        ],
    );
    checks.verdict()
}
