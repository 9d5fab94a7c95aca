//! Notices that this process gives itself, and the descriptor that tells of them.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use slotway_core::map::Doorbell;

use crate::sync::lock;

/// What an event loop is to hear besides what the hub tells it: exchanges whose waits
/// ended on this side, and that the connection's state has changed.
#[derive(Debug)]
pub(crate) struct Notices {
    tokens: Mutex<Tokens>,
    bell: Doorbell,
    /// The bell was rung and not drained since. Set behind the ring and taken before the
    /// drain: so a ring that is not drained is always told of, be it a moment late, and
    /// meanwhile the descriptor is readable and the event loop looks again.
    rung: AtomicBool,
}

/// Two lists that change places, so that notices cost no allocation.
#[derive(Debug, Default)]
struct Tokens {
    raised: Vec<u64>,
    /// Empty, with the memory of a list that was taken and given back.
    spare: Vec<u64>,
}

impl Notices {
    pub(crate) fn new(bell: Doorbell) -> Notices {
        Notices { tokens: Mutex::default(), bell, rung: AtomicBool::new(false) }
    }

    /// Adds a notice and wakes the event loop.
    pub(crate) fn push(&self, token: u64) {
        lock(&self.tokens).raised.push(token);
        self.ring();
    }

    /// Adds a notice for the caller itself to take.
    pub(crate) fn keep(&self, token: u64) {
        lock(&self.tokens).raised.push(token);
    }

    /// Takes every notice and calls `each` with its token.
    pub(crate) fn take(&self, each: impl FnMut(u64)) {
        let mut taken = {
            let tokens = &mut *lock(&self.tokens);
            if tokens.raised.is_empty() {
                return;
            }
            let spare = std::mem::take(&mut tokens.spare);
            std::mem::replace(&mut tokens.raised, spare)
        };
        // Outside the lock: `each` is the caller's.
        taken.drain(..).for_each(each);
        lock(&self.tokens).spare = taken;
    }

    /// The bell alone: the state has changed.
    pub(crate) fn ring(&self) {
        self.bell.ring();
        // SYNC(notices.rung): Release; pairs with the Acquire in `drain_bell`.
        self.rung.store(true, Ordering::Release);
    }

    /// Takes the rings that there were. An event loop asks for this before each sleep, and
    /// mostly nobody has rung: then it costs no system call.
    #[inline]
    pub(crate) fn drain_bell(&self) {
        // Relaxed: a look that spares the exchange. SYNC(notices.rung): Acquire; pairs with
        // the Release in `ring`, so that the ring that it tells of is one that is drained.
        if self.rung.load(Ordering::Relaxed) && self.rung.swap(false, Ordering::Acquire) {
            self.bell.drain();
        }
    }
}

impl AsFd for Notices {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

#[cfg(test)]
mod tests;
