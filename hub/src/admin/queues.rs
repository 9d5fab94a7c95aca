//! `/internal/queues`, and calls: `POST /queues/{namespace}/{queue}/{activity}`.

use std::sync::Arc;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use slotway_core::record::CALL_BYTES_MAX;

use crate::problem::{Kind, Problem};
use crate::queues::{Served, dispatch, http};
use crate::shared::Shared;

/// Where activities are called.
pub(super) const CALL: &str = "/queues/{namespace}/{queue}/{activity}";

#[derive(Serialize)]
struct Queues {
    queues: Vec<QueueInfo>,
}

#[derive(Serialize)]
struct QueueInfo {
    queue: String,
    /// Live workers that take from it.
    workers: usize,
    /// Activities that they take at a time, together.
    capacity: u64,
    /// Without an outcome yet.
    in_flight: u64,
    waiting: usize,
    waiting_max: usize,
    /// How long the one that has waited longest has; 0 when none waits.
    oldest_wait_ms: u64,
    accepted: u64,
    deferred: u64,
    rejected: u64,
    completed: u64,
    failed: u64,
    /// Those whose callers hung up.
    abandoned: u64,
    moved: u64,
    retried: u64,
    replayed: u64,
    activities: Vec<KindInfo>,
}

#[derive(Serialize)]
struct KindInfo {
    activity: String,
    workers: usize,
    waiting: usize,
}

impl QueueInfo {
    fn of(served: &Served) -> QueueInfo {
        let (queue, counts) = (&served.queue, &served.queue.counts);
        let kinds = served.kinds().map(|(name, kind)| KindInfo {
            activity: name.to_owned(),
            workers: kind.seats.len(),
            waiting: kind.line.len(),
        });
        let oldest = served.kinds().filter_map(|(_, kind)| kind.line.oldest()).max();
        QueueInfo {
            queue: queue.name().to_owned(),
            workers: served.workers,
            capacity: served.capacity,
            in_flight: counts.in_flight(),
            waiting: queue.waiting(),
            waiting_max: queue.waiting_max(),
            oldest_wait_ms: oldest.map_or(0, |wait| wait.as_millis() as u64),
            accepted: counts.accepted.get(),
            deferred: counts.deferred.get(),
            rejected: counts.rejected.get(),
            completed: counts.completed.get(),
            failed: counts.failed.get(),
            abandoned: counts.abandoned.get(),
            moved: counts.moved.get(),
            retried: counts.retried.get(),
            replayed: counts.replayed.get(),
            activities: kinds.collect(),
        }
    }
}

/// Answers a request for what is known of queues.
pub(super) async fn queues(State(shared): State<Arc<Shared>>) -> Response {
    let live = shared.registry.live_now();
    let mut queues: Vec<_> = live.queues.all().map(QueueInfo::of).collect();
    queues.sort_by(|a, b| a.queue.cmp(&b.queue));
    Json(Queues { queues }).into_response()
}

/// Has an activity done.
pub(super) async fn call(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let named = http::named(parts.uri.path())
        .ok_or_else(|| Problem::new(Kind::BadCall, "The path names no queue and activity."))?;
    let mut wanted = http::wanted(named, parts.uri.query(), &parts.headers)?;
    wanted.payload = to_bytes(body, CALL_BYTES_MAX).await.map_err(|error| {
        let detail =
            format!("The payload has more than {CALL_BYTES_MAX} bytes or broke off: {error}.");
        Problem::new(Kind::BodyTooLarge, detail)
    })?;
    http::response(dispatch(&shared, wanted).await)
}
