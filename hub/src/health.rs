//! `/health`: whether a request could go through now.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;

use crate::problem::{Kind, Problem};
use crate::shared::Shared;

/// The path; the hub's own on every listener.
pub(crate) const PATH: &str = "/health";

#[derive(Debug, Serialize)]
struct Health<'a> {
    status: &'static str,
    /// Live instances by name.
    services: BTreeMap<&'a str, usize>,
    /// Required names that have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<&'a str>,
}

/// Answers a request for it.
pub(crate) fn answer(shared: &Shared, method: &Method) -> Response {
    match *method {
        Method::GET => report(shared),
        Method::HEAD => report(shared).map(|_| axum::body::Body::empty()),
        Method::OPTIONS => {
            let allow = (ALLOW, HeaderValue::from_static(METHODS));
            (StatusCode::NO_CONTENT, [allow]).into_response()
        }
        _ => Problem::new(
            Kind::MethodNotAllowed,
            format!("{PATH} does not have the method {method}."),
        )
        .allow(HeaderValue::from_static(METHODS))
        .into_response(),
    }
}

const METHODS: &str = "GET, HEAD, OPTIONS";

/// Ok if every required name is served, and if none is required, if anything is.
fn report(shared: &Shared) -> Response {
    let live = shared.registry.live();
    let services = live.names();
    let config = shared.config();
    let required = config.health.require.iter().map(String::as_str);
    let missing: Vec<&str> = required.filter(|name| !services.contains_key(name)).collect();
    let ok = missing.is_empty() && !services.is_empty();
    let (code, status) = match ok {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let no_store = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (code, [no_store], Json(Health { status, services, missing })).into_response()
}
