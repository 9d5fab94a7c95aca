//! Observers that are called in the order of publishing, by whoever publishes.
//!
//! Events for them are queued while the bus's lock is held and drained when it is free, by
//! one thread at a time; so an observer may publish, subscribe and unsubscribe from inside,
//! itself too. Who publishes while another drains leaves its event to that one.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::Event;
use super::state::lock;

type Callback = dyn Fn(&Event) + Send + Sync;

/// One observer.
pub(super) struct Watcher {
    callback: Box<Callback>,
    left: AtomicBool,
}

/// What waits for observers.
#[derive(Debug)]
pub(super) struct Backlog {
    /// The length of the line, readable without its lock.
    length: AtomicUsize,
    line: Mutex<Line>,
    max: usize,
    passed_by: AtomicU64,
    panics: AtomicU64,
}

#[derive(Debug, Default)]
struct Line {
    events: VecDeque<(Event, Arc<Watcher>)>,
    /// Somebody drains.
    drained: bool,
}

impl Watcher {
    pub(super) fn new(callback: impl Fn(&Event) + Send + Sync + 'static) -> Watcher {
        Watcher { callback: Box::new(callback), left: AtomicBool::new(false) }
    }

    /// From here on it is not called; a call that has begun goes on.
    pub(super) fn leave(&self) {
        // Relaxed: whoever drains sees it or is a call that has begun.
        self.left.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Backlog {
    pub(super) fn new(max: usize) -> Backlog {
        Backlog {
            length: AtomicUsize::new(0),
            line: Mutex::default(),
            max: max.max(1),
            passed_by: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }

    /// Queues an event for an observer, in the order of the bus's lock.
    pub(super) fn push(&self, event: &Event, watcher: &Arc<Watcher>) {
        let mut line = lock(&self.line);
        if line.events.len() < self.max {
            line.events.push_back((event.clone(), watcher.clone()));
            // Relaxed: who pushed looks at it himself, later.
            self.length.store(line.events.len(), Ordering::Relaxed);
        } else {
            self.passed_by.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Calls observers until nothing waits, unless somebody does so already.
    pub(super) fn drain(&self) {
        // Relaxed: what this thread has pushed it sees.
        if self.length.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut line = lock(&self.line);
        if std::mem::replace(&mut line.drained, true) {
            return;
        }
        while let Some((event, watcher)) = line.events.pop_front() {
            self.length.store(line.events.len(), Ordering::Relaxed);
            drop(line);
            self.call(&event, &watcher);
            drop((event, watcher));
            line = lock(&self.line);
        }
        line.drained = false;
    }

    fn call(&self, event: &Event, watcher: &Watcher) {
        // Relaxed: see `leave`.
        if watcher.left.load(Ordering::Relaxed) {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| (watcher.callback)(event))).is_err() {
            self.panics.fetch_add(1, Ordering::Relaxed);
            tracing::error!(topic = event.topic(), "an observer of the event bus panicked");
        }
    }

    /// Events that passed observers by, and panics of theirs.
    pub(super) fn harm(&self) -> (u64, u64) {
        (self.passed_by.load(Ordering::Relaxed), self.panics.load(Ordering::Relaxed))
    }
}
