//! What the hub does to requests and responses on their way.

use std::time::Duration;

use ipnet::IpNet;

/// Whom to believe about who the client is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forwarded {
    /// Proxies whose `forwarded`, `x-forwarded-*` and `x-request-id` are believed; those of
    /// anybody else are replaced by what the hub sees itself.
    pub trust: Vec<IpNet>,
}

/// Cross-origin requests. Without this the hub adds nothing and answers no preflight.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cors {
    /// Origins that may, as in `https://app.example`; `*` for all.
    pub origins: Vec<String>,
    /// Methods that they may use; those of the route when empty.
    pub methods: Vec<String>,
    /// Headers that they may send.
    pub headers: Vec<String>,
    /// Headers of responses that scripts may read.
    pub expose: Vec<String>,
    /// Whether cookies and authorization go along. Never together with `*`.
    pub credentials: bool,
    /// How long a browser may keep the answer to a preflight.
    pub max_age: Option<Duration>,
}

/// Compression of responses that are not compressed yet. Off by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compression {
    /// Whether it is done at all.
    pub enabled: bool,
    /// Responses that are shorter stay as they are.
    pub min_bytes: u16,
}

/// What one route, or several, has of its own. The first rule that matches counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteRule {
    /// The host that it is about; every one when `None`.
    pub host: Option<String>,
    /// The method; every one when `None`.
    pub method: Option<String>,
    /// The pattern, as a worker registers it (`/items/{id}`), or one that ends in
    /// `{*rest}` for everything below.
    pub pattern: String,
    /// As [`Times::wait`](super::Times::wait).
    pub wait: Option<Duration>,
    /// As [`Times::request`](super::Times::request).
    pub request: Option<Duration>,
    /// As [`Times::idle`](super::Times::idle).
    pub idle: Option<Duration>,
    /// As [`Limits::body_bytes`](super::Limits::body_bytes).
    pub body_bytes: Option<u64>,
    /// Requests in flight at a time; further ones wait in line.
    pub concurrency: Option<u32>,
    /// Requests that may wait for their turn.
    pub waiters: Option<usize>,
    /// Whether a second attempt does no harm, whatever the worker said.
    pub idempotent: Option<bool>,
}

impl Default for Compression {
    fn default() -> Compression {
        Compression { enabled: false, min_bytes: 1024 }
    }
}
