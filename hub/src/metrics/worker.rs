//! What is counted for each worker.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Counter;
use super::histogram::{Distribution, Histogram};
use super::shard::Sharded;

/// One worker's counters; part of its instance.
#[derive(Debug)]
pub(crate) struct WorkerMetrics {
    shards: Sharded<Shard>,
    /// Times that the hub woke a thread of the worker.
    pub(crate) futex_wakes: Counter,
    /// Times that the hub rang the worker's doorbell.
    pub(crate) doorbells: Counter,
    /// Times that the worker woke the hub.
    pub(crate) hub_wakes: Counter,
    /// Times that the hub looked once more instead of sleeping.
    pub(crate) hub_spins: Counter,
}

#[derive(Debug, Default)]
struct Shard {
    worker: Histogram,
    errors: AtomicU64,
    /// When it last answered, on the hub's clock; 0 for never.
    answered_ns: AtomicU64,
}

/// One worker's counters at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct WorkerCounts {
    pub(crate) worker: Distribution,
    pub(crate) errors: u64,
    pub(crate) answered_ns: u64,
}

impl WorkerMetrics {
    pub(crate) fn new() -> WorkerMetrics {
        WorkerMetrics {
            shards: Sharded::new(),
            futex_wakes: Counter::default(),
            doorbells: Counter::default(),
            hub_wakes: Counter::default(),
            hub_spins: Counter::default(),
        }
    }

    /// An answer's head came after `worker_ns`, at `now_ns`.
    pub(crate) fn answered(&self, worker_ns: u64, now_ns: u64) {
        let own = self.shards.own();
        own.worker.record(worker_ns);
        // Relaxed: numbers that order nothing. Of two answers at once the later may lose,
        // by as much as lies between them.
        own.answered_ns.store(now_ns, Ordering::Relaxed);
    }

    /// An answer was an error, or none came.
    pub(crate) fn failed(&self) {
        // Relaxed: a count that orders nothing.
        self.shards.own().errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds it all up.
    pub(crate) fn counts(&self) -> WorkerCounts {
        let mut counts = WorkerCounts::default();
        for shard in self.shards.all() {
            counts.worker.add(&shard.worker);
            // Relaxed: see `answered`.
            counts.errors += shard.errors.load(Ordering::Relaxed);
            let answered = shard.answered_ns.load(Ordering::Relaxed);
            counts.answered_ns = counts.answered_ns.max(answered);
        }
        counts
    }
}
