//! One queue of events, with what was lost from it in its place.
//!
//! What callers may rely on: what comes out, events and gaps, is in the order of the
//! sequence, whatever was put in and lost meanwhile. Events that must be delivered lie in
//! a queue of their own, so that the oldest of the others is found at once; coming out the
//! two are merged by sequence number.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Event;
use super::event::Seq;

#[derive(Debug, Default)]
pub(super) struct Lane {
    lossy: VecDeque<Event>,
    must: VecDeque<Event>,
    gaps: VecDeque<Lost>,
    lossy_bytes: usize,
    must_bytes: usize,
}

/// Events lost one after another, with none between them that is still to come.
#[derive(Debug)]
struct Lost {
    first: Seq,
    last: Seq,
    count: u64,
}

/// What comes out of a lane.
#[derive(Debug)]
pub(super) enum Item {
    Event(Event),
    /// So many events were lost here; of which principal, its queue says.
    Gap {
        missed: u64,
        principal: Option<Arc<str>>,
    },
}

impl Lane {
    /// Notes that so many were lost after what is in, and before all that will be.
    pub(super) fn lost_last(&mut self, count: u64) {
        if count == 0 {
            return;
        }
        // Their own numbers are not known, but nothing that comes lies between these and the
        // last one's.
        let backs = [self.lossy.back(), self.must.back()];
        let seq = backs.into_iter().flatten().map(|event| event.seq() + 1).max().unwrap_or(0);
        match self.gaps.back_mut() {
            Some(gap) if gap.first == seq => gap.count += count,
            _ => self.gaps.push_back(Lost { first: seq, last: seq, count }),
        }
    }

    /// Events in it.
    pub(super) fn len(&self) -> usize {
        self.lossy.len() + self.must.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.lossy_bytes + self.must_bytes
    }

    /// Bytes that may not be lost.
    pub(super) fn must_bytes(&self) -> usize {
        self.must_bytes
    }

    /// Bytes that may be lost.
    pub(super) fn lossy_bytes(&self) -> usize {
        self.lossy_bytes
    }

    /// Whether nothing is to come, no gap either.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0 && self.gaps.is_empty()
    }

    /// When the oldest event was published, in microseconds since 1970.
    pub(super) fn oldest_us(&self) -> Option<u64> {
        let fronts = [self.lossy.front(), self.must.front()];
        fronts.into_iter().flatten().map(Event::at_us).min()
    }

    pub(super) fn push(&mut self, event: Event) {
        if event.is_must() {
            self.must_bytes += event.size();
            self.must.push_back(event);
        } else {
            self.lossy_bytes += event.size();
            self.lossy.push_back(event);
        }
    }

    /// Loses the oldest event that may be lost.
    pub(super) fn lose_oldest(&mut self, parked: impl Fn(Seq, Seq) -> bool) -> Option<Event> {
        let event = self.lossy.pop_front()?;
        self.lossy_bytes -= event.size();
        self.lost(event.seq(), parked);
        Some(event)
    }

    /// Notes that the event of this number will not come. `parked` says whether one that
    /// may still come has a number between two.
    pub(super) fn lost(&mut self, seq: Seq, parked: impl Fn(Seq, Seq) -> bool) {
        let at = self.gaps.partition_point(|gap| gap.first < seq);
        self.gaps.insert(at, Lost { first: seq, last: seq, count: 1 });
        // It may join the gap before it with the one after it.
        if self.meets(at + 1, &parked) {
            self.join(at);
        }
        if at > 0 && self.meets(at, &parked) {
            self.join(at - 1);
        }
    }

    /// Whether there is nothing to come between a gap and the one before it.
    fn meets(&self, at: usize, parked: impl Fn(Seq, Seq) -> bool) -> bool {
        let (Some(one), Some(other)) = (self.gaps.get(at - 1), self.gaps.get(at)) else {
            return false;
        };
        let (after, before) = (one.last, other.first);
        !between(&self.lossy, after, before)
            && !between(&self.must, after, before)
            && !parked(after, before)
    }

    /// Makes a gap and the one after it one.
    fn join(&mut self, at: usize) {
        if let Some(next) = self.gaps.remove(at + 1) {
            self.gaps[at].last = next.last;
            self.gaps[at].count += next.count;
        }
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        let lossy = self.lossy.front().map_or(Seq::MAX, Event::seq);
        let must = self.must.front().map_or(Seq::MAX, Event::seq);
        let gap = self.gaps.front().map_or(Seq::MAX, |gap| gap.first);
        if gap < lossy && gap < must {
            self.gaps.pop_front().map(|gap| Item::Gap { missed: gap.count, principal: None })
        } else if lossy < must {
            let event = self.lossy.pop_front()?;
            self.lossy_bytes -= event.size();
            Some(Item::Event(event))
        } else {
            let event = self.must.pop_front()?;
            self.must_bytes -= event.size();
            Some(Item::Event(event))
        }
    }
}

/// Whether one of the events, which are in order, lies between two numbers.
fn between(events: &VecDeque<Event>, after: Seq, before: Seq) -> bool {
    // Where a queue loses its oldest or its newest, one of these answers.
    match (events.front(), events.back()) {
        (Some(first), Some(last)) if first.seq() < before && last.seq() > after => {
            let at = events.partition_point(|event| event.seq() <= after);
            events[at].seq() < before
        }
        _ => false,
    }
}
