//! What a request is aimed at, where that is more than a route (RFC 9112, section 3.2; RFC
//! 9110, section 9.3). Forms that cannot be are refused before this.
//!
//! The hub and its workers are one origin server to their clients, so `max-forwards` is not
//! for it, and a TRACE goes to a worker that asked for it by name.

use http::Method;
use http::header::{HOST, HeaderValue};
use http::request::Parts;

use crate::problem::{Kind, Problem};

/// Lets a target in absolute form say which host is meant, whatever the header says (RFC
/// 9112, section 3.2.2).
pub(super) fn adopt(parts: &mut Parts, has_body: bool) -> Result<(), Problem> {
    let refuse = |detail: &'static str| Err(Problem::new(Kind::BadRequest, detail));
    if parts.method == Method::TRACE && has_body {
        return refuse("A TRACE has no body; send none.");
    }
    if let Some(authority) = parts.uri.authority() {
        let Ok(host) = HeaderValue::from_str(authority.as_str()) else {
            return refuse("The target's host is not a host with an optional port.");
        };
        parts.headers.insert(HOST, host);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
