//! The limits of one request, on one clock: the configuration's, and its route's own.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Config;
use crate::gate::{Gate, Pass};
use crate::metrics::Metrics;
use crate::problem::{Kind, Problem};
use crate::rules::Rule;

/// What is further away than this never comes; clocks end somewhere.
const FAR: Duration = Duration::from_secs(86_400 * 365);

/// What a request is held to.
#[derive(Debug)]
pub(super) struct Limits {
    begun: Instant,
    /// The same in nanoseconds of CLOCK_MONOTONIC.
    begun_ns: u64,
    wait: Duration,
    pub(super) request: Duration,
    pub(super) idle: Duration,
    /// Bytes of its body at most.
    pub(super) body_bytes: Option<u64>,
    /// The rule of its route, from the first time that the route was found: a request is
    /// held to one rule, whatever is configured meanwhile.
    rule: Option<Arc<Rule>>,
    found: bool,
    /// The right to be in flight, where the rule limits that.
    pass: Option<Arc<Pass>>,
    /// The body flows through the ring. How long that takes is the client's affair, so
    /// the limit runs from the last byte that moved.
    pub(super) streamed: bool,
}

impl Limits {
    pub(super) fn new(config: &Config, metrics: &Metrics, begun: Instant) -> Limits {
        let times = &config.times;
        Limits {
            begun,
            begun_ns: metrics.monotonic_ns(begun),
            wait: times.wait,
            request: times.request,
            idle: times.idle,
            body_bytes: config.limits.body_bytes,
            rule: None,
            found: false,
            pass: None,
            streamed: false,
        }
    }

    /// The route is found: its rule counts from here on.
    pub(super) fn follow(&mut self, rule: Option<&Arc<Rule>>) {
        if self.found {
            return;
        }
        self.found = true;
        let Some(rule) = rule else { return };
        self.wait = rule.wait.unwrap_or(self.wait);
        self.request = rule.request.unwrap_or(self.request);
        self.idle = rule.idle.unwrap_or(self.idle);
        self.body_bytes = rule.body_bytes.or(self.body_bytes);
        self.rule = Some(rule.clone());
    }

    /// Until when it may wait for its turn and for a slot.
    pub(super) fn wait_until(&self) -> Instant {
        self.begun + self.wait.min(self.request).min(FAR)
    }

    /// When its response's head is due.
    pub(super) fn due(&self) -> Instant {
        self.begun + self.request.min(FAR)
    }

    /// The same for the worker, in nanoseconds of CLOCK_MONOTONIC; 0 for never.
    pub(super) fn due_ns(&self) -> u64 {
        if self.streamed {
            return 0;
        }
        let request_ns = u64::try_from(self.request.as_nanos()).unwrap_or(u64::MAX);
        self.begun_ns.saturating_add(request_ns)
    }

    /// Whether a second attempt does no harm: what the rule says, else the worker.
    pub(super) fn is_idempotent(&self, worker: bool) -> bool {
        self.rule.as_ref().and_then(|rule| rule.idempotent).unwrap_or(worker)
    }

    /// The gate of its route, if there is one and it has not passed.
    pub(super) fn gated(&self) -> Option<Arc<Gate>> {
        let gate = self.rule.as_ref()?.gate.as_ref()?;
        self.pass.is_none().then(|| gate.clone())
    }

    /// It may be in flight.
    pub(super) fn pass(&mut self, pass: Pass) {
        self.pass = Some(Arc::new(pass));
    }

    /// What its exchange keeps until the worker is through with it.
    pub(super) fn held(&self) -> Option<Arc<Pass>> {
        self.pass.clone()
    }

    /// Judges the length that the request states.
    pub(super) fn check_length(&self, stated: Option<u64>) -> Result<(), Problem> {
        match (stated, self.body_bytes) {
            (Some(stated), Some(max)) if stated > max => {
                let detail = format!("The request's body has {stated} bytes; {max} are allowed.");
                Err(Problem::new(Kind::BodyTooLarge, detail))
            }
            _ => Ok(()),
        }
    }

    /// A body without a stated length has gone beyond what is allowed.
    pub(super) fn too_large(&self) -> Problem {
        let max = self.body_bytes.unwrap_or(u64::MAX);
        let detail = format!("The request's body has more than {max} bytes, which are allowed.");
        Problem::new(Kind::BodyTooLarge, detail)
    }
}
