//! A request's id: told to its worker, to its client and to the log, so that all three can
//! speak of the same request.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::chance::chance_bytes;

/// The header, both ways.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of an id that is kept at most.
const KEPT_BYTES_MAX: usize = 128;

/// One request's.
#[derive(Debug, Clone)]
pub(super) enum RequestId {
    /// What a trusted peer called it.
    Kept(HeaderValue),
    /// What the hub calls it: sixteen bytes by chance, and the same in hexadecimal.
    Made { bytes: [u8; 16], text: [u8; 32] },
}

impl RequestId {
    /// The id that a request brings, if its peer is trusted and it is one; else a new one.
    pub(super) fn of(headers: &HeaderMap, trusted: bool) -> RequestId {
        if trusted {
            let mut brought = headers.get_all(X_REQUEST_ID).iter();
            if let (Some(id), None) = (brought.next(), brought.next())
                && is_sane(id.as_bytes())
            {
                return RequestId::Kept(id.clone());
            }
        }
        let bytes = chance_bytes();
        RequestId::Made { bytes, text: hex(&bytes) }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            RequestId::Kept(id) => id.as_bytes(),
            RequestId::Made { text, .. } => text,
        }
    }

    /// It as text.
    pub(super) fn as_str(&self) -> &str {
        // Both are visible ASCII.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// It as a header's value.
    pub(super) fn value(&self) -> HeaderValue {
        match self {
            RequestId::Kept(id) => id.clone(),
            // Hexadecimal digits are a value.
            RequestId::Made { text, .. } => {
                HeaderValue::from_bytes(text).unwrap_or(HeaderValue::from_static(""))
            }
        }
    }

    /// The bytes of one that the hub made.
    pub(super) fn made(&self) -> Option<[u8; 16]> {
        match self {
            RequestId::Kept(_) => None,
            RequestId::Made { bytes, .. } => Some(*bytes),
        }
    }
}

/// Whether it is visible and short: it goes into logs.
fn is_sane(id: &[u8]) -> bool {
    (1..=KEPT_BYTES_MAX).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}

/// Hexadecimal, in lower case. `M` is twice `N`.
pub(super) fn hex<const N: usize, const M: usize>(bytes: &[u8; N]) -> [u8; M] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; M];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

#[cfg(test)]
mod tests;
