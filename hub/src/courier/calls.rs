//! What a worker calls: each call is a task, from its record in the outbox to that of its
//! outcome in the inbox.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use slotway_core::record::{self, CallEnd};
use tokio::task::AbortHandle;

use super::inbox::{Load, send};
use crate::instance::Instance;
use crate::queues::{Band, Outcome, Wanted, dispatch};
use crate::shared::Shared;

/// How long a worker is to stay away that has as many calls under way as it may.
const TOO_MANY: Duration = Duration::from_millis(250);

/// One worker's calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// By the worker's own numbers. `None`: its outcome is being told.
    under_way: Mutex<HashMap<u32, Option<AbortHandle>>>,
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Option<AbortHandle>>> {
        // Nothing that can panic runs under the lock.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has an activity done that a worker calls.
pub(super) fn call(shared: &Arc<Shared>, instance: &Arc<Instance>, asked: &record::Call<'_>) {
    let ticket = asked.ticket;
    let wanted = Wanted {
        queue: asked.queue.into(),
        kind: asked.activity.into(),
        content_type: asked.content_type.into(),
        payload: Bytes::copy_from_slice(asked.payload),
        timeout: (asked.timeout_ms > 0).then(|| Duration::from_millis(asked.timeout_ms.into())),
        attempts: asked.attempts,
        backoff: Duration::from_millis(asked.backoff_ms.into()),
        idempotent: asked.idempotent,
        key: asked.key.map(Into::into),
        held: None,
    };
    let most = shared.config().queues.calls;
    let mut under_way = instance.courier().calls.lock();
    let count = under_way.len();
    let refused = match under_way.entry(ticket) {
        Entry::Occupied(_) => {
            let reason = format!("a call with the number {ticket} is under way");
            Outcome::failed(CallEnd::BadCall, reason)
        }
        Entry::Vacant(_) if count >= most => {
            let reason = format!("the worker has {count} calls under way, as many as it may have");
            let mut outcome = Outcome::failed(CallEnd::QueueFull, reason);
            outcome.band = Some(Band::Reject(TOO_MANY));
            outcome
        }
        Entry::Vacant(vacant) => {
            let (shared, instance) = (shared.clone(), instance.clone());
            let task = tokio::spawn(async move {
                let outcome = dispatch(&shared, wanted).await;
                // Half an outcome is none: from here on nobody ends this task.
                instance.courier().calls.lock().insert(ticket, None);
                tell(&instance, ticket, &outcome).await;
                instance.courier().calls.lock().remove(&ticket);
            });
            vacant.insert(Some(task.abort_handle()));
            return;
        }
    };
    drop(under_way);
    let instance = instance.clone();
    tokio::spawn(async move { tell(&instance, ticket, &refused).await });
}

/// Nobody waits for the outcome any more.
pub(super) fn hang_up(instance: &Instance, asked: record::HangUp) {
    let mut under_way = instance.courier().calls.lock();
    if let Some(Some(task)) = under_way.get(&asked.ticket) {
        task.abort();
        under_way.remove(&asked.ticket);
    }
}

/// The worker is gone, and with it whoever waited.
pub(super) fn hang_up_all(instance: &Instance) {
    for task in instance.courier().calls.lock().drain().filter_map(|(_, task)| task) {
        task.abort();
    }
}

/// Tells the worker what became of a call.
async fn tell(instance: &Instance, ticket: u32, outcome: &Outcome) {
    let hint = outcome.band.and_then(Band::hint).unwrap_or_default();
    let said = record::Outcome {
        ticket,
        end: outcome.end,
        status: outcome.status,
        attempts: outcome.attempts,
        hint_ms: u32::try_from(hint.as_millis()).unwrap_or(u32::MAX),
        replayed: outcome.replayed,
        content_type: &outcome.content_type,
        body: &outcome.body,
    };
    let mut bytes = Vec::with_capacity(said.length().unwrap_or(0));
    // Both parts were bounded where they came from.
    if said.encode(|piece| bytes.extend_from_slice(piece)).is_ok() {
        // A worker that is gone wants to hear nothing.
        let _ = send(instance, Load::Record(&bytes)).await;
    }
}
