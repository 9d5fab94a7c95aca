//! What a registration takes from one queue.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Permit, Registration};
use crate::queues::{Line, Queue};

/// What a registration takes from one queue.
pub(crate) struct Share {
    pub(crate) queue: Arc<Queue>,
    /// The types of activities that it takes, and where those wait.
    pub(crate) activities: Box<[Line]>,
    /// The first one's index, as requests of the registration count routes.
    pub(crate) first: u32,
    /// Activities of the queue in its worker's hands at most.
    pub(crate) capacity: u32,
    in_flight: AtomicU32,
}

impl Share {
    pub(crate) fn new(
        queue: Arc<Queue>,
        activities: Box<[Line]>,
        first: u32,
        capacity: u32,
    ) -> Share {
        Share { queue, activities, first, capacity, in_flight: AtomicU32::new(0) }
    }

    /// Activities of the queue in its worker's hands, abandoned ones included.
    pub(crate) fn in_flight(&self) -> u32 {
        // Relaxed: a hint for the choice of a worker, and a number for people.
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        // Relaxed: whoever waits is called after it, with a fence.
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Registration {
    /// Admits one activity of a share, if the worker has room for it. `in_line`: for the call
    /// that is first in the queue's line.
    pub(crate) fn admit_share(self: &Arc<Self>, index: u32, in_line: bool) -> Option<Permit> {
        let share = &self.shares[index as usize];
        let below = |count| (count < share.capacity).then_some(count + 1);
        // Relaxed: see `Share::end`.
        share.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below).ok()?;
        if let Some(permit) = self.admit() {
            return Some(permit.of_share(index));
        }
        share.end();
        // Somebody may have found the share full for the moment in which this counted, and
        // waits. Who is first in line would call itself, and nobody else is called before it.
        if !in_line {
            share.activities.iter().for_each(|(_, line)| line.call());
        }
        None
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("queue", &self.queue.name())
            .field("capacity", &self.capacity)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
