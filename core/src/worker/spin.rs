//! How long a worker's thread spins before it sleeps.

use crate::sync::spin_hint;

/// An adaptive budget of looks at the queue, one spin hint apart.
///
/// Waking a thread on another core costs tens of microseconds and a spinning thread
/// notices work in a fraction of one; but on a shared core every spin is taken from the
/// thread that would bring the work. So the budget doubles when spinning paid and halves
/// when it did not, down to nothing; then it tries a little again now and then.
#[derive(Debug, Clone)]
pub struct Spin {
    cap: u32,
    budget: u32,
    misses: u32,
}

/// The budget with which a spin that has shrunk to nothing tries again.
const TRIAL: u32 = 32;
/// How many sleeps pass between such trials.
const SLEEPS_BETWEEN_TRIALS: u32 = 16;

impl Spin {
    /// A budget of at most `cap` looks; 0 never spins.
    pub const fn new(cap: u32) -> Spin {
        Spin { cap, budget: if cap < TRIAL { cap } else { TRIAL }, misses: 0 }
    }

    /// Looks until `ready` holds or the budget is spent. Gives what it saw last.
    #[inline]
    pub(crate) fn until(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        if ready() {
            return true;
        }
        for _ in 0..self.budget {
            spin_hint();
            if ready() {
                self.budget = (self.budget * 2).min(self.cap);
                return true;
            }
        }
        self.miss();
        false
    }

    fn miss(&mut self) {
        self.budget /= 2;
        if self.budget >= TRIAL {
            return;
        }
        self.misses += 1;
        self.budget = 0;
        if self.misses.is_multiple_of(SLEEPS_BETWEEN_TRIALS) {
            self.budget = TRIAL.min(self.cap);
        }
    }
}
