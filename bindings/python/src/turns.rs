//! Which of a worker's threads waits for requests, and when another joins it.
//!
//! Threads of Python compute one at a time. Four that all wait for requests wake each other
//! up for nothing: the one that is awake has served what the others were called for before
//! they have the interpreter, and to wake, ask and sleep costs more than a short handler
//! (hello, 32 connections, two cores with other work: 3 µs of processor time a request with one
//! thread, 7 with four; with what is here, 5).
//! Handlers that wait for something else, on the other hand, want all threads.
//!
//! So one thread, the *leader*, waits on the connection, and when it goes to serve a request
//! its place stays empty: most often it is back at once. The *second* looks after it every
//! millisecond while requests come, and takes its place when nobody took one for that long.
//! As soon as a handler is seen to take its time, each who goes to serve calls the next for a
//! while (*haste*). The others, and the second when no requests come, sleep.
//!
//! - T1 While followers are here, one of them is the second.
//! - T2 The second sleeps without a limit only while a leader waits; who leads wakes it up
//!   when it goes to serve.
//! - T3 So an exchange that comes while nobody waits on the connection is found by whoever
//!   is through with a handler first, or by the second.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the second looks after the leader.
const LOOK: Duration = Duration::from_millis(1);
/// A handler that takes longer makes haste.
const LONG: Duration = Duration::from_micros(200);
/// For how long. Then one thread alone tries again: in haste short handlers look long as
/// well, because they wait for the interpreter.
const HASTE: Duration = Duration::from_millis(100);

thread_local! {
    /// When this thread took the request that it serves, if it did so without haste.
    static TOOK: Cell<Option<Instant>> = const { Cell::new(None) };
}

#[derive(Debug, Default)]
struct State {
    /// A thread waits on the connection.
    led: bool,
    /// Threads that wait for a place.
    followers: usize,
    /// One of them is the second.
    seconded: bool,
    /// The second sleeps without a limit.
    asleep: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Turns {
    state: Mutex<State>,
    /// For the second alone.
    second: Condvar,
    /// For the other followers.
    others: Condvar,
    /// Requests that were taken.
    taken: AtomicU64,
    /// The end of the haste, in nanoseconds since `begin`.
    haste: AtomicU64,
    begin: Instant,
}

impl Turns {
    pub(crate) fn new() -> Turns {
        Turns {
            state: Mutex::default(),
            second: Condvar::new(),
            others: Condvar::new(),
            taken: AtomicU64::new(0),
            haste: AtomicU64::new(0),
            begin: Instant::now(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_haste(&self, now: Instant) {
        let until = now.duration_since(self.begin) + HASTE;
        // Relaxed: who misses it calls the next one a request later.
        self.haste.store(until.as_nanos() as u64, Ordering::Relaxed);
    }

    fn in_haste(&self, now: Instant) -> bool {
        // Relaxed: see `make_haste`.
        (now.duration_since(self.begin).as_nanos() as u64) < self.haste.load(Ordering::Relaxed)
    }

    /// This thread is through with what it served.
    pub(crate) fn back(&self) {
        if let Some(took) = TOOK.take() {
            let now = Instant::now();
            if now.duration_since(took) > LONG {
                self.make_haste(now);
            }
        }
    }

    /// This thread goes to serve a request.
    pub(crate) fn took(&self) {
        // Relaxed: a sign of life; the second looks again.
        self.taken.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        if self.in_haste(now) {
            TOOK.set(None);
            let state = self.lock();
            if !state.led {
                self.call(&state);
            }
        } else {
            TOOK.set(Some(now));
        }
    }

    /// Has a follower take the leader's place.
    fn call(&self, state: &State) {
        // The second takes it when it finds it empty, and makes another follower the second.
        if state.seconded {
            self.second.notify_one();
        }
    }

    /// Waits until there may be a request: in the leader's place by `wait`, which gives
    /// whether there may be one, or until that place is this thread's. `Ok(false)`: the time
    /// is over.
    pub(crate) fn wait<E>(
        &self,
        until: Option<Instant>,
        wait: impl FnOnce(Option<Duration>) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut state = self.lock();
        if state.led {
            state.followers += 1;
            let place;
            (state, place) = self.follow(state, until);
            state.followers -= 1;
            if !place {
                self.replace_second(&mut state);
                return Ok(false);
            }
        }
        state.led = true;
        self.replace_second(&mut state);
        drop(state);
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let found = wait(left);
        let mut state = self.lock();
        state.led = false;
        if matches!(found, Ok(true)) {
            if state.asleep {
                state.asleep = false;
                self.second.notify_one();
            }
        } else {
            // This thread leaves for good, or for long.
            state.asleep = false;
            self.call(&state);
        }
        found
    }

    /// Waits for the leader's place; `false` when the time is over.
    fn follow<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        until: Option<Instant>,
    ) -> (MutexGuard<'a, State>, bool) {
        let mut second = false;
        let mut seen = self.taken.load(Ordering::Relaxed);
        loop {
            if !second && !state.seconded {
                state.seconded = true;
                second = true;
            }
            let now = Instant::now();
            let left = until.map(|until| until.saturating_duration_since(now));
            if left.is_some_and(|left| left.is_zero()) {
                state.seconded &= !second;
                return (state, false);
            }
            if !second {
                state = sleep(&self.others, state, left);
                continue;
            }
            // Relaxed: see `took`.
            let taken = self.taken.load(Ordering::Relaxed);
            let quiet = taken == seen;
            seen = taken;
            let empty = !state.led;
            state.asleep = quiet && !empty;
            let limit = if state.asleep { left } else { Some(left.map_or(LOOK, |l| l.min(LOOK))) };
            let slept = Instant::now();
            state = sleep(&self.second, state, limit);
            state.asleep = false;
            if state.led {
                continue;
            }
            let now = Instant::now();
            let nobody = self.taken.load(Ordering::Relaxed) == seen && now - slept >= LOOK;
            if nobody && empty || self.in_haste(now) {
                if nobody {
                    self.make_haste(now);
                }
                state.seconded = false;
                return (state, true);
            }
        }
    }

    /// Sees to it that there is a second while there are followers (T1).
    fn replace_second(&self, state: &mut State) {
        if !state.seconded && state.followers > 0 {
            self.others.notify_one();
        }
    }
}

fn sleep<'a>(
    on: &Condvar,
    state: MutexGuard<'a, State>,
    limit: Option<Duration>,
) -> MutexGuard<'a, State> {
    match limit {
        None => on.wait(state).unwrap_or_else(PoisonError::into_inner),
        Some(limit) => on.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0,
    }
}
