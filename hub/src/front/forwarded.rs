//! Who the client is, told to workers in the headers that proxies use for it:
//! `x-forwarded-for`, `-proto`, `-host`, and `forwarded` (RFC 7239).
//!
//! Anybody can write these headers, so the hub writes them itself. Only what a trusted
//! proxy says goes on, with the proxy at its end. Proxies mostly write one of the two
//! families and let the other pass as the client sent it; so one of them is believed and
//! the other is made from it.

use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};
use slotway_core::control::is_token;

use crate::config::{Believe, Forwarded, Told};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// What all names of one family begin with.
const X_FORWARDED: &str = "x-forwarded-";
/// A client's address as some proxies and many programs call it.
const X_REAL_IP: &str = "x-real-ip";

/// Proxies between client and hub that are looked at; those nearer to the hub count.
const HOPS_MAX: usize = 32;
/// Bytes of a host with its port at most; longer ones are refused before this.
pub(super) const HOST_BYTES_MAX: usize = 260;
/// Bytes of what the hub writes, names and values, for a host of that length: generously,
/// without what a proxy said.
const OWN_BYTES: usize = 1024;

/// Which headers the hub writes into a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tells {
    x_forwarded: bool,
    forwarded: bool,
    pub(super) request_id: bool,
    pub(super) traceparent: bool,
}

impl Tells {
    pub(super) fn of(config: &Forwarded) -> Tells {
        let has = |told| config.headers.contains(&told);
        Tells {
            x_forwarded: has(Told::XForwarded),
            forwarded: has(Told::Forwarded),
            request_id: has(Told::RequestId),
            traceparent: has(Told::Traceparent),
        }
    }

    /// Whether a header is one of those about the client that do not go on as they came:
    /// because the hub writes them itself, or because nobody who may is the one who says so.
    pub(super) fn replaces(self, name: &HeaderName, trusted: bool) -> bool {
        let name = name.as_str();
        let Some(rest) = name.strip_prefix(X_FORWARDED) else {
            let standard = name == FORWARDED.as_str() && (self.forwarded || !trusted);
            return standard || (!trusted && name == X_REAL_IP);
        };
        !trusted || (self.x_forwarded && matches!(rest, "for" | "proto" | "host"))
    }
}

/// The near end of a connection as workers are told of it, written once for all of its
/// requests.
#[derive(Debug)]
pub(super) struct Via {
    /// `None` for a Unix socket.
    ip: Option<IpAddr>,
    /// The address as it stands in `x-forwarded-for`.
    address: String,
    /// `for=` and the address, as it stands in `forwarded`.
    node: String,
    proto: &'static str,
}

/// What a trusted proxy said, with itself at the end.
#[derive(Debug)]
pub(super) struct Heard {
    x_forwarded_for: String,
    forwarded: Vec<u8>,
    proto: Option<HeaderValue>,
    host: Option<HeaderValue>,
    client: Option<IpAddr>,
}

impl Via {
    pub(super) fn new(ip: Option<IpAddr>, secure: bool) -> Via {
        // On a socket for both versions of IP, the old addresses come in the new form.
        let ip = ip.map(|ip| ip.to_canonical());
        let mut node = String::new();
        write_node(&mut node, ip);
        Via {
            ip,
            address: ip.map(|ip| ip.to_string()).unwrap_or_default(),
            node,
            proto: if secure { "https" } else { "http" },
        }
    }

    /// Whether it is believed.
    pub(super) fn is_trusted(&self, config: &Forwarded) -> bool {
        match self.ip {
            Some(ip) => is_among(ip, config),
            None => config.trust_unix,
        }
    }

    /// The address of the client, as far as it is known.
    pub(super) fn client(&self, heard: Option<&Heard>) -> Option<IpAddr> {
        heard.and_then(|heard| heard.client).or(self.ip)
    }

    /// Reads what a trusted proxy says.
    pub(super) fn hear(&self, config: &Forwarded, headers: &HeaderMap, host: &str) -> Heard {
        let x_forwarded = joined(headers, &X_FORWARDED_FOR);
        let standard = joined(headers, &FORWARDED);
        let by_x = match config.believe {
            Believe::XForwarded => true,
            Believe::Forwarded => false,
            Believe::Either => !x_forwarded.is_empty() || standard.is_empty(),
        };
        let mut hops: Vec<Option<IpAddr>> = match by_x {
            true => pieces(&x_forwarded, b',').map(address).collect(),
            false => pieces(&standard, b',').map(forwarded_for).collect(),
        };
        let unread = hops.len().saturating_sub(HOPS_MAX);
        hops.drain(..unread);

        let mut own = Own::new();
        own.push(&self.node);
        own.host(host);
        own.proto(self.proto);
        let (mut text, mut forwarded) = (String::new(), Vec::new());
        if by_x {
            // As it was said, for workers that know more kinds of entries than the hub.
            text.push_str(&String::from_utf8_lossy(&x_forwarded));
            for hop in &hops {
                let mut node = String::new();
                write_node(&mut node, *hop);
                push_element(&mut forwarded, node.as_bytes());
            }
        } else {
            for hop in hops.iter().flatten() {
                let gap = if text.is_empty() { "" } else { ", " };
                let _ = write!(text, "{gap}{hop}");
            }
            forwarded = standard;
        }
        if self.ip.is_some() {
            let gap = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{gap}{}", self.address);
        }
        push_element(&mut forwarded, own.as_bytes());
        let client = client(&hops, config);
        Heard {
            x_forwarded_for: text,
            forwarded,
            proto: one(headers, &X_FORWARDED_PROTO).filter(|proto| is_scheme(proto.as_bytes())),
            host: one(headers, &X_FORWARDED_HOST).filter(|host| is_authority(host.as_bytes())),
            client,
        }
    }

    /// Bytes of all that [`write`](Via::write) writes at most.
    pub(super) fn bytes_max(heard: Option<&Heard>) -> usize {
        OWN_BYTES + heard.map_or(0, |heard| heard.x_forwarded_for.len() + heard.forwarded.len())
    }

    /// Writes the headers, each by one call of `header`.
    pub(super) fn write<E>(
        &self,
        tells: Tells,
        heard: Option<&Heard>,
        host: &str,
        mut header: impl FnMut(&str, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if tells.x_forwarded {
            let proto = heard.and_then(|heard| heard.proto.as_ref());
            let named = heard.and_then(|heard| heard.host.as_ref());
            let address = heard.map_or(&self.address, |heard| &heard.x_forwarded_for);
            if !address.is_empty() {
                header(X_FORWARDED_FOR.as_str(), address.as_bytes())?;
            }
            let proto = proto.map_or(self.proto.as_bytes(), HeaderValue::as_bytes);
            header(X_FORWARDED_PROTO.as_str(), proto)?;
            let host = named.map_or(host.as_bytes(), HeaderValue::as_bytes);
            if !host.is_empty() {
                header(X_FORWARDED_HOST.as_str(), host)?;
            }
        }
        if !tells.forwarded {
            return Ok(());
        }
        match heard {
            Some(heard) => header(FORWARDED.as_str(), &heard.forwarded),
            None => {
                let mut own = Own::new();
                own.push(&self.node);
                own.host(host);
                own.proto(self.proto);
                header(FORWARDED.as_str(), own.as_bytes())
            }
        }
    }
}

/// One element of `forwarded`, on the stack.
struct Own {
    bytes: [u8; 512],
    length: usize,
}

impl Own {
    fn new() -> Own {
        Own { bytes: [0; 512], length: 0 }
    }

    fn push(&mut self, text: &str) {
        // A node has 50 bytes at most, a host 260, and nobody pushes more.
        if let Some(space) = self.bytes.get_mut(self.length..self.length + text.len()) {
            space.copy_from_slice(text.as_bytes());
            self.length += text.len();
        }
    }

    fn host(&mut self, host: &str) {
        if host.is_empty() || host.len() > HOST_BYTES_MAX {
            return;
        }
        // No character of a host needs an escape in quotes.
        let quote = if is_token(host.as_bytes()) { "" } else { "\"" };
        for part in [";host=", quote, host, quote] {
            self.push(part);
        }
    }

    fn proto(&mut self, proto: &str) {
        self.push(";proto=");
        self.push(proto);
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// `for=` and an address, quoted where RFC 7239 wants it.
fn write_node(text: &mut String, ip: Option<IpAddr>) {
    let _ = match ip {
        None => write!(text, "for=unknown"),
        Some(IpAddr::V4(ip)) => write!(text, "for={ip}"),
        Some(IpAddr::V6(ip)) => write!(text, "for=\"[{ip}]\""),
    };
}

fn push_element(list: &mut Vec<u8>, element: &[u8]) {
    if !list.is_empty() {
        list.extend(b", ");
    }
    list.extend(element);
}

/// The nearest hop that is no trusted proxy. Beyond one whose address nobody told, nobody
/// is believed: the last that is known counts.
fn client(hops: &[Option<IpAddr>], config: &Forwarded) -> Option<IpAddr> {
    let mut client = None;
    for hop in hops.iter().rev() {
        let Some(ip) = *hop else { break };
        client = Some(ip);
        if !is_among(ip, config) {
            break;
        }
    }
    client
}

fn is_among(ip: IpAddr, config: &Forwarded) -> bool {
    config.trust.iter().any(|net| net.contains(&ip))
}

/// All values of a header as one list.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Vec<u8> {
    let mut list = Vec::new();
    for value in headers.get_all(name) {
        if !value.as_bytes().trim_ascii().is_empty() {
            push_element(&mut list, value.as_bytes());
        }
    }
    list
}

/// The value of a header that comes once.
fn one(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.clone())
}

fn is_scheme(value: &[u8]) -> bool {
    value.len() <= 16 && is_token(value)
}

fn is_authority(value: &[u8]) -> bool {
    (1..=HOST_BYTES_MAX).contains(&value.len()) && super::request::is_host(value)
}

/// What stands between separators that are not in quotes, without blanks around it.
fn pieces(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    let split = text.split(move |&byte| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match byte {
            b'"' => quoted = !quoted,
            b'\\' => escaped = quoted,
            _ => return byte == separator && !quoted,
        }
        false
    });
    split.map(<[u8]>::trim_ascii).filter(|piece| !piece.is_empty())
}

/// The address in one element of `forwarded`.
fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    pieces(element, b';').find_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        let (name, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
        name.eq_ignore_ascii_case(b"for").then_some(value).and_then(address)
    })
}

/// An address with or without port, in brackets or quotes or not.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let plain = || text.parse::<IpAddr>().ok();
    let bracketed = || {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    };
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    plain().or_else(bracketed).or_else(with_port).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests;
