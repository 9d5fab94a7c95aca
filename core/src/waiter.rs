//! The waiter: how one side of a stream sleeps until the other has moved.
//!
//! One word, in the manner of std's parker: a signal leaves a token, waiting consumes
//! it. Because token and sleep are one word, Release and Acquire suffice.
//!
//! | state    | `signal`                         | `park`           | `watch`        |
//! |----------|----------------------------------|------------------|----------------|
//! | Idle     | leaves a token                   | → Parked, sleeps | → Watched      |
//! | Notified | nothing                          | → Idle, returns  | → Idle, look   |
//! | Parked   | leaves a token, wakes the thread | (one waiter only)| (one waiter only) |
//! | Watched  | leaves a token, says "raise the slot's bit" | → Parked | nothing     |
//!
//! A wait ends Idle. Nothing here loops: whatever a hostile peer writes into the word and
//! however often, each of the three takes a fixed number of steps.
//!
//! A waiter belongs to one waiting side at a time: one thread, or one event loop.
//!
//! Invariants:
//!
//! - P1 A signal that comes after the waiting side looked ends its wait.
//! - P2 Who returns from a wait by a signal sees everything before that signal.

use core::time::Duration;

use crate::sync::{Ordering, order};
use crate::wait::{Futex, Wait};

const IDLE: u32 = 0;
const NOTIFIED: u32 = 1;
const PARKED: u32 = 2;
const WATCHED: u32 = 3;

/// A waiter in a slot's header.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(transparent))]
pub(crate) struct Waiter(Futex);

/// What `watch` found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "after LookAgain nobody will wake the caller"]
pub enum Watch {
    /// The next signal raises the slot's bit in the map.
    Armed,
    /// There was a signal since the last look: look again.
    LookAgain,
}

impl Waiter {
    /// Resets the waiter for a new exchange. By the hub, while the slot is Writing.
    #[inline]
    pub(crate) fn reset(&self, watched: bool) {
        let state = if watched { WATCHED } else { IDLE };
        // Relaxed: published with the slot by `slot.ready`. Most exchanges leave their
        // waiters alone; not writing keeps the line shared between both processors.
        if self.0.word().load(Ordering::Relaxed) != state {
            self.0.word().store(state, Ordering::Relaxed);
        }
    }

    /// Leaves a token and wakes a parked thread. `true`: the other side watches, and the
    /// caller is to raise the slot's bit.
    #[inline]
    pub(crate) fn signal<W: Wait>(&self) -> bool {
        // SYNC(waiter): Release; pairs with the Acquires in `park` and `watch`.
        match self.0.word().swap(NOTIFIED, order!("waiter", Release)) {
            PARKED => {
                W::wake(&self.0, 1);
                false
            }
            before => before == WATCHED,
        }
    }

    /// Sleeps until there is a token, `timeout` at most. May return early. `false` when
    /// the time is over.
    pub(crate) fn park<W: Wait>(&self, timeout: Option<Duration>) -> bool {
        // Relaxed: the Acquire below reads through this exchange, also for a token that
        // this one finds.
        let was_notified = self.0.word().swap(PARKED, Ordering::Relaxed) == NOTIFIED;
        // A signal for some other reason ends the sleep too: only the caller, who looks
        // again, can tell what is left of the timeout.
        let in_time = was_notified || W::wait(&self.0, PARKED, timeout);
        // SYNC(waiter): Acquire; pairs with the Release in `signal`: for a token that was
        // there before, that ended the sleep, or that came together with the timeout.
        let before = self.0.word().swap(IDLE, order!("waiter", Acquire));
        in_time || before == NOTIFIED
    }

    /// Asks for the slot's bit to be raised by the next signal.
    #[inline]
    pub(crate) fn watch(&self) -> Watch {
        // SYNC(waiter): Acquire; pairs with the Release in `signal`. A token that is there
        // leaves the word Idle: who looks again wants no bit raised meanwhile.
        let token = self.0.word().compare_exchange(
            NOTIFIED,
            IDLE,
            order!("waiter", Acquire),
            Ordering::Relaxed,
        );
        if token.is_ok() {
            return Watch::LookAgain;
        }
        // SYNC(waiter): Acquire; for a token that has come since.
        match self.0.word().swap(WATCHED, order!("waiter", Acquire)) {
            NOTIFIED => Watch::LookAgain,
            _ => Watch::Armed,
        }
    }
}
