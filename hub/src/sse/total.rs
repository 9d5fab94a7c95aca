//! What all feeds hold together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that are held, and how many may be.
#[derive(Debug)]
pub(crate) struct Total {
    used: AtomicUsize,
    max: AtomicUsize,
}

impl Default for Total {
    /// Without a bound.
    fn default() -> Total {
        Total { used: AtomicUsize::new(0), max: AtomicUsize::new(usize::MAX) }
    }
}

impl Total {
    /// Another bound from here on. What is held stays until there is more.
    pub(crate) fn set_max(&self, bytes: usize) {
        // Relaxed, here and below: counts that order nothing.
        self.max.store(bytes, Ordering::Relaxed);
    }

    /// How many are held.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// So many more are held. Gives whether that is within the bound.
    pub(super) fn add(&self, bytes: usize) -> bool {
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        before.saturating_add(bytes) <= self.max.load(Ordering::Relaxed)
    }

    pub(super) fn remove(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}
