//! What waits in this process for one subscription, or for the answer to one push or call.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::task::Waker;

use slotway_core::control::Overflow;

use super::received::{Delivery, Gap, Received};
use crate::calls::Reply;
use crate::error::{Error, Result};
use crate::sync::lock;

/// Bytes that wait at most, whatever the number of events; one event always may.
const BYTES_MAX: usize = 16 << 20;

/// What waits, and who waits for it.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    pub(super) arrived: Condvar,
    limit: usize,
    overflow: Overflow,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    items: VecDeque<Delivery>,
    bytes: usize,
    /// Events lost before the first that waits, and behind the last.
    lost_before: u64,
    lost_behind: u64,
    /// All that were lost here.
    pub(super) lost_total: u64,
    /// The sequence number up to which everything was seen or lost.
    pub(super) seen: Option<u64>,
    /// The hub has said that events come.
    pub(super) live: bool,
    /// Why nothing more comes.
    pub(crate) ended: Option<Error>,
    /// What became of a push.
    pub(super) status: Option<u16>,
    /// What became of a call.
    pub(crate) reply: Option<Result<Reply>>,
    pub(super) waker: Option<Waker>,
    /// An event loop wants a notice.
    pub(super) polled: bool,
    /// Threads that wait.
    pub(super) waiting: u32,
}

impl State {
    /// The next thing to take.
    pub(super) fn pop(&mut self) -> Option<Delivery> {
        let gap = |missed: &mut u64| {
            let missed = std::mem::take(missed);
            let gap = Gap { missed, at_least: false, principal: None };
            (missed > 0).then_some(Delivery::Gap(gap))
        };
        if let Some(lost) = gap(&mut self.lost_before) {
            return Some(lost);
        }
        let item = self.items.pop_front().or_else(|| gap(&mut self.lost_behind))?;
        if let Delivery::Event(event) = &item {
            self.bytes -= event.size();
        }
        Some(item)
    }

    /// Nothing more is taken.
    pub(super) fn close(&mut self) {
        self.items = VecDeque::new();
        (self.bytes, self.lost_before, self.lost_behind) = (0, 0, 0);
        self.ended = Some(Error::Closed);
    }

    /// Whether whoever waits has a reason to look.
    pub(super) fn has_something(&self) -> bool {
        let lost = self.lost_before + self.lost_behind > 0;
        lost || !self.items.is_empty()
            || self.ended.is_some()
            || self.status.is_some()
            || self.reply.is_some()
    }
}

impl Queue {
    pub(super) fn new(limit: usize, overflow: Overflow) -> Queue {
        Queue { state: Mutex::default(), arrived: Condvar::new(), limit, overflow }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn push_event(&self, event: Received) -> bool {
        self.change(|state| {
            state.seen = state.seen.max(Some(event.seq()));
            let size = event.size();
            let full = |state: &State| {
                let over = state.bytes + size > BYTES_MAX;
                !state.items.is_empty() && (state.items.len() >= self.limit || over)
            };
            while full(state) {
                if self.overflow == Overflow::Newest {
                    state.lost_total += 1;
                    state.lost_behind += 1;
                    return;
                }
                match state.items.pop_front() {
                    Some(Delivery::Event(oldest)) => {
                        state.bytes -= oldest.size();
                        state.lost_total += 1;
                        state.lost_before += 1;
                    }
                    Some(Delivery::Gap(gap)) => state.lost_before += gap.missed,
                    None => {}
                }
            }
            let missed = std::mem::take(&mut state.lost_behind);
            if missed > 0 {
                let gap = Gap { missed, at_least: false, principal: None };
                state.items.push_back(Delivery::Gap(gap));
            }
            state.bytes += size;
            state.items.push_back(Delivery::Event(event));
        })
    }

    pub(super) fn push_gap(&self, gap: Gap) -> bool {
        self.change(|state| {
            let count = state.items.len();
            match state.items.back_mut() {
                // Gaps that follow each other are one, so a queue cannot grow by them.
                Some(Delivery::Gap(last)) if last.principal == gap.principal => {
                    last.missed += gap.missed;
                    last.at_least |= gap.at_least;
                }
                _ if count > self.limit => state.lost_behind += gap.missed,
                _ => state.items.push_back(Delivery::Gap(gap)),
            }
        })
    }

    /// Changes something that is waited for, and tells threads and tasks. `true`: an event
    /// loop is to be told.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) -> bool {
        let mut state = self.lock();
        change(&mut state);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        if state.waiting > 0 {
            self.arrived.notify_all();
        }
        std::mem::take(&mut state.polled)
    }
}

#[cfg(test)]
mod tests;
