//! `/health` and `/ready`, the hub's own on every listener.
//!
//! `/health` says whether a request could go through now: it follows every worker that
//! comes, goes or hangs, and is for people and for what raises an alarm. `/ready` says
//! whether this hub is to be sent traffic: every name that the configuration requires is
//! served and the hub does not shut down. It is for load balancers, which should not take
//! a hub out because one of its workers has missed a probe.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;

use crate::problem::{Kind, Problem};
use crate::registry::Live;
use crate::shared::Shared;

/// A page of the hub's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// Whether a request could go through now.
    Health,
    /// Whether to send this hub traffic.
    Ready,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    status: &'static str,
    /// For health: instances by name that could take a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<BTreeMap<&'a str, usize>>,
    /// Required names that have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<&'a str>,
    /// The hub shuts down.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    draining: bool,
}

const METHODS: &str = "GET, HEAD, OPTIONS";

impl Page {
    pub(crate) const ALL: [Page; 2] = [Page::Health, Page::Ready];

    /// Where it is.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Page::Health => "/health",
            Page::Ready => "/ready",
        }
    }

    /// The page at a path.
    pub(crate) fn at(path: &str) -> Option<Page> {
        Page::ALL.into_iter().find(|page| page.path() == path)
    }

    /// Answers a request for it.
    pub(crate) fn answer(self, shared: &Shared, method: &Method) -> Response {
        match *method {
            Method::GET => self.report(shared),
            Method::HEAD => self.report(shared).map(|_| axum::body::Body::empty()),
            Method::OPTIONS => {
                let allow = (ALLOW, HeaderValue::from_static(METHODS));
                (StatusCode::NO_CONTENT, [allow]).into_response()
            }
            _ => Problem::new(
                Kind::MethodNotAllowed,
                format!("{} does not have the method {method}.", self.path()),
            )
            .allow(HeaderValue::from_static(METHODS))
            .into_response(),
        }
    }

    /// What [`Page::Health`] says, and the required names that are missing.
    pub(crate) fn health_now(shared: &Shared) -> (&'static str, Vec<String>) {
        let (live, config) = (shared.registry.live_now(), shared.config());
        let report = Page::Health.judge(&live, &config.health.require, shared.is_draining());
        (report.status, report.missing.into_iter().map(str::to_owned).collect())
    }

    fn report(self, shared: &Shared) -> Response {
        let live = shared.registry.live();
        let config = shared.config();
        let report = self.judge(&live, &config.health.require, shared.is_draining());
        let ok = matches!(report.status, "ok" | "ready");
        let code = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let no_store = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
        (code, [no_store], Json(report)).into_response()
    }

    fn judge<'a>(self, live: &'a Live, required: &'a [String], draining: bool) -> Report<'a> {
        let services = match self {
            Page::Health => live.names(|instance| {
                instance.is_live() && instance.has_memory() && instance.misses() == 0
            }),
            Page::Ready => live.names(|instance| instance.is_live()),
        };
        let required = required.iter().map(String::as_str);
        let missing: Vec<&str> = required.filter(|name| !services.contains_key(name)).collect();
        let served = missing.is_empty() && !draining;
        let (status, services) = match self {
            // Where nothing is required, something has to be there all the same.
            Page::Health if served && !services.is_empty() => ("ok", Some(services)),
            Page::Health => ("unavailable", Some(services)),
            Page::Ready if served => ("ready", None),
            Page::Ready => ("not ready", None),
        };
        Report { status, services, missing, draining }
    }
}
