//! How often an instance has ended of late, and how long it rests for that.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::config::Program;

/// Its exits that still count.
#[derive(Debug, Default)]
pub(super) struct History {
    exits: VecDeque<Instant>,
    looping: bool,
}

/// How long it rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rest {
    /// From when.
    pub(super) since: Instant,
    /// Until when.
    pub(super) until: Instant,
    /// Whether it has ended too often.
    pub(super) crash_loop: bool,
}

impl History {
    /// It has ended; `served` since it was ready, if it was. `chance` is any number.
    pub(super) fn ended(
        &mut self,
        program: &Program,
        served: Option<Duration>,
        now: Instant,
        chance: u64,
    ) -> Rest {
        // What has run for so long was no part of a loop.
        if served.is_some_and(|served| served >= program.crash_window) {
            self.forget();
        }
        while self.exits.front().is_some_and(|&at| now - at >= program.crash_window) {
            self.exits.pop_front();
        }
        self.exits.push_back(now);
        let limit = usize::try_from(program.crash_limit).unwrap_or(usize::MAX);
        self.looping |= self.exits.len() >= limit;
        if self.looping {
            // Its length is bounded by the limit, however long the loop lasts.
            self.exits.clear();
            return Rest { since: now, until: now + program.crash_rest, crash_loop: true };
        }
        let delay = delay(program, self.exits.len(), chance);
        Rest { since: now, until: now + delay, crash_loop: false }
    }

    /// Whatever was, counts no more.
    pub(super) fn forget(&mut self) {
        self.exits.clear();
        self.looping = false;
    }
}

/// How long to wait after the exit of this number: twice as long after each, with up to half
/// of that more by chance, never more than the longest.
pub(super) fn delay(program: &Program, exits: usize, chance: u64) -> Duration {
    let exponent = u32::try_from(exits.saturating_sub(1)).unwrap_or(u32::MAX).min(20);
    let whole = program.restart_delay.saturating_mul(1 << exponent);
    let half = u64::try_from((whole / 2).as_nanos()).unwrap_or(u64::MAX - 1);
    let more = Duration::from_nanos(chance % (half + 1));
    whole.saturating_add(more).min(program.restart_delay_max)
}

#[cfg(test)]
mod tests;
