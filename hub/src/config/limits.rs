//! Limits on time, on numbers and on bytes.

use std::time::Duration;

use super::Faults;

/// Limits on time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// How long a request may wait for a free slot.
    pub wait: Duration,
    /// How long a request may take until its response's head is there.
    pub request: Duration,
    /// How long either side of a stream may stand still.
    pub idle: Duration,
    /// How long a client may take over a request's head, and rest between two requests.
    pub header_read: Duration,
    /// How long a worker may take to say hello, and to take what the hub says to it.
    pub control: Duration,
    /// How long a shutdown waits for requests in flight.
    pub grace: Duration,
}

/// Limits on numbers and bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Bytes of a request's body; no limit when `None`, because a body flows through a
    /// ring of fixed size whatever its length.
    pub body_bytes: Option<u64>,
    /// Connections of clients at a time; further ones wait to be accepted.
    pub connections: usize,
    /// Requests that one HTTP/2 connection may have in flight.
    pub http2_streams: u32,
    /// Bytes of request bodies that one HTTP/2 connection may send ahead of the workers
    /// that read them, all its requests together.
    pub http2_window_bytes: u32,
    /// Requests of one name that may wait for a slot.
    pub waiters: usize,
    /// Requests of one client address that may be in flight; no limit when `None`.
    pub per_client: Option<u32>,
    /// Bytes of one response that are read ahead of its client.
    pub spool_bytes: usize,
    /// Bytes of all responses together that are read ahead of their clients.
    pub spool_bytes_total: usize,
}

impl Default for Times {
    fn default() -> Times {
        Times {
            wait: Duration::from_secs(10),
            request: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            header_read: Duration::from_secs(30),
            control: Duration::from_secs(5),
            grace: Duration::from_secs(10),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_bytes: 64 << 10,
            body_bytes: None,
            connections: 16_384,
            http2_streams: 128,
            http2_window_bytes: 1 << 20,
            waiters: 1024,
            per_client: None,
            spool_bytes: 256 << 10,
            spool_bytes_total: 64 << 20,
        }
    }
}

impl Times {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (key, value) in [
            ("timeouts.wait", self.wait),
            ("timeouts.request", self.request),
            ("timeouts.idle", self.idle),
            ("timeouts.header-read", self.header_read),
            ("timeouts.control", self.control),
        ] {
            if value.is_zero() {
                faults.no_time(key);
            }
        }
    }
}

impl Limits {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (key, value) in [
            ("limits.connections", self.connections),
            ("limits.http2-streams", self.http2_streams as usize),
            ("limits.waiters", self.waiters),
            ("limits.per-client", self.per_client.map_or(1, |limit| limit as usize)),
            ("limits.spool-bytes", self.spool_bytes),
            ("limits.spool-bytes-total", self.spool_bytes_total),
        ] {
            if value == 0 {
                faults.zero(key);
            }
        }
        // Both ends are HTTP/2's own (RFC 9113, section 6.9).
        if !(65_535..1 << 31).contains(&self.http2_window_bytes) {
            let value = self.http2_window_bytes;
            let words = format!("{value} cannot be; write 65535 or more, below 2147483648");
            faults.add("limits.http2-window-bytes", words);
        }
        // hyper asks for at least this much of a buffer.
        if self.head_bytes < 8192 {
            let value = self.head_bytes;
            faults.add("limits.head-bytes", format!("{value} is too low; write 8192 or more"));
        }
    }
}
