//! What every task of a hub shares.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, ArcSwapOption, Guard};

use crate::admin::{Token, Watched};
use crate::bus::Bus;
use crate::client_limit::ClientLimit;
use crate::config::Config;
use crate::delegated::Book;
use crate::departures::Departures;
use crate::events::{Doors, Events};
use crate::exchange::Budget;
use crate::gate::Gate;
use crate::identities::Identities;
use crate::metrics::Metrics;
use crate::queues::{Keys, Picker};
use crate::registry::Registry;
use crate::sse::Streams;
use crate::supervisor::Supervisor;
use crate::telemetry::Exporter;

/// One hub's.
#[derive(Debug)]
pub(crate) struct Shared {
    config: ArcSwap<Config>,
    pub(crate) registry: Registry,
    /// Who may register as what.
    pub(crate) identities: Identities,
    pub(crate) spool_budget: Arc<Budget>,
    pub(crate) metrics: Arc<Metrics>,
    /// How workers left.
    pub(crate) departures: Departures,
    /// Who watches the dashboard.
    pub(crate) watched: Watched,
    /// The admin surface's, if it has one.
    pub(crate) admin_token: ArcSwapOption<Token>,
    /// Tells a collector of requests, if there is one.
    pub(crate) telemetry: OnceLock<Arc<Exporter>>,
    /// What workers and others publish.
    pub(crate) bus: Bus,
    /// Clients of streams that workers own.
    pub(crate) delegated: Arc<Book>,
    /// What of it clients hear.
    pub(crate) events: Events,
    /// Streams of events to clients.
    pub(crate) streams: Streams,
    /// Keeps workers running, in `slotway serve`.
    pub(crate) supervisor: OnceLock<Supervisor>,
    /// Bytes that activities hold.
    pub(crate) activities: Arc<Budget>,
    next_activity: AtomicU64,
    /// What was done for callers' keys.
    pub(crate) keys: Keys,
    /// The embedding program's choice of workers for activities.
    pub(crate) picker: OnceLock<Picker>,
    draining: AtomicBool,
    pub(crate) clients: Arc<ClientLimit>,
    /// Lets as many responses be compressed at a time as the configuration says.
    pub(crate) compressions: Arc<Gate>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Shared {
        let metrics = Metrics::new();
        let bus = Bus::new(config.events.bus_settings(first_seq()));
        let streams = Streams::default();
        streams.total.set_max(config.events.feed_bytes_total);
        Shared {
            registry: Registry::new(metrics.clone(), &config),
            identities: Identities::new(&config),
            metrics,
            watched: Watched::default(),
            admin_token: ArcSwapOption::empty(),
            telemetry: OnceLock::new(),
            clients: Arc::new(ClientLimit::new()),
            compressions: Arc::new(Gate::new(config.compression.streams, 0)),
            spool_budget: Arc::new(Budget::new(config.limits.spool_bytes_total)),
            departures: Departures::default(),
            delegated: Book::new(),
            events: Events::new(bus.clone()),
            bus,
            streams,
            supervisor: OnceLock::new(),
            activities: Arc::new(Budget::new(config.queues.bytes_total)),
            next_activity: AtomicU64::new(1),
            keys: Keys::default(),
            picker: OnceLock::new(),
            draining: AtomicBool::new(false),
            config: ArcSwap::from_pointee(config),
        }
    }

    /// Follows another configuration that was checked, as far as that goes without a
    /// restart: whatever a request or a worker is judged by from here on.
    pub(crate) fn apply(&self, config: Config, doors: Doors) {
        self.streams.total.set_max(config.events.feed_bytes_total);
        self.spool_budget.set_max(config.limits.spool_bytes_total);
        self.compressions.set_limits(config.compression.streams, 0);
        self.activities.set_max(config.queues.bytes_total);
        self.registry.apply(&config);
        self.identities.apply(&config);
        self.config.store(Arc::new(config));
        self.events.apply(doors);
    }

    /// The next activity's number.
    pub(crate) fn next_activity(&self) -> u64 {
        // Relaxed: it only has to differ.
        self.next_activity.fetch_add(1, Ordering::Relaxed)
    }

    /// The hub shuts down: it is not ready from here on.
    pub(crate) fn drain(&self) {
        // Relaxed: a word for those who ask.
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the hub shuts down.
    pub(crate) fn is_draining(&self) -> bool {
        // Relaxed: as above.
        self.draining.load(Ordering::Relaxed)
    }

    /// The configuration of this moment; a reload swaps it. Not to be kept across an await.
    pub(crate) fn config(&self) -> Guard<Arc<Config>> {
        self.config.load()
    }
}

/// Sequence numbers are ids of events to browsers, which come back with the last one that they
/// have. Microseconds since 1970 grow from one run of the hub to the next, faster than a bus
/// can number events, and JavaScript has them exactly until the year 2255.
fn first_seq() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_micros()).unwrap_or(1).max(1)
}
