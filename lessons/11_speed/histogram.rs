//! Counts latencies, so that percentiles can be told, in little memory however many they
//! are. The layout is that of HdrHistogram (<http://hdrhistogram.org>).

use std::time::Duration;

/// For each doubling of the latency there are 2^10 slots, so a latency is told with an
/// error of at most a thousandth.
const BITS: u32 = 10;

/// How often each latency was seen, in nanoseconds.
#[derive(Debug, Default, Clone)]
pub struct Histogram {
    slots: Vec<u64>,
    count: u64,
    max: u64,
}

impl Histogram {
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        let slot = slot(nanos);
        if slot >= self.slots.len() {
            self.slots.resize(slot + 1, 0);
        }
        self.slots[slot] += 1;
        self.count += 1;
        self.max = self.max.max(nanos);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// The smallest latency such that at least `thousandths` of 100,000 calls took no
    /// longer: 50,000 is the median, 99,900 is p99.9. Zero if nothing was recorded.
    pub fn percentile(&self, thousandths: u64) -> Duration {
        let rank = u128::from(self.count) * u128::from(thousandths);
        let rank = rank.div_ceil(100_000).max(1);
        let mut seen = 0;
        for (slot, count) in self.slots.iter().enumerate() {
            seen += u128::from(*count);
            if seen >= rank {
                return Duration::from_nanos(largest(slot).min(self.max));
            }
        }
        self.max()
    }
}

/// The slot of a latency: those below 2^11 have one each, and from there on a slot is twice
/// as wide after each doubling.
fn slot(nanos: u64) -> usize {
    let shift = nanos.checked_ilog2().unwrap_or(0).saturating_sub(BITS);
    ((shift as usize) << BITS) + (nanos >> shift) as usize
}

/// The largest latency of a slot.
fn largest(slot: usize) -> u64 {
    let shift = (slot >> BITS).saturating_sub(1);
    let first = (slot - (shift << BITS)) as u128;
    u64::try_from(((first + 1) << shift) - 1).unwrap_or(u64::MAX)
}
