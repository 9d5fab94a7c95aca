//! Distributions of times.
//!
//! Ten buckets a decade (the preferred numbers R10: 10, 12.5, 16, 20, 25, 32, 40, 50, 63,
//! 80), from 10 µs to 63 s, so that a percentile is known to within an eighth. Programs
//! are shown every third: 1, 2, 5.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bounds of the first decade, in nanoseconds.
const DECADE: [u64; 10] =
    [10_000, 12_500, 16_000, 20_000, 25_000, 32_000, 40_000, 50_000, 63_000, 80_000];
const BOUNDS: usize = 69;
/// The last one has no bound.
const BUCKETS: usize = BOUNDS + 1;

/// Upper bounds, inclusive, in nanoseconds; the last is 63 s.
const UPPER_NS: [u64; BOUNDS] = {
    let mut bounds = [0; BOUNDS];
    let (mut at, mut scale) = (0, 1);
    while at < BOUNDS {
        bounds[at] = DECADE[at % 10] * scale;
        if at % 10 == 9 {
            scale *= 10;
        }
        at += 1;
    }
    bounds
};

/// For each power of two, in quarters: the bucket of its smallest number. From there at
/// most two steps lead to the bucket of any number that begins so.
const FIRST: [u8; 256] = {
    let mut first = [0; 256];
    let mut key = 8;
    while key < 256 {
        let smallest = smallest(key);
        let mut bucket = 0;
        while bucket < BOUNDS && smallest > UPPER_NS[bucket] {
            bucket += 1;
        }
        first[key] = bucket as u8;
        key += 1;
    }
    first
};

/// The smallest number whose key it is.
const fn smallest(key: usize) -> u64 {
    ((key & 3 | 4) as u64) << (key / 4 - 2)
}

/// The highest bit's place, and the two bits that follow it.
fn key(ns: u64) -> usize {
    if ns < 4 {
        return 8;
    }
    let high = 63 - ns.leading_zeros();
    (high * 4 + (ns >> (high - 2) & 3) as u32) as usize
}

fn bucket(ns: u64) -> usize {
    let mut at = usize::from(FIRST[key(ns)]);
    while at < BOUNDS && ns > UPPER_NS[at] {
        at += 1;
    }
    at
}

/// Times as they are counted.
#[derive(Debug)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_ns: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { buckets: [const { AtomicU64::new(0) }; BUCKETS], sum_ns: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Counts one.
    pub(crate) fn record(&self, ns: u64) {
        // Relaxed: counts that order nothing; whoever reads them puts up with a bucket
        // whose sum is not there yet.
        self.buckets[bucket(ns)].fetch_add(1, Ordering::Relaxed);
        if ns > 0 {
            self.sum_ns.fetch_add(ns, Ordering::Relaxed);
        }
    }
}

/// Times as they were counted at one moment, or between two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Distribution {
    buckets: [u64; BUCKETS],
    sum_ns: u64,
}

impl Default for Distribution {
    fn default() -> Distribution {
        Distribution { buckets: [0; BUCKETS], sum_ns: 0 }
    }
}

impl Distribution {
    /// Adds what a histogram has counted.
    pub(crate) fn add(&mut self, histogram: &Histogram) {
        for (own, theirs) in self.buckets.iter_mut().zip(&histogram.buckets) {
            // Relaxed: see `record`.
            *own += theirs.load(Ordering::Relaxed);
        }
        self.sum_ns += histogram.sum_ns.load(Ordering::Relaxed);
    }

    /// Adds another one.
    pub(crate) fn merge(&mut self, other: &Distribution) {
        for (own, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *own += theirs;
        }
        self.sum_ns += other.sum_ns;
    }

    /// What came since `before`.
    pub(crate) fn since(&self, before: &Distribution) -> Distribution {
        let mut since = Distribution::default();
        for (at, count) in since.buckets.iter_mut().enumerate() {
            *count = self.buckets[at].saturating_sub(before.buckets[at]);
        }
        since.sum_ns = self.sum_ns.saturating_sub(before.sum_ns);
        since
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Their sum.
    pub(crate) fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum_ns)
    }

    /// The time that a share `q` of them stays below, interpolated inside its bucket;
    /// `None` when there are none. Beyond the last bound it is the last bound.
    pub(crate) fn quantile(&self, q: f64) -> Option<Duration> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = q.clamp(0.0, 1.0) * count as f64;
        let (mut below, mut lower) = (0.0, 0.0);
        for (at, &own) in self.buckets.iter().enumerate() {
            let Some(&upper) = UPPER_NS.get(at) else { break };
            let (own, upper) = (own as f64, upper as f64);
            if own > 0.0 && below + own >= rank {
                let share = (rank - below) / own;
                return Some(Duration::from_nanos((lower + (upper - lower) * share) as u64));
            }
            below += own;
            lower = upper;
        }
        Some(Duration::from_nanos(UPPER_NS[BOUNDS - 1]))
    }

    /// The bounds that programs are shown, in seconds, each with how many are not above;
    /// the last one, infinity, is left out.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let mut not_above = 0;
        self.buckets[..BOUNDS].iter().zip(UPPER_NS).enumerate().filter_map(
            move |(at, (&own, bound))| {
                not_above += own;
                matches!(at % 10, 0 | 3 | 7).then_some((bound as f64 / 1e9, not_above))
            },
        )
    }
}

#[cfg(test)]
mod tests;
