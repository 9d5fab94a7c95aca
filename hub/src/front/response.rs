//! From a worker's answer to a response, after checking everything that could break the
//! client's framing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Response, StatusCode, Version};
use slotway_core::End;
use slotway_core::head::{HeadError, ResponseHead};

use super::body::Kind;
use super::headers::{Named, is_hop_by_hop};
use super::request::Request;
use crate::exchange::{Download, Exchange, Spool, Upload, UploadTask};
use crate::shared::Shared;

/// Bytes of a response's head at most, as HTTP/1.1 writes it.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Bytes of an encoded head that are copied out at most. The codec needs a little more for
/// each header than HTTP/1.1 does.
const ENCODED_BYTES_MAX: usize = 2 * HEAD_BYTES_MAX;
/// What HTTP/1.1 has around the status, and around a name and a value.
const WIRE_FIXED_BYTES: usize = "HTTP/1.1 200 OK\r\n\r\n".len();
const WIRE_FIELD_BYTES: usize = ": \r\n".len();

/// Why an answer cannot be a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadAnswer {
    None,
    HeadTooLong(usize),
    NoMemory,
    Head(HeadError),
    Status(u16),
    HeaderName(String),
    HeaderValue(HeaderName),
    TransferEncoding,
    LengthValue,
    Lengths(u64, u64),
    LengthOfBody { stated: u64, found: u64 },
    BodyAborted,
    Gone,
}

/// A checked head.
#[derive(Debug)]
struct Head {
    status: StatusCode,
    headers: HeaderMap,
    /// The body's length, if the worker stated it.
    length: Option<u64>,
}

/// An exchange whose answer's head is there.
#[derive(Debug)]
pub(super) struct Answered<'u> {
    pub(super) exchange: Exchange,
    /// What is still to be pushed of the request, if anything is.
    pub(super) upload: Option<&'u mut Upload>,
    /// Bytes of the head.
    pub(super) length: u32,
    /// The worker is through with it.
    pub(super) done: bool,
}

/// Makes the response, in the map of the request's headers. The exchange ends here if
/// everything is there, else with the task that moves the rest.
pub(super) fn respond(
    shared: &Shared,
    request: &mut Request<'_>,
    idle: Duration,
    answered: Answered<'_>,
) -> Result<Response<Kind>, BadAnswer> {
    let (method, headers) = (request.method().clone(), request.give_headers());
    let is_http2 = request.parts.version == Version::HTTP_2;
    let values = if is_http2 { Values::Copied } else { Values::Shared };
    let Answered { exchange, length: head_length, done, .. } = &answered;
    let (head_length, done) = (*head_length, *done);
    if head_length == 0 {
        return Err(BadAnswer::None);
    }
    if head_length as usize > ENCODED_BYTES_MAX {
        return Err(BadAnswer::HeadTooLong(head_length as usize));
    }
    exchange.reserve_head(head_length as usize).map_err(|_| BadAnswer::NoMemory)?;
    let readable = exchange.readable().map_err(|_| BadAnswer::Gone)?;
    let complete = (readable.end == End::Finished).then_some(readable.length);
    // A worker with large rings does not make the hub hold more.
    let spool_bytes = shared.config().limits.spool_bytes;
    let whole = complete.filter(|&length| length <= spool_bytes && method != Method::HEAD);
    let bytes = exchange.copy_answer(head_length as usize, whole.unwrap_or(0));
    // Head and body in one piece of memory, of which the headers' values are parts.
    let mut bytes = Bytes::from(bytes.map_err(|_| BadAnswer::Gone)?);
    let bytes_of_head = bytes.split_to(head_length as usize);
    let mut head = check(&bytes_of_head, headers, values)?;
    if readable.end == End::Aborted || (done && readable.end == End::Open) {
        return Err(BadAnswer::BodyAborted);
    }
    let body = if method == Method::HEAD || is_empty_by_nature(head.status) {
        // No body came because none was asked for; that says nothing of its length.
        let sent = complete.filter(|&length| length > 0);
        let length = head.length.or(sent.map(|length| length as u64));
        // What an empty answer says of its own length would be wrong of the resource's.
        if let Some(length) = length.filter(|_| !is_empty_by_nature(head.status)) {
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        Kind::Empty
    } else if let Some(length) = complete {
        let found = length as u64;
        if let Some(stated) = head.length.filter(|&stated| stated != found) {
            return Err(BadAnswer::LengthOfBody { stated, found });
        }
        if whole.is_some() {
            Kind::Full(bytes)
        } else {
            stream(shared, idle, answered, Some(found))
        }
    } else {
        stream(shared, idle, answered, head.length)
    };
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    Ok(response)
}

/// Statuses whose responses have no body whatever is sent.
fn is_empty_by_nature(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn stream(shared: &Shared, idle: Duration, answered: Answered<'_>, length: Option<u64>) -> Kind {
    let Answered { exchange, upload, .. } = answered;
    exchange.streams();
    let exchange = Arc::new(exchange);
    let spool_bytes = shared.config().limits.spool_bytes;
    let upload = upload.map(|upload| UploadTask::spawn(upload.take(), exchange.clone()));
    let (spool, reader) = Spool::new(spool_bytes, shared.spool_budget.clone());
    tokio::spawn(Download::new(exchange, spool, length, idle, upload).run());
    Kind::Stream { reader, remaining: length }
}

/// What a response's values are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    /// Parts of the answer's memory, which is gone as soon as the head is written.
    Shared,
    /// Their own: HTTP/2 keeps some for as long as the connection lasts, to refer to them
    /// when they come again.
    Copied,
}

/// Judges a head that was copied out of its slot; its headers go into `headers`.
fn check(bytes: &Bytes, mut headers: HeaderMap, values: Values) -> Result<Head, BadAnswer> {
    let head = ResponseHead::parse(bytes).map_err(BadAnswer::Head)?;
    let status = Some(head.status()).filter(|status| (200..=599).contains(status));
    let status = status
        .and_then(|status| StatusCode::from_u16(status).ok())
        .ok_or(BadAnswer::Status(head.status()))?;
    let mut length = head.content_length();
    let mut named = Named::default();
    let mut wire_bytes = WIRE_FIXED_BYTES;
    for (name, value) in head.headers() {
        wire_bytes += name.len() + value.len() + WIRE_FIELD_BYTES;
        let name = HeaderName::from_bytes(name)
            .map_err(|_| BadAnswer::HeaderName(String::from_utf8_lossy(name).into_owned()))?;
        if name == TRANSFER_ENCODING {
            return Err(BadAnswer::TransferEncoding);
        }
        if name == CONTENT_LENGTH {
            let stated = stated_length(value).ok_or(BadAnswer::LengthValue)?;
            match length {
                Some(other) if other != stated => return Err(BadAnswer::Lengths(other, stated)),
                _ => length = Some(stated),
            }
            continue;
        }
        if name == CONNECTION {
            named.add(value);
        }
        if is_hop_by_hop(&name) {
            continue;
        }
        let value = match values {
            Values::Shared => HeaderValue::from_maybe_shared(bytes.slice_ref(value)).ok(),
            Values::Copied => HeaderValue::from_bytes(value).ok(),
        };
        let Some(value) = value else {
            return Err(BadAnswer::HeaderValue(name));
        };
        headers.append(name, value);
    }
    if wire_bytes > HEAD_BYTES_MAX {
        return Err(BadAnswer::HeadTooLong(wire_bytes));
    }
    for name in named.names() {
        headers.remove(name);
    }
    Ok(Head { status, headers, length })
}

/// Judges a head of any bytes; what passes is looked at once more.
#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz(bytes: &[u8]) {
    let head = match check(&Bytes::copy_from_slice(bytes), HeaderMap::new(), Values::Shared) {
        Ok(head) => head,
        Err(bad) => return assert!(!bad.to_string().is_empty()),
    };
    assert!((200..=599).contains(&head.status.as_u16()));
    assert!(!head.headers.contains_key(CONTENT_LENGTH), "the hub states it");
    let mut wire_bytes = 0;
    for (name, value) in &head.headers {
        assert!(!is_hop_by_hop(name), "{name} is between two neighbours");
        let breaks = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
        assert!(!value.as_bytes().iter().any(breaks), "{name} ends its line");
        assert!(name.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'));
        wire_bytes += name.as_str().len() + value.len();
    }
    assert!(wire_bytes <= HEAD_BYTES_MAX);
}

/// Digits and nothing else: `u64::from_str` would take a plus sign.
fn stated_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

impl fmt::Display for BadAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadAnswer::None => f.write_str("it ended the exchange without a response"),
            BadAnswer::HeadTooLong(length) => {
                write!(f, "its head has {length} bytes; {HEAD_BYTES_MAX} are allowed")
            }
            BadAnswer::NoMemory => f.write_str("there is no memory to read its head"),
            BadAnswer::Head(error) => write!(f, "its head does not parse: {error}"),
            BadAnswer::Status(status) => {
                write!(f, "its status is {status}; a response has one of 200 to 599")
            }
            BadAnswer::HeaderName(name) => write!(f, "{name:?} is not a header's name"),
            BadAnswer::HeaderValue(name) => {
                write!(f, "the value of the header {name} holds a byte that no header may hold")
            }
            BadAnswer::TransferEncoding => {
                f.write_str("it states a transfer-encoding; framing is the hub's")
            }
            BadAnswer::LengthValue => f.write_str("its content-length is not a number"),
            BadAnswer::Lengths(one, other) => {
                write!(f, "it states two lengths, {one} and {other}")
            }
            BadAnswer::LengthOfBody { stated, found } => {
                write!(f, "it states a length of {stated} and has a body of {found}")
            }
            BadAnswer::BodyAborted => f.write_str("it was broken off"),
            BadAnswer::Gone => f.write_str("its worker is gone"),
        }
    }
}

#[cfg(test)]
mod tests;
