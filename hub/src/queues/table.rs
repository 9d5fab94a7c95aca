//! Which workers take what from which queue, right now.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Queue;
use crate::instance::{Registration, Share};
use crate::wait_queue::{Crowd, WaitQueue};

/// A worker that takes one type of activities from one queue.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) registration: Arc<Registration>,
    /// The index of the registration's share in the queue.
    pub(crate) share: u32,
    /// The activity's index, as requests of the registration count routes.
    pub(crate) route: u32,
}

impl Seat {
    pub(crate) fn share(&self) -> &Share {
        // The table is built from these very shares.
        &self.registration.shares[self.share as usize]
    }
}

/// A queue and who takes from it.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) queue: Arc<Queue>,
    kinds: BTreeMap<Box<str>, Kind>,
    /// Workers that take anything from it.
    pub(crate) workers: usize,
    /// What they take at a time, together.
    pub(crate) capacity: u64,
}

/// One type of activities of a queue, and who takes it.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Where activities wait for a worker. Each type has a line of its own, so that one that
    /// nobody has room for holds up no other; how many wait in all of them is the queue's to
    /// say.
    pub(crate) line: Arc<WaitQueue>,
    pub(crate) seats: Vec<Seat>,
}

/// All queues.
#[derive(Debug, Default)]
pub(crate) struct QueueTable {
    queues: HashMap<Box<str>, Served>,
}

impl QueueTable {
    pub(crate) fn get(&self, queue: &str) -> Option<&Served> {
        self.queues.get(queue)
    }

    /// All of them, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Served> {
        self.queues.values()
    }

    /// A registration of a live worker.
    pub(crate) fn seat(&mut self, registration: &Arc<Registration>) {
        for (index, share) in registration.shares.iter().enumerate() {
            let Some(served) = self.queues.get_mut(share.queue.name()) else { continue };
            served.workers += 1;
            served.capacity += u64::from(share.capacity);
            for (activity, route) in share.activities.iter().zip(share.first..) {
                if let Some(kind) = served.kinds.get_mut(&activity.0) {
                    // A registration has far fewer shares than 2³².
                    let (registration, share) = (registration.clone(), index as u32);
                    kind.seats.push(Seat { registration, share, route });
                }
            }
        }
    }
}

impl Served {
    /// The type of activities with this name; `None` if nobody has ever taken it.
    pub(crate) fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// The types of activities by name.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = (&str, &Kind)> {
        self.kinds.iter().map(|(name, kind)| (&**name, kind))
    }
}

/// Every queue that was ever taken from, so that what comes while its workers restart waits
/// for them.
#[derive(Debug, Default)]
pub(crate) struct Known {
    queues: HashMap<Box<str>, (Arc<Queue>, Lines)>,
}

/// A type of activities, and where those wait.
pub(crate) type Line = (Box<str>, Arc<WaitQueue>);

/// The line of each type.
type Lines = BTreeMap<Box<str>, Arc<WaitQueue>>;

/// Types of activities that are remembered at most, over all queues; live ones besides.
const KINDS_MAX: usize = 16_384;

impl Known {
    /// A queue and the lines of these types of activities, from which somebody takes now.
    pub(crate) fn take(
        &mut self,
        name: &str,
        activities: &[String],
        waiting_max: usize,
        crowd: &Crowd,
    ) -> (Arc<Queue>, Box<[Line]>) {
        let new = || (Arc::new(Queue::new(name, waiting_max)), Lines::new());
        let (queue, lines) = self.queues.entry(name.into()).or_insert_with(new);
        let of = |activity: &String| {
            let line = lines.entry(activity.as_str().into());
            let line = line
                .or_insert_with(|| Arc::new(WaitQueue::among(usize::MAX, crowd.clone())))
                .clone();
            (activity.as_str().into(), line)
        };
        let lines = activities.iter().map(of).collect();
        (queue.clone(), lines)
    }

    /// How many activities may wait for each queue from here on.
    pub(crate) fn set_waiting_max(&self, waiting_max: usize) {
        for (queue, _) in self.queues.values() {
            queue.set_waiting_max(waiting_max);
        }
    }

    /// Calls whoever waits: who takes what has changed.
    pub(crate) fn call_all(&self) {
        for (_, lines) in self.queues.values() {
            lines.values().for_each(|line| line.call_all());
        }
    }

    /// The table without a seat. Queues that nobody takes from and nobody waits for are
    /// forgotten if there are too many. `taken`: whether somebody takes from one.
    pub(crate) fn table(&mut self, taken: impl Fn(&Queue) -> bool) -> QueueTable {
        let mut kinds: usize = self.queues.values().map(|(_, lines)| lines.len()).sum();
        self.queues.retain(|_, (queue, lines)| {
            let keep = kinds <= KINDS_MAX || queue.counts.in_flight() > 0 || taken(queue);
            kinds -= if keep { 0 } else { lines.len() };
            keep
        });
        let served = |(queue, lines): &(Arc<Queue>, Lines)| {
            let kinds = lines
                .iter()
                .map(|(name, line)| (name.clone(), Kind { line: line.clone(), seats: Vec::new() }));
            Served { queue: queue.clone(), kinds: kinds.collect(), workers: 0, capacity: 0 }
        };
        let queues = self.queues.iter().map(|(name, known)| (name.clone(), served(known)));
        QueueTable { queues: queues.collect() }
    }
}
