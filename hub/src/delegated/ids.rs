//! Numbers of clients.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Gives each number once. The first is the time in microseconds since 1970, so that no run
/// of the hub gives what an earlier one gave, unless that gave a million each second; and
/// they stay below 2^53, so that JavaScript can read them.
#[derive(Debug)]
pub(super) struct Ids {
    first: u64,
    next: AtomicU64,
}

impl Ids {
    pub(super) fn new() -> Ids {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let first = u64::try_from(now.as_micros()).unwrap_or_default();
        Ids { first, next: AtomicU64::new(first) }
    }

    pub(super) fn next(&self) -> u64 {
        // Relaxed: only that it is another one counts.
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether somebody has or had it.
    pub(super) fn was_given(&self, id: u64) -> bool {
        // Relaxed: who asks for it has heard of it.
        (self.first..self.next.load(Ordering::Relaxed)).contains(&id)
    }
}

#[cfg(test)]
mod tests;
