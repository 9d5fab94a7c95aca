//! How long a worker's thread spins before it sleeps.

use crate::sync::spin_hint;

/// An adaptive budget of looks at the queue, one spin hint apart.
///
/// Waking a thread on another core costs tens of microseconds and a spinning thread
/// notices work in a fraction of one; but on a shared core every spin is taken from the
/// thread that would bring the work. So the budget doubles when spinning paid and halves
/// when it did not, down to nothing.
///
/// From nothing it cannot grow by little: two sides that both sleep take a wake-up each,
/// and only who spins for longer than the other's wake-up takes ever sees that spinning
/// would pay. So now and then one wait is a trial with the whole cap. A trial that fails
/// makes the next one rarer by half, down to one in a thousand sleeps, so that on a shared
/// core, or when there is little to do, trials cost next to nothing.
///
/// To spin until something comes is not yet to gain by it: work that comes every 40 µs would
/// keep a thread spinning all the time, and to be woken for each would cost less.
/// So what comes late raises a doubt that what comes soon has to lower: when more comes late
/// than soon, spinning is given up, and a trial has succeeded only when its doubt is gone.
#[derive(Debug, Clone)]
pub struct Spin {
    cap: u32,
    budget: u32,
    /// Sleeps until the next trial.
    left: u32,
    /// Sleeps from that trial to the one after it, if it fails.
    pause: u32,
    on_trial: bool,
    /// Hits that cost more than they were worth, less those that were worth it.
    doubt: u32,
}

/// Less than this is not worth looking.
const LEAST: u32 = 32;
/// A hit within this part of the cap is worth its looks. The cap outlasts a wake-up across
/// cores, which takes half of it where that is slow, in time and on both sides together in
/// processor time.
const DEAR_PART: u32 = 2;
/// The doubt at which spinning is given up, and the one that a trial begins with. Between the
/// two the other side has time to find out that this one is awake, and to stay awake itself.
const DOUBT_MAX: u32 = 16;
const DOUBT_ON_TRIAL: u32 = 8;
/// Sleeps before the first trial, and after spinning that paid.
const PAUSE_MIN: u32 = 8;
/// Sleeps between two trials at most.
const PAUSE_MAX: u32 = 1024;

impl Spin {
    /// A budget of at most `cap` looks; 0 never spins.
    pub const fn new(cap: u32) -> Spin {
        Spin { cap, budget: cap, left: PAUSE_MIN, pause: PAUSE_MIN, on_trial: false, doubt: 0 }
    }

    /// Looks until `ready` holds or the budget is spent. Gives what it saw last.
    #[inline]
    pub(crate) fn until(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        if ready() {
            return true;
        }
        for look in 0..self.budget {
            spin_hint();
            if ready() {
                self.hit(look);
                return true;
            }
        }
        self.miss();
        false
    }

    #[inline]
    fn hit(&mut self, look: u32) {
        self.on_trial = false;
        if look > self.cap / DEAR_PART {
            return self.dear();
        }
        self.budget = (self.budget * 2).min(self.cap);
        self.doubt = self.doubt.saturating_sub(1);
        if self.doubt == 0 {
            self.left = PAUSE_MIN;
            self.pause = PAUSE_MIN;
        }
    }

    /// What came would have cost less by a wake-up.
    #[cold]
    fn dear(&mut self) {
        self.doubt += 1;
        if self.doubt >= DOUBT_MAX {
            self.budget = 0;
        }
    }

    #[cold]
    fn miss(&mut self) {
        // A trial says that the whole cap does not pay: there is nothing to halve.
        self.budget = if self.on_trial { 0 } else { self.budget / 2 };
        self.on_trial = false;
        if self.budget >= LEAST {
            return;
        }
        self.budget = 0;
        self.left -= 1;
        if self.left == 0 {
            self.pause = (self.pause * 2).min(PAUSE_MAX);
            self.left = self.pause;
            self.budget = self.cap;
            self.doubt = DOUBT_ON_TRIAL;
            self.on_trial = true;
        }
    }
}

#[cfg(all(test, not(slotway_loom)))]
mod tests;
