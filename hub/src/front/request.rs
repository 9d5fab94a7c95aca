//! A request as a worker sees it.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http::header::{CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName};
use http::request::Parts;
use http::{Method, Version};
use percent_encoding::percent_decode;
use slotway_core::head::{HeadTooLong, RequestLine};

use super::authority;
use super::forwarded::{self, Heard, Tells, Via};
use super::headers::{Named, is_hop_by_hop};
use super::request_id::{RequestId, X_REQUEST_ID};
use super::target;
use super::trace::{TRACEPARENT, Trace};
use crate::config::Config;
use crate::delegated::{self, CONNECTION, SSE, Word};
use crate::exchange::Exchange;
use crate::problem::{Kind, Problem};
use crate::registry::Place;
use crate::routing::Params;
use crate::telemetry::SpanIds;

/// What of a request does not depend on who serves it.
#[derive(Debug)]
pub(super) struct Request<'c> {
    pub(super) parts: &'c mut Parts,
    origin: &'c Origin<'c>,
    heard: Option<Box<Heard>>,
    trace: Option<Trace>,
    named: Named,
    pub(super) content_length: Option<u64>,
    /// Bytes of the head as a worker will get it, route and parameters left out.
    head_bytes: usize,
}

/// Where a request comes from and what it is called.
#[derive(Debug)]
pub(super) struct Origin<'c> {
    /// None on a Unix socket.
    pub(super) peer: Option<SocketAddr>,
    pub(super) via: &'c Via,
    /// The peer is a proxy that is believed about its client.
    pub(super) trusted: bool,
    /// What its worker is told of it.
    pub(super) tells: Tells,
    pub(super) id: RequestId,
}

/// Why a head could not be written.
pub(super) enum NotEncoded {
    TooLong,
    NoMemory,
}

/// A map for more headers than this is not kept: a connection that rests holds little memory.
pub(super) const HEADERS_KEPT_MAX: usize = 48;
/// Bytes that the codec needs for a head besides its strings, generously.
const FIXED_BYTES: usize = 128;
const RECORD_BYTES: usize = 6;
/// What HTTP/1.1 has around method, target and fields: two spaces, the version, two ends
/// of lines; and around a name and a value: a colon, a space, an end of line.
const WIRE_FIXED_BYTES: usize = 2 + 8 + 4;
const WIRE_FIELD_BYTES: usize = 4;

impl<'c> Request<'c> {
    /// Checks what hyper does not.
    pub(super) fn new(
        parts: &'c mut Parts,
        has_body: bool,
        origin: &'c Origin<'c>,
        config: &Config,
    ) -> Result<Request<'c>, Problem> {
        let head_bytes_max = config.limits.head_bytes;
        authority::adopt(parts)?;
        check_host(parts)?;
        target::adopt(parts, has_body)?;
        let named = Named::of_request(&parts.headers);
        let strings = parts.method.as_str().len()
            + parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
        let headers = &parts.headers;
        let fields: usize = headers.iter().map(|(n, v)| n.as_str().len() + v.len()).sum();
        let wire_bytes = WIRE_FIXED_BYTES + strings + fields + WIRE_FIELD_BYTES * headers.len();
        if wire_bytes > head_bytes_max {
            let detail =
                format!("The request's head has {wire_bytes} bytes; {head_bytes_max} are allowed.");
            return Err(Problem::new(Kind::HeadTooLarge, detail));
        }
        let head_bytes = FIXED_BYTES + strings + fields + RECORD_BYTES * headers.len();
        let content_length = if has_body { stated_length(&parts.headers) } else { Some(0) };
        let trace = if origin.tells.traceparent {
            Some(Trace::of(&parts.headers, &origin.id))
        } else {
            Trace::read(&parts.headers).map(|context| Trace { context, begun: false, spans: false })
        };
        let heard = origin.trusted.then(|| {
            Box::new(origin.via.hear(&config.forwarded, &parts.headers, host(&parts.headers)))
        });
        let head_bytes = head_bytes + Via::bytes_max(heard.as_deref());
        Ok(Request { parts, origin, heard, trace, named, content_length, head_bytes })
    }

    /// Gives its headers' map away, empty, to the response: hyper takes that one for the
    /// connection's next request, so that a connection has one map for good.
    pub(super) fn give_headers(&mut self) -> HeaderMap {
        let mut headers = std::mem::take(&mut self.parts.headers);
        if headers.capacity() > HEADERS_KEPT_MAX {
            return HeaderMap::new();
        }
        headers.clear();
        headers
    }

    /// Lets go of its headers, for it was made of a map that is not to be kept.
    pub(super) fn forget_headers(&mut self) {
        self.parts.headers = HeaderMap::new();
    }

    /// Begins a span of the hub's own, if its trace is recorded.
    pub(super) fn begin_span(&mut self) -> Option<SpanIds> {
        let (headers, id) = (&self.parts.headers, &self.origin.id);
        let mut trace = self.trace.unwrap_or_else(|| Trace::of(headers, id));
        let ids = trace.begin_span()?;
        // Whoever wants nothing said of traces has the span, and workers know nothing of it.
        self.trace = self.trace.map(|_| trace);
        Some(ids)
    }

    pub(super) fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The host that it is for, port and all; empty when it names none.
    pub(super) fn host(&self) -> &str {
        host(&self.parts.headers)
    }

    /// The address of the client, as far as it is known.
    pub(super) fn client(&self) -> Option<IpAddr> {
        self.origin.via.client(self.heard.as_deref())
    }

    /// The other end of the connection; none on a Unix socket.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.origin.peer
    }

    pub(super) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// Writes the head into the exchange's slot.
    pub(super) fn encode(
        &self,
        exchange: &Exchange,
        place: &Place,
        params: &Params<'_, '_>,
        deadline_ns: u64,
        connection: Option<u64>,
    ) -> Result<(), NotEncoded> {
        let parts = &*self.parts;
        let pattern = &place.route().pattern;
        // Every value is a part of the path, so no longer than it; names are short.
        let more = pattern.text().len() * 2 + self.path().len();
        exchange
            .reserve_head(self.head_bytes + more + (params.len() + 2) * RECORD_BYTES)
            .map_err(|_| NotEncoded::NoMemory)?;
        let line = RequestLine {
            method: parts.method.as_str().as_bytes(),
            path: self.path().as_bytes(),
            query: parts.uri.query().map(str::as_bytes),
            route: pattern.text().as_bytes(),
            registration: place.registration.id,
            route_index: place.route,
            deadline_ns,
            content_length: self.content_length,
            http_version: version(parts.version),
            peer: self.origin.peer,
            trace: self.trace.map(|trace| trace.context),
        };
        let encoded = exchange.encode_head(&line, |encoder| {
            for (name, (_, value)) in pattern.names().iter().zip(params.iter()) {
                encoder.param(name, &Request::decoded(value))?;
            }
            if let Some(connection) = connection {
                encoder.header(SSE.as_bytes(), Word::Connect.text().as_bytes())?;
                encoder.header(CONNECTION.as_bytes(), connection.to_string().as_bytes())?;
            }
            self.headers(|name, value| encoder.header(name, value))
        });
        encoded.map_err(|HeadTooLong { .. }| NotEncoded::TooLong)
    }

    /// Keeps what a worker was told, for another one that is told it later.
    pub(super) fn keep(&self) -> Result<delegated::Head, delegated::HeadTooLong> {
        let mut headers = delegated::Headers::default();
        self.headers(|name, value| headers.push(name, value))?;
        headers.fit();
        Ok(delegated::Head {
            path: self.path().into(),
            query: self.parts.uri.query().map(Into::into),
            http_version: version(self.parts.version),
            peer: self.origin.peer,
            trace: self.trace.map(|trace| trace.context),
            headers,
        })
    }

    /// A parameter's value without its percent-encoding. What is no valid escape stays.
    pub(super) fn decoded(value: &str) -> Cow<'_, [u8]> {
        percent_decode(value.as_bytes()).into()
    }

    /// Its headers as a worker gets them, each by one call of `header`.
    fn headers<E>(&self, mut header: impl FnMut(&[u8], &[u8]) -> Result<(), E>) -> Result<(), E> {
        for (name, value) in &self.parts.headers {
            if self.goes_on(name) {
                header(name.as_str().as_bytes(), value.as_bytes())?;
            }
        }
        if self.origin.tells.request_id {
            header(X_REQUEST_ID.as_str().as_bytes(), self.origin.id.as_bytes())?;
        }
        if let Some(trace) = self.trace.filter(Trace::is_ours) {
            header(TRACEPARENT.as_str().as_bytes(), &trace.text())?;
        }
        let via = self.origin.via;
        via.write(self.origin.tells, self.heard.as_deref(), self.host(), |name, value| {
            header(name.as_bytes(), value)
        })
    }
}

impl Request<'_> {
    /// Whether a header goes on to the worker as it came.
    fn goes_on(&self, name: &HeaderName) -> bool {
        let own = name.as_str().starts_with(delegated::OWN);
        let replaced = (self.origin.tells.request_id && *name == X_REQUEST_ID)
            || self.origin.tells.replaces(name, self.origin.trusted)
            || self.trace.is_some_and(|trace| trace.replaces(name));
        !own && !replaced && !is_hop_by_hop(name) && *name != EXPECT && !self.named.contains(name)
    }
}

/// The host that a request is for, port and all; empty when it names none.
fn host(headers: &HeaderMap) -> &str {
    headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

fn version(version: Version) -> u8 {
    match version {
        Version::HTTP_10 => 10,
        Version::HTTP_2 => 20,
        _ => 11,
    }
}

/// HTTP/1.1 wants exactly one `host` (RFC 9112, section 3.2); HTTP/2 says the same in
/// `:authority` (RFC 9113, section 8.3.1).
fn check_host(parts: &Parts) -> Result<(), Problem> {
    let refuse = |detail: &'static str| Err(Problem::new(Kind::BadRequest, detail));
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if parts.version == Version::HTTP_11 => {
            refuse("The request has no host header; HTTP/1.1 wants one.")
        }
        (None, _) if parts.version == Version::HTTP_2 => {
            refuse("The request has neither :authority nor a host header; HTTP/2 wants one.")
        }
        (_, Some(_)) => refuse("The request has more than one host header; send one."),
        (Some(host), None) if host.len() > forwarded::HOST_BYTES_MAX => {
            refuse("The request's host header is longer than a host with a port can be.")
        }
        (Some(host), None) if !is_host(host.as_bytes()) => {
            refuse("The request's host header is not a host with an optional port.")
        }
        _ => Ok(()),
    }
}

/// Whether these are the characters of `uri-host [ ":" port ]` (RFC 3986, section 3.2.2).
pub(super) fn is_host(value: &[u8]) -> bool {
    value.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(&byte))
}

fn stated_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
