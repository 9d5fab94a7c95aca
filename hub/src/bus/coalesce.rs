//! Many updates of one thing made few: of those in a window only the latest is published.
//!
//! What callers may rely on:
//!
//! - The first update of a key opens a window; when it ends, the latest update is published,
//!   lossily. Updates of one key are published in order.
//! - A key ends with exactly one terminal event, which is must-deliver. What is pending is
//!   published before it, whatever is left of the window; a publish under way is waited for.
//! - A key that is dropped without an end, because whoever had it was cancelled, ends with
//!   the event that was given for this when it was opened.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::bus::{Bus, Published};
use super::draft::Draft;
use super::must::Waiting;
use super::refusal::Refusal;
use super::state::lock;

/// How long a window is, unless it is said otherwise.
pub const WINDOW: Duration = Duration::from_millis(33);

/// Coalesces updates by key. Its keys keep it alive.
#[derive(Debug)]
pub struct Coalescer {
    inner: Arc<Inner>,
}

/// A key that was opened and has not ended.
#[derive(Debug)]
pub struct Key {
    inner: Arc<Inner>,
    entry: Arc<Entry>,
}

/// Why a key did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyProblem {
    /// It is open already.
    Open(String),
    /// It has ended: its terminal event has been published.
    Ended(String),
    /// The bus refused the event. The key has not ended by it.
    Refused(Refusal),
}

#[derive(Debug)]
struct Inner {
    bus: Bus,
    window: Duration,
    open: Mutex<HashSet<Arc<str>>>,
    due: Arc<Due>,
    runtime: Handle,
    task: JoinHandle<()>,
}

/// Whose window ends when. All are equally long, so the first is always the next.
#[derive(Debug, Default)]
struct Due {
    line: Mutex<VecDeque<(Instant, Weak<Entry>)>>,
    /// There is a first one.
    filled: Notify,
}

#[derive(Debug)]
struct Entry {
    bus: Bus,
    name: Arc<str>,
    /// Held while something is published, so that who comes then waits for it.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The latest update in a window that is open.
    pending: Option<Draft<'static>>,
    /// When that window ends. One that was opened before a flush counts no more.
    ends: Option<Instant>,
    /// The terminal event of a key that is dropped; gone once it has ended.
    if_dropped: Option<Draft<'static>>,
}

impl Coalescer {
    /// A coalescer with a window, [`WINDOW`] for instance.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time: a task ends the windows. It ends with the
    /// coalescer and its keys, or when the bus is shut down.
    #[must_use]
    pub fn new(bus: Bus, window: Duration) -> Coalescer {
        let runtime = Handle::current();
        let due = Arc::new(Due::default());
        let task = runtime.spawn(end_windows(bus.clone(), due.clone()));
        let open = Mutex::default();
        Coalescer { inner: Arc::new(Inner { bus, window, open, due, runtime, task }) }
    }

    /// Opens a key. If it is dropped before it has ended, it ends with `if_dropped`.
    ///
    /// # Errors
    ///
    /// [`KeyProblem::Open`], when it is open already.
    pub fn open(&self, name: &str, if_dropped: Draft<'_>) -> Result<Key, KeyProblem> {
        let name: Arc<str> = name.into();
        if !lock(&self.inner.open).insert(name.clone()) {
            return Err(KeyProblem::Open(name.to_string()));
        }
        let state = State { pending: None, ends: None, if_dropped: Some(if_dropped.into_owned()) };
        let entry = Entry { bus: self.inner.bus.clone(), name, state: Mutex::new(state) };
        Ok(Key { inner: self.inner.clone(), entry: Arc::new(entry) })
    }

    /// Keys that are open.
    #[must_use]
    pub fn open_keys(&self) -> usize {
        lock(&self.inner.open).len()
    }
}

impl Key {
    /// The latest there is to say about the key. It is published when the window ends that
    /// the first update after a publish has opened, unless a later one has taken its place.
    ///
    /// # Errors
    ///
    /// [`KeyProblem::Ended`].
    pub fn update(&self, draft: Draft<'_>) -> Result<(), KeyProblem> {
        let mut state = lock(&self.entry.state);
        if state.if_dropped.is_none() {
            return Err(self.entry.ended());
        }
        if state.pending.replace(draft.into_owned()).is_none() {
            let ends = Instant::now() + self.inner.window;
            state.ends = Some(ends);
            self.inner.due.add(ends, Arc::downgrade(&self.entry));
        }
        Ok(())
    }

    /// Publishes what is pending at once, and waits for a publish under way.
    ///
    /// # Errors
    ///
    /// [`KeyProblem::Refused`].
    pub fn flush(&self) -> Result<(), KeyProblem> {
        self.entry.flush(None)
    }

    /// Ends the key: publishes what is pending and then its terminal event. Both have
    /// happened when this returns; the future only waits for slow subscribers, as
    /// [`Bus::publish_must`] does.
    ///
    /// # Errors
    ///
    /// [`KeyProblem::Ended`], when it has ended before: a key ends once.
    /// [`KeyProblem::Refused`], when the bus refuses the event: the key goes on.
    pub fn finish(
        &self,
        draft: Draft<'_>,
    ) -> Result<impl Future<Output = Published> + Send + use<>, KeyProblem> {
        Ok(self.entry.end(Some(draft))?.finish())
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // Refused: it has ended, or the bus takes nothing any more and has counted it.
        if let Ok(waiting) = self.entry.end(None) {
            self.inner.runtime.spawn(waiting.finish());
        }
        lock(&self.inner.open).remove(&self.entry.name);
    }
}

impl Entry {
    fn ended(&self) -> KeyProblem {
        KeyProblem::Ended(self.name.to_string())
    }

    /// Publishes what is pending, if the window that ends is the one that is open.
    fn flush(&self, window: Option<Instant>) -> Result<(), KeyProblem> {
        let mut state = lock(&self.state);
        if window.is_some() && window != state.ends {
            return Ok(());
        }
        let Some(mut draft) = state.pending.take() else { return Ok(()) };
        let begun = self.bus.shared().begin(&mut draft);
        drop(state);
        // Observers may come back to this key, so they are called without its lock.
        begun.map_err(KeyProblem::Refused)?.settle(self.bus.shared());
        Ok(())
    }

    /// Ends the key with an event, or with the one for this case.
    fn end(&self, draft: Option<Draft<'_>>) -> Result<Waiting, KeyProblem> {
        let shared = self.bus.shared();
        let mut state = lock(&self.state);
        let State { pending, if_dropped, .. } = &mut *state;
        let Some(fallback) = if_dropped else { return Err(self.ended()) };
        // An update that the bus refuses does not keep the key from ending.
        let update = pending.take().and_then(|mut draft| shared.begin(&mut draft).ok());
        let terminal = match draft {
            Some(mut draft) => shared.begin_must(&mut draft),
            None => shared.begin_must(fallback),
        };
        if terminal.is_ok() {
            *if_dropped = None;
        }
        drop(state);
        if let Some(update) = update {
            update.settle(shared);
        }
        terminal.map(Waiting::settle).map_err(KeyProblem::Refused)
    }
}

impl Due {
    fn add(&self, at: Instant, entry: Weak<Entry>) {
        let mut line = lock(&self.line);
        line.push_back((at, entry));
        drop(line);
        self.filled.notify_one();
    }

    fn first(&self) -> Option<Instant> {
        lock(&self.line).front().map(|(at, _)| *at)
    }

    fn take(&self) -> Option<(Instant, Weak<Entry>)> {
        lock(&self.line).pop_front()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyProblem::Open(name) => write!(f, "the key {name:?} is open already"),
            KeyProblem::Ended(name) => write!(f, "the key {name:?} has ended"),
            KeyProblem::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl std::error::Error for KeyProblem {}

/// Publishes what is pending when a window ends, until the bus is shut down.
async fn end_windows(bus: Bus, due: Arc<Due>) {
    let mut closed = pin!(bus.closed());
    loop {
        let next = async {
            match due.first() {
                Some(at) => sleep_until(at).await,
                None => due.filled.notified().await,
            }
        };
        tokio::select! {
            () = &mut closed => return,
            () = next => {}
        }
        while due.first().is_some_and(|at| at <= Instant::now()) {
            let Some((at, entry)) = due.take() else { break };
            if let Some(entry) = entry.upgrade() {
                // What the bus refuses it has counted; there is nobody here to tell.
                let _ = entry.flush(Some(at));
            }
        }
    }
}
