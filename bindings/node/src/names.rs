//! Names that JavaScript has a string for already, so that none is made for each request.

use std::sync::LazyLock;

/// Methods.
pub(crate) const METHODS: [&str; 9] =
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];

/// Headers that clients and the hub send.
pub(crate) const HEADERS: [&str; 60] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "baggage",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "dnt",
    "expect",
    "forwarded",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "last-event-id",
    "max-forwards",
    "origin",
    "pragma",
    "priority",
    "proxy-authorization",
    "range",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "x-correlation-id",
    "x-csrf-token",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
    "x-requested-with",
];

/// Places for names: several times as many as there are, so that most lie where they belong.
const PLACES: usize = 256;
const EMPTY: u8 = u8::MAX;

/// The index of each header's name, at the place that `place` gives or the next free one.
static INDEX: LazyLock<[u8; PLACES]> = LazyLock::new(|| {
    let mut places = [EMPTY; PLACES];
    for (index, name) in HEADERS.iter().enumerate() {
        let mut at = place(name.as_bytes());
        while places[at] != EMPTY {
            at = (at + 1) % PLACES;
        }
        places[at] = index as u8;
    }
    places
});

#[inline]
fn place(name: &[u8]) -> usize {
    let at = |index: usize| usize::from(name.get(index).copied().unwrap_or(0));
    let last = at(name.len().wrapping_sub(1));
    (name.len() * 7 + at(0) * 31 + last * 13 + at(name.len() / 2) * 61) % PLACES
}

/// The index of a header's name, if it is one of those.
#[inline]
pub(crate) fn header(name: &[u8]) -> Option<usize> {
    let places = &*INDEX;
    let mut at = place(name);
    loop {
        let index = places[at];
        if index == EMPTY {
            return None;
        }
        if HEADERS[usize::from(index)].as_bytes() == name {
            return Some(usize::from(index));
        }
        at = (at + 1) % PLACES;
    }
}

/// The index of a method, if it is one of those.
#[inline]
pub(crate) fn method(name: &str) -> Option<usize> {
    METHODS.iter().position(|&method| method == name)
}
