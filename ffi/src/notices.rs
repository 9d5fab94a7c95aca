//! What an event loop is told: which of the handles that it waits with may have something.
//!
//! The connection gives tokens, and gives each once. Requests and calls have a list of their
//! own, so that whoever takes one kind does not lose the other's.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

/// Handles of one kind, and notices that were not taken yet.
#[derive(Default)]
pub(crate) struct Notices {
    watched: HashMap<u64, Watched>,
    /// In the order in which they came. What was closed meanwhile is passed over.
    order: VecDeque<(u64, usize)>,
}

struct Watched {
    handle: usize,
    /// It is in the order.
    noticed: bool,
}

impl Notices {
    /// Makes a handle known by its token.
    pub(crate) fn watch(&mut self, token: u64, handle: usize) {
        let new = Watched { handle, noticed: false };
        match self.watched.entry(token) {
            Entry::Occupied(known) if known.get().handle == handle => {}
            Entry::Occupied(mut older) => drop(older.insert(new)),
            Entry::Vacant(place) => drop(place.insert(new)),
        }
    }

    /// Undoes [`watch`](Self::watch). The token may mean another handle by now.
    pub(crate) fn unwatch(&mut self, token: u64, handle: usize) {
        if let Entry::Occupied(known) = self.watched.entry(token)
            && known.get().handle == handle
        {
            known.remove();
        }
    }

    /// A notice has come. `false`: not for one of these.
    pub(crate) fn push(&mut self, token: u64) -> bool {
        let Some(known) = self.watched.get_mut(&token) else { return false };
        if !std::mem::replace(&mut known.noticed, true) {
            self.order.push_back((token, known.handle));
        }
        // Memory is bounded by what is watched, also if nobody takes.
        if self.order.len() > 2 * self.watched.len() + 64 {
            let watched = &self.watched;
            self.order.retain(|(token, handle)| {
                watched.get(token).is_some_and(|known| known.handle == *handle)
            });
        }
        true
    }

    /// The handle of the oldest notice.
    pub(crate) fn pop(&mut self) -> Option<usize> {
        while let Some((token, handle)) = self.order.pop_front() {
            if let Some(known) = self.watched.get_mut(&token)
                && known.handle == handle
            {
                known.noticed = false;
                return Some(handle);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
