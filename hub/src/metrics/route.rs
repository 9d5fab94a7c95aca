//! What is counted for each route.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::histogram::{Distribution, Histogram};
use super::shard::Sharded;
use super::status::{Method, StatusCounts, Statuses};

/// Routes with counters of their own at most. Counters are never taken away, so that
/// they only grow; whatever is registered beyond that is counted together.
const ROUTES_MAX: usize = 1024;

/// The number of a route's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RouteId(u16);

impl RouteId {
    /// Requests that no route was found for.
    pub(crate) const NONE: RouteId = RouteId(0);
    /// Requests that the hub answers by itself.
    pub(crate) const OWN: RouteId = RouteId(1);
    /// Routes beyond the limit.
    pub(crate) const OTHER: RouteId = RouteId(2);
    /// Streams of events from the bus.
    pub(crate) const EVENTS: RouteId = RouteId(3);
    /// Calls of activities by clients.
    pub(crate) const QUEUES: RouteId = RouteId(4);
    const FIRST: u16 = 5;
}

/// The counters of all routes.
#[derive(Debug)]
pub(crate) struct Routes {
    entries: Box<[OnceLock<RouteMetrics>]>,
    known: Mutex<HashMap<RouteLabels, RouteId>>,
}

/// Which route it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RouteLabels {
    /// The registration's name.
    pub(crate) name: Box<str>,
    /// The registered method; `*` for any.
    pub(crate) method: Box<str>,
    /// The registered pattern.
    pub(crate) pattern: Box<str>,
}

/// One route's counters.
#[derive(Debug)]
pub(crate) struct RouteMetrics {
    pub(crate) labels: RouteLabels,
    shards: Sharded<Shard>,
}

#[derive(Debug, Default)]
struct Shard {
    statuses: Statuses,
    total: Histogram,
    wait: Histogram,
    worker: Histogram,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// What is counted of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    pub(crate) method: Method,
    pub(crate) status: u16,
    /// From the request's head to the end of its response.
    pub(crate) total_ns: u64,
    /// The wait for a slot and the time until the worker's head, if it came to a slot.
    pub(crate) at_worker: Option<AtWorker>,
    /// Bytes of the bodies.
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// The two parts of a request that reached a worker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AtWorker {
    pub(crate) wait_ns: u64,
    pub(crate) worker_ns: u64,
}

/// One route's counters at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct RouteCounts {
    pub(crate) statuses: StatusCounts,
    pub(crate) total: Distribution,
    pub(crate) wait: Distribution,
    pub(crate) worker: Distribution,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

impl Routes {
    pub(super) fn new() -> Routes {
        let entries: Box<[_]> = (0..ROUTES_MAX).map(|_| OnceLock::new()).collect();
        for (id, name) in [
            (RouteId::NONE, "none"),
            (RouteId::OWN, "hub"),
            (RouteId::OTHER, "other"),
            (RouteId::EVENTS, "events"),
            (RouteId::QUEUES, "queues"),
        ] {
            let labels = RouteLabels { name: "".into(), method: "*".into(), pattern: name.into() };
            entries[usize::from(id.0)].get_or_init(|| RouteMetrics::new(labels));
        }
        Routes { entries, known: Mutex::default() }
    }

    /// Finds or makes the counters of a route.
    pub(crate) fn resolve(&self, name: &str, method: &str, pattern: &str) -> RouteId {
        let labels =
            RouteLabels { name: name.into(), method: method.into(), pattern: pattern.into() };
        // Nothing that can panic runs under the lock.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&id) = known.get(&labels) {
            return id;
        }
        let next = known.len() + usize::from(RouteId::FIRST);
        let Some(entry) = self.entries.get(next) else { return RouteId::OTHER };
        entry.get_or_init(|| RouteMetrics::new(labels.clone()));
        // There are no more than `ROUTES_MAX`.
        let id = RouteId(next as u16);
        known.insert(labels, id);
        id
    }

    /// The counters of a route.
    pub(crate) fn get(&self, id: RouteId) -> &RouteMetrics {
        // A number comes from `resolve`, which has filled its entry.
        self.entries[usize::from(id.0)].get().expect("the counters of a route that was resolved")
    }

    /// Those that there are, in the order of being made.
    pub(crate) fn all(&self) -> impl Iterator<Item = &RouteMetrics> {
        self.entries.iter().map_while(OnceLock::get)
    }
}

impl RouteMetrics {
    fn new(labels: RouteLabels) -> RouteMetrics {
        RouteMetrics { labels, shards: Sharded::new() }
    }

    /// Counts a request at its end.
    pub(crate) fn record(&self, request: &Counted) {
        let own = self.shards.own();
        own.statuses.add_one(request.method, request.status);
        own.total.record(request.total_ns);
        if let Some(at_worker) = request.at_worker {
            own.wait.record(at_worker.wait_ns);
            own.worker.record(at_worker.worker_ns);
        }
        // Relaxed: counts that order nothing.
        if request.bytes_in > 0 {
            own.bytes_in.fetch_add(request.bytes_in, Ordering::Relaxed);
        }
        if request.bytes_out > 0 {
            own.bytes_out.fetch_add(request.bytes_out, Ordering::Relaxed);
        }
    }

    /// Adds it all up.
    pub(crate) fn counts(&self) -> RouteCounts {
        let mut counts = RouteCounts::default();
        for shard in self.shards.all() {
            counts.statuses.add(&shard.statuses);
            counts.total.add(&shard.total);
            counts.wait.add(&shard.wait);
            counts.worker.add(&shard.worker);
            // Relaxed: see `record`.
            counts.bytes_in += shard.bytes_in.load(Ordering::Relaxed);
            counts.bytes_out += shard.bytes_out.load(Ordering::Relaxed);
        }
        counts
    }
}

#[cfg(test)]
mod tests;
