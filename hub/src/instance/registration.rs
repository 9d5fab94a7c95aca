//! A registration: the routes that one instance serves under one name.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::{Instance, Permit, Share};
use crate::identities::Identity;
use crate::metrics::RouteId;
use crate::routing::{HostPattern, Pattern, RouteMethod};
use crate::service::Service;

/// One route of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegisteredRoute {
    pub(crate) host: Option<HostPattern>,
    pub(crate) method: RouteMethod,
    pub(crate) pattern: Pattern,
    pub(crate) idempotent: bool,
    /// Its clients stay, for what the worker pushes.
    pub(crate) sse: bool,
    /// Its counters.
    pub(crate) counted: RouteId,
}

impl RegisteredRoute {
    /// The host, if it has one, and the pattern.
    pub(crate) fn place(&self) -> String {
        let host = self.host.as_ref().map_or("", HostPattern::text);
        format!("{host}{}", self.pattern.text())
    }
}

/// What one instance serves under one name.
pub(crate) struct Registration {
    pub(crate) instance: Arc<Instance>,
    /// The worker's number for it.
    pub(crate) id: u32,
    /// What it is called, of all that have its name.
    pub(crate) identity: Identity,
    pub(crate) service: Arc<Service>,
    pub(crate) routes: Arc<[RegisteredRoute]>,
    /// What it takes from queues.
    pub(crate) shares: Box<[Share]>,
    pub(crate) max_concurrent: u32,
    in_flight: AtomicU32,
    closing: AtomicBool,
    /// Exchanges that have ended, for people.
    ended: AtomicU64,
}

impl Registration {
    pub(crate) fn new(
        instance: Arc<Instance>,
        id: u32,
        identity: Identity,
        service: Arc<Service>,
        routes: Arc<[RegisteredRoute]>,
        shares: Box<[Share]>,
        max_concurrent: u32,
    ) -> Registration {
        Registration {
            instance,
            id,
            identity,
            service,
            routes,
            shares,
            max_concurrent,
            in_flight: AtomicU32::new(0),
            closing: AtomicBool::new(false),
            ended: AtomicU64::new(0),
        }
    }

    /// Admits one exchange, if it takes any and has not as many as it may have.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Permit> {
        // Never counted up and then down again: another request that came meanwhile would
        // see it full and wait for a call that nobody makes.
        // SYNC(registration.closing): SeqCst on both words on both sides. Either the
        // admission sees the closing, or who closes sees the admission.
        let below = |count| (count < self.max_concurrent).then_some(count + 1);
        self.in_flight.fetch_update(Ordering::SeqCst, Ordering::Relaxed, below).ok()?;
        // Relaxed: a count for the choice of an instance.
        self.instance.in_flight.fetch_add(1, Ordering::Relaxed);
        let permit = Permit::new(self.clone());
        (!self.closing.load(Ordering::SeqCst) && self.instance.is_live()).then_some(permit)
    }

    pub(super) fn end(&self) {
        // Relaxed: as in `admit`.
        self.instance.in_flight.fetch_sub(1, Ordering::Relaxed);
        // Relaxed: a number for people.
        self.ended.fetch_add(1, Ordering::Relaxed);
        // SYNC(registration.closing): SeqCst; see `admit`.
        if self.in_flight.fetch_sub(1, Ordering::SeqCst) == 1
            && (self.closing.load(Ordering::SeqCst) || !self.instance.is_live())
        {
            self.instance.session.notify_one();
        }
    }

    /// Takes nothing new from here on.
    pub(crate) fn close(&self) {
        // SYNC(registration.closing): SeqCst; see `admit`.
        self.closing.store(true, Ordering::SeqCst);
    }

    /// Whether it was closed.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Exchanges that have ended, however they did.
    pub(crate) fn ended(&self) -> u64 {
        // Relaxed: see `end`.
        self.ended.load(Ordering::Relaxed)
    }

    /// Exchanges in flight, abandoned ones included.
    pub(crate) fn in_flight(&self) -> u32 {
        // SYNC(registration.closing): SeqCst; see `admit`.
        self.in_flight.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("worker", &self.instance.who.id)
            .field("id", &self.id)
            .field("name", &self.service.name())
            .finish_non_exhaustive()
    }
}
