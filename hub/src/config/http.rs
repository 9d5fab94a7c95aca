//! What the hub does to requests and responses on their way.

use std::time::Duration;

use ipnet::IpNet;
use slotway_core::control::{HostPattern, Pattern, check_method};

use super::Faults;
use crate::rules::Selector;

/// Whom to believe about who the client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// Proxies whose `forwarded`, `x-forwarded-*` and `x-request-id` are believed; those of
    /// anybody else are replaced by what the hub sees itself.
    pub trust: Vec<IpNet>,
    /// Whether whoever comes over a Unix socket is believed in the same way.
    pub trust_unix: bool,
    /// What of it the trusted proxies write.
    pub believe: Believe,
    /// What workers are told in headers; each costs a little of every request.
    pub headers: Vec<Told>,
}

/// Headers that the hub writes into requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Told {
    /// `x-forwarded-for`, `x-forwarded-proto` and `x-forwarded-host`.
    XForwarded,
    /// `forwarded` (RFC 7239).
    Forwarded,
    /// `x-request-id`, which the response says too.
    #[value(name = "x-request-id")]
    RequestId,
    /// `traceparent`, where none comes.
    Traceparent,
}

impl Default for Forwarded {
    fn default() -> Forwarded {
        Forwarded {
            trust: Vec::new(),
            trust_unix: false,
            believe: Believe::default(),
            headers: vec![Told::XForwarded, Told::Forwarded, Told::RequestId, Told::Traceparent],
        }
    }
}

/// Which headers about the client are believed from a trusted proxy. The others are made
/// from them, because a proxy that does not write them lets them pass as a client sent
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Believe {
    /// `x-forwarded-for` if it is there, else `forwarded`: for proxies that remove what
    /// they do not write.
    #[default]
    Either,
    /// `x-forwarded-for`.
    XForwarded,
    /// `forwarded`.
    Forwarded,
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
    /// Responses that are compressed at a time; further ones stay as they are. Each takes
    /// less than 1 MiB.
    pub streams: u32,
}

/// What one route, or several, has of its own. The first rule that matches counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteRule {
    /// The host, as a worker registers it (`api.example`), or `*.example` for everything
    /// below; the routes of every host, and of none, when `None`.
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
    /// Requests that may wait for their turn where `concurrency` is set; as
    /// [`Limits::waiters`](super::Limits::waiters) when `None`.
    pub waiters: Option<usize>,
    /// Whether a second attempt does no harm, whatever the worker said.
    pub idempotent: Option<bool>,
}

impl Default for Compression {
    fn default() -> Compression {
        Compression { enabled: false, min_bytes: 1024, streams: 128 }
    }
}

impl Compression {
    pub(super) fn check(&self, faults: &mut Faults) {
        if self.streams == 0 {
            faults.add(
                "compression.streams",
                "0 is too low; write 1 or more, or turn compression off by enabled = false",
            );
        }
    }
}

impl Cors {
    pub(super) fn check(&self, faults: &mut Faults) {
        if self.origins.is_empty() {
            faults.add(
                "cors.origins",
                "[cors] lets nobody in; write origins = [\"https://app.example\"], or leave out \
                 [cors]",
            );
        }
        for (index, origin) in self.origins.iter().enumerate() {
            if let Some(words) = origin_fault(origin) {
                faults.add(format!("cors.origins[{index}]"), words);
            }
        }
        if self.credentials && self.origins.iter().any(|origin| origin == "*") {
            faults.add(
                "cors.credentials",
                "cookies for every origin would let any page act for its visitors; name the \
                 origins, or write credentials = false",
            );
        }
        for (index, method) in self.methods.iter().enumerate() {
            if let Some(words) = method_fault(method) {
                faults.add(format!("cors.methods[{index}]"), words);
            }
        }
        for (key, names) in [("headers", &self.headers), ("expose", &self.expose)] {
            for (index, name) in names.iter().enumerate() {
                if name != "*" && name.parse::<http::HeaderName>().is_err() {
                    faults.add(
                        format!("cors.{key}[{index}]"),
                        format!("{name:?} is no name of a header; write one as in x-request-id"),
                    );
                }
            }
        }
    }
}

/// Notes what of the rules cannot be.
pub(super) fn check_routes(rules: &[RouteRule], faults: &mut Faults) {
    // `None` for one that does not parse.
    let mut known: Vec<Option<Selector>> = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let key = format!("route[{index}]");
        rule.check(&key, faults);
        let selector = Selector::of(rule);
        let same = known.iter().position(|other| other.is_some() && *other == selector);
        if let Some(first) = same {
            faults.add(
                format!("{key}.pattern"),
                format!(
                    "route[{first}] is about the same routes and alone would count; make \
                         them one"
                ),
            );
        }
        known.push(selector);
    }
}

impl RouteRule {
    fn check(&self, key: &str, faults: &mut Faults) {
        if let Err(error) = Pattern::parse(&self.pattern) {
            faults.add(format!("{key}.pattern"), format!("{:?} {error}", self.pattern));
        }
        if let Some(words) = self.method.as_deref().and_then(method_fault) {
            faults.add(format!("{key}.method"), words);
        }
        if let Some(Err(error)) = self.host.as_deref().map(HostPattern::parse) {
            faults.add(format!("{key}.host"), error.to_string());
        }
        for (name, time) in [("wait", self.wait), ("request", self.request), ("idle", self.idle)] {
            if time.is_some_and(|time| time.is_zero()) {
                faults.no_time(&format!("{key}.{name}"));
            }
        }
        if self.concurrency == Some(0) {
            faults.zero(&format!("{key}.concurrency"));
        }
        if self.waiters == Some(0) {
            faults.zero(&format!("{key}.waiters"));
        }
        if self.waiters.is_some() && self.concurrency.is_none() {
            faults.add(
                format!("{key}.waiters"),
                "nobody waits where concurrency is not limited; write concurrency = 16 beside it, \
                 or leave it out",
            );
        }
    }
}

/// What is wrong with a method, if anything is.
fn method_fault(method: &str) -> Option<String> {
    check_method(method).err().map(|error| error.to_string())
}

/// What is wrong with an origin, if anything is.
fn origin_fault(origin: &str) -> Option<String> {
    let fits = origin == "*"
        || origin == "null"
        || origin.split_once("://").is_some_and(|(scheme, rest)| {
            let authority = rest.parse::<http::uri::Authority>();
            !scheme.is_empty() && authority.is_ok_and(|it| !it.as_str().contains('@'))
        });
    (!fits).then(|| {
        format!("{origin:?} is no origin; write scheme and host alone, as in https://app.example")
    })
}
