//! One queue, whoever takes from it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::QueueCounts;

/// What everybody who takes from one queue shares.
#[derive(Debug)]
pub(crate) struct Queue {
    name: Box<str>,
    waiting: AtomicUsize,
    waiting_max: AtomicUsize,
    pub(crate) counts: QueueCounts,
}

/// One activity that waits for a worker, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting<'q>(&'q Queue);

impl Queue {
    /// `waiting_max`: activities that may wait.
    pub(crate) fn new(name: &str, waiting_max: usize) -> Queue {
        Queue {
            name: name.into(),
            waiting: AtomicUsize::new(0),
            waiting_max: AtomicUsize::new(waiting_max),
            counts: QueueCounts::default(),
        }
    }

    /// `namespace/queue`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many may wait from here on. Who waits goes on.
    pub(crate) fn set_waiting_max(&self, waiting_max: usize) {
        // Relaxed: who misses it is judged by the bound of a moment ago.
        self.waiting_max.store(waiting_max, Ordering::Relaxed);
    }

    /// How many may wait.
    pub(crate) fn waiting_max(&self) -> usize {
        // Relaxed: see `set_waiting_max`.
        self.waiting_max.load(Ordering::Relaxed)
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        // Relaxed: a number for people.
        self.waiting.load(Ordering::Relaxed)
    }

    /// One more waits, if it may.
    pub(super) fn wait(&self) -> Option<Waiting<'_>> {
        let max = self.waiting_max();
        let below = |waiting| (waiting < max).then_some(waiting + 1);
        // Relaxed: a count that orders nothing.
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below).ok()?;
        Some(Waiting(self))
    }

    /// How long a caller would do well to stay away: 25 to 250 ms by how many wait.
    pub(crate) fn hint(&self) -> Duration {
        let max = self.waiting_max();
        let waiting = self.waiting().min(max) as u64;
        Duration::from_millis(25 + 225 * waiting / max.max(1) as u64)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // Relaxed: as above.
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
