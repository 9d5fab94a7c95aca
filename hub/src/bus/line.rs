//! The events of a queue that several read, and sums that are kept along with them.
//!
//! What lies between two positions is the difference of two sums; so what somebody lost or
//! has not read is known without a look at each event.

use std::collections::VecDeque;

use super::Event;

/// The events, and what has been counted along with them.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) entries: VecDeque<Entry>,
    /// Of the first entry. What is before it is too many events back for everybody, or too
    /// many bytes.
    pub(super) first: u64,
    /// Bytes, and events of principals, of all that were ever put in.
    pub(super) bytes: u64,
    pub(super) principals: u64,
    /// Events that were too large to be put in.
    pub(super) refused: Refused,
    /// Bytes that it holds at most.
    pub(super) bound: usize,
}

/// Events that were too large by themselves. They have no position: they lie before one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Refused {
    pub(super) events: u64,
    /// Of these, those of principals.
    pub(super) of_principals: u64,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) event: Event,
    /// What was counted before this one.
    pub(super) bytes_before: u64,
    pub(super) principals_before: u64,
    /// Those that were too large and came before this one.
    pub(super) refused_before: u64,
}

impl Line {
    pub(super) fn new(bound: usize) -> Line {
        Line {
            entries: VecDeque::new(),
            first: 0,
            bytes: 0,
            principals: 0,
            refused: Refused::default(),
            bound,
        }
    }

    /// All that came, whether it was put in or not.
    pub(super) fn came(&self) -> u64 {
        self.end() + self.refused.events
    }

    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    pub(super) fn at(&self, place: u64) -> Option<&Entry> {
        let index = usize::try_from(place.checked_sub(self.first)?).ok()?;
        self.entries.get(index)
    }

    /// Bytes of all that came before a position.
    pub(super) fn bytes_before(&self, place: u64) -> u64 {
        self.at(place).map_or(self.bytes, |entry| entry.bytes_before)
    }

    pub(super) fn principals_before(&self, place: u64) -> u64 {
        self.at(place).map_or(self.principals, |entry| entry.principals_before)
    }

    /// Events that were too large and came before what is at a position.
    pub(super) fn refused_before(&self, place: u64) -> u64 {
        self.at(place).map_or(self.refused.events, |entry| entry.refused_before)
    }

    /// Puts an event in, unless it is too large, and lets go of what is too far back.
    pub(super) fn push(&mut self, event: &Event, capacity: usize) {
        let of_principal = u64::from(event.principal().is_some());
        if event.size() > self.bound {
            self.refused.events += 1;
            self.refused.of_principals += of_principal;
            return;
        }
        self.entries.push_back(Entry {
            event: event.clone(),
            bytes_before: self.bytes,
            principals_before: self.principals,
            refused_before: self.refused.events,
        });
        self.bytes += event.size() as u64;
        self.principals += of_principal;
        while self.entries.len() > capacity || self.held() > self.bound as u64 {
            self.entries.pop_front();
            self.first += 1;
        }
    }

    /// Bytes that it holds.
    fn held(&self) -> u64 {
        self.bytes - self.bytes_before(self.first)
    }
}
