//! How long a campaign goes on, and where its choices come from.

use std::time::{Duration, Instant, SystemTime};

use crate::Rng;

/// How long a campaign goes on, and its seed.
#[derive(Debug, Clone)]
pub struct Plan {
    seed: u64,
    blows: u64,
    end: Option<Instant>,
    /// The hub is built with AddressSanitizer: its memory is not what it is otherwise.
    pub sanitized: bool,
}

/// The seed that `SLOTWAY_SEED` sets, else one from the clock. It is printed.
pub fn seed() -> u64 {
    let set = std::env::var("SLOTWAY_SEED").ok().and_then(|text| text.trim().parse().ok());
    let clock = || {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(1, |since| since.as_millis() as u64)
    };
    let seed = set.unwrap_or_else(clock);
    println!("SLOTWAY_SEED={seed}");
    seed
}

impl Plan {
    /// So many blows, whatever that is in the campaign.
    pub fn blows(blows: u64) -> Plan {
        Plan { seed: seed(), blows, end: None, sanitized: false }
    }

    /// As many blows as come about in a time, and one round of them at least.
    pub fn lasting(time: Duration, seed: u64) -> Plan {
        Plan { seed, blows: u64::MAX, end: Some(Instant::now() + time), sanitized: false }
    }

    /// Whether it is a long one.
    pub fn is_long(&self) -> bool {
        self.end.is_some()
    }

    /// Whether it goes on after so many blows.
    pub(super) fn goes_on(&self, done: u64) -> bool {
        done < self.blows && self.end.is_none_or(|end| done == 0 || Instant::now() < end)
    }

    /// The choices of one of its parts.
    pub(super) fn rng(&self, part: u64) -> Rng {
        Rng::new(self.seed.wrapping_mul(0x1000_0001).wrapping_add(part))
    }
}
