//! A request as a worker sees it.

use std::borrow::Cow;
use std::net::SocketAddr;

use http::header::{CONTENT_LENGTH, EXPECT, HOST, HeaderMap};
use http::request::Parts;
use http::{Method, Version};
use percent_encoding::percent_decode;
use slotway_core::head::{HeadTooLong, RequestLine, TraceContext};

use super::authority;
use super::headers::{Named, is_hop_by_hop};
use crate::exchange::Exchange;
use crate::problem::{Kind, Problem};
use crate::registry::Place;
use crate::routing::Params;

/// What of a request does not depend on who serves it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) parts: Parts,
    peer: Option<SocketAddr>,
    named: Named,
    pub(super) content_length: Option<u64>,
    /// Bytes of the head as a worker will get it, route and parameters left out.
    head_bytes: usize,
}

/// Why a head could not be written.
pub(super) enum NotEncoded {
    TooLong,
    NoMemory,
}

/// Bytes that the codec needs for a head besides its strings, generously.
const FIXED_BYTES: usize = 128;
const RECORD_BYTES: usize = 6;
/// What HTTP/1.1 has around method, target and fields: two spaces, the version, two ends
/// of lines; and around a name and a value: a colon, a space, an end of line.
const WIRE_FIXED_BYTES: usize = 2 + 8 + 4;
const WIRE_FIELD_BYTES: usize = 4;

impl Request {
    /// Checks what hyper does not.
    pub(super) fn new(
        mut parts: Parts,
        has_body: bool,
        peer: Option<SocketAddr>,
        head_bytes_max: usize,
    ) -> Result<Request, Problem> {
        authority::adopt(&mut parts)?;
        check_host(&parts)?;
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
        Ok(Request { parts, peer, named, content_length, head_bytes })
    }

    pub(super) fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The host that it is for, port and all; empty when it names none.
    pub(super) fn host(&self) -> &str {
        // What a target in absolute form says counts more (RFC 9112, section 3.2.2), and in
        // HTTP/2 there is nothing else.
        if let Some(authority) = self.parts.uri.authority() {
            return authority.as_str();
        }
        self.parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
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
    ) -> Result<(), NotEncoded> {
        let parts = &self.parts;
        let pattern = &place.route().pattern;
        // Every value is a part of the path, so no longer than it; names are short.
        let more = pattern.text().len() * 2 + self.path().len();
        exchange
            .reserve_head(self.head_bytes + more + params.len() * RECORD_BYTES)
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
            peer: self.peer,
            trace: trace(&parts.headers),
        };
        let encoded = exchange.encode_head(&line, |encoder| {
            for (name, (_, value)) in pattern.names().iter().zip(params.iter()) {
                encoder.param(name, &decoded(value))?;
            }
            for (name, value) in &parts.headers {
                if !is_hop_by_hop(name) && *name != EXPECT && !self.named.contains(name) {
                    encoder.header(name.as_str().as_bytes(), value.as_bytes())?;
                }
            }
            Ok(())
        });
        encoded.map_err(|HeadTooLong { .. }| NotEncoded::TooLong)
    }
}

/// A parameter's value without its percent-encoding. What is no valid escape stays.
fn decoded(value: &str) -> Cow<'_, [u8]> {
    percent_decode(value.as_bytes()).into()
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
        (Some(host), None) if !is_host(host.as_bytes()) => {
            refuse("The request's host header is not a host with an optional port.")
        }
        _ => Ok(()),
    }
}

/// Whether these are the characters of `uri-host [ ":" port ]` (RFC 3986, section 3.2.2).
fn is_host(value: &[u8]) -> bool {
    value.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]%".contains(&byte))
}

fn stated_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads `traceparent` (W3C Trace Context); what does not parse counts as absent.
fn trace(headers: &HeaderMap) -> Option<TraceContext> {
    let value = headers.get("traceparent")?.as_bytes();
    let (parts, more) = value.split_at_checked(55)?;
    // Version 00 has nothing more; a later one may, after a dash.
    let version = hex::<1>(&parts[..2])?[0];
    if version == 0xff || !(more.is_empty() || (version > 0 && more[0] == b'-')) {
        return None;
    }
    if parts[2] != b'-' || parts[35] != b'-' || parts[52] != b'-' {
        return None;
    }
    let trace_id = hex::<16>(&parts[3..35])?;
    let parent_id = hex::<8>(&parts[36..52])?;
    let [flags] = hex::<1>(&parts[53..55])?;
    (trace_id != [0; 16] && parent_id != [0; 8]).then_some(TraceContext {
        trace_id,
        parent_id,
        flags,
    })
}

/// Lower-case hexadecimal, as the specification wants it.
fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
