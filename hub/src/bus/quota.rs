//! How many bytes a principal may publish in a second.
//!
//! A bucket for each principal that fills with time, holds one second's worth, and is
//! emptied by publishing. Bounded: when there are too many the fullest ones, which say
//! nothing, go first.

use std::collections::HashMap;
use std::time::Duration;

use super::refusal::{Refusal, shortened};

#[derive(Debug)]
pub(super) struct Quotas {
    bytes_per_second: Option<u64>,
    max: usize,
    by_principal: HashMap<Box<str>, u32>,
    table: Vec<Bucket>,
    hand: usize,
}

#[derive(Debug)]
struct Bucket {
    name: Box<str>,
    /// When it is full again, in microseconds: what is missing is the time until then.
    full_at_us: u64,
}

impl Quotas {
    pub(super) fn new(bytes_per_second: Option<u64>, max: usize) -> Quotas {
        Quotas {
            bytes_per_second: bytes_per_second.map(|bytes| bytes.max(1)),
            max: max.max(1),
            by_principal: HashMap::new(),
            table: Vec::new(),
            hand: 0,
        }
    }

    /// Takes bytes out of a principal's bucket. A payload of more than a second's worth
    /// needs a full one and leaves it in debt, so that it is slow and not impossible.
    pub(super) fn take(&mut self, name: &str, bytes: usize, now_us: u64) -> Result<(), Refusal> {
        let Some(rate) = self.bytes_per_second else { return Ok(()) };
        let cost_us = u128::from(bytes as u64) * 1_000_000 / u128::from(rate);
        let cost_us = u64::try_from(cost_us).unwrap_or(u64::MAX / 4);
        let bucket = self.bucket(name, now_us);
        let missing_us = bucket.full_at_us.saturating_sub(now_us);
        let room_us = 1_000_000u64.saturating_sub(missing_us);
        let needed_us = cost_us.min(1_000_000);
        if needed_us > room_us {
            return Err(Refusal::RateExceeded {
                principal: shortened(name),
                bytes_per_second: rate,
                retry_after: Duration::from_micros(needed_us - room_us),
            });
        }
        bucket.full_at_us = now_us + missing_us + cost_us;
        Ok(())
    }

    fn bucket(&mut self, name: &str, now_us: u64) -> &mut Bucket {
        if let Some(&at) = self.by_principal.get(name) {
            return &mut self.table[at as usize];
        }
        let bucket = Bucket { name: name.into(), full_at_us: now_us };
        let at = if self.table.len() < self.max {
            self.table.push(bucket);
            self.table.len() - 1
        } else {
            let at = self.fullest(now_us);
            let gone = std::mem::replace(&mut self.table[at], bucket);
            self.by_principal.remove(&gone.name);
            at
        };
        self.by_principal.insert(name.into(), at as u32);
        &mut self.table[at]
    }

    /// One that is full, of the next few; else the fullest of them.
    fn fullest(&mut self, now_us: u64) -> usize {
        const LOOKS: usize = 64;
        let mut best = self.hand;
        for _ in 0..LOOKS.min(self.table.len()) {
            let at = self.hand;
            self.hand = (at + 1) % self.table.len();
            if self.table[at].full_at_us < self.table[best].full_at_us {
                best = at;
            }
            if self.table[at].full_at_us <= now_us {
                return at;
            }
        }
        best
    }
}
