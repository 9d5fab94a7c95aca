//! The admin surface: a Unix socket of its own, so that nothing of it is within reach of
//! the public port.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use serde::Serialize;
use slotway_core::hub::SlotCounts;

use crate::health;
use crate::instance::{Instance, Registration, Standing};
use crate::problem::{Kind, Problem};
use crate::shared::Shared;

/// The routes.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/internal/workers", get(workers))
        .route("/internal/slots", get(slots))
        .route(health::PATH, any(health))
        .fallback(nothing)
        .with_state(shared)
}

async fn health(State(shared): State<Arc<Shared>>, method: Method) -> Response {
    health::answer(&shared, &method)
}

async fn nothing(uri: Uri) -> Problem {
    Problem::new(Kind::NoRoute, format!("The admin surface has no {}.", uri.path()))
}

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
    method: String,
    pattern: String,
    idempotent: bool,
}

async fn workers(State(shared): State<Arc<Shared>>) -> Response {
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
                method: route.method.to_string(),
                pattern: route.pattern.text().to_owned(),
                idempotent: route.idempotent,
            })
            .collect(),
    }
}

#[derive(Serialize)]
struct Slots {
    workers: Vec<WorkerSlots>,
    total: Counts,
    /// Requests that wait for a slot, by name.
    waiting: std::collections::BTreeMap<String, usize>,
}

#[derive(Serialize)]
struct WorkerSlots {
    id: u64,
    pid: Option<u32>,
    names: Vec<String>,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Counts {
    slots: u32,
    free: u32,
    writing: u32,
    ready: u32,
    claimed: u32,
    done: u32,
    abandoned: u32,
}

impl From<SlotCounts> for Counts {
    fn from(counts: SlotCounts) -> Counts {
        let SlotCounts { free, writing, ready, claimed, done, abandoned } = counts;
        let slots = free + writing + ready + claimed + done + abandoned;
        Counts { slots, free, writing, ready, claimed, done, abandoned }
    }
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.slots += other.slots;
        self.free += other.free;
        self.writing += other.writing;
        self.ready += other.ready;
        self.claimed += other.claimed;
        self.done += other.done;
        self.abandoned += other.abandoned;
    }
}

async fn slots(State(shared): State<Arc<Shared>>) -> Response {
    let live = shared.registry.live();
    let mut total = Counts::default();
    let mut waiting = std::collections::BTreeMap::new();
    let mut workers = Vec::new();
    for (instance, registrations) in &live.workers {
        let counts = Counts::from(instance.counts());
        total.add(counts);
        for known in registrations {
            waiting.insert(known.service.name().to_owned(), known.service.queue.len());
        }
        let names = registrations.iter().map(|known| known.service.name().to_owned());
        let (id, pid) = instance.who.ids();
        workers.push(WorkerSlots { id, pid, names: names.collect(), counts });
    }
    Json(Slots { workers, total, waiting }).into_response()
}
