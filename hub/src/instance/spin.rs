//! How long the region task looks for an answer before the hub sleeps.
//!
//! Sleeping costs a write by the worker and tens of microseconds until the hub's thread
//! runs again; an answer that comes sooner is had for less by looking. The looks give way:
//! between two of them run every other task that is ready and whatever the sockets bring,
//! so no thread is held from work that it has. What they take is processor time that a
//! program beside the hub could have used, so the time spent doubles when an answer came
//! in it and halves when none did, down to nothing, from where it is tried again now and
//! then. On one shared processor no answer ever comes while somebody looks for it.

use std::time::{Duration, Instant};

use tokio::task::yield_now;

use super::Instance;

/// How many sleeps pass between two trials of a time that has shrunk to nothing; and how
/// many times sooner a trial comes while the worker is found awake. It looks for requests
/// then, and goes on doing so only if they come soon.
const SLEEPS_BETWEEN_TRIALS: u32 = 64;
const SOONER: u32 = 16;
/// A trial is this part of the most that is allowed.
const TRIAL_PART: u32 = 4;
/// An answer that comes later than this part of the cap costs more to look for than to be
/// woken for; mostly its worker had to be woken itself.
const DEAR_PART: u32 = 2;
/// Such answers more than others end the looking.
const DOUBT_MAX: u32 = 16;
/// With more exchanges than these in flight somebody always has work, and an answer that is
/// noticed a little later costs no throughput.
const IN_FLIGHT_MAX: u32 = 4;

/// One region task's.
#[derive(Debug)]
pub(super) struct Spin {
    cap: Duration,
    budget: Duration,
    sleeps: u32,
    /// Answers that came late, less those that came soon.
    doubt: u32,
}

impl Spin {
    /// `cap`: the most that may be spent before one sleep; zero never looks twice.
    pub(super) fn new(cap: Duration) -> Spin {
        Spin { cap, budget: cap / TRIAL_PART, sleeps: 0, doubt: 0 }
    }

    /// Looks for as long as it pays. `true`: there is something to see to.
    pub(super) async fn look(&mut self, instance: &Instance) -> bool {
        if self.budget.is_zero() {
            self.rest(instance.calls.found_awake());
            return false;
        }
        if !(1..=IN_FLIGHT_MAX).contains(&instance.in_flight()) {
            return false;
        }
        let begun = Instant::now();
        loop {
            yield_now().await;
            if instance.side().is_called() {
                self.hit(begun.elapsed());
                return true;
            }
            // A request that waits for a call is no answer.
            if instance.calls.is_owed() {
                return true;
            }
            // What was in flight may have been given up meanwhile.
            if begun.elapsed() >= self.budget || instance.in_flight() == 0 {
                self.wasted();
                return false;
            }
        }
    }

    fn hit(&mut self, after: Duration) {
        if after > self.cap / DEAR_PART {
            self.doubt += 1;
            if self.doubt >= DOUBT_MAX {
                self.doubt = 0;
                self.budget = Duration::ZERO;
            }
            return;
        }
        self.doubt = self.doubt.saturating_sub(1);
        self.budget = (self.budget * 2).min(self.cap);
    }

    fn wasted(&mut self) {
        self.budget /= 2;
        if self.budget < self.cap / TRIAL_PART {
            self.budget = Duration::ZERO;
        }
    }

    /// `awake`: the worker, when it was called last.
    fn rest(&mut self, awake: bool) {
        self.sleeps += if awake { SOONER } else { 1 };
        if self.sleeps >= SLEEPS_BETWEEN_TRIALS {
            self.sleeps = 0;
            self.budget = self.cap / TRIAL_PART;
        }
    }
}

#[cfg(test)]
mod tests;
