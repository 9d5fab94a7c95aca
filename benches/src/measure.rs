//! Rounds and medians.

use std::time::{Duration, Instant};

/// The time that each of many repetitions took.
pub(crate) fn latencies(
    warm_up: usize,
    count: usize,
    limit: Duration,
    mut step: impl FnMut(),
) -> Vec<u64> {
    for _ in 0..warm_up {
        step();
    }
    let mut times = Vec::with_capacity(count);
    let begin = Instant::now();
    for _ in 0..count {
        let start = Instant::now();
        step();
        times.push(start.elapsed().as_nanos() as u64);
        // Where every step costs a time slice there is no need to wait for all of them.
        if begin.elapsed() > limit {
            break;
        }
    }
    times
}

/// The middle value; of an even number the upper of the two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The middle of many times, in microseconds.
pub(crate) fn p50_us(times: Vec<u64>) -> f64 {
    median(times.into_iter().map(|ns| ns as f64 / 1000.0).collect())
}

/// Largest minus smallest, as a part of the middle.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (high - low) / median(values.to_vec())
}
