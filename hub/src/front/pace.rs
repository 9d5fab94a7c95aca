//! How a connection gets on: whether a request is under way, and the limits on time that
//! go with the answer.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::metrics::Metrics;
use crate::problem::Problem;

/// One connection's, shared by its socket, its requests and their responses.
#[derive(Debug)]
pub(super) struct Pace {
    started: Instant,
    /// Requests whose response is not through.
    busy: AtomicU32,
    /// When the last response was through, in microseconds from `started`.
    idle_since: AtomicU64,
    /// How far the response to the request that is under way is, as [`Said`].
    said: AtomicU8,
    /// For the response's head of the request that is under way.
    late: Mutex<Alarm>,
    /// Here so that a request need not count itself among those who hold it.
    metrics: Arc<Metrics>,
    /// What is wrong with what the client sends.
    refusal: Mutex<Option<Problem>>,
}

/// How far a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Said {
    /// It has not begun.
    Nothing,
    /// It has begun.
    Some,
    /// It has begun, and goes on in chunks.
    Chunks,
}

/// A request under way; to be kept until its response is through.
#[derive(Debug)]
pub(super) struct Busy {
    pace: Arc<Pace>,
    ends: Option<Instant>,
}

impl Pace {
    pub(super) fn new(metrics: Arc<Metrics>) -> Pace {
        Pace {
            started: Instant::now(),
            busy: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            said: AtomicU8::new(Said::Nothing as u8),
            late: Mutex::default(),
            metrics,
            refusal: Mutex::default(),
        }
    }

    /// A request begins.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        // Relaxed: all of a connection runs in one task at a time.
        self.busy.fetch_add(1, Ordering::Relaxed);
        self.said.store(Said::Nothing as u8, Ordering::Relaxed);
        Busy { pace: self.clone(), ends: None }
    }

    /// The response begins.
    pub(super) fn say(&self, said: Said) {
        // Relaxed: as above.
        self.said.store(said as u8, Ordering::Relaxed);
    }

    /// How far the response to the last request is.
    pub(super) fn said(&self) -> Said {
        // Relaxed: as above.
        match self.said.load(Ordering::Relaxed) {
            0 => Said::Nothing,
            1 => Said::Some,
            _ => Said::Chunks,
        }
    }

    /// Leaves a word for the handler about what the client sends.
    pub(super) fn refuse(&self, problem: Problem) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
    }

    /// What was wrong, if anything was.
    pub(super) fn refusal(&self) -> Option<Problem> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Since when nothing but a request's head is waited for; `None` while a request is
    /// under way.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        // Relaxed: as above.
        let idle = self.busy.load(Ordering::Relaxed) == 0;
        let since = Duration::from_micros(self.idle_since.load(Ordering::Relaxed));
        idle.then(|| self.started + since)
    }

    /// Ready once `due` is reached.
    pub(super) fn poll_late(&self, cx: &mut Context<'_>, due: Instant) -> Poll<()> {
        // Never contended: see `begin`.
        self.late.lock().unwrap_or_else(PoisonError::into_inner).poll_at(cx, due)
    }
}

impl Busy {
    pub(super) fn metrics(&self) -> &Metrics {
        &self.pace.metrics
    }

    /// It will be dropped now; spares a look at the clock.
    pub(super) fn ends_at(&mut self, now: Instant) {
        self.ends = Some(now);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let now = self.ends.unwrap_or_else(Instant::now);
        let since = now.saturating_duration_since(self.pace.started).as_micros();
        // Relaxed: see `begin`.
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.pace.idle_since.store(since, Ordering::Relaxed);
        self.pace.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
