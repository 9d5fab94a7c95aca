//! What is counted for each queue.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::metrics::Counter;

/// One queue's counters. Every activity that was accepted or deferred is in flight until it
/// counts as completed, failed or given up.
#[derive(Debug, Default)]
pub(crate) struct QueueCounts {
    /// A worker had room at once.
    pub(crate) accepted: Counter,
    /// They had to wait.
    pub(crate) deferred: Counter,
    /// As many waited as may.
    pub(crate) rejected: Counter,
    /// A worker has answered, with success.
    pub(crate) completed: Counter,
    /// A worker has answered otherwise, or none has.
    pub(crate) failed: Counter,
    /// Their callers hung up.
    pub(crate) abandoned: Counter,
    /// Their worker went, or said that it is busy, and they went to another.
    pub(crate) moved: Counter,
    /// Attempts after a first one.
    pub(crate) retried: Counter,
    /// Outcomes that were given for a key that was there before.
    pub(crate) replayed: Counter,
    in_flight: AtomicU64,
}

impl QueueCounts {
    /// Activities that have no outcome yet.
    pub(crate) fn in_flight(&self) -> u64 {
        // Relaxed: a number for people.
        self.in_flight.load(Ordering::Relaxed)
    }
}

/// One activity, counted until it has its outcome.
#[derive(Debug)]
pub(super) struct Counted<'c> {
    counts: &'c QueueCounts,
    settled: bool,
}

impl<'c> Counted<'c> {
    pub(super) fn begin(counts: &'c QueueCounts) -> Counted<'c> {
        // Relaxed: a number for people.
        counts.in_flight.fetch_add(1, Ordering::Relaxed);
        Counted { counts, settled: false }
    }

    /// It was never taken on.
    pub(super) fn reject(mut self) {
        self.settled = true;
    }

    pub(super) fn settle(mut self, success: bool) {
        self.settled = true;
        if success { self.counts.completed.add_one() } else { self.counts.failed.add_one() }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.counts.abandoned.add_one();
        }
        // Relaxed: as above.
        self.counts.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
