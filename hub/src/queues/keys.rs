//! What was done for a caller's key, so that it is not done twice.
//!
//! Of each key the store knows that somebody is at it, or its outcome; the outcome for a
//! while, and as many and as much of them as the configuration allows, the oldest going
//! first. Only answers are outcomes to keep: what ended without one may be tried again.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use slotway_core::record::CallEnd;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Outcome, Wanted};

/// What is kept.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    state: Mutex<State>,
    hasher: RandomState,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) time: Duration,
    pub(crate) count: usize,
    pub(crate) bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<Box<str>, Entry>,
    /// Those that are done, oldest first.
    done: VecDeque<(Instant, Box<str>)>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    /// Of the payload and its type.
    fingerprint: u64,
    outcome: Result<Outcome, Arc<Over>>,
}

/// A key of one queue and one type.
#[derive(Debug)]
pub(super) struct Key<'w> {
    name: Box<str>,
    wanted: &'w Wanted,
}

impl<'w> Key<'w> {
    pub(super) fn of(wanted: &'w Wanted, key: &str) -> Key<'w> {
        // Neither of the first two holds a blank.
        Key { name: format!("{} {} {key}", wanted.queue, wanted.kind).into(), wanted }
    }
}

/// Told when an activity is over.
#[derive(Debug, Default)]
pub(super) struct Over {
    told: Notify,
    over: std::sync::atomic::AtomicBool,
}

impl Over {
    pub(super) async fn wait(&self) {
        let told = self.told.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        // Relaxed: the store's lock orders what is looked at next.
        if !self.over.load(std::sync::atomic::Ordering::Relaxed) {
            told.await;
        }
    }

    fn tell(&self) {
        // Relaxed: as above.
        self.over.store(true, std::sync::atomic::Ordering::Relaxed);
        self.told.notify_waiters();
    }
}

/// What is known of a key.
pub(super) enum Entered<'k> {
    /// Nothing: it is the caller's to do.
    Mine(Running<'k>),
    /// Somebody is at it.
    Running(Arc<Over>),
    /// What came of it.
    Done(Outcome),
    /// It was for something else.
    Reused,
}

/// An activity that is being done for its key; dropped without an outcome it was not.
pub(super) struct Running<'k> {
    keys: &'k Keys,
    name: Option<Box<str>>,
}

impl Keys {
    pub(super) fn enter(&self, key: &Key<'_>) -> Entered<'_> {
        let Wanted { content_type, payload, .. } = key.wanted;
        let fingerprint = self.hasher.hash_one((content_type, payload));
        let mut state = self.lock();
        state.forget_before(Instant::now());
        match state.entries.get(&key.name) {
            Some(entry) if entry.fingerprint != fingerprint => Entered::Reused,
            Some(Entry { outcome: Ok(outcome), .. }) => Entered::Done(outcome.clone()),
            Some(Entry { outcome: Err(over), .. }) => Entered::Running(over.clone()),
            None => {
                let outcome = Err(Arc::default());
                state.entries.insert(key.name.clone(), Entry { fingerprint, outcome });
                Entered::Mine(Running { keys: self, name: Some(key.name.clone()) })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what came of it, or forgets that somebody was at it.
    fn settle(&self, name: Box<str>, outcome: Option<(Outcome, Kept)>) {
        let mut state = self.lock();
        let state = &mut *state;
        let Some(entry) = state.entries.get_mut(&name) else { return };
        let running = match outcome {
            Some((outcome, kept)) => {
                state.bytes += outcome.body.len();
                let running = std::mem::replace(&mut entry.outcome, Ok(outcome));
                let until = Instant::now().checked_add(kept.time);
                state.done.push_back((until.unwrap_or_else(Instant::now), name));
                state.shrink(kept);
                running
            }
            None => state.entries.remove(&name).map_or_else(|| Err(Arc::default()), |e| e.outcome),
        };
        if let Err(over) = running {
            over.tell();
        }
    }
}

impl State {
    fn forget_before(&mut self, now: Instant) {
        while self.done.front().is_some_and(|(until, _)| *until <= now) {
            self.forget_oldest();
        }
    }

    fn shrink(&mut self, kept: Kept) {
        while self.done.len() > kept.count || (self.bytes > kept.bytes && !self.done.is_empty()) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((_, name)) = self.done.pop_front() else { return };
        if let Some(Entry { outcome: Ok(outcome), .. }) = self.entries.remove(&name) {
            self.bytes -= outcome.body.len();
        }
    }
}

impl Running<'_> {
    /// Keeps what came of it, if it is worth it.
    pub(super) fn settle(mut self, outcome: &Outcome, kept: Kept) {
        if outcome.end == CallEnd::Answered
            && let Some(name) = self.name.take()
        {
            // What is kept counts against the store's own bound.
            let outcome = Outcome { held: None, ..outcome.clone() };
            self.keys.settle(name, Some((outcome, kept)));
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.keys.settle(name, None);
        }
    }
}

#[cfg(test)]
mod tests;
