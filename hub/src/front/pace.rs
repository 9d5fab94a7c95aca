//! How a connection gets on: whether a request is under way, and the limits on time that
//! go with the answer.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use crate::alarm::Alarm;

/// One connection's, shared by its socket, its requests and their responses.
#[derive(Debug)]
pub(super) struct Pace {
    started: Instant,
    /// Requests whose response is not through.
    busy: AtomicU32,
    /// When the last response was through, in microseconds from `started`.
    idle_since: AtomicU64,
    /// For the response's head of the request that is under way.
    late: Mutex<Alarm>,
}

/// A request under way; to be kept until its response is through.
#[derive(Debug)]
pub(super) struct Busy(Arc<Pace>);

impl Pace {
    pub(super) fn new() -> Pace {
        Pace {
            started: Instant::now(),
            busy: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            late: Mutex::default(),
        }
    }

    /// A request begins.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        // Relaxed: all of a connection runs in one task at a time.
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
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

impl Drop for Busy {
    fn drop(&mut self) {
        let since = self.0.started.elapsed().as_micros();
        // Relaxed: see `begin`.
        self.0.idle_since.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}
