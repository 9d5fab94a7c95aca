//! Rounds and medians.

use std::time::{Duration, Instant};

use crate::cpu::CpuClocks;

/// What one round of one contestant gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    /// The quantity that is compared, in its figure's unit.
    pub(crate) value: f64,
    /// Processor time for each exchange or request, in microseconds, over all processes
    /// that take part; `None` where it was not measured.
    pub(crate) cpu_us: Option<f64>,
}

impl Sample {
    /// A round whose processor time says nothing.
    #[allow(dead_code, reason = "for the parts that follow")]
    pub(crate) fn of(value: f64) -> Sample {
        Sample { value, cpu_us: None }
    }

    pub(crate) fn new(value: f64, cpu_us: f64) -> Sample {
        Sample { value, cpu_us: Some(cpu_us) }
    }
}

/// What one contestant's rounds came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    /// The median.
    pub(crate) value: f64,
    /// The median of the processor time for each exchange, in microseconds.
    pub(crate) cpu_us: Option<f64>,
    /// Largest minus smallest value, as a part of the median.
    pub(crate) spread: f64,
    pub(crate) rounds: usize,
}

impl Summary {
    pub(crate) fn of(samples: &[Sample]) -> Summary {
        let values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
        let cpu: Vec<f64> = samples.iter().filter_map(|sample| sample.cpu_us).collect();
        Summary {
            spread: spread(&values),
            value: median(values),
            cpu_us: (!cpu.is_empty()).then(|| median(cpu)),
            rounds: samples.len(),
        }
    }
}

/// How long one round repeats its step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Repetitions that are not counted.
    pub(crate) warm_up: usize,
    /// Repetitions that are, at most.
    pub(crate) count: usize,
    /// A round's time at most: where every step costs a time slice there is no need to
    /// wait for all of them.
    pub(crate) limit: Duration,
}

/// Repeats a step and gives the middle of its times, in microseconds, with the processor
/// time that each repetition took.
pub(crate) fn p50(effort: Effort, clocks: &CpuClocks, step: impl FnMut()) -> Sample {
    p50_spaced(effort, clocks, Duration::ZERO, step)
}

/// The same with a pause before each repetition, which counts for the processor time only.
pub(crate) fn p50_spaced(
    effort: Effort,
    clocks: &CpuClocks,
    pause: Duration,
    mut step: impl FnMut(),
) -> Sample {
    let rest = || {
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    };
    let begin = Instant::now();
    for _ in 0..effort.warm_up {
        rest();
        step();
        if begin.elapsed() > effort.limit / 4 {
            break;
        }
    }
    let mut times = Vec::with_capacity(effort.count);
    let cpu = clocks.start();
    let begin = Instant::now();
    for _ in 0..effort.count {
        rest();
        let start = Instant::now();
        step();
        times.push(start.elapsed().as_nanos() as f64 / 1000.0);
        if begin.elapsed() > effort.limit {
            break;
        }
    }
    let cpu_us = cpu.us() / times.len().max(1) as f64;
    Sample::new(median(times), cpu_us)
}

/// Repeats a step that completes some exchanges, for `effort.limit`, and gives the time
/// for each exchange, in microseconds, with its processor time.
pub(crate) fn pace(effort: Effort, clocks: &CpuClocks, mut step: impl FnMut() -> usize) -> Sample {
    let begin = Instant::now();
    let mut done = 0;
    while done < effort.warm_up && begin.elapsed() < effort.limit / 4 {
        done += step();
    }
    let cpu = clocks.start();
    let begin = Instant::now();
    let mut done = 0;
    while done < effort.count && begin.elapsed() < effort.limit {
        done += step();
    }
    let us = begin.elapsed().as_nanos() as f64 / 1000.0;
    let done = done.max(1) as f64;
    Sample::new(us / done, cpu.us() / done)
}

/// The middle value; of an even number the upper of the two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Largest minus smallest, as a part of the middle.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let middle = median(values.to_vec());
    // Rounds that all gave nothing agree.
    if high == low { 0.0 } else { (high - low) / middle.abs() }
}

#[cfg(test)]
mod tests;
