//! What exchanges know of their registration, and count for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::registration::Registration;

/// A registration that was offered.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its number, which no other registration of the connection ever has.
    pub(crate) index: u32,
    pub(crate) registration: Registration,
    pub(crate) meter: Meter,
    gone: AtomicBool,
}

impl Entry {
    pub(crate) fn new(index: u32, registration: Registration) -> Entry {
        Entry { index, registration, meter: Meter::default(), gone: AtomicBool::new(false) }
    }

    /// It was withdrawn, and nothing of it is in flight any more.
    pub(crate) fn set_gone(&self) {
        // Relaxed: the hub has nothing more for it, so whoever looks looks at leisure.
        self.gone.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_gone(&self) -> bool {
        // Relaxed: as above.
        self.gone.load(Ordering::Relaxed)
    }
}

/// Counts of one registration, by whoever takes and answers its exchanges.
///
/// All accesses are Relaxed: the numbers are for people and stand for nothing else, and
/// whoever compares two of them waits until nothing is in flight.
#[derive(Debug, Default)]
// On cache lines of its own: what else is near is read for each exchange.
#[repr(align(128))]
pub(crate) struct Meter {
    received: AtomicU64,
    processed: AtomicU64,
    failed: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// What was counted at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) received: u64,
    pub(crate) processed: u64,
    pub(crate) failed: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

impl Meter {
    /// An exchange was taken in hand.
    #[inline]
    pub(crate) fn begin(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    /// It has ended.
    #[inline]
    pub(crate) fn end(&self, failed: bool, bytes_in: u64, bytes_out: u64) {
        // Most requests have no body, and a number that stays costs nothing.
        if bytes_in > 0 {
            self.bytes_in.fetch_add(bytes_in, Ordering::Relaxed);
        }
        if bytes_out > 0 {
            self.bytes_out.fetch_add(bytes_out, Ordering::Relaxed);
        }
        let ended = if failed { &self.failed } else { &self.processed };
        ended.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        // Those that end first: never more than were received.
        let (processed, failed) =
            (self.processed.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        Counts {
            received: self.received.load(Ordering::Relaxed),
            processed,
            failed,
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
        }
    }
}
