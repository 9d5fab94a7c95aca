//! What is known of one request, for counters and the access log.
//!
//! A record begins with the request and ends with its response's last byte, or when the
//! client leaves, whichever is first: it counts when it is dropped, so a future that is
//! dropped needs no further care.
//!
//! The clock is read three times: when the request begins, when its answer's head is
//! there, and at the end; once more if the request had to wait for its body or a slot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use tokio::time::Instant;

use super::access::{Access, Line};
use super::pace::{Busy, Offer};
use crate::client_limit::ClientPass;
use crate::exchange::{Exchange, SpoolError};
use crate::instance::Instance;
use crate::metrics::{AtWorker, Counted, LEFT, Method, Metrics, RouteId};
use crate::problem;
use crate::telemetry::{Exporter, SpanIds};

/// One request's.
#[derive(Debug)]
pub(super) struct Record {
    /// The connection is busy until the record ends.
    busy: Busy,
    begun: Instant,
    method: Method,
    route: RouteId,
    /// Since when it could have had a slot: from its beginning, or when its body was there.
    ready: Instant,
    /// When it had a slot.
    slot: Instant,
    at_worker: Option<AtWorker>,
    /// The status that was sent; `None` until there is one.
    status: Option<u16>,
    problem: Option<problem::Kind>,
    bytes_in: Option<Arc<AtomicU64>>,
    bytes_out: u64,
    end: End,
    /// Counts against its client's limit, if there is one.
    pass: Option<ClientPass>,
    /// For the access log and the span, if there is either.
    access: Option<Box<Access>>,
    span: Option<(Arc<Exporter>, SpanIds)>,
}

/// How the response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Not at all: the client left.
    Left,
    /// The hub has handed over its last byte.
    Complete,
    /// It broke off on the worker's side.
    Broke(SpoolError),
}

impl Record {
    pub(super) fn begin(busy: Busy, method: &http::Method) -> Record {
        let now = Instant::now();
        Record {
            busy,
            begun: now,
            method: Method::of(method),
            route: RouteId::NONE,
            ready: now,
            slot: now,
            at_worker: None,
            status: None,
            problem: None,
            bytes_in: None,
            bytes_out: 0,
            end: End::Left,
            pass: None,
            access: None,
            span: None,
        }
    }

    /// For a response that is one stream of many.
    pub(super) fn offer(&self) -> Option<&Offer> {
        self.busy.offer()
    }

    /// Whether its client did not read for so long that its connection is ended.
    pub(super) fn has_stalled(&self) -> bool {
        self.busy.has_stalled()
    }

    /// When the request began.
    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    /// The request is a span.
    pub(super) fn begin_span(&mut self, exporter: &Arc<Exporter>, ids: SpanIds) {
        self.span = Some((exporter.clone(), ids));
    }

    /// What the request's line in the access log, and its span, say of it.
    pub(super) fn log(&mut self, access: Access) {
        self.access = Some(Box::new(access));
    }

    /// It counts against its client's limit.
    pub(super) fn hold(&mut self, pass: ClientPass) {
        self.pass = Some(pass);
    }

    /// Its route is known.
    pub(super) fn set_route(&mut self, route: RouteId) {
        self.route = route;
    }

    /// Where the bytes of its body are counted.
    pub(super) fn body_counter(&mut self) -> Arc<AtomicU64> {
        self.bytes_in.get_or_insert_default().clone()
    }

    /// Its body is here; only now may it wait for a slot.
    pub(super) fn collected(&mut self) {
        self.ready = Instant::now();
        self.slot = self.ready;
    }

    /// It has a slot. `waited`: not at once.
    pub(super) fn took(&mut self, exchange: &Exchange, waited: bool) {
        if waited {
            self.slot = Instant::now();
        }
        exchange.taken_at(self.metrics().clock_ns(self.slot));
        if let Some(access) = &mut self.access {
            access.worker = Some(exchange.instance().who.ids());
        }
    }

    /// The head of the worker's answer is there.
    pub(super) fn answered(&mut self, instance: &Instance) {
        let now = Instant::now();
        let worker_ns = self.leave_worker(now);
        instance.metrics.answered(worker_ns, self.metrics().clock_ns(now));
    }

    /// The worker did not answer, and will not.
    pub(super) fn unanswered(&mut self, instance: &Instance) {
        self.leave_worker(Instant::now());
        instance.metrics.failed();
    }

    fn leave_worker(&mut self, now: Instant) -> u64 {
        let worker_ns = ns(now, self.slot);
        self.at_worker = Some(AtWorker { wait_ns: ns(self.slot, self.ready), worker_ns });
        worker_ns
    }

    /// It is answered with a problem.
    pub(super) fn set_problem(&mut self, kind: problem::Kind) {
        self.problem = Some(kind);
        self.metrics().problem(kind);
    }

    /// The response's head goes out.
    pub(super) fn set_status(&mut self, status: StatusCode) {
        self.status = Some(status.as_u16());
    }

    /// Bytes of the response's body go out.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes_out += bytes as u64;
    }

    /// The response has come to an end.
    pub(super) fn ended(&mut self, end: End) {
        self.end = end;
    }

    fn metrics(&self) -> &Metrics {
        self.busy.metrics()
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let now = Instant::now();
        let total_ns = ns(now, self.begun);
        // Relaxed: whoever counted is through, or is cut short; a number for people.
        let bytes_in = self.bytes_in.as_ref().map_or(0, |bytes| bytes.load(Ordering::Relaxed));
        let counted = Counted {
            method: self.method,
            status: self.status.unwrap_or(LEFT),
            total_ns,
            at_worker: self.at_worker,
            bytes_in,
            bytes_out: self.bytes_out,
        };
        self.busy.ends_at(now);
        let route = self.busy.metrics().routes.get(self.route);
        route.record(&counted);
        if let Some(access) = &self.access {
            let line = Line {
                name: &route.labels.name,
                route: &route.labels.pattern,
                status: self.status,
                problem: self.problem.map(|kind| kind.code()),
                end: self.end,
                counted,
            };
            access.write(&line);
            if let Some((exporter, ids)) = &self.span {
                exporter.send(access.span(*ids, &line));
            }
        }
    }
}

fn ns(later: Instant, earlier: Instant) -> u64 {
    // Half a thousand years fit.
    later.saturating_duration_since(earlier).as_nanos() as u64
}
