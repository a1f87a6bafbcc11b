//! Percentiles, of latencies that are known.

use std::time::Duration;

use grpc_workbook::speed::histogram::Histogram;
use proptest::prelude::*;

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
