//! `/internal/workers`: who is connected and serves what.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::instance::{Instance, Registration, Standing};
use crate::shared::Shared;

#[derive(Serialize)]
struct Workers {
    workers: Vec<WorkerInfo>,
}

#[derive(Serialize)]
struct WorkerInfo {
    id: u64,
    pid: Option<u32>,
    uid: u32,
    sdk: String,
    standing: &'static str,
    in_flight: u32,
    region_bytes: u64,
    registrations: Vec<RegistrationInfo>,
}

#[derive(Serialize)]
struct RegistrationInfo {
    id: u32,
    name: String,
    in_flight: u32,
    max_concurrent: u32,
    routes: Vec<RouteInfo>,
}

#[derive(Serialize)]
struct RouteInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    method: String,
    pattern: String,
    idempotent: bool,
}

/// Answers a request for it.
pub(super) async fn workers(State(shared): State<Arc<Shared>>) -> Response {
    let live = shared.registry.live();
    let workers = live.workers.iter().map(|(instance, own)| describe(instance, own)).collect();
    Json(Workers { workers }).into_response()
}

fn describe(instance: &Instance, registrations: &[Arc<Registration>]) -> WorkerInfo {
    WorkerInfo {
        id: instance.who.id,
        pid: instance.who.pid,
        uid: instance.who.uid,
        sdk: instance.who.sdk.clone(),
        standing: match instance.standing() {
            Standing::Live => "live",
            Standing::Draining => "draining",
            Standing::Dead => "dead",
        },
        in_flight: instance.in_flight(),
        region_bytes: instance.region().length(),
        registrations: registrations.iter().map(|known| describe_registration(known)).collect(),
    }
}

fn describe_registration(known: &Registration) -> RegistrationInfo {
    RegistrationInfo {
        id: known.id,
        name: known.service.name().to_owned(),
        in_flight: known.in_flight(),
        max_concurrent: known.max_concurrent,
        routes: known
            .routes
            .iter()
            .map(|route| RouteInfo {
                host: route.host.as_ref().map(ToString::to_string),
                method: route.method.to_string(),
                pattern: route.pattern.text().to_owned(),
                idempotent: route.idempotent,
            })
            .collect(),
    }
}
