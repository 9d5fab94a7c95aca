//! What is counted of streams, and why they end.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Reason {
    /// The client left.
    Left,
    /// It was so slow that what it had not read is gone.
    Lagged,
    /// It did not read at all for as long as a stream may stand still.
    Stalled,
    /// It was open for as long as one may be.
    Lifetime,
    /// Its rights came to an end.
    Expired,
    /// Its rights became fewer.
    Revoked,
    /// What it listened to is over.
    Closed,
    /// The worker whose stream it is would not take it over from another one.
    Refused,
    /// The worker whose stream it is went, and no other came.
    Gone,
    /// The hub shuts down.
    Shutdown,
}

const REASONS: [Reason; 10] = [
    Reason::Left,
    Reason::Lagged,
    Reason::Stalled,
    Reason::Lifetime,
    Reason::Expired,
    Reason::Revoked,
    Reason::Closed,
    Reason::Refused,
    Reason::Gone,
    Reason::Shutdown,
];

impl Reason {
    /// What clients, metrics and the log call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Reason::Left => "left",
            Reason::Lagged => "lagged",
            Reason::Stalled => "stalled",
            Reason::Lifetime => "lifetime",
            Reason::Expired => "expired",
            Reason::Revoked => "revoked",
            Reason::Closed => "closed",
            Reason::Refused => "refused",
            Reason::Gone => "gone",
            Reason::Shutdown => "shutdown",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Of all streams of one kind.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    opened: AtomicU64,
    ended: [AtomicU64; REASONS.len()],
    events: AtomicU64,
    bytes: AtomicU64,
    missed: AtomicU64,
}

impl Counts {
    pub(super) fn opened_one(&self) {
        // Relaxed, here and below: counts that order nothing.
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn ended_one(&self, reason: Reason) {
        self.ended[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn delivered(&self, events: u64, bytes: usize) {
        self.events.fetch_add(events, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn missed(&self, events: u64) {
        self.missed.fetch_add(events, Ordering::Relaxed);
    }

    /// Streams that are open.
    pub(crate) fn open(&self) -> u64 {
        // In this order: what ends between the two looks was opened before.
        let ended: u64 = self.ended().map(|(_, count)| count).sum();
        self.opened().saturating_sub(ended)
    }

    /// Streams that there were.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Streams that ended, by reason.
    pub(crate) fn ended(&self) -> impl Iterator<Item = (Reason, u64)> {
        REASONS
            .into_iter()
            .map(|reason| (reason, self.ended[reason as usize].load(Ordering::Relaxed)))
    }

    /// Events that were handed to clients' connections, each client's on its own.
    pub(crate) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Bytes of them, and of everything around them.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Events that clients did not get because they were too slow, or because there were
    /// more than a feed can take.
    pub(crate) fn missed_events(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}
