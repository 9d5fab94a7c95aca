//! `/internal/routes`: what each route has done since the hub started.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::percentiles::Percentiles;
use crate::shared::Shared;

#[derive(Serialize)]
struct Routes {
    routes: Vec<RouteInfo>,
}

#[derive(Serialize)]
struct RouteInfo {
    name: String,
    method: String,
    pattern: String,
    requests: u64,
    /// Those with a status of 500 or more.
    errors: u64,
    bytes_in: u64,
    bytes_out: u64,
    total_ms: Percentiles,
    wait_ms: Percentiles,
    worker_ms: Percentiles,
}

/// Answers a request for it.
pub(super) async fn routes(State(shared): State<Arc<Shared>>) -> Response {
    let described = shared.metrics.routes.all().map(|route| {
        let counts = route.counts();
        let (requests, errors) = counts.statuses.sums();
        RouteInfo {
            name: route.labels.name.to_string(),
            method: route.labels.method.to_string(),
            pattern: route.labels.pattern.to_string(),
            requests,
            errors,
            bytes_in: counts.bytes_in,
            bytes_out: counts.bytes_out,
            total_ms: Percentiles::of(&counts.total),
            wait_ms: Percentiles::of(&counts.wait),
            worker_ms: Percentiles::of(&counts.worker),
        }
    });
    Json(Routes { routes: described.collect() }).into_response()
}
