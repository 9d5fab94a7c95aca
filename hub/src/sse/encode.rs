//! Events as bytes, by the form that browsers read (HTML, section 9.2.6).
//!
//! A payload is text there. Its lines may end in CR, LF or CRLF, and a reader gets LF for
//! each of them: nothing else is lost. Bytes that are not UTF-8 become U+FFFD, which is what
//! every reader would make of them; done here, stricter readers get by as well. A name or an
//! id is one line; whoever publishes is refused with another one, and here it would be left
//! out rather than end its line.

use std::borrow::Cow;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response};
use memchr::{memchr2, memchr3};

/// An event to be encoded.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Message<'m> {
    /// What a client sends as `last-event-id` when it comes back. None: as it was.
    pub(crate) id: Option<&'m str>,
    /// Its type; a plain `message` when empty.
    pub(crate) event: &'m str,
    /// How long a client waits before it comes back.
    pub(crate) retry: Option<Duration>,
    pub(crate) data: &'m [u8],
}

impl Message<'_> {
    /// Writes it behind what is there.
    pub(crate) fn write(&self, into: &mut Vec<u8>) {
        if !self.event.is_empty() {
            field(into, b"event: ", self.event);
        }
        if let Some(id) = self.id {
            field(into, b"id: ", id);
        }
        if let Some(retry) = self.retry {
            into.extend_from_slice(b"retry: ");
            into.extend_from_slice(retry.as_millis().to_string().as_bytes());
            into.push(b'\n');
        }
        data(into, &String::from_utf8_lossy(self.data));
        into.push(b'\n');
    }

    /// The same as bytes of their own.
    pub(crate) fn to_vec(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.data.len() + self.event.len() + 64);
        self.write(&mut bytes);
        bytes
    }
}

/// One line, unless the value would make it several. A reader ignores an id with a NUL.
fn field(into: &mut Vec<u8>, name: &[u8], value: &str) {
    if memchr3(b'\r', b'\n', 0, value.as_bytes()).is_none() {
        into.extend_from_slice(name);
        into.extend_from_slice(value.as_bytes());
        into.push(b'\n');
    }
}

/// A `data` line for each of the payload's. There is always one: without, a reader would not
/// count it as an event.
fn data(into: &mut Vec<u8>, payload: &str) {
    let mut rest = payload.as_bytes();
    loop {
        into.extend_from_slice(b"data: ");
        let Some(end) = memchr2(b'\r', b'\n', rest) else {
            into.extend_from_slice(rest);
            into.push(b'\n');
            return;
        };
        into.extend_from_slice(&rest[..end]);
        into.push(b'\n');
        let length = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[end + length..];
    }
}

/// What tells a client that it missed events: how many, if that is known, and why.
///
/// It has no id, so that a client that comes back asks for the same once more.
pub(crate) fn gap(missed: Option<u64>, reason: &'static str) -> Vec<u8> {
    let missed = missed.map_or(Cow::Borrowed("null"), |missed| missed.to_string().into());
    let data = format!("{{\"missed\":{missed},\"reason\":\"{reason}\"}}");
    Message { event: "gap", data: data.as_bytes(), ..Message::default() }.to_vec()
}

/// A line that readers ignore: it keeps a connection from looking dead.
pub(super) const COMMENT: &[u8] = b":\n\n";

/// The head of a response that is a stream of events.
pub(crate) fn head<B>(body: B) -> Response<B> {
    const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    // What nginx and some others go by: they would hold events back until a buffer is full.
    headers.insert(NO_BUFFERING, HeaderValue::from_static("no"));
    response
}

/// Encodes any bytes and reads them as a browser does: it is one event, and it is that one.
#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz(event: &[u8], id: &[u8], payload: &[u8]) {
    let (event, id) = (String::from_utf8_lossy(event), String::from_utf8_lossy(id));
    reader::check(&event, &id, payload);
}

#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod reader;
#[cfg(test)]
mod tests;
