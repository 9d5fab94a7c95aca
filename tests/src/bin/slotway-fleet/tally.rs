//! What became of activities.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::lock;

/// Outcomes, as callers heard them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// By the number of attempts.
    answered: BTreeMap<u16, u64>,
    worker_gone: u64,
}

impl Tally {
    pub(crate) fn answered_after(&self, attempts: u16) {
        *lock(&self.counts).answered.entry(attempts).or_default() += 1;
    }

    pub(crate) fn worker_gone(&self) {
        lock(&self.counts).worker_gone += 1;
    }

    pub(crate) fn answered(&self) -> u64 {
        lock(&self.counts).answered.values().sum()
    }

    pub(crate) fn total(&self) -> u64 {
        self.answered() + lock(&self.counts).worker_gone
    }

    pub(crate) fn print(&self) {
        let counts = lock(&self.counts);
        for (attempts, count) in &counts.answered {
            println!("  answered after {attempts} attempts: {count}");
        }
        println!("  ended with their worker (worker_gone): {}", counts.worker_gone);
    }
}
