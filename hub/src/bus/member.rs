//! One that reads a queue which others read too.

use std::sync::Arc;
use std::task::Waker;

use super::aftermath::DropLog;
use super::interest::{Lossy, Overflow};
use super::lane::{Item, Lane};
use super::line::{Line, Refused};
use super::queue::Standing;
use super::single::Single;
use super::tally::Tally;

#[derive(Debug)]
pub(super) struct Member {
    pub(super) label: Arc<str>,
    pub(super) capacity: usize,
    /// The position of what it reads next, and what was counted before that.
    pub(super) place: u64,
    pub(super) principals_before: u64,
    /// Where it came, or came back: from there on everything matched.
    pub(super) since: u64,
    /// Lost before what it reads next, those aside that were too large for the line.
    pub(super) gap: u64,
    /// How many of those it has been told of, and which have been counted.
    pub(super) refused_told: u64,
    pub(super) refused_counted: Refused,
    pub(super) own: Option<Box<Single>>,
    /// `matched` is added when it leaves the line.
    pub(super) tally: Tally,
    pub(super) waker: Option<Waker>,
    pub(super) drops: DropLog,
}

impl Member {
    /// Finds out what it has lost, and gives how much.
    pub(super) fn fall_behind(&mut self, line: &Line) -> u64 {
        if self.own.is_some() {
            return 0;
        }
        let refused = line.refused.events - self.refused_counted.events;
        if refused > 0 {
            self.tally.lossy.matched += refused;
            self.tally.lossy.dropped += refused;
            self.tally.dropped_of_principals +=
                line.refused.of_principals - self.refused_counted.of_principals;
            self.refused_counted = line.refused;
        }
        // The line ends where all have too many bytes, because all may have the same.
        let oldest = line.end().saturating_sub(self.capacity as u64).max(line.first);
        if self.place >= oldest {
            return refused;
        }
        let lost = oldest - self.place;
        let principals = line.principals_before(oldest);
        self.tally.lossy.dropped += lost;
        self.tally.dropped_of_principals += principals - self.principals_before;
        self.gap += lost;
        self.place = oldest;
        self.principals_before = principals;
        lost + refused
    }

    /// Events that are lost right before what it reads next.
    pub(super) fn missed(&self, line: &Line) -> u64 {
        self.gap + (line.refused_before(self.place) - self.refused_told)
    }

    pub(super) fn pop(&mut self, line: &Line) -> Option<Item> {
        let item = match &mut self.own {
            Some(own) => own.pop()?,
            None => {
                self.fall_behind(line);
                let missed = self.missed(line);
                if missed > 0 {
                    self.gap = 0;
                    self.refused_told = line.refused_before(self.place);
                    Item::Gap { missed, principal: None }
                } else {
                    let event = line.at(self.place)?.event.clone();
                    self.place += 1;
                    self.principals_before = line.principals_before(self.place);
                    Item::Event(event)
                }
            }
        };
        match &item {
            Item::Event(event) => self.tally.class(event.is_must()).delivered += 1,
            Item::Gap { .. } => self.tally.gaps += 1,
        }
        Some(item)
    }

    /// Gets a lane of its own, with what it has not read.
    pub(super) fn go_apart(&mut self, line: &Line) {
        self.fall_behind(line);
        let (capacity, bytes) = (self.capacity, line.bound);
        let lossy = Lossy { capacity, bytes, overflow: Overflow::Oldest };
        let mut lane = Lane::default();
        lane.lost_last(std::mem::take(&mut self.gap));
        let mut told = self.refused_told;
        for entry in (self.place..line.end()).filter_map(|place| line.at(place)) {
            lane.lost_last(entry.refused_before - told);
            told = entry.refused_before;
            lane.push(entry.event.clone());
        }
        lane.lost_last(line.refused.events - told);
        self.own = Some(Box::new(Single::with(&lossy, lane)));
        self.tally.lossy.matched += line.end() - self.since;
    }

    /// Comes back to the line, with nothing left to read.
    pub(super) fn come_back(&mut self, line: &Line) {
        self.own = None;
        self.place = line.end();
        self.since = line.end();
        self.principals_before = line.principals;
        self.refused_told = line.refused.events;
        self.refused_counted = line.refused;
    }

    pub(super) fn look(&mut self, line: &Line) -> (Tally, Standing) {
        self.fall_behind(line);
        if let Some(own) = &self.own {
            return (self.tally, own.standing());
        }
        let mut tally = self.tally;
        tally.lossy.matched += line.end() - self.since;
        let standing = Standing {
            queued: usize::try_from(line.end() - self.place).unwrap_or(usize::MAX),
            bytes: (line.bytes - line.bytes_before(self.place)) as usize,
            parked: 0,
            principals: 0,
            oldest_us: line.at(self.place).map(|entry| entry.event.at_us()),
        };
        (tally, standing)
    }
}
