//! Percentiles, of latencies that are known.

use std::time::Duration;

use grpc_workbook::speed::histogram::Histogram;
use grpc_workbook::speed::load::{CallTimes, LoadResult};
use proptest::prelude::*;

use crate::ms;

#[test]
fn percentiles_of_known_latencies() {
    let mut histogram = Histogram::default();
    assert_eq!(histogram.percentile(50_000), Duration::ZERO);
    for nanos in (1..=1000).rev() {
        histogram.record(Duration::from_nanos(nanos));
    }
    for (thousandths, nanos) in [
        (1, 1),
        (50_000, 500),
        (90_000, 900),
        (99_000, 990),
        (99_900, 999),
        (100_000, 1000),
    ] {
        assert_eq!(histogram.percentile(thousandths), Duration::from_nanos(nanos));
    }
    assert_eq!((histogram.count(), histogram.max()), (1000, Duration::from_nanos(1000)));
    histogram.record(Duration::from_secs(1));
    assert_eq!((histogram.count(), histogram.max()), (1001, Duration::from_secs(1)));
    assert_eq!(histogram.percentile(100_000), Duration::from_secs(1));
    histogram.record(Duration::from_nanos(u64::MAX));
    assert_eq!(histogram.percentile(100_000), Duration::from_nanos(u64::MAX));
}

/// Asserts percentiles, in milliseconds. A slot may be a thousandth wide.
#[track_caller]
fn assert_percentiles(histogram: &Histogram, expected: &[(u64, u64)]) {
    for (percent, latency) in expected {
        let (actual, latency) = (histogram.percentile(percent * 1000), ms(*latency));
        let largest = latency + latency / 1000;
        assert!((latency..=largest).contains(&actual), "p{percent} is {actual:?}");
    }
}

/// By the nearest rank a percentile is the latency of some call.
#[test]
fn a_percentile_is_a_latency_that_a_call_had() {
    let hundred: Vec<u64> = (1..=100).rev().collect();
    for (latencies, expected) in [
        (&[7][..], &[(1, 7), (50, 7), (100, 7)][..]),
        (&[40, 10, 30, 20], &[(25, 10), (50, 20), (75, 30), (76, 40), (100, 40)]),
        // With fractions 7 of 100 come to 7.000000000000001, which rounds up to 8.
        (&hundred, &[(1, 1), (7, 7), (50, 50), (99, 99)]),
    ] {
        let mut histogram = Histogram::default();
        for latency in latencies {
            histogram.record(ms(*latency));
        }
        assert_percentiles(&histogram, expected);
    }
}

/// One worker, a call every 10 ms, and a server that stands still for 50 ms in the second call:
/// those after it wait for the worker, and what they waited counts.
#[test]
fn latency_counts_from_when_a_call_was_scheduled() {
    let mut result = LoadResult::default();
    for (scheduled, started, finished) in [
        (0, 0, 1),
        (10, 10, 60),
        (20, 60, 61),
        (30, 61, 62),
        (40, 62, 63),
    ] {
        let (scheduled, started, finished) = (ms(scheduled), ms(started), ms(finished));
        result.record(CallTimes { scheduled, started, finished });
    }
    assert_percentiles(&result.latency, &[(20, 1), (40, 23), (50, 32), (90, 50)]);
    assert_percentiles(&result.service, &[(20, 1), (40, 1), (50, 1), (90, 50)]);
}

proptest! {
    /// Against a sorted list of all latencies, the error is below a thousandth.
    #[test]
    fn percentiles_are_those_of_a_list(
        mut nanos in prop::collection::vec(0..u64::MAX / 2, 1..500),
        shift in 0..60_u32,
        thousandths in 1..=100_000_u64,
    ) {
        let mut histogram = Histogram::default();
        for nanos in &mut nanos {
            *nanos >>= shift;
            histogram.record(Duration::from_nanos(*nanos));
        }
        nanos.sort();
        let rank = (nanos.len() as u64 * thousandths).div_ceil(100_000).max(1);
        let exact = nanos[rank as usize - 1];
        let told = u64::try_from(histogram.percentile(thousandths).as_nanos());
        let told = told.expect("a latency of less than 2^64 ns should fit");
        prop_assert!(told >= exact && told - exact <= exact / 1000, "{told} for {exact}");
    }
}
