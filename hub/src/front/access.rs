//! The access log: one line for each request, when its response is through or its client
//! has left.
//!
//! Lines have the target `slotway::access` and the level info, so a filter can turn them
//! off, or everything else.

use std::net::SocketAddr;

use http::request::Parts;
use tracing::info;

use super::record::End;
use super::request_id::RequestId;
use crate::metrics::Counted;

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
    pub(super) fn of(parts: &Parts, client: Option<SocketAddr>, id: &RequestId) -> Access {
        Access {
            client,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            version: parts.version,
            worker: None,
            request_id: id.as_str().to_owned(),
        }
    }

    /// Writes the line. What there is not is left out.
    pub(super) fn write(&self, line: &Line<'_>) {
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
