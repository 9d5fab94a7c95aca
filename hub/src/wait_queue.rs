//! Where requests wait for a slot: bounded, first come first served.
//!
//! What callers may rely on:
//!
//! - Whoever frees something calls [`WaitQueue::call`]; when nobody waits, that is one
//!   fence and one load.
//! - Only the first in line is called. When it leaves, served or not, it calls the next,
//!   so that two slots freed at once serve two, one after the other.
//! - A newcomer that finds somebody waiting lines up, so nobody is overtaken by a
//!   request that came later.
//!
//! No call is lost: a waiter announces itself and then looks for a slot once more; who
//! frees a slot does so and then looks for waiters. A SeqCst fence stands between the two
//! steps on both sides, so one of them sees the other.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;

/// One line of waiting requests.
#[derive(Debug)]
pub(crate) struct WaitQueue {
    /// The length of `line`, readable without its lock.
    length: AtomicUsize,
    length_max: AtomicUsize,
    line: Mutex<VecDeque<Arc<Waiter>>>,
    /// How many wait here and in the lines beside it.
    crowd: Crowd,
}

/// How many wait in several lines. Whoever frees something that any of them may want looks
/// here first, so that it costs the same with one line and with a hundred.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crowd(Arc<AtomicUsize>);

#[derive(Debug)]
struct Waiter {
    since: Instant,
    called: AtomicBool,
    waker: AtomicWaker,
}

/// A place in the line; dropping it gives the place up.
#[derive(Debug)]
pub(crate) struct Turn {
    queue: Arc<WaitQueue>,
    waiter: Arc<Waiter>,
}

/// The line is as long as it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

impl WaitQueue {
    pub(crate) fn new(length_max: usize) -> WaitQueue {
        WaitQueue::among(length_max, Crowd::default())
    }

    /// One of several lines.
    pub(crate) fn among(length_max: usize, crowd: Crowd) -> WaitQueue {
        let length_max = AtomicUsize::new(length_max);
        WaitQueue { length: AtomicUsize::new(0), length_max, line: Mutex::default(), crowd }
    }

    /// How many may wait from here on. Who waits goes on.
    pub(crate) fn set_length_max(&self, length_max: usize) {
        // Relaxed: who misses it is judged by the limit of a moment ago.
        self.length_max.store(length_max, Ordering::Relaxed);
    }

    fn length_max(&self) -> usize {
        // Relaxed: see `set_length_max`.
        self.length_max.load(Ordering::Relaxed)
    }

    /// Whether nobody waits, so that a newcomer may take what it finds.
    pub(crate) fn is_empty(&self) -> bool {
        // Relaxed: a newcomer that misses a waiter is one that came at the same time.
        self.length.load(Ordering::Relaxed) == 0
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.length.load(Ordering::Relaxed)
    }

    /// How long the first in line has waited.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        if self.is_empty() {
            return None;
        }
        self.lock().front().map(|first| first.since.elapsed())
    }

    /// Lines up at the end. The first in line is called right away.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Turn, Full> {
        let (since, called, waker) = (Instant::now(), AtomicBool::default(), AtomicWaker::new());
        let waiter = Arc::new(Waiter { since, called, waker });
        let mut line = self.lock();
        if line.len() >= self.length_max() {
            return Err(Full);
        }
        waiter.called.store(line.is_empty(), Ordering::Relaxed);
        line.push_back(waiter.clone());
        self.length.store(line.len(), Ordering::Relaxed);
        self.crowd.0.fetch_add(1, Ordering::Relaxed);
        drop(line);
        // SYNC(wait.enter): pairs with the fence in `call`.
        fence(Ordering::SeqCst);
        Ok(Turn { queue: self.clone(), waiter })
    }

    /// Calls the first in line, if there is one: something may be free.
    pub(crate) fn call(&self) {
        // SYNC(wait.enter): pairs with the fence in `enter`; what was freed before is seen
        // by a waiter whose length is not seen here.
        fence(Ordering::SeqCst);
        if self.length.load(Ordering::Relaxed) > 0 {
            self.call_first();
        }
    }

    /// For whoever frees something that any of several lines may want: whether one of them is
    /// to be called, by [`call_now`](Self::call_now).
    pub(crate) fn call_needed(&self) -> bool {
        // SYNC(wait.enter): pairs with the fence in `enter`, as in `call`.
        fence(Ordering::SeqCst);
        self.crowd.0.load(Ordering::Relaxed) > 0
    }

    /// What [`call`](Self::call) does, after [`call_needed`](Self::call_needed).
    pub(crate) fn call_now(&self) {
        if self.length.load(Ordering::Relaxed) > 0 {
            self.call_first();
        }
    }

    /// Calls everybody: what they wait for has changed altogether.
    pub(crate) fn call_all(&self) {
        for waiter in self.lock().iter() {
            waiter.call();
        }
    }

    /// How long to stay away: 25 to 250 ms by how full the line is.
    pub(crate) fn retry_after(&self) -> Duration {
        let length_max = self.length_max();
        let length = self.len().min(length_max) as u64;
        Duration::from_millis(25 + 225 * length / length_max.max(1) as u64)
    }

    fn call_first(&self) {
        if let Some(first) = self.lock().front() {
            first.call();
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Waiter>>> {
        // Nothing that can panic runs under the lock.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    fn call(&self) {
        // SYNC(wait.call): Release; pairs with the Acquire in `Turn::called`.
        self.called.store(true, Ordering::Release);
        self.waker.wake();
    }
}

impl Turn {
    /// Waits to be called.
    pub(crate) async fn called(&self) {
        poll_fn(|cx| {
            self.waiter.waker.register(cx.waker());
            // SYNC(wait.call): Acquire; pairs with the Release in `Waiter::call`.
            if self.waiter.called.swap(false, Ordering::Acquire) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Hands the call to the next in line: what is free is of no use to this one.
    pub(crate) fn pass(&self) {
        let line = self.queue.lock();
        let own = line.iter().position(|other| Arc::ptr_eq(other, &self.waiter));
        if let Some(next) = own.and_then(|at| line.get(at + 1)) {
            next.call();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut line = self.queue.lock();
        if let Some(at) = line.iter().position(|other| Arc::ptr_eq(other, &self.waiter)) {
            line.remove(at);
            self.queue.length.store(line.len(), Ordering::Relaxed);
            self.queue.crowd.0.fetch_sub(1, Ordering::Relaxed);
            if at == 0
                && let Some(first) = line.front()
            {
                first.call();
            }
        }
    }
}

#[cfg(test)]
mod tests;
