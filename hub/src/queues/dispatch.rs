//! From a call to its one outcome.

use std::sync::Arc;
use std::time::Duration;

use slotway_core::control::{check_activity, check_event_text, check_queue};
use slotway_core::record::{CALL_BYTES_MAX, CallEnd};
use tokio::time::{Instant, sleep_until};

use super::activity::Held;
use super::attempt::{Attempt, Subject, attempt};
use super::bands::Band;
use super::counts::Counted;
use super::keys::{Entered, Key};
use super::line::{NoSeat, Tried, find, seat};
use super::{Outcome, Queue, Wanted};
use crate::exchange::Upload;
use crate::shared::Shared;

/// The exponent of two for the pause between attempts grows no further than this.
const EXPONENT_MAX: u32 = 20;

/// Has an activity done. Whoever drops this hangs up.
pub(crate) async fn dispatch(shared: &Shared, mut wanted: Wanted) -> Outcome {
    let begun = Instant::now();
    if let Err(reason) = check(&wanted) {
        return Outcome::failed(CallEnd::BadCall, reason);
    }
    if shared.is_draining() {
        return Outcome::failed(CallEnd::ShuttingDown, "the hub shuts down");
    }
    let queue = match find(shared, &wanted) {
        Ok(queue) => queue,
        Err(NoSeat { end, reason }) => return Outcome::failed(end, reason),
    };
    let due = {
        let config = &shared.config().queues;
        let timeout = wanted.timeout.unwrap_or(config.timeout).min(config.timeout_max);
        begun.checked_add(timeout).unwrap_or(begun + Duration::from_secs(86_400))
    };
    let held = wanted.held.take();
    let held = held.or_else(|| Held::take(&shared.activities, wanted.payload.len()));
    let Some(_held) = held else {
        let reason = "the hub holds as many bytes of activities as it may";
        let mut outcome = Outcome::failed(CallEnd::QueueFull, reason);
        outcome.band = Some(Band::Reject(queue.hint()));
        queue.counts.rejected.add_one();
        return outcome;
    };
    let Some(key) = &wanted.key else {
        return run(shared, &queue, &wanted, due).await;
    };
    let key = Key::of(&wanted, key);
    loop {
        match shared.keys.enter(&key) {
            Entered::Mine(running) => {
                let outcome = run(shared, &queue, &wanted, due).await;
                running.settle(&outcome, shared.config().queues.keys());
                return outcome;
            }
            Entered::Done(outcome) => {
                queue.counts.replayed.add_one();
                return Outcome { replayed: true, ..outcome };
            }
            Entered::Reused => {
                let reason = "the key was used for another payload; use another key";
                return Outcome::failed(CallEnd::KeyReused, reason);
            }
            Entered::Running(over) => {
                if tokio::time::timeout_at(due, over.wait()).await.is_err() {
                    let reason = "an activity with the same key was not done in time";
                    return Outcome::failed(CallEnd::Deadline, reason);
                }
            }
        }
    }
}

fn check(wanted: &Wanted) -> Result<(), String> {
    let Wanted { queue, kind, payload, .. } = wanted;
    check_queue(queue).map_err(|error| format!("the queue {queue:?} {error}"))?;
    check_activity(kind).map_err(|error| format!("the activity {kind:?} {error}"))?;
    let key = wanted.key.as_deref().unwrap_or("key");
    for (what, text) in [("content type", &*wanted.content_type), ("key", key)] {
        check_event_text(text).map_err(|problem| format!("the call's {what} {problem}"))?;
    }
    if key.is_empty() {
        return Err("the call's key is empty; leave it out, or give one".to_owned());
    }
    if payload.len() > CALL_BYTES_MAX {
        let length = payload.len();
        return Err(format!("the payload has {length} bytes; it may have {CALL_BYTES_MAX}"));
    }
    Ok(())
}

/// Goes through the attempts.
async fn run(shared: &Shared, queue: &Arc<Queue>, wanted: &Wanted, due: Instant) -> Outcome {
    let counted = Counted::begin(&queue.counts);
    let mut tried = Tried::default();
    let id = shared.next_activity();
    let (mut outcome, begun) = attempts(shared, queue, wanted, due, id, &mut tried).await;
    (outcome.attempts, outcome.band, outcome.id) = (begun, tried.band, id);
    let taken_on = !matches!(tried.band, None | Some(Band::Reject(_)));
    if !taken_on {
        counted.reject();
    } else {
        counted.settle(outcome.is_success());
    }
    outcome
}

/// The outcome, and how often it was begun.
async fn attempts(
    shared: &Shared,
    queue: &Queue,
    wanted: &Wanted,
    due: Instant,
    id: u64,
    tried: &mut Tried,
) -> (Outcome, u16) {
    let attempts_max = if wanted.idempotent { wanted.attempts.max(1) } else { 1 };
    let mut begun = 0;
    let mut upload = Upload::whole(wanted.payload.clone());
    loop {
        let (exchange, seat) = match seat(shared, queue, wanted, due, tried).await {
            Ok(found) => found,
            Err(NoSeat { end, reason }) => return (Outcome::failed(end, reason), begun),
        };
        let worker = exchange.instance().who.id;
        let subject = Subject { wanted, id, number: begun + 1, due };
        let ended = attempt(shared, subject, exchange, &seat, &mut upload).await;
        let outcome = match ended {
            // Neither was it begun: another worker may have it.
            Attempt::Unseen => {
                queue.counts.moved.add_one();
                continue;
            }
            Attempt::Busy => {
                queue.counts.moved.add_one();
                tried.busy.push(worker);
                continue;
            }
            Attempt::Answered { status, content_type, body, held } => {
                let mut outcome = Outcome::failed(CallEnd::Answered, "");
                (outcome.status, outcome.content_type) = (status, content_type);
                (outcome.body, outcome.held) = (body, Some(Arc::new(held)));
                outcome
            }
            Attempt::Lost => {
                let reason = format!("worker {worker} ended while it had the activity");
                Outcome::failed(CallEnd::WorkerGone, reason)
            }
            Attempt::Late => {
                let reason = format!("worker {worker} did not answer in time");
                Outcome::failed(CallEnd::Deadline, reason)
            }
            Attempt::Bad(reason) => Outcome::failed(CallEnd::BadAnswer, reason),
            Attempt::NoMemory(reason) => Outcome::failed(CallEnd::NoMemory, reason),
        };
        begun += 1;
        if begun >= attempts_max || !may_pass(&outcome) {
            return (outcome, begun);
        }
        let pause = wanted.backoff.saturating_mul(1 << u32::from(begun - 1).min(EXPONENT_MAX));
        let next = Instant::now().checked_add(pause).filter(|&next| next < due);
        let Some(next) = next else { return (outcome, begun) };
        drop(outcome);
        sleep_until(next).await;
        queue.counts.retried.add_one();
    }
}

/// Whether another attempt may end better.
fn may_pass(outcome: &Outcome) -> bool {
    match outcome.end {
        CallEnd::WorkerGone => true,
        CallEnd::Answered => outcome.status >= 500,
        _ => false,
    }
}
