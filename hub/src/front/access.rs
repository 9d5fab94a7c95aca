//! The access log: one line for each request, when its response is through or its client
//! has left.
//!
//! Lines have the target `slotway::access` and the level info, so a filter can turn them
//! off, or everything else.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use http::request::Parts;
use tracing::info;

use super::record::End;
use super::request_id::RequestId;
use crate::metrics::Counted;
use crate::telemetry::{Span, SpanIds, Value};

const TARGET: &str = "slotway::access";

/// What a line says and counters do not know.
#[derive(Debug)]
pub(super) struct Access {
    /// None on a Unix socket.
    client: Option<SocketAddr>,
    method: http::Method,
    /// Without the query, which often holds what is nobody's business.
    path: String,
    version: http::Version,
    /// The hub's number of the worker, and its process.
    pub(super) worker: Option<(u64, Option<u32>)>,
    request_id: String,
    /// Whether there is to be a line; else it is for a span only.
    logged: bool,
}

/// What is known at the end.
pub(super) struct Line<'r> {
    pub(super) name: &'r str,
    pub(super) route: &'r str,
    pub(super) status: Option<u16>,
    pub(super) problem: Option<&'static str>,
    pub(super) end: End,
    pub(super) counted: Counted,
}

impl Access {
    /// What is to be remembered.
    pub(super) fn of(
        parts: &Parts,
        client: Option<SocketAddr>,
        id: &RequestId,
        logged: bool,
    ) -> Access {
        Access {
            client,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            version: parts.version,
            worker: None,
            request_id: id.as_str().to_owned(),
            logged,
        }
    }

    /// The span. Attributes are named by OpenTelemetry's conventions where it has one.
    pub(super) fn span(&self, ids: SpanIds, line: &Line<'_>) -> Span {
        let text = |text: &str| Value::Text(text.to_owned());
        let seconds = |ns: u64| Value::Seconds(ns as f64 / 1e9);
        let Line { counted, .. } = line;
        let method = self.method.as_str();
        let has_route = !line.name.is_empty();
        let name = if has_route { format!("{method} {}", line.route) } else { method.to_owned() };
        let broke = matches!(line.end, End::Broke(_));
        let failed = broke || line.status.is_some_and(|status| status >= 500);
        let kind = line.problem.or(broke.then_some("broke"));
        let (worker, pid) = self.worker.unzip();
        let mut attributes = vec![
            ("http.request.method", text(method)),
            ("url.path", text(&self.path)),
            ("http.request.body.size", Value::Count(counted.bytes_in as i64)),
            ("http.response.body.size", Value::Count(counted.bytes_out as i64)),
            ("slotway.request_id", text(&self.request_id)),
        ];
        let more = [
            ("http.response.status_code", line.status.map(|status| Value::Count(status.into()))),
            ("http.route", has_route.then(|| text(line.route))),
            ("client.address", self.client.map(|client| Value::Text(client.ip().to_string()))),
            ("error.type", kind.map(text)),
            ("slotway.name", has_route.then(|| text(line.name))),
            ("slotway.worker.id", worker.map(|id| Value::Count(id as i64))),
            ("slotway.worker.pid", pid.flatten().map(|pid| Value::Count(pid.into()))),
            ("slotway.wait", counted.at_worker.map(|times| seconds(times.wait_ns))),
            ("slotway.worker", counted.at_worker.map(|times| seconds(times.worker_ns))),
            ("slotway.client_left", (line.end == End::Left).then_some(Value::Flag(true))),
        ];
        attributes.extend(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let (end, duration) = (SystemTime::now(), Duration::from_nanos(counted.total_ns));
        Span { ids, name, end, duration, failed, attributes }
    }

    /// Writes the line. What there is not is left out.
    pub(super) fn write(&self, line: &Line<'_>) {
        if !self.logged {
            return;
        }
        let Line { counted, .. } = line;
        let (worker, pid) = self.worker.unzip();
        let us = |ns: u64| ns / 1000;
        let broke = match line.end {
            End::Broke(error) => Some(error.to_string()),
            End::Left | End::Complete => None,
        };
        info!(
            target: TARGET,
            client = self.client.map(display),
            method = %self.method,
            path = %self.path,
            version = ?self.version,
            status = line.status,
            bytes_in = counted.bytes_in,
            bytes_out = counted.bytes_out,
            name = (!line.name.is_empty()).then_some(line.name),
            route = line.route,
            worker,
            pid = pid.flatten(),
            wait_us = counted.at_worker.map(|times| us(times.wait_ns)),
            worker_us = counted.at_worker.map(|times| us(times.worker_ns)),
            total_us = us(counted.total_ns),
            request_id = self.request_id,
            problem = line.problem,
            broke,
            left = (line.end == End::Left).then_some(true),
            "request"
        );
    }
}
