//! The queue of a lossy subscription: one lane, bounded in events and in bytes.

use std::sync::Arc;

use super::Event;
use super::event::Seq;
use super::interest::{Lossy, Overflow};
use super::lane::{Item, Lane};
use super::parked::{Parked, Ticket};
use super::queue::Standing;
use super::tally::Tally;

#[derive(Debug)]
pub(super) struct Single {
    lane: Lane,
    parked: Parked,
    capacity: usize,
    bytes: usize,
    overflow: Overflow,
}

impl Single {
    pub(super) fn new(lossy: &Lossy) -> Single {
        Single {
            lane: Lane::default(),
            parked: Parked::default(),
            capacity: lossy.capacity.max(1),
            bytes: lossy.bytes,
            overflow: lossy.overflow,
        }
    }

    /// With what is in already.
    pub(super) fn with(lossy: &Lossy, lane: Lane) -> Single {
        Single { lane, ..Single::new(lossy) }
    }

    /// Whether nothing is to come of what was put in.
    pub(super) fn is_idle(&self) -> bool {
        self.lane.is_empty() && self.parked.is_empty()
    }

    fn has_room(&self, event: &Event) -> bool {
        self.lane.len() < self.capacity
            && event.size() <= self.bytes.saturating_sub(self.lane.bytes())
    }

    pub(super) fn offer(&mut self, event: &Event, tally: &mut Tally) {
        if self.has_room(event) && self.parked.is_empty() {
            self.lane.push(event.clone());
            return;
        }
        if self.overflow == Overflow::Oldest {
            // What waits to come in came before this event, so it gets the room first. Where
            // there is no room for it beside what may not be lost, nothing is lost for it.
            while event.size() <= self.bytes.saturating_sub(self.lane.must_bytes())
                && let Some(old) = self.lane.lose_oldest(|a, b| self.parked.between(a, b))
            {
                tally.drop_one(false, old.principal().is_some());
                self.admit();
                if self.has_room(event) && self.parked.is_empty() {
                    self.lane.push(event.clone());
                    return;
                }
            }
        }
        self.lane.lost(event.seq(), |a, b| self.parked.between(a, b));
        tally.drop_one(false, event.principal().is_some());
    }

    pub(super) fn offer_must(
        &mut self,
        event: &Event,
        ticket: &Arc<Ticket>,
        tally: &mut Tally,
    ) -> Offered {
        if self.has_room(event) && self.parked.is_empty() {
            self.lane.push(event.clone());
            Offered::Taken
        } else if event.size() <= self.bytes && self.parked.park(event.clone(), ticket) {
            Offered::Parked
        } else {
            self.lane.lost(event.seq(), |a, b| self.parked.between(a, b));
            tally.drop_one(true, event.principal().is_some());
            Offered::Lost
        }
    }

    pub(super) fn withdraw(&mut self, seq: Seq, tally: &mut Tally) -> bool {
        let Some(event) = self.parked.withdraw(seq) else { return false };
        self.lane.lost(seq, |a, b| self.parked.between(a, b));
        tally.drop_one(true, event.principal().is_some());
        // It may have stood in the way of smaller ones behind it.
        self.admit();
        true
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        let item = self.lane.pop();
        self.admit();
        item
    }

    fn admit(&mut self) {
        while self.parked.first().is_some_and(|first| self.has_room(first)) {
            let Some(event) = self.parked.admit() else { break };
            self.lane.push(event);
        }
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            queued: self.lane.len(),
            bytes: self.lane.bytes(),
            parked: self.parked.len(),
            principals: 0,
            oldest_us: self.lane.oldest_us(),
        }
    }
}

/// What became of a must-deliver event at one subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    Taken,
    /// It waits for room.
    Parked,
    Lost,
}
