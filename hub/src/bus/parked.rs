//! Must-deliver events that wait at a full subscription.
//!
//! Each is a ticket that its publisher waits on, for all subscriptions at once. Whoever
//! makes room takes it in, in order; at the deadline, or when the publisher is cancelled,
//! the publisher takes back what is left.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use atomic_waker::AtomicWaker;

use super::Event;
use super::event::Seq;

/// How many wait at one subscription at most. Each is a publisher that stands still.
const PARKED_MAX: usize = 1_024;

/// What one publish waits for.
#[derive(Debug, Default)]
pub(super) struct Ticket {
    waiting: AtomicUsize,
    pub(super) waker: AtomicWaker,
}

/// The events that wait at one subscription, in order.
#[derive(Debug, Default)]
pub(super) struct Parked {
    line: VecDeque<(Event, Arc<Ticket>)>,
}

impl Ticket {
    pub(super) fn waits(&self) -> bool {
        // SYNC(bus.ticket): Acquire; pairs with the Release in `done`.
        self.waiting.load(Ordering::Acquire) > 0
    }

    fn done(&self) {
        // SYNC(bus.ticket): Release; pairs with the Acquire in `waits`.
        if self.waiting.fetch_sub(1, Ordering::Release) == 1 {
            self.waker.wake();
        }
    }
}

impl Parked {
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    /// Lines up at the end; false when the line is as long as it may be.
    pub(super) fn park(&mut self, event: Event, ticket: &Arc<Ticket>) -> bool {
        if self.line.len() >= PARKED_MAX {
            return false;
        }
        // Relaxed: the publisher reads it after it has let go of the bus's lock.
        ticket.waiting.fetch_add(1, Ordering::Relaxed);
        self.line.push_back((event, ticket.clone()));
        true
    }

    /// The first in line.
    pub(super) fn first(&self) -> Option<&Event> {
        self.line.front().map(|(event, _)| event)
    }

    /// Takes the first in line in: its publisher has one less to wait for.
    pub(super) fn admit(&mut self) -> Option<Event> {
        let (event, ticket) = self.line.pop_front()?;
        ticket.done();
        Some(event)
    }

    /// Takes an event back, if it is still in line.
    pub(super) fn withdraw(&mut self, seq: Seq) -> Option<Event> {
        let at = self.line.iter().position(|(event, _)| event.seq() == seq)?;
        let (event, ticket) = self.line.remove(at)?;
        ticket.done();
        Some(event)
    }

    /// Whether one in line has a number between two.
    pub(super) fn between(&self, after: Seq, before: Seq) -> bool {
        self.line.iter().any(|(event, _)| event.seq() > after && event.seq() < before)
    }

    /// Whether one of this principal waits.
    pub(super) fn has(&self, principal: Option<&str>) -> bool {
        self.line.iter().any(|(event, _)| event.principal() == principal)
    }
}
