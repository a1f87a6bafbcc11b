//! Counts latencies and tells their percentiles, in little memory however many there are.
//! The layout is that of HdrHistogram (<http://hdrhistogram.org>).
//!
//! In a program of your own, use the crate `hdrhistogram`. Here it would be built for every
//! lesson, the first one included, with three crates that it needs.

use std::time::Duration;

/// Each doubling of the latency is divided into 2^10 slots, so a percentile is at most a
/// thousandth larger than the latency that it stands for.
const BITS: u32 = 10;

/// How often each latency was recorded, in nanoseconds.
#[derive(Debug, Default, Clone)]
pub struct Histogram {
    /// How many latencies fell into each slot, by the slot's number (see [`slot`]). It grows
    /// to the largest latency so far: 25,600 slots reach 17 seconds.
    slots: Vec<u64>,
    /// How many latencies were recorded: the sum of all slots.
    count: u64,
    /// The largest latency recorded, exactly; 0 before the first.
    max: u64,
}

impl Histogram {
    /// Counts one latency.
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

    /// How many latencies were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The largest latency recorded, exactly; zero if none was.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max)
    }

    /// The percentile by nearest rank: the smallest latency such that at least
    /// `thousandths` of 100,000 calls took no longer. 50,000 is the median, 99,900 is p99.9.
    /// Zero if nothing was recorded.
    pub fn percentile(&self, thousandths: u64) -> Duration {
        let rank = u128::from(self.count) * u128::from(thousandths);
        let rank = rank.div_ceil(100_000).max(1);
        let mut passed = 0;
        for (slot, count) in self.slots.iter().enumerate() {
            passed += u128::from(*count);
            if passed >= rank {
                return Duration::from_nanos(largest(slot).min(self.max));
            }
        }
        self.max()
    }
}

/// The number of the slot for a latency. Latencies below 2^11 ns have a slot each; from
/// there on, slots are twice as wide after each doubling.
fn slot(nanos: u64) -> usize {
    let shift = nanos.checked_ilog2().unwrap_or(0).saturating_sub(BITS);
    ((shift as usize) << BITS) + (nanos >> shift) as usize
}

/// The largest latency that falls into a slot: the inverse of [`slot`].
fn largest(slot: usize) -> u64 {
    let shift = (slot >> BITS).saturating_sub(1);
    let first = (slot - (shift << BITS)) as u128;
    u64::try_from(((first + 1) << shift) - 1).unwrap_or(u64::MAX)
}
