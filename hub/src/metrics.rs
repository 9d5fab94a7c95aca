//! What the hub counts, and how it is told.
//!
//! What callers may rely on: counting takes no lock, looks nothing up and allocates
//! nothing. A route's counters are found once, when its worker registers it, and a
//! request carries their number ([`RouteId`]); a worker's are part of its instance. What
//! is counted for every request lies in shards, one for each thread or few, so that two
//! threads do not fight over a cache line.
//!
//! Whoever looks adds the shards up. Counters only grow; a look during a request may see
//! a part of it.

mod connections;
mod delegated;
mod events;
mod expose;
mod histogram;
mod process;
mod route;
mod shard;
mod status;
mod text;
mod worker;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use slotway_core::map::monotonic_ns;
use tokio::time::Instant;

pub(crate) use connections::{Connections, Listener};
pub(crate) use expose::expose;
pub(crate) use histogram::Distribution;
pub(crate) use process::Process;
pub(crate) use route::{AtWorker, Counted, RouteId, RouteMetrics, Routes};
pub(crate) use status::{LEFT, Method};
pub(crate) use text::Format;
pub(crate) use worker::WorkerMetrics;

use crate::problem;

/// More than there are kinds of problems.
const PROBLEMS_MAX: usize = 64;

/// Everything that one hub counts and that belongs to no instance.
#[derive(Debug)]
pub(crate) struct Metrics {
    started: Instant,
    /// The same in nanoseconds of CLOCK_MONOTONIC.
    started_ns: u64,
    pub(crate) routes: Routes,
    pub(crate) connections: Connections,
    /// Workers that were given a region.
    pub(crate) workers_connected: Counter,
    /// Registrations that were taken, and that were not.
    pub(crate) registered: Counter,
    pub(crate) registrations_refused: Counter,
    /// Requests that went to another instance because theirs had not seen them.
    pub(crate) moved: Counter,
    problems: [(OnceLock<&'static str>, Counter); PROBLEMS_MAX],
}

/// Something rare that is counted.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub(crate) fn add_one(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, count: u64) {
        // Relaxed: a count that orders nothing.
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        // Relaxed: as above.
        self.0.load(Ordering::Relaxed)
    }
}

impl Metrics {
    pub(crate) fn new() -> Arc<Metrics> {
        Arc::new(Metrics {
            started: Instant::now(),
            started_ns: monotonic_ns(),
            routes: Routes::new(),
            connections: Connections::default(),
            workers_connected: Counter::default(),
            registered: Counter::default(),
            registrations_refused: Counter::default(),
            moved: Counter::default(),
            problems: [const { (OnceLock::new(), Counter(AtomicU64::new(0))) }; PROBLEMS_MAX],
        })
    }

    /// Nanoseconds since the hub's start: the clock of everything that is kept for people.
    pub(crate) fn clock_ns(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.started).as_nanos()).unwrap_or(u64::MAX)
    }

    /// The same time in nanoseconds of CLOCK_MONOTONIC, without a look at the clock.
    pub(crate) fn monotonic_ns(&self, then: Instant) -> u64 {
        self.started_ns.saturating_add(self.clock_ns(then))
    }

    /// A request was answered with a problem.
    pub(crate) fn problem(&self, kind: problem::Kind) {
        let (code, count) = &self.problems[kind as usize % PROBLEMS_MAX];
        code.get_or_init(|| kind.code());
        count.add_one();
    }

    /// The problems that there were, by code.
    fn problems(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.problems.iter().filter_map(|(code, count)| Some((*code.get()?, count.get())))
    }
}
