//! What this project has promised itself, by the names of the figures.

use super::Figure;

/// A bound that a figure is to keep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Goal {
    RatioAtMost(f64),
    RatioAtLeast(f64),
    ValueAtMost(f64),
    ValueAtLeast(f64),
}

use Goal::{RatioAtLeast, RatioAtMost, ValueAtLeast, ValueAtMost};

/// The bounds. A machine of two processors is meant.
const GOALS: &[(&str, Goal)] = &[
    ("core.awake.64B.vs_cacheline", RatioAtMost(3.0)),
    ("core.awake.64B.vs_iceoryx2", RatioAtMost(0.5)),
    ("core.asleep.64B.vs_futex", RatioAtMost(1.15)),
    ("core.onecpu.64B.vs_futex", RatioAtMost(1.25)),
    ("hubpath.d1.p50", ValueAtMost(1.3)),
    ("hubpath.d64.rate", ValueAtLeast(2_500_000.0)),
    ("http.hello.c1.hop", RatioAtMost(1.15)),
    ("http.hello.c32.vs_axum", RatioAtLeast(0.85)),
    ("http.hello.c32.cpu", RatioAtMost(1.25)),
    ("http.hello.c32.vs_proxy", RatioAtLeast(2.3)),
    ("http.hello.c32.vs_slotbus", RatioAtLeast(3.0)),
    ("http.echo64k.c32.vs_proxy", RatioAtLeast(1.4)),
    ("http.echo64k.c16.vs_slotbus", RatioAtLeast(5.0)),
    ("growth.workers.200.cpu", RatioAtMost(1.1)),
    ("growth.slots.4096.cpu", RatioAtMost(1.1)),
    ("growth.routes.10000.cpu", RatioAtMost(1.1)),
    ("growth.connections.10000.cpu", RatioAtMost(1.1)),
    ("growth.idle_worker.kib", ValueAtMost(64.0)),
    ("growth.idle_worker.threads", ValueAtMost(0.0)),
    ("python.native.vs_granian_rsgi", RatioAtLeast(1.4)),
    ("python.asgi.vs_granian", RatioAtLeast(1.2)),
    ("python.asgi.vs_uvicorn", RatioAtLeast(1.7)),
    ("python.wsgi.vs_granian", RatioAtLeast(1.6)),
    ("python.fastapi.vs_granian", RatioAtLeast(1.25)),
    ("python.fastapi.vs_uvicorn", RatioAtLeast(1.5)),
    ("python.flask.vs_granian", RatioAtLeast(2.0)),
    ("python.flask.vs_gunicorn", RatioAtLeast(3.5)),
    ("python.native.cpu.vs_granian_rsgi", RatioAtMost(1.0)),
    ("python.asgi.cpu.vs_granian", RatioAtMost(1.0)),
    ("python.wsgi.cpu.vs_granian", RatioAtMost(1.0)),
    ("python.fastapi.cpu.vs_granian", RatioAtMost(1.0)),
    ("python.flask.cpu.vs_granian", RatioAtMost(1.0)),
    ("events.routed.1000x10.vs_astrid", RatioAtLeast(2.0)),
    ("events.broadcast.vs_astrid", RatioAtLeast(1.0)),
    ("events.broadcast.c1.vs_astrid", RatioAtLeast(1.0)),
    ("events.nonmatching.vs_astrid", RatioAtLeast(1.0)),
    ("events.sse.c1000.vs_nchan", RatioAtLeast(1.2)),
    ("calls.p50.vs_exchange", RatioAtMost(2.2)),
    ("node.native.vs_http", RatioAtLeast(1.3)),
    ("node.native.c1.vs_http", RatioAtMost(1.5)),
    ("node.fastify.vs_http", RatioAtLeast(1.2)),
    ("node.express.vs_http", RatioAtLeast(1.2)),
];

impl Goal {
    pub(super) fn of(name: &str) -> Option<Goal> {
        GOALS.iter().find(|(known, _)| *known == name).map(|(_, goal)| *goal)
    }

    pub(super) fn is_met(self, figure: &Figure) -> bool {
        let ratio = figure.ratio().unwrap_or(f64::NAN);
        match self {
            RatioAtMost(bound) => ratio <= bound,
            RatioAtLeast(bound) => ratio >= bound,
            ValueAtMost(bound) => figure.ours.value <= bound,
            ValueAtLeast(bound) => figure.ours.value >= bound,
        }
    }
}
