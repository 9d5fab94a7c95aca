//! How a connection gets on: whether a request is under way, and the limits on time that
//! go with the answer.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::metrics::Metrics;
use crate::problem::Problem;

/// One connection's, shared by its socket, its requests and their responses; and on a
/// connection with many requests at a time one more for each of them.
#[derive(Debug)]
pub(super) struct Pace {
    started: Instant,
    /// Requests whose response is not through.
    busy: AtomicU32,
    /// When the last response was through, in microseconds from `started`.
    idle_since: AtomicU64,
    /// How far the response to the request that is under way is, as [`Said`].
    said: AtomicU8,
    /// The last response had a map that hyper has for the next request and that is too large
    /// to be kept; what repeated names take of it, nobody can ask it.
    large_map: AtomicBool,
    /// For the response's head of the request that is under way.
    late: Mutex<Alarm>,
    /// Here so that a request need not count itself among those who hold it.
    metrics: Arc<Metrics>,
    /// For a stream of many on a connection; `None` where the connection's own pace says it
    /// all.
    offer: Option<Offer>,
    /// What is wrong with what the client sends.
    refusal: Mutex<Option<Problem>>,
    /// The client did not read for so long that it is not waited for any more.
    stalled: AtomicBool,
    /// The connection's, for a stream of many.
    connection: Option<Arc<Pace>>,
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
            large_map: AtomicBool::new(false),
            late: Mutex::default(),
            metrics,
            offer: None,
            refusal: Mutex::default(),
            stalled: AtomicBool::new(false),
            connection: None,
        }
    }

    /// For one stream of many on this connection.
    pub(super) fn of_stream(self: &Arc<Self>) -> Pace {
        let connection = Some(self.clone());
        Pace { offer: Some(Offer::new()), connection, ..Pace::new(self.metrics.clone()) }
    }

    /// The client did not read for too long: it is not waited for any more.
    pub(super) fn stall(&self) {
        // Relaxed: a word for those who end because of it.
        self.stalled.store(true, Ordering::Relaxed);
    }

    fn has_stalled(&self) -> bool {
        // Relaxed: as above.
        self.stalled.load(Ordering::Relaxed)
            || self.connection.as_ref().is_some_and(|connection| connection.has_stalled())
    }

    /// A request begins.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        // Relaxed: whoever reads it began it, or was woken because of it.
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

    pub(super) fn set_large_map(&self, large: bool) {
        // Relaxed: of one connection's requests, one after another.
        self.large_map.store(large, Ordering::Relaxed);
    }

    pub(super) fn has_large_map(&self) -> bool {
        // Relaxed: as above.
        self.large_map.load(Ordering::Relaxed)
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
        // SYNC(pace.idle): Acquire; pairs with the Release in Busy's drop. A request may
        // end in another task than its connection's, and its end is to be seen with it.
        let idle = self.busy.load(Ordering::Acquire) == 0;
        // Relaxed: see above.
        let since = Duration::from_micros(self.idle_since.load(Ordering::Relaxed));
        idle.then(|| self.started + since)
    }

    /// Since when a piece of the response waits for the client's window; only for a stream.
    pub(super) fn offered_since(&self) -> Option<Instant> {
        self.offer.as_ref()?.since()
    }

    fn micros(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.started).as_micros();
        u64::try_from(since).unwrap_or(u64::MAX)
    }

    /// Ready once `due` is reached.
    pub(super) fn poll_late(&self, cx: &mut Context<'_>, due: Instant) -> Poll<()> {
        // Never contended: a connection with several requests has one for each of them.
        self.late.lock().unwrap_or_else(PoisonError::into_inner).poll_at(cx, due)
    }
}

impl Busy {
    pub(super) fn metrics(&self) -> &Metrics {
        &self.pace.metrics
    }

    /// For the response that is one stream of many.
    pub(super) fn offer(&self) -> Option<&Offer> {
        self.pace.offer.as_ref()
    }

    /// Whether the client did not read for too long.
    pub(super) fn has_stalled(&self) -> bool {
        self.pace.has_stalled()
    }

    /// It will be dropped now; spares a look at the clock.
    pub(super) fn ends_at(&mut self, now: Instant) {
        self.ends = Some(now);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let now = self.ends.unwrap_or_else(Instant::now);
        // Relaxed: the next line publishes it. Of two requests that end at once the later
        // one may lose; it is a matter of microseconds.
        self.pace.idle_since.store(self.pace.micros(now), Ordering::Relaxed);
        // SYNC(pace.idle): Release; pairs with the Acquire in Pace::idle_since.
        self.pace.busy.fetch_sub(1, Ordering::Release);
    }
}

/// The piece of a stream's response that goes out as soon as the client lets it: whether
/// there is one, and since when.
#[derive(Debug)]
pub(super) struct Offer {
    started: Instant,
    /// In microseconds from `started`, or [`NOTHING`].
    since: AtomicU64,
}

/// Nothing waits for the client.
const NOTHING: u64 = u64::MAX;

impl Offer {
    fn new() -> Offer {
        Offer { started: Instant::now(), since: AtomicU64::new(NOTHING) }
    }

    /// The client has taken it.
    pub(super) fn taken(&self) {
        // Relaxed: a stream runs in one task at a time.
        self.since.store(NOTHING, Ordering::Relaxed);
    }

    /// It is there, as of now.
    pub(super) fn made(&self) {
        let since = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(NOTHING - 1);
        // Relaxed: as above.
        self.since.store(since, Ordering::Relaxed);
    }

    fn since(&self) -> Option<Instant> {
        // Relaxed: as above.
        let since = self.since.load(Ordering::Relaxed);
        (since != NOTHING).then(|| self.started + Duration::from_micros(since))
    }
}

/// The limit on a connection's rest between two requests, for a connection that is to be
/// told so.
#[derive(Debug)]
pub(super) struct Rest {
    pace: Arc<Pace>,
    limit: Duration,
    alarm: Alarm,
}

impl Rest {
    pub(super) fn new(pace: Arc<Pace>, limit: Duration) -> Rest {
        Rest { pace, limit, alarm: Alarm::default() }
    }

    /// Ready: nothing was under way for that long. Looks again now and then also while
    /// something is, because a request that ends in its own task wakes nobody.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let since = self.pace.idle_since();
            let due = since.unwrap_or_else(Instant::now) + self.limit;
            match self.alarm.poll_at(cx, due) {
                Poll::Ready(()) if since.is_some() => return Poll::Ready(()),
                Poll::Ready(()) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
