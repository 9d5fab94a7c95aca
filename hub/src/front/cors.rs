//! Cross-origin requests (the Fetch standard, "CORS protocol"), where the configuration
//! gives the hub a say in them. Without it everything passes untouched, preflights too.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN,
};
use http::{Method, Response, StatusCode};

use super::body::Kind;
use super::headers::add_vary;
use super::request::Request;
use crate::config::Cors;
use crate::events;
use crate::routing::Found;
use crate::shared::Shared;

/// What a preflight's answer depends on besides the origin.
const PREFLIGHT_VARY: [&str; 2] =
    ["access-control-request-method", "access-control-request-headers"];

/// The value that lets every origin.
const EVERY: &str = "*";

/// The origin of a request, if it may.
fn allowed<'h>(cors: &Cors, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
    let origin = headers.get(ORIGIN)?;
    let fits = |known: &String| known == EVERY || origin == known.as_str();
    cors.origins.iter().any(fits).then_some(origin)
}

/// Answers a preflight: whether a page of another origin may send what it is about to send.
/// `None` for everything else: an origin that is not on the list, a path or a method that
/// nobody serves.
pub(super) fn preflight(shared: &Shared, request: &Request<'_>) -> Option<Response<Kind>> {
    if *request.method() != Method::OPTIONS {
        return None;
    }
    let config = shared.config();
    let cors = config.cors.as_ref()?;
    let headers = &request.parts.headers;
    let wanted = headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    allowed(cors, headers)?;
    let wanted = Method::from_bytes(wanted.as_bytes()).ok()?;
    let live = shared.registry.live();
    let of_events = shared.events.at(request.path()).is_some();
    let known = match of_events {
        true => wanted == Method::GET || wanted == Method::HEAD,
        false => matches!(live.find(request.host(), &wanted, request.path()), Found::Route { .. }),
    };
    if !known {
        return None;
    }
    let mut response = Response::new(Kind::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    let methods = match cors.methods.as_slice() {
        [] if of_events => Some(HeaderValue::from_static(events::METHODS)),
        [] => live.allow(request.host(), request.path()).cloned(),
        named => list(named),
    };
    let headers = list(&cors.headers).filter(|_| !cors.headers.is_empty());
    let max_age = cors.max_age.map(|age| HeaderValue::from(age.as_secs()));
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, methods),
        (ACCESS_CONTROL_ALLOW_HEADERS, headers),
        (ACCESS_CONTROL_MAX_AGE, max_age),
    ] {
        if let Some(value) = value {
            answer.insert(name, value);
        }
    }
    for name in PREFLIGHT_VARY {
        add_vary(answer, name);
    }
    Some(response)
}

/// What a response has to say once it is there: whether a page of the request's origin may
/// read it.
#[derive(Debug, Default)]
pub(super) struct Grant {
    origin: Option<HeaderValue>,
}

impl Grant {
    /// Of a request's headers.
    pub(super) fn of(cors: &Cors, headers: &HeaderMap) -> Grant {
        Grant { origin: allowed(cors, headers).cloned() }
    }

    /// Says so in a response's headers, whoever wrote them.
    pub(super) fn write(self, cors: &Cors, headers: &mut HeaderMap) {
        let every = cors.origins.iter().any(|origin| origin == EVERY);
        if !every {
            // Also without an origin: what is kept for one must not be given to another.
            add_vary(headers, ORIGIN.as_str());
        }
        let Some(origin) = self.origin else { return };
        let origin = if every { HeaderValue::from_static(EVERY) } else { origin };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if cors.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if !cors.expose.is_empty()
            && let Some(names) = list(&cors.expose)
        {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, names);
        }
    }
}

/// Names that the configuration's check has found good.
fn list(names: &[String]) -> Option<HeaderValue> {
    HeaderValue::from_str(&names.join(", ")).ok()
}

#[cfg(test)]
mod tests;
