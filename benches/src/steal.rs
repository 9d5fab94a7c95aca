//! What the host takes away. On a virtual machine other machines have the processors for a
//! part of the time, which Linux counts as stolen, and a round in which much was stolen
//! measures them. Such a round is repeated, whoever's it is, and of its tries the one counts
//! from which the least was taken.

use std::fs;
use std::io;
use std::sync::{Mutex, PoisonError};

use crate::measure::median;
use crate::report::Report;

/// What may be stolen of the processors' time in a round that is not repeated.
const STOLEN_MAX: f64 = 0.03;
/// How often a round is tried at most. The host's busy moments can last for minutes.
const TRIES: usize = 4;

/// What was stolen in the rounds that count, and how many tries did not count.
static SEEN: Mutex<Seen> = Mutex::new(Seen { stolen: Vec::new(), repeated: 0 });

#[derive(Debug)]
struct Seen {
    stolen: Vec<f64>,
    repeated: usize,
}

/// Clock ticks of all processors since the machine began.
#[derive(Debug, Clone, Copy)]
struct Ticks {
    stolen: u64,
    all: u64,
}

impl Ticks {
    fn now() -> Option<Ticks> {
        Ticks::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// The first line: user, nice, system, idle, iowait, irq, softirq, steal; what follows
    /// is counted among the first two.
    fn parse(stat: &str) -> Option<Ticks> {
        let fields = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
        let ticks: Vec<u64> = fields.take(8).map_while(|field| field.parse().ok()).collect();
        Some(Ticks { stolen: *ticks.get(7)?, all: ticks.iter().sum() })
    }

    /// The part that was stolen since.
    fn stolen_since(self, before: Ticks) -> f64 {
        let all = self.all.saturating_sub(before.all).max(1);
        self.stolen.saturating_sub(before.stolen) as f64 / all as f64
    }
}

/// Measures until the host has left the machine alone, or gives the try that it disturbed
/// least.
pub(crate) fn undisturbed<T>(mut measure: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut best: Option<(f64, T)> = None;
    let mut tries = 0;
    while tries < TRIES && best.as_ref().is_none_or(|(stolen, _)| *stolen > STOLEN_MAX) {
        tries += 1;
        let before = Ticks::now();
        let value = measure()?;
        let stolen = before.zip(Ticks::now()).map_or(0.0, |(before, now)| now.stolen_since(before));
        if best.as_ref().is_none_or(|(least, _)| stolen < *least) {
            best = Some((stolen, value));
        }
    }
    let (stolen, value) = best.ok_or_else(|| io::Error::other("nothing was measured"))?;
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.stolen.push(stolen);
    seen.repeated += tries - 1;
    Ok(value)
}

/// Says below the table how much was stolen all the same.
pub(crate) fn note(report: &mut Report) {
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let most = seen.stolen.iter().copied().fold(0.0, f64::max);
    if most == 0.0 {
        return;
    }
    report.note(format!(
        "the host took {:.1} % of the processors' time in half of the rounds, {:.0} % in the worst; \
         {} of {} tries were repeated for it",
        100.0 * median(seen.stolen.clone()),
        100.0 * most,
        seen.repeated,
        seen.stolen.len() + seen.repeated,
    ));
}

#[cfg(test)]
mod tests;
