//! What the bus and a subscription's owner share: the queue, its counts and its lock.
//!
//! What callers may rely on: counting and queueing happen under one lock, so counts always
//! add up. The bus offers while it holds its own lock, in the order of the sequence; nobody
//! who holds this lock takes the bus's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Event;
use super::aftermath::{Aftermath, DropLog};
use super::event::Seq;
use super::interest::Mode;
use super::lane::Item;
use super::parked::Ticket;
use super::pattern::Pattern;
use super::routed::Routed;
use super::single::{Offered, Single};
use super::tally::Tally;

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) label: Arc<str>,
    pub(super) patterns: Box<[Pattern]>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    kept: Kept,
    tally: Tally,
    waker: Option<Waker>,
    /// Nothing more is offered.
    ended: bool,
    drops: DropLog,
}

#[derive(Debug)]
enum Kept {
    Single(Single),
    Routed(Box<Routed>),
}

/// How one queue is right now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    pub(super) queued: usize,
    pub(super) bytes: usize,
    pub(super) parked: usize,
    pub(super) principals: usize,
    pub(super) oldest_us: Option<u64>,
}

impl Kept {
    fn pop(&mut self) -> Option<Item> {
        match self {
            Kept::Single(single) => single.pop(),
            Kept::Routed(routed) => routed.pop(),
        }
    }

    fn withdraw(&mut self, seq: Seq, tally: &mut Tally) -> bool {
        match self {
            Kept::Single(single) => single.withdraw(seq, tally),
            Kept::Routed(routed) => routed.withdraw(seq, tally),
        }
    }

    fn standing(&self) -> Standing {
        match self {
            Kept::Single(single) => single.standing(),
            Kept::Routed(routed) => routed.standing(),
        }
    }
}

impl Queue {
    pub(super) fn new(label: Arc<str>, patterns: Box<[Pattern]>, mode: &Mode) -> Queue {
        let kept = match mode {
            Mode::Lossy(lossy) => Kept::Single(Single::new(lossy)),
            Mode::Routed(routed) => Kept::Routed(Box::new(Routed::new(routed))),
        };
        let state = State {
            kept,
            tally: Tally::default(),
            waker: None,
            ended: false,
            drops: DropLog::default(),
        };
        Queue { label, patterns, state: Mutex::new(state) }
    }

    /// Puts a lossy event in, or loses one. Whom to wake and what to log is noted for when
    /// the bus's lock is free.
    pub(super) fn offer(&self, event: &Event, after: &mut Aftermath) {
        let mut state = self.lock();
        let State { kept, tally, ended, .. } = &mut *state;
        if *ended {
            return;
        }
        let dropped = tally.lossy.dropped;
        match kept {
            Kept::Single(single) => {
                tally.lossy.matched += 1;
                single.offer(event, tally);
            }
            Kept::Routed(routed) => {
                if !routed.takes(event) {
                    return;
                }
                tally.lossy.matched += 1;
                routed.offer(event, tally);
            }
        }
        after.matched += 1;
        if tally.lossy.dropped > dropped {
            after.dropped += tally.lossy.dropped - dropped;
            let State { tally, drops, .. } = &mut *state;
            drops.note(&self.label, tally, event.at_us(), after);
        }
        after.wakes.add(state.waker.take());
    }

    /// The same for an event that must be delivered: without room it waits for some.
    pub(super) fn offer_must(
        &self,
        event: &Event,
        ticket: &Arc<Ticket>,
        after: &mut Aftermath,
    ) -> Offered {
        let mut state = self.lock();
        let State { kept, tally, ended, .. } = &mut *state;
        if *ended {
            return Offered::Taken;
        }
        let offered = match kept {
            Kept::Single(single) => {
                tally.must.matched += 1;
                single.offer_must(event, ticket, tally)
            }
            Kept::Routed(routed) => {
                if !routed.takes(event) {
                    return Offered::Taken;
                }
                tally.must.matched += 1;
                routed.offer_must(event, ticket, tally)
            }
        };
        after.matched += 1;
        if offered == Offered::Lost {
            after.dropped += 1;
            let State { tally, drops, .. } = &mut *state;
            drops.note(&self.label, tally, event.at_us(), after);
        }
        if offered != Offered::Parked {
            after.wakes.add(state.waker.take());
        }
        offered
    }

    /// Takes a parked event back, if nobody has taken it in meanwhile.
    pub(super) fn withdraw(&self, event: &Event, now_us: u64, after: &mut Aftermath) -> bool {
        let mut state = self.lock();
        let State { kept, tally, .. } = &mut *state;
        let withdrawn = kept.withdraw(event.seq(), tally);
        if withdrawn {
            after.dropped += 1;
            let State { tally, drops, .. } = &mut *state;
            drops.note(&self.label, tally, now_us, after);
            after.wakes.add(state.waker.take());
        }
        withdrawn
    }

    /// The next one; ready with nothing once the queue has ended and is empty.
    pub(super) fn poll_pop(&self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let mut state = self.lock();
        match state.pop() {
            Some(item) => Poll::Ready(Some(item)),
            None if state.ended => Poll::Ready(None),
            None => {
                let same = state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
                let before = if same { None } else { state.waker.replace(cx.waker().clone()) };
                drop(state);
                // A waker may be the last of a task that has a subscription itself.
                drop(before);
                Poll::Pending
            }
        }
    }

    /// The next one, if it is there: `Err` says whether the queue has ended.
    pub(super) fn try_pop(&self) -> Result<Item, bool> {
        let mut state = self.lock();
        state.pop().ok_or(state.ended)
    }

    /// As many as there are, up to a number of items and of bytes, but always one.
    pub(super) fn pop_many(
        &self,
        max: usize,
        max_bytes: usize,
        mut take: impl FnMut(Item),
    ) -> usize {
        let mut state = self.lock();
        let (mut taken, mut bytes) = (0, 0usize);
        while taken < max.max(1) && (taken == 0 || bytes < max_bytes) {
            let Some(item) = state.pop() else { break };
            if let Item::Event(event) = &item {
                bytes = bytes.saturating_add(event.size());
            }
            taken += 1;
            take(item);
        }
        taken
    }

    /// Nothing more comes in; what is there stays.
    pub(super) fn end(&self, after: &mut Aftermath) {
        let mut state = self.lock();
        state.ended = true;
        after.wakes.add(state.waker.take());
    }

    /// Ends it and counts what is there as dropped: the owner has left.
    pub(super) fn leave(&self, after: &mut Aftermath) -> Tally {
        let mut state = self.lock();
        state.ended = true;
        // Woken rather than dropped here: it may be the last of a task that has a
        // subscription itself, and the bus's lock is held.
        after.wakes.add(state.waker.take());
        let mut left = Vec::new();
        while let Some(item) = state.kept.pop() {
            if let Item::Event(event) = item {
                state.tally.drop_one(event.is_must(), event.principal().is_some());
                left.push(event);
            }
        }
        let tally = state.tally;
        state.drops.rest(&self.label, &tally, after);
        drop(state);
        drop(left);
        tally
    }

    pub(super) fn look(&self) -> (Tally, Standing) {
        let state = self.lock();
        (state.tally, state.kept.standing())
    }

    pub(super) fn count_replayed(&self, events: u64, gap: bool) {
        let mut state = self.lock();
        state.tally.replayed += events;
        state.tally.gaps += u64::from(gap);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pop(&mut self) -> Option<Item> {
        let item = self.kept.pop();
        match &item {
            Some(Item::Event(event)) => self.tally.class(event.is_must()).delivered += 1,
            Some(Item::Gap { .. }) => self.tally.gaps += 1,
            None => {}
        }
        item
    }
}
