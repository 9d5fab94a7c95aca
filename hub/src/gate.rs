//! How many requests may be in flight at a time; the others wait in line, first come
//! first served.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::time::{Instant, timeout_at};

use crate::wait_queue::WaitQueue;

/// A limit on requests in flight, with a line of its own.
#[derive(Debug)]
pub(crate) struct Gate {
    limit: AtomicU32,
    in_flight: AtomicU32,
    pub(crate) queue: Arc<WaitQueue>,
}

/// A request that was let in; it is in flight until this is dropped.
#[derive(Debug)]
pub(crate) struct Pass(Arc<Gate>);

/// Why a request was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// As many wait as may.
    Full,
    /// Its time was up.
    Late,
}

impl Gate {
    pub(crate) fn new(limit: u32, waiters_max: usize) -> Gate {
        Gate {
            limit: AtomicU32::new(limit),
            in_flight: AtomicU32::new(0),
            queue: Arc::new(WaitQueue::new(waiters_max)),
        }
    }

    /// Another limit from here on. Who is in stays in.
    pub(crate) fn set_limits(&self, limit: u32, waiters_max: usize) {
        // Relaxed: who misses it is let in by the limit of a moment ago.
        self.limit.store(limit, Ordering::Relaxed);
        self.queue.set_length_max(waiters_max);
        self.queue.call();
    }

    /// How many may be in flight.
    pub(crate) fn limit(&self) -> u32 {
        // Relaxed: see `set_limits`.
        self.limit.load(Ordering::Relaxed)
    }

    /// How many are in flight.
    pub(crate) fn in_flight(&self) -> u32 {
        // Relaxed: a number for people.
        self.in_flight.load(Ordering::Relaxed)
    }

    /// In, if there is room and nobody waits.
    pub(crate) fn try_enter(self: &Arc<Self>) -> Option<Pass> {
        if self.queue.is_empty() { self.take() } else { None }
    }

    /// In, in turn, or not by `until`.
    pub(crate) async fn enter(self: &Arc<Self>, until: Instant) -> Result<Pass, Refused> {
        if let Some(pass) = self.try_enter() {
            return Ok(pass);
        }
        let turn = self.queue.enter().map_err(|_| Refused::Full)?;
        loop {
            timeout_at(until, turn.called()).await.map_err(|_| Refused::Late)?;
            if let Some(pass) = self.take() {
                // The turn ends here and calls the next, for whom there may be room too.
                return Ok(pass);
            }
        }
    }

    fn take(self: &Arc<Self>) -> Option<Pass> {
        let limit = self.limit();
        let below = |count| (count < limit).then_some(count + 1);
        // Relaxed: a count that guards nothing. Whether a waiter sees the place that was
        // given up, or who gives it up sees the waiter, is for the queue's fences.
        let counted = self.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below);
        counted.is_ok().then(|| Pass(self.clone()))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        // Relaxed: see `Gate::take`; `call` begins with the fence.
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.queue.call();
    }
}

#[cfg(test)]
mod tests;
