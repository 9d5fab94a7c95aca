//! `/internal/rules`: what the configuration says of single routes, and who waits there.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::shared::Shared;

#[derive(Serialize)]
struct Rules {
    rules: Vec<RuleInfo>,
}

#[derive(Serialize)]
struct RuleInfo {
    /// Method, and host and pattern in one.
    routes: String,
    #[serde(flatten)]
    concurrency: Option<Concurrency>,
}

#[derive(Serialize)]
struct Concurrency {
    concurrency: u32,
    in_flight: u32,
    waiting: usize,
}

/// Answers a request for it.
pub(super) async fn rules(State(shared): State<Arc<Shared>>) -> Response {
    let live = shared.registry.live();
    let rules = live.rules.iter().map(|(selector, rule)| RuleInfo {
        routes: selector.to_string(),
        concurrency: rule.gate.as_ref().map(|gate| Concurrency {
            concurrency: gate.limit(),
            in_flight: gate.in_flight(),
            waiting: gate.queue.len(),
        }),
    });
    Json(Rules { rules: rules.collect() }).into_response()
}
