//! A choice of the embedding program's own, kept from doing harm.
//!
//! It runs on a thread of its own, so that one that takes its time, or never comes back, holds
//! up no request. One that panics, or exceeds its time, is reported, and the default choice is
//! made in its place; until a late one has come back nobody else is sent to it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tracing::warn;

use super::Wanted;
use crate::shared::Shared;

/// An activity, and the workers that could have it now.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Candidates {
    /// `namespace/queue`.
    pub queue: String,
    /// The activity's type.
    pub activity: String,
    /// Bytes of its payload.
    pub bytes: usize,
    /// Live workers that take it and have room, at least one.
    pub workers: Vec<Candidate>,
}

/// A worker that could have an activity.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Candidate {
    /// The hub's number for it.
    pub worker: u64,
    /// The name that it is registered under.
    pub name: String,
    /// Activities of the queue in its hands.
    pub in_flight: u32,
    /// Those that it takes at most.
    pub capacity: u32,
}

/// Chooses one of the workers, by its place in the list; `None` leaves it to the hub.
type Choice = dyn FnMut(&Candidates) -> Option<usize> + Send;

type Ask = (Candidates, oneshot::Sender<Option<u64>>);

/// The thread that chooses.
#[derive(Debug)]
pub(crate) struct Picker {
    asks: SyncSender<Ask>,
    budget: Duration,
    /// Choices that the hub had to make itself: because of a panic, and because of the time.
    pub(crate) panicked: std::sync::Arc<AtomicU64>,
    pub(crate) late: AtomicU64,
    reported: Mutex<Option<Instant>>,
}

/// Reports are this far apart at least.
const BETWEEN_REPORTS: Duration = Duration::from_secs(1);

impl Picker {
    /// `budget`: how long one choice may take.
    pub(crate) fn start(mut choice: Box<Choice>, budget: Duration) -> std::io::Result<Picker> {
        // One that is asked while another waits would be late anyway.
        let (asks, asked) = sync_channel::<Ask>(1);
        let panicked = std::sync::Arc::new(AtomicU64::new(0));
        let count = panicked.clone();
        std::thread::Builder::new().name("slotway-pick".to_owned()).spawn(move || {
            while let Ok((candidates, answer)) = asked.recv() {
                // What a choice that panics leaves behind is its own.
                let chosen = catch_unwind(AssertUnwindSafe(|| choice(&candidates)));
                let chosen = chosen.unwrap_or_else(|_| {
                    // Relaxed: a number for people.
                    count.fetch_add(1, Ordering::Relaxed);
                    None
                });
                let worker = chosen.and_then(|at| candidates.workers.get(at));
                // Whoever asked may have chosen otherwise meanwhile.
                let _ = answer.send(worker.map(|candidate| candidate.worker));
            }
        })?;
        let (late, reported) = Default::default();
        Ok(Picker { asks, budget, panicked, late, reported })
    }

    /// The worker that is to be tried first, by the hub's number.
    pub(super) async fn ask(&self, shared: &Shared, wanted: &Wanted) -> Option<u64> {
        let candidates = candidates(shared, wanted)?;
        // Relaxed: a number that is compared with itself.
        let before = self.panicked.load(Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let chosen = match self.asks.try_send((candidates, answer)) {
            Ok(()) => timeout(self.budget, answered).await.ok().and_then(Result::ok),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => None,
        };
        if chosen.is_none() {
            // Relaxed: as above.
            self.late.fetch_add(1, Ordering::Relaxed);
            self.report("took too long");
        } else if self.panicked.load(Ordering::Relaxed) != before {
            self.report("panicked");
        }
        chosen.flatten()
    }

    fn report(&self, what: &str) {
        let mut reported = self.lock();
        let now = Instant::now();
        if reported.is_none_or(|last| now - last >= BETWEEN_REPORTS) {
            *reported = Some(now);
            let late = self.late.load(Ordering::Relaxed);
            let panicked = self.panicked.load(Ordering::Relaxed);
            warn!(late, panicked, "the program's own choice of a worker {what}; the hub chose");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who could have it; `None` without a choice.
fn candidates(shared: &Shared, wanted: &Wanted) -> Option<Candidates> {
    let live = shared.registry.live();
    let kind = live.queues.get(&wanted.queue)?.kind(&wanted.kind)?;
    let workers: Vec<_> = kind
        .seats
        .iter()
        .filter(|seat| seat.registration.instance.is_live())
        .map(|seat| Candidate {
            worker: seat.registration.instance.who.id,
            name: seat.registration.service.name().to_owned(),
            in_flight: seat.share().in_flight(),
            capacity: seat.share().capacity,
        })
        .filter(|candidate| candidate.in_flight < candidate.capacity)
        .collect();
    (workers.len() > 1).then(|| Candidates {
        queue: wanted.queue.to_string(),
        activity: wanted.kind.to_string(),
        bytes: wanted.payload.len(),
        workers,
    })
}
