//! The events of a queue that several read, and sums that are kept along with them.
//!
//! What lies between two positions is the difference of two sums; so what somebody lost or
//! has not read is known without a look at each event.

use std::collections::VecDeque;

use super::Event;

/// The events, and what has been counted along with them.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) entries: VecDeque<Entry>,
    /// Of the first entry.
    pub(super) first: u64,
    /// Bytes, and events of principals, of all that were ever put in.
    pub(super) bytes: u64,
    pub(super) principals: u64,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) event: Event,
    /// What was counted before this one.
    pub(super) bytes_before: u64,
    pub(super) principals_before: u64,
}

impl Line {
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

    pub(super) fn push(&mut self, event: Event, capacity: usize) {
        let (bytes_before, principals_before) = (self.bytes, self.principals);
        self.bytes += event.size() as u64;
        self.principals += u64::from(event.principal().is_some());
        self.entries.push_back(Entry { event, bytes_before, principals_before });
        while self.entries.len() > capacity {
            self.entries.pop_front();
            self.first += 1;
        }
    }
}
