//! Workers that went away: how many for which reason, and the last ones by name.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Departures that are remembered one by one.
const LAST_MAX: usize = 32;

/// All departures.
#[derive(Debug, Default)]
pub(crate) struct Departures {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    counts: BTreeMap<&'static str, u64>,
    /// Oldest first.
    last: VecDeque<Departed>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Departed {
    pub(crate) at: SystemTime,
    pub(crate) worker: u64,
    pub(crate) pid: Option<u32>,
    /// The names that it served.
    pub(crate) names: Vec<String>,
    /// The kind of reason, one of a few words: a label.
    pub(crate) reason: &'static str,
    /// The reason as a sentence.
    pub(crate) detail: String,
}

impl Departures {
    /// A worker is gone.
    pub(crate) fn add(&self, departed: Departed) {
        let mut inner = self.lock();
        *inner.counts.entry(departed.reason).or_default() += 1;
        if inner.last.len() == LAST_MAX {
            inner.last.pop_front();
        }
        inner.last.push_back(departed);
    }

    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.lock().counts.clone()
    }

    /// The last ones, newest first.
    pub(crate) fn last(&self) -> Vec<Departed> {
        self.lock().last.iter().rev().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that can panic runs under the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
