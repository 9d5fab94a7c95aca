//! `/internal/workers`: who is connected and serves what, and who left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::departures::Departure;
use crate::instance::{Instance, Registration, Share, Standing};
use crate::shared::Shared;

#[derive(Serialize)]
struct Workers {
    workers: Vec<WorkerInfo>,
    /// How many have left, by reason.
    departures: BTreeMap<&'static str, u64>,
    /// The last of those, newest first.
    departed: Vec<DepartureInfo>,
}

#[derive(Serialize)]
struct DepartureInfo {
    /// Milliseconds since 1970.
    at_ms: u64,
    id: u64,
    pid: Option<u32>,
    names: Vec<String>,
    reason: &'static str,
    /// Whether the hub ended it for what it did or failed to do.
    evicted: bool,
    detail: String,
}

#[derive(Serialize)]
struct WorkerInfo {
    id: u64,
    pid: Option<u32>,
    uid: u32,
    sdk: String,
    generation: u64,
    /// What whoever started the process calls it.
    instance: Option<String>,
    standing: &'static str,
    in_flight: u32,
    /// Probes that it has missed in a row.
    probe_misses: u32,
    region_bytes: u64,
    registrations: Vec<RegistrationInfo>,
}

#[derive(Serialize)]
struct RegistrationInfo {
    id: u32,
    name: String,
    /// The name and which of it.
    identity: String,
    in_flight: u32,
    max_concurrent: u32,
    /// Exchanges that have ended, however they did.
    ended: u64,
    /// It takes nothing new.
    closing: bool,
    routes: Vec<RouteInfo>,
    queues: Vec<ShareInfo>,
}

/// What it takes from one queue.
#[derive(Serialize)]
struct ShareInfo {
    queue: String,
    activities: Vec<String>,
    capacity: u32,
    in_flight: u32,
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
    let counts = shared.departures.counts();
    let departures = counts.map(|(reason, count)| (reason.name(), count)).collect();
    let departed = shared.departures.last().into_iter().map(describe_departure).collect();
    Json(Workers { workers, departures, departed }).into_response()
}

fn describe_departure(departure: Departure) -> DepartureInfo {
    let Departure { at, worker, pid, names, reason, detail } = departure;
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    DepartureInfo {
        at_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        id: worker,
        pid,
        names,
        reason: reason.name(),
        evicted: reason.is_eviction(),
        detail,
    }
}

fn describe(instance: &Instance, registrations: &[Arc<Registration>]) -> WorkerInfo {
    WorkerInfo {
        id: instance.who.id,
        pid: instance.who.pid,
        uid: instance.who.uid,
        sdk: instance.who.sdk.clone(),
        generation: instance.who.generation,
        instance: instance.who.label.clone(),
        standing: match instance.standing() {
            Standing::Live => "live",
            Standing::Draining => "draining",
            Standing::Dead => "dead",
        },
        in_flight: instance.in_flight(),
        probe_misses: instance.misses(),
        region_bytes: instance.region().length(),
        registrations: registrations.iter().map(|known| describe_registration(known)).collect(),
    }
}

fn describe_share(share: &Share) -> ShareInfo {
    ShareInfo {
        queue: share.queue.name().to_owned(),
        activities: share.activities.iter().map(|(name, _)| name.to_string()).collect(),
        capacity: share.capacity,
        in_flight: share.in_flight(),
    }
}

fn describe_registration(known: &Registration) -> RegistrationInfo {
    RegistrationInfo {
        id: known.id,
        name: known.service.name().to_owned(),
        identity: known.identity.as_str().to_owned(),
        in_flight: known.in_flight(),
        max_concurrent: known.max_concurrent,
        ended: known.ended(),
        closing: known.is_closing(),
        queues: known.shares.iter().map(describe_share).collect(),
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
