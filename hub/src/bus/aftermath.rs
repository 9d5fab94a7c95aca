//! What is done once the bus's lock is free again: wake, log.

use std::sync::Arc;
use std::task::Waker;

use super::storm::Storm;
use super::tally::Tally;

/// Drops are logged at most this often for a subscription, in microseconds.
const LOG_EVERY_US: u64 = 1_000_000;

#[derive(Debug, Default)]
pub(super) struct Aftermath {
    pub(super) wakes: Wakes,
    pub(super) logs: Vec<Drops>,
    pub(super) storm: Option<Box<Storm>>,
    /// Subscriptions that the event was for, and events that were lost for it.
    pub(super) matched: u32,
    pub(super) dropped: u64,
}

/// Whom to wake. Mostly nobody or one, which costs no allocation.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    first: Option<Waker>,
    more: Vec<Waker>,
}

/// What a subscription lost since it was last logged.
#[derive(Debug)]
pub(super) struct Drops {
    pub(super) label: Arc<str>,
    pub(super) lost: u64,
    pub(super) total: u64,
}

/// When a subscription's drops were logged last, and how many had been dropped then.
#[derive(Debug, Default)]
pub(super) struct DropLog {
    logged_us: u64,
    logged: u64,
}

impl DropLog {
    /// Notes that there were drops, unless that was noted a moment ago.
    pub(super) fn note(
        &mut self,
        label: &Arc<str>,
        tally: &Tally,
        now_us: u64,
        after: &mut Aftermath,
    ) {
        if now_us.saturating_sub(self.logged_us) >= LOG_EVERY_US {
            self.logged_us = now_us;
            self.rest(label, tally, after);
        }
    }

    /// Notes what has not been noted.
    pub(super) fn rest(&mut self, label: &Arc<str>, tally: &Tally, after: &mut Aftermath) {
        let total = tally.dropped();
        if total > self.logged {
            let lost = total - self.logged;
            after.logs.push(Drops { label: label.clone(), lost, total });
            self.logged = total;
        }
    }
}

impl Wakes {
    pub(super) fn add(&mut self, waker: Option<Waker>) {
        let Some(waker) = waker else { return };
        if self.first.is_none() {
            self.first = Some(waker);
        } else {
            self.more.push(waker);
        }
    }
}

impl Aftermath {
    /// Called with no lock held.
    pub(super) fn settle(self) {
        if let Some(waker) = self.wakes.first {
            waker.wake();
        }
        for waker in self.wakes.more {
            waker.wake();
        }
        for Drops { label, lost, total } in self.logs {
            tracing::warn!(
                subscriber = &*label,
                lost,
                total,
                "a subscriber of the event bus is too slow: events were dropped"
            );
        }
        if let Some(storm) = self.storm {
            storm.warn();
        }
    }
}
