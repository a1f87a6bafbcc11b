//! The check of the exercise: percentiles of calls that are written down.

use std::time::Duration;

use grpc_workbook::speed::load::Call;
use support::checks::{Checks, Verdict};
use support::exercise::{Breakable, hang};

use crate::ms;

/// An answer to the exercise.
pub struct Percentile(pub fn(&[Call], usize) -> Option<Duration>);

impl Breakable for Percentile {
    fn panicking(self) -> Percentile {
        Percentile(|_, _| panic!("as the test wants it"))
    }

    fn hanging(self) -> Percentile {
        Percentile(|_, _| hang())
    }
}

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

pub async fn check(Percentile(percentile): Percentile) -> Verdict {
    let mut checks = Checks::default();
    let hundred: Vec<u64> = (1..=100).rev().collect();
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
    /// A percentile, and what it must be, in milliseconds.
    type Rows = &'static [(usize, Option<u64>)];
    let cases: [(&str, Vec<Call>, Rows); 5] = [
        ("no calls", vec![], &[(50, None), (100, None)]),
        ("one call of 7 ms", calls(&[7]), &[(1, Some(7)), (50, Some(7)), (100, Some(7))]),
        (
            "calls of 40, 10, 30 and 20 ms",
            calls(&[40, 10, 30, 20]),
            &[
                (25, Some(10)),
                (50, Some(20)),
                (75, Some(30)),
                (76, Some(40)),
                (100, Some(40)),
            ],
        ),
        (
            "a hundred calls of 1 to 100 ms",
            calls(&hundred),
            &[(1, Some(1)), (7, Some(7)), (50, Some(50)), (99, Some(99))],
        ),
        (
            "five calls, of which one is slow and three wait for it",
            stalled.to_vec(),
            &[
                (20, Some(1)),
                (40, Some(23)),
                (50, Some(32)),
                (90, Some(50)),
            ],
        ),
    ];
    for (name, calls, percents) in cases {
        for (percent, expected) in percents {
            let (calls, percent) = (calls.clone(), *percent);
            let actual = async move { Ok(percentile(&calls, percent)) };
            let call = format!("p{percent} of {name}");
            checks.call(call, actual, Ok(expected.map(ms))).await;
        }
    }
    checks.verdict()
}
