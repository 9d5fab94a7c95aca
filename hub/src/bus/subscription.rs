//! The owner's side of a subscription.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use super::aftermath::Aftermath;
use super::bus::Shared;
use super::event::Event;
use super::history::Missed;
use super::index::TargetId;
use super::lane::Item;
use super::pattern::Pattern;
use super::place::Place;
use super::replay::Replay;
use super::tally::Tally;

/// Events of some topics, kept until they are taken. Dropping it ends it at once: what it
/// still holds is counted as dropped.
#[derive(Debug)]
pub struct Subscription {
    bus: Weak<Shared>,
    id: Option<TargetId>,
    place: Place,
    /// What the history held, given before anything else.
    replay: VecDeque<Delivery>,
}

/// What a subscription gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// An event.
    Event(Event),
    /// Events were lost here.
    Gap {
        /// How many. [`Missed::Exactly`], except where what came before the subscription
        /// began is concerned.
        missed: Missed,
        /// Whose they were, in a routed subscription; `None` for the system's own, and
        /// everywhere else for anybody's.
        principal: Option<Arc<str>>,
    },
}

/// Why [`Subscription::try_recv`] gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {
    /// There is nothing for now.
    Empty,
    /// There never will be.
    Ended,
}

impl Subscription {
    pub(super) fn new(bus: Weak<Shared>, id: Option<TargetId>, place: Place) -> Subscription {
        Subscription { bus, id, place, replay: VecDeque::new() }
    }

    pub(super) fn replay(&mut self, mut replay: Replay, takes: impl Fn(&Event) -> bool) {
        replay.events.retain(takes);
        self.place.count_replayed(replay.events.len() as u64, !replay.missed.is_nothing());
        self.replay = Vec::from(replay).into();
    }

    /// What is subscribed to.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        self.place.patterns()
    }

    /// The next event or gap; `None` once the bus is shut down and everything has been
    /// given. Nothing is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<Delivery> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The same for who writes futures by hand.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        match self.replay.pop_front() {
            Some(delivery) => Poll::Ready(Some(delivery)),
            None => self.place.poll_pop(cx).map(|item| item.map(Delivery::from)),
        }
    }

    /// The next event or gap, if it is there.
    ///
    /// # Errors
    ///
    /// [`Nothing`] when there is none.
    pub fn try_recv(&mut self) -> Result<Delivery, Nothing> {
        if let Some(delivery) = self.replay.pop_front() {
            return Ok(delivery);
        }
        match self.place.try_pop() {
            Ok(item) => Ok(item.into()),
            Err(true) => Err(Nothing::Ended),
            Err(false) => Err(Nothing::Empty),
        }
    }

    /// Waits until there is something and appends what there is, up to a number of events
    /// and gaps, and until the events' sizes reach a number of bytes; at least one. Gives
    /// how many, 0 once the subscription has ended. Nothing is lost when the future is
    /// dropped.
    pub async fn recv_many(
        &mut self,
        into: &mut Vec<Delivery>,
        max: usize,
        max_bytes: usize,
    ) -> usize {
        poll_fn(|cx| self.poll_recv_many(cx, into, max, max_bytes)).await
    }

    /// The same for who writes futures by hand.
    pub fn poll_recv_many(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Delivery>,
        max: usize,
        max_bytes: usize,
    ) -> Poll<usize> {
        let taken = self.try_recv_many(into, max, max_bytes);
        if taken > 0 {
            return Poll::Ready(taken);
        }
        match self.place.poll_pop(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(0),
            Poll::Ready(Some(item)) => {
                // It came just now.
                into.push(item.into());
                Poll::Ready(1)
            }
        }
    }

    /// What there is, without waiting; see [`Subscription::recv_many`].
    pub fn try_recv_many(
        &mut self,
        into: &mut Vec<Delivery>,
        max: usize,
        max_bytes: usize,
    ) -> usize {
        let (mut taken, mut bytes) = (0, 0);
        while taken < max.max(1) && (taken == 0 || bytes < max_bytes) {
            let Some(delivery) = self.replay.pop_front() else { break };
            if let Delivery::Event(event) = &delivery {
                bytes += event.size();
            }
            taken += 1;
            into.push(delivery);
        }
        if taken > 0 {
            return taken;
        }
        self.place.pop_many(max, max_bytes, |item| into.push(item.into()))
    }

    /// What has been counted so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.place.look().0
    }

    /// Events that wait to be taken, those of the history aside.
    #[must_use]
    pub fn queued(&self) -> usize {
        let standing = self.place.look().1;
        standing.queued + standing.parked
    }

    /// Ends it, and gives what it counted in all: `delivered` and `dropped` make `matched`.
    #[must_use]
    pub fn close(mut self) -> Tally {
        self.end()
    }

    /// Ends it, once.
    fn end(&mut self) -> Tally {
        let id = self.id.take();
        match self.bus.upgrade().zip(id) {
            Some((bus, id)) => bus.end(&self.place, id),
            // The bus is gone, and its counts with it.
            None if id.is_some() => {
                let mut after = Aftermath::default();
                let (_, tally, _) = self.place.leave(&mut after);
                after.settle();
                tally
            }
            None => Tally::default(),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.end();
    }
}

impl From<Item> for Delivery {
    fn from(item: Item) -> Delivery {
        match item {
            Item::Event(event) => Delivery::Event(event),
            Item::Gap { missed, principal } => {
                Delivery::Gap { missed: Missed::Exactly(missed), principal }
            }
        }
    }
}
