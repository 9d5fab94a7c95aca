//! `/internal/routes`: what each route has done since the hub started.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::metrics::Distribution;
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

/// Milliseconds that half of the requests, and so on, stayed below; `null` when there
/// were none.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Percentiles {
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
}

impl Percentiles {
    pub(super) fn of(times: &Distribution) -> Percentiles {
        // Two more digits than anybody can use.
        let ms = |share| Some((times.quantile(share)?.as_secs_f64() * 1e6).round() / 1e3);
        Percentiles { p50: ms(0.5), p90: ms(0.9), p99: ms(0.99) }
    }
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
