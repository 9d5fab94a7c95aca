//! The queue of a routed subscription: a lane for each principal, served in turn.
//!
//! What callers may rely on:
//!
//! - A principal's events come in the order of their sequence; principals take turns by
//!   deficit round robin. A turn is worth a quantum of bytes, and each event costs its
//!   size, which has a fixed part, so that many small events are not cheap. The event that
//!   uses the turn up may exceed it, and the principal's next turns pay for that.
//! - All lanes together hold no more bytes than the budget. Who brings it over the budget
//!   is weighed with the event that it brings, and the heaviest loses its oldest event: a
//!   quiet principal survives a noisy one.
//! - A principal whose lane is empty costs nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::Event;
use super::event::Seq;
use super::interest::{self, Scope};
use super::lane::{Item, Lane};
use super::largest::Largest;
use super::parked::{Parked, Ticket};
use super::principal::{Hashed, OfPrincipal, Principal};
use super::queue::Standing;
use super::single::Offered;
use super::tally::Tally;

/// Lanes of one subscription at most. The budget bounds those that hold an event; this
/// bounds those that hold but the note that something was lost.
const LANES_MAX: usize = 65_536;

#[derive(Debug)]
pub(super) struct Routed {
    scope: Scope,
    budget: usize,
    per_principal: usize,
    quantum: i64,
    bytes: usize,
    lanes: Vec<Option<Owned>>,
    free: Vec<u32>,
    by_principal: HashMap<Principal, u32, Hashed>,
    /// Whose turn it is, and then the others'.
    turns: VecDeque<u32>,
    /// Whether the first one's turn has begun.
    begun: bool,
    largest: Largest,
    parked: Parked,
    /// Lost events for which there was no lane.
    unattributed: u64,
}

#[derive(Debug)]
struct Owned {
    principal: Principal,
    lane: Lane,
    /// Bytes that it may have delivered in this turn; negative when it owes.
    deficit: i64,
}

impl Routed {
    pub(super) fn new(routed: &interest::Routed) -> Routed {
        Routed {
            scope: routed.scope.clone(),
            budget: routed.budget,
            per_principal: routed.per_principal.max(1),
            quantum: i64::try_from(routed.quantum.max(1)).unwrap_or(i64::MAX / 4).min(i64::MAX / 4),
            bytes: 0,
            lanes: Vec::new(),
            free: Vec::new(),
            by_principal: HashMap::default(),
            turns: VecDeque::new(),
            begun: false,
            largest: Largest::default(),
            parked: Parked::default(),
            unattributed: 0,
        }
    }

    pub(super) fn takes(&self, event: &Event) -> bool {
        self.scope.takes(event.principal())
    }

    pub(super) fn offer(&mut self, event: &Event, tally: &mut Tally) {
        let size = event.size();
        // One of its own that waits to come in came before it.
        let overtakes = !self.parked.is_empty() && self.parked.has(event.principal());
        if size > self.budget || overtakes {
            self.lose(event, tally);
            return;
        }
        let Some(id) = self.lane_for(event) else {
            self.lose(event, tally);
            return;
        };
        if self.owned(id).lane.len() >= self.per_principal && !self.lose_oldest(id, tally) {
            self.lose(event, tally);
            return;
        }
        while self.bytes + size > self.budget {
            let own = self.owned(id).lane.lossy_bytes() + size;
            let loser = match self.largest.peek() {
                Some((bytes, other)) if bytes > own => other,
                _ => id,
            };
            if !self.lose_oldest(loser, tally) {
                // Only this event is left of its principal's.
                self.lose(event, tally);
                return;
            }
        }
        self.push(id, event.clone());
    }

    pub(super) fn offer_must(
        &mut self,
        event: &Event,
        ticket: &Arc<Ticket>,
        tally: &mut Tally,
    ) -> Offered {
        if event.size() <= self.budget {
            if self.parked.is_empty() && self.fits(event) {
                if let Some(id) = self.lane_for(event) {
                    self.push(id, event.clone());
                    return Offered::Taken;
                }
            } else if self.parked.park(event.clone(), ticket) {
                return Offered::Parked;
            }
        }
        self.lose(event, tally);
        Offered::Lost
    }

    pub(super) fn withdraw(&mut self, seq: Seq, tally: &mut Tally) -> bool {
        let Some(event) = self.parked.withdraw(seq) else { return false };
        self.lose(&event, tally);
        // It may have stood in the way of others behind it.
        self.admit();
        true
    }

    /// The next in turn.
    pub(super) fn pop(&mut self) -> Option<Item> {
        let mut passed = 0;
        loop {
            let Some(&id) = self.turns.front() else {
                return match std::mem::take(&mut self.unattributed) {
                    0 => None,
                    count => Some(Item::Gap { missed: count, principal: None }),
                };
            };
            let alone = self.turns.len() == 1;
            let quantum = self.quantum;
            let begun = std::mem::replace(&mut self.begun, true);
            let owned = self.owned(id);
            if alone && owned.deficit <= 0 {
                // What it owes it owes to nobody.
                owned.deficit = quantum;
            } else if !begun {
                owned.deficit = owned.deficit.saturating_add(quantum).min(quantum);
            }
            if owned.deficit > 0 {
                return self.serve(id);
            }
            self.end_turn();
            passed += 1;
            if passed > self.turns.len() {
                self.forward();
                passed = 0;
            }
        }
    }

    /// Gives out the first of a lane.
    fn serve(&mut self, id: u32) -> Option<Item> {
        let owned = self.owned(id);
        let mut item = owned.lane.pop();
        if let Some(Item::Gap { principal, .. }) = &mut item {
            principal.clone_from(&owned.principal.name);
        }
        let empty = owned.lane.is_empty();
        if let Some(Item::Event(event)) = &item {
            let cost = i64::try_from(event.size()).unwrap_or(i64::MAX / 4);
            owned.deficit -= cost;
            let spent = owned.deficit <= 0;
            let lossy_bytes = owned.lane.lossy_bytes();
            self.bytes -= event.size();
            self.largest.set(id, lossy_bytes);
            if spent && !empty {
                self.end_turn();
            }
        }
        if empty {
            self.turns.pop_front();
            self.begun = false;
            self.drop_lane(id);
        }
        self.admit();
        item
    }

    fn end_turn(&mut self) {
        self.begun = false;
        self.turns.rotate_left(1);
    }

    /// Everybody owes: as many turns at once as it takes until one may go on, so that a
    /// huge event does not make everybody go round thousands of times.
    fn forward(&mut self) {
        let quantum = self.quantum;
        let deficits = self.lanes.iter().flatten().map(|owned| owned.deficit);
        let least = deficits.max().unwrap_or(0).min(0);
        // All but the last turn, which `pop` gives.
        let turns = least.unsigned_abs() / quantum.unsigned_abs();
        let credit = quantum.saturating_mul(i64::try_from(turns).unwrap_or(i64::MAX));
        for owned in self.lanes.iter_mut().flatten() {
            owned.deficit = owned.deficit.saturating_add(credit);
        }
    }

    fn fits(&self, event: &Event) -> bool {
        let counted = self
            .find(event)
            .map_or(0, |id| self.lanes[id as usize].as_ref().map_or(0, |owned| owned.lane.len()));
        self.bytes + event.size() <= self.budget && counted < self.per_principal
    }

    /// Takes in what waits, in order, as far as there is room.
    fn admit(&mut self) {
        while let Some(first) = self.parked.first() {
            if !self.fits(first) {
                return;
            }
            let first = first.clone();
            let Some(id) = self.lane_for(&first) else { return };
            if let Some(event) = self.parked.admit() {
                self.push(id, event);
            }
        }
    }

    fn push(&mut self, id: u32, event: Event) {
        self.bytes += event.size();
        let owned = self.owned(id);
        owned.lane.push(event);
        let lossy_bytes = owned.lane.lossy_bytes();
        self.largest.set(id, lossy_bytes);
    }

    /// Loses the oldest of a lane, and says whether there was one that may be lost.
    fn lose_oldest(&mut self, id: u32, tally: &mut Tally) -> bool {
        let Routed { lanes, parked, .. } = self;
        let Some(owned) = &mut lanes[id as usize] else { return false };
        let Some(event) = owned.lane.lose_oldest(|a, b| parked.between(a, b)) else {
            return false;
        };
        let lossy_bytes = owned.lane.lossy_bytes();
        tally.drop_one(false, event.principal().is_some());
        self.bytes -= event.size();
        self.largest.set(id, lossy_bytes);
        true
    }

    /// An event that does not come in, or not any more.
    fn lose(&mut self, event: &Event, tally: &mut Tally) {
        tally.drop_one(event.is_must(), event.principal().is_some());
        match self.lane_for(event) {
            Some(id) => {
                let Routed { lanes, parked, .. } = self;
                if let Some(owned) = &mut lanes[id as usize] {
                    owned.lane.lost(event.seq(), |a, b| parked.between(a, b));
                }
            }
            None => self.unattributed += 1,
        }
    }

    pub(super) fn standing(&self) -> Standing {
        let lanes = self.lanes.iter().flatten();
        Standing {
            queued: lanes.clone().map(|owned| owned.lane.len()).sum(),
            bytes: self.bytes,
            parked: self.parked.len(),
            principals: self.by_principal.len(),
            oldest_us: lanes.filter_map(|owned| owned.lane.oldest_us()).min(),
        }
    }

    fn find(&self, event: &Event) -> Option<u32> {
        self.by_principal.get(event as &dyn OfPrincipal).copied()
    }

    /// The lane of the event's principal, made if there is none.
    fn lane_for(&mut self, event: &Event) -> Option<u32> {
        if let Some(id) = self.find(event) {
            return Some(id);
        }
        if self.by_principal.len() >= LANES_MAX {
            return None;
        }
        let name = event.shared_principal().cloned();
        let principal = Principal { name, hash: event.principal_hash() };
        let id = self.free.pop().unwrap_or_else(|| {
            self.lanes.push(None);
            self.lanes.len() as u32 - 1
        });
        self.by_principal.insert(principal.clone(), id);
        self.lanes[id as usize] = Some(Owned { principal, lane: Lane::default(), deficit: 0 });
        self.turns.push_back(id);
        Some(id)
    }

    fn drop_lane(&mut self, id: u32) {
        if let Some(owned) = self.lanes[id as usize].take() {
            self.by_principal.remove(&owned.principal);
            self.largest.remove(id);
            self.free.push(id);
        }
    }

    fn owned(&mut self, id: u32) -> &mut Owned {
        self.lanes[id as usize].as_mut().expect("a lane that is in use")
    }
}
