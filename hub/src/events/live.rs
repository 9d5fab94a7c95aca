//! The streams that are open, and what they were opened by.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::doors::{Door, Doors};
use super::feeds::Shared;
use super::rights::Rights;
use crate::bus::Pattern;
use crate::sse::{Farewell, Reason, Ticket};

/// One hub's.
#[derive(Debug, Default)]
pub(super) struct Live {
    streams: Mutex<Streams>,
}

#[derive(Debug, Default)]
struct Streams {
    open: HashMap<u64, Open>,
    next: u64,
}

/// One stream.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) feed: Weak<Shared>,
    pub(super) client: Ticket,
    pub(super) door: Arc<Door>,
    pub(super) rights: Rights,
    pub(super) patterns: Arc<[Pattern]>,
}

/// Says that a stream is open, until this is dropped.
#[derive(Debug)]
pub(super) struct Opened {
    live: Arc<Live>,
    number: u64,
}

impl Live {
    /// One more, unless there are as many as may be.
    pub(super) fn enter(
        self: &Arc<Self>,
        max: usize,
        open: impl FnOnce() -> Open,
    ) -> Option<Opened> {
        let mut streams = self.lock();
        if streams.open.len() >= max {
            return None;
        }
        streams.next += 1;
        let number = streams.next;
        streams.open.insert(number, open());
        drop(streams);
        Some(Opened { live: self.clone(), number })
    }

    /// Ends those that would not be opened any more.
    pub(super) fn judge(&self, doors: &Doors) {
        let streams = self.lock();
        for open in streams.open.values() {
            let may = doors.same(&open.door).is_some_and(|door| {
                open.door.auth.is_same(&door.auth)
                    && open.door.scope == door.scope
                    && open.rights.forbidden(door, &open.patterns).is_none()
            });
            if !may && let Some(shared) = open.feed.upgrade() {
                shared.feed.feed.end(open.client, Farewell::new(Reason::Revoked));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        // Nothing that can panic runs under the lock.
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let open = self.live.lock().open.remove(&self.number);
        // Perhaps the last one that has its feed, not under the lock.
        drop(open);
    }
}
