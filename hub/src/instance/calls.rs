//! Calling a worker that sleeps once for a batch of requests, and not once for each.
//!
//! A worker answers a small request in less time than the hub needs to read the next one,
//! so it falls asleep between the two; and waking it costs the hub more than all the rest
//! that it does for a request. So while many requests are in flight a call is owed: the
//! region task makes it when this thread's other tasks that were ready have run, each of
//! which may have published a request. With few in flight each is called for at once.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use slotway_core::Rung;

use super::Instance;

/// Requests that wait for a call at most: a worker whose handlers take their time is not to
/// stand idle while the hub reads a long batch.
const OWED_MAX: u32 = 16;

/// With so few requests in flight every one is called for at once: nobody may come who shares
/// the call.
const AT_ONCE_MAX: u32 = 4;

/// What is owed to one worker.
#[derive(Debug, Default)]
pub(super) struct Calls {
    owed: AtomicU32,
    /// The region task.
    caller: AtomicWaker,
    /// The last call woke nobody, because nobody slept.
    found_awake: AtomicBool,
}

impl Calls {
    /// `true`: it is time to call, and the caller does so.
    fn owe(&self) -> bool {
        // SYNC(instance.calls): Release; pairs with the Acquire in `take`. Whoever calls
        // has heard of the request that this call is for.
        match self.owed.fetch_add(1, Ordering::Release) {
            0 => {
                self.caller.wake();
                false
            }
            before => before + 1 >= OWED_MAX && self.take(),
        }
    }

    /// `true`: a call was owed, and is the caller's to make.
    fn take(&self) -> bool {
        // SYNC(instance.calls): Acquire; pairs with the Release in `owe`.
        self.owed.swap(0, Ordering::Acquire) > 0
    }

    /// Whether a call is owed.
    pub(super) fn is_owed(&self) -> bool {
        // Relaxed: a look; `take` orders it.
        self.owed.load(Ordering::Relaxed) > 0
    }

    /// Whether the worker was awake when it was called last.
    pub(super) fn found_awake(&self) -> bool {
        // Relaxed: a hint.
        self.found_awake.load(Ordering::Relaxed)
    }

    fn note(&self, rung: Rung) {
        let awake = !rung.woke() && !rung.doorbell();
        // Relaxed: as above. Mostly it is what it was, and its line stays shared.
        if awake != self.found_awake() {
            self.found_awake.store(awake, Ordering::Relaxed);
        }
    }

    /// Waits until a call is owed.
    pub(super) fn poll_owed(&self, cx: &Context<'_>) -> Poll<()> {
        // Before the look, so that nothing that comes after it goes unnoticed.
        self.caller.register(cx.waker());
        if self.is_owed() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Instance {
    /// Sees to it that the worker learns of a request that was just handed to it.
    pub(crate) fn call_worker(&self) {
        if self.in_flight() <= AT_ONCE_MAX || self.calls.owe() {
            self.call();
        }
    }

    /// Makes the call that is owed.
    pub(super) fn settle(&self) {
        if self.calls.take() {
            self.call();
        }
    }

    fn call(&self) {
        let rung = self.side().call_worker();
        self.calls.note(rung);
        self.ring(rung);
    }
}

#[cfg(test)]
mod tests;
