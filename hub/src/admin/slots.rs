//! `/internal/slots`: what the slots of each worker are used for.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use slotway_core::hub::SlotCounts;
use tokio::time::Instant;

use crate::shared::Shared;

#[derive(Serialize)]
struct Slots {
    workers: Vec<WorkerSlots>,
    total: Counts,
    /// Requests that wait for a slot, by name.
    waiting: BTreeMap<String, usize>,
}

#[derive(Serialize)]
struct WorkerSlots {
    id: u64,
    pid: Option<u32>,
    names: Vec<String>,
    /// For how long the slot that was taken first, of those in use, has been in use, in
    /// milliseconds.
    oldest_ms: Option<u64>,
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

/// Answers a request for it.
pub(super) async fn slots(State(shared): State<Arc<Shared>>) -> Response {
    let live = shared.registry.live();
    let now_ns = shared.metrics.clock_ns(Instant::now());
    let mut total = Counts::default();
    let mut waiting = BTreeMap::new();
    let mut workers = Vec::new();
    for (instance, registrations) in &live.workers {
        let counts = Counts::from(instance.counts());
        total.add(counts);
        for known in registrations {
            waiting.insert(known.service.name().to_owned(), known.service.queue.len());
        }
        let names = registrations.iter().map(|known| known.service.name().to_owned());
        let oldest_ms = instance.oldest(now_ns).map(|age_ns| age_ns / 1_000_000);
        let (id, pid) = instance.who.ids();
        workers.push(WorkerSlots { id, pid, names: names.collect(), oldest_ms, counts });
    }
    Json(Slots { workers, total, waiting }).into_response()
}
