//! What HTTP/2 and the absolute form of a target say in their own ways, said as most
//! requests of HTTP/1.1 do: workers know one way only.

use http::Version;
use http::header::{COOKIE, HOST, HeaderMap, HeaderValue};
use http::request::Parts;

use crate::problem::{Kind, Problem};

/// Puts the host where workers look for it, and what is in pieces together.
pub(super) fn adopt(parts: &mut Parts) -> Result<(), Problem> {
    if parts.version != Version::HTTP_2 {
        return replace_host(parts);
    }
    adopt_host(parts)?;
    join_cookies(&mut parts.headers);
    Ok(())
}

/// Of a target that names a host and a header that does the target counts (RFC 9112,
/// section 3.2.2). Only one header, though: none and several are refused as ever.
fn replace_host(parts: &mut Parts) -> Result<(), Problem> {
    let Some(authority) = parts.uri.authority() else { return Ok(()) };
    if parts.headers.get_all(HOST).iter().count() == 1
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        parts.headers.insert(HOST, host);
    }
    Ok(())
}

/// `:authority` is what `host` is (RFC 9113, section 8.3.1). Both may be there, and have to
/// agree.
fn adopt_host(parts: &mut Parts) -> Result<(), Problem> {
    let refuse = |detail: &'static str| Err(Problem::new(Kind::BadRequest, detail));
    let Some(authority) = parts.uri.authority() else { return Ok(()) };
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => {
            let Ok(host) = HeaderValue::from_str(authority.as_str()) else {
                return refuse("The request's :authority is not a host with an optional port.");
            };
            parts.headers.insert(HOST, host);
            Ok(())
        }
        (Some(host), None) if !same(host.as_bytes(), authority.as_str().as_bytes()) => {
            refuse("The request names one host in :authority and another in its host header.")
        }
        // More than one is refused with everybody else's.
        _ => Ok(()),
    }
}

fn same(host: &[u8], authority: &[u8]) -> bool {
    host.eq_ignore_ascii_case(authority)
}

/// A cookie header may come in pieces, which belong together again (RFC 9113, section
/// 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let pieces: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if pieces.len() < 2 {
        return;
    }
    // Values that were joined by what every value may hold are one.
    if let Ok(whole) = HeaderValue::from_bytes(&pieces.join(&b"; "[..])) {
        headers.insert(COOKIE, whole);
    }
}

#[cfg(test)]
mod tests;
