//! How long to wait before the next attempt to reach the hub.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// The exponent of two grows no further than this.
const EXPONENT_MAX: u32 = 20;

/// The delay before attempt `n`: `min(base · 2^(n−1) + rand(0..=jitter), cap)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The delay before the first attempt that follows a failure. Default 500 ms.
    pub base: Duration,
    /// What chance adds at most, so that many workers do not come back at one moment.
    /// Default 500 ms.
    pub jitter: Duration,
    /// No delay is longer, whatever the other numbers say. Default 60 s.
    pub cap: Duration,
    /// How long a connection must have lasted for the next failure to count as the first
    /// again. Default 5 s.
    pub lasting: Duration,
}

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff {
            base: Duration::from_millis(500),
            jitter: Duration::from_millis(500),
            cap: Duration::from_secs(60),
            lasting: Duration::from_secs(5),
        }
    }
}

impl Backoff {
    /// The delay before attempt `attempt`, counted from 1, with what chance adds.
    pub fn delay(&self, attempt: u32, chance: Duration) -> Duration {
        let exponent = attempt.saturating_sub(1).min(EXPONENT_MAX);
        self.base.saturating_mul(1 << exponent).saturating_add(chance).min(self.cap)
    }

    fn chance(&self) -> Duration {
        let jitter = u64::try_from(self.jitter.as_nanos()).unwrap_or(u64::MAX);
        // Every new RandomState has other keys.
        let random = RandomState::new().hash_one(());
        Duration::from_nanos(random % jitter.saturating_add(1))
    }
}

/// Failures in a row, and what follows from them.
#[derive(Debug)]
pub(crate) struct Attempts {
    backoff: Backoff,
    failed: u32,
    live_since: Option<Instant>,
}

impl Attempts {
    pub(crate) fn new(backoff: Backoff) -> Attempts {
        Attempts { backoff, failed: 0, live_since: None }
    }

    /// A registration went live.
    pub(crate) fn live(&mut self, now: Instant) {
        self.live_since.get_or_insert(now);
    }

    /// It is live no more, through no failure of its own.
    pub(crate) fn ended(&mut self, now: Instant) {
        let lasted = self.live_since.take().map(|since| now.saturating_duration_since(since));
        if lasted.is_some_and(|lasted| lasted >= self.backoff.lasting) {
            self.failed = 0;
        }
    }

    /// The connection failed or ended: the delay before the next attempt. Only a
    /// connection that lasted makes this the first failure; a hub that accepts and closes
    /// at once does not.
    pub(crate) fn failed(&mut self, now: Instant) -> Duration {
        self.ended(now);
        self.failed = self.failed.saturating_add(1);
        self.backoff.delay(self.failed, self.backoff.chance())
    }
}

#[cfg(test)]
mod tests;
