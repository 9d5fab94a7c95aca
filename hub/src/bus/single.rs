//! The queue of a lossy subscription: one lane, bounded in events.

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
    overflow: Overflow,
}

impl Single {
    pub(super) fn new(lossy: &Lossy) -> Single {
        Single {
            lane: Lane::default(),
            parked: Parked::default(),
            capacity: lossy.capacity.max(1),
            overflow: lossy.overflow,
        }
    }

    /// With events that are in already, and a number of lost ones before them.
    pub(super) fn with(lossy: &Lossy, lost: u64, events: impl Iterator<Item = Event>) -> Single {
        let mut single = Single::new(lossy);
        single.lane = Lane::with(lost, events);
        single
    }

    /// Whether nothing is to come of what was put in.
    pub(super) fn is_idle(&self) -> bool {
        self.lane.is_empty() && self.parked.is_empty()
    }

    fn has_room(&self) -> bool {
        self.lane.len() < self.capacity
    }

    pub(super) fn offer(&mut self, event: &Event, tally: &mut Tally) {
        if self.has_room() && self.parked.is_empty() {
            self.lane.push(event.clone());
            return;
        }
        if self.overflow == Overflow::Oldest {
            // What waits to come in came before this event, so it gets the room first.
            while let Some(old) = self.lane.lose_oldest(|a, b| self.parked.between(a, b)) {
                tally.drop_one(false, old.principal().is_some());
                self.admit();
                if self.has_room() && self.parked.is_empty() {
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
        if self.has_room() && self.parked.is_empty() {
            self.lane.push(event.clone());
            Offered::Taken
        } else if self.parked.park(event.clone(), ticket) {
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
        true
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        let item = self.lane.pop();
        self.admit();
        item
    }

    fn admit(&mut self) {
        while self.has_room() {
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
