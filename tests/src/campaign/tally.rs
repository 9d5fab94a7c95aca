//! What happened, counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts by name. Any thread may add to it.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to a count.
    pub fn add(&self, name: &str, count: u64) {
        let mut counts = self.lock();
        match counts.get_mut(name) {
            Some(known) => *known += count,
            None => drop(counts.insert(name.to_owned(), count)),
        }
    }

    /// Keeps the larger of two numbers.
    pub fn at_most(&self, name: &str, number: u64) {
        let mut counts = self.lock();
        let known = counts.entry(name.to_owned()).or_default();
        *known = number.max(*known);
    }

    /// One count.
    pub fn get(&self, name: &str) -> u64 {
        self.lock().get(name).copied().unwrap_or(0)
    }

    /// All counts, by name.
    pub fn all(&self) -> Vec<(String, u64)> {
        self.lock().iter().map(|(name, count)| (name.clone(), *count)).collect()
    }

    /// All counts in one line.
    pub fn line(&self) -> String {
        let each = |(name, count): (String, u64)| format!("{name} {count}");
        self.all().into_iter().map(each).collect::<Vec<_>>().join(", ")
    }
}
