//! Who may ask the admin surface anything.
//!
//! Three things are looked at before any route:
//!
//! - The host. A browser can be led to any address by a name whose owner changes it while
//!   the page is open (DNS rebinding), so only names that nobody else owns are answered:
//!   addresses and `localhost`.
//! - Where the request comes from. A browser says so (`Origin`, `Sec-Fetch-Site`), and
//!   whatever another origin's page sends is refused; nothing answers a preflight.
//! - The token, over TCP. Only the page itself, which holds nothing, and the health are
//!   there without it.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::page;
use crate::problem::{Kind, Problem};
use crate::shared::Shared;

/// What is there without the token: on the public port it is as well.
const HEALTH: [&str; 2] = ["/health", "/ready"];

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// The way that a request came.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// The Unix socket, whose directory keeps others out.
    Socket,
    /// TCP, which every program of the machine can reach; holds where the token is.
    Tcp(Arc<Shared>),
}

/// Lets a request through to the routes, or not.
pub(super) async fn guard(State(way): State<Way>, request: Request, next: Next) -> Response {
    let mut response = match judge(&way, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let wants_token = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    if wants_token {
        let challenge = HeaderValue::from_static("Bearer realm=\"slotway admin\"");
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(nothing);
    response
}

fn judge(way: &Way, request: &Request) -> Result<(), Problem> {
    let (headers, path) = (request.headers(), request.uri().path());
    let host = one(headers, &HOST).map_err(refused)?;
    // HTTP/1.0 has none, and no browser speaks that.
    if let Some(host) = host
        && !is_ours(host)
    {
        return Err(refused(format!(
            "The admin surface does not answer for the host {host:?}; ask by address or as \
             localhost."
        )));
    }
    judge_origin(headers, host, request.method(), path).map_err(refused)?;
    let Way::Tcp(shared) = way else { return Ok(()) };
    if page::is(path) || HEALTH.contains(&path) {
        return Ok(());
    }
    if shared.admin_token.load().as_ref().is_some_and(|token| token.is_in(headers)) {
        return Ok(());
    }
    let detail = "The admin surface wants the token of its token file: Authorization: Bearer ….";
    Err(Problem::new(Kind::Unauthorized, detail))
}

fn refused(detail: String) -> Problem {
    Problem::new(Kind::Forbidden, detail)
}

/// The header's only value.
fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, String> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            value.to_str().map(Some).map_err(|_| format!("The header {name} is not text."))
        }
        (Some(_), Some(_)) => Err(format!("The header {name} stands there more than once.")),
    }
}

/// Whether a host, its port left out, is an address or `localhost`.
fn is_ours(host: &str) -> bool {
    if let Some(bracketed) = host.strip_prefix('[') {
        let address = bracketed.split(']').next().unwrap_or_default();
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.eq_ignore_ascii_case("localhost") || name.parse::<Ipv4Addr>().is_ok()
}

/// Refuses what a page of another origin sends, except to follow a link to the page.
fn judge_origin(
    headers: &HeaderMap,
    host: Option<&str>,
    method: &Method,
    path: &str,
) -> Result<(), String> {
    let origin = one(headers, &ORIGIN)?;
    let own = |origin: &str| {
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(|authority| Some(authority) == host)
    };
    if let Some(origin) = origin
        && !own(origin)
    {
        return Err(format!("A page of {origin} may not use the admin surface."));
    }
    match one(headers, &SEC_FETCH_SITE)? {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_)
            if page::is(path)
                && *method == Method::GET
                && one(headers, &SEC_FETCH_MODE)? == Some("navigate") =>
        {
            Ok(())
        }
        Some(_) => Err("A page of another site may not use the admin surface.".to_owned()),
    }
}

#[cfg(test)]
mod tests;
