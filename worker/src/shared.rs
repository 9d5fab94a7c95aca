//! What a connection's threads share: where it stands, and how to wait for a change.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use rustix::event::epoll;
use slotway_core::map::{Doorbell, Mapping};

use crate::book::{Book, Ending, Entry, RegistrationMetrics, RegistrationState, Sparse};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::events::Events;
use crate::options::Options;
use crate::registration::Registration;
use crate::session::{Notices, Session};
use crate::sync::{lock, wait};

/// How a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// After the exchanges in flight, but by this time.
    Drain(Instant),
    /// Now.
    Now,
}

#[derive(Debug)]
struct State {
    book: Book,
    /// How long the wait for the next attempt to reach the hub is, while there is one.
    backoff: Option<Duration>,
    /// How long the hub took to answer the last heartbeat.
    heartbeat_rtt: Option<Duration>,
    stop: Option<Stop>,
    /// What the last attempt met.
    last: Option<Error>,
    /// Why there will be no further exchange, and whether everything in flight was
    /// answered.
    ended: Option<(Error, bool)>,
    /// Is called then.
    when_ended: WhenEnded,
}

/// Whoever wants to hear of the end.
#[derive(Default)]
struct WhenEnded(Option<Box<dyn FnOnce() + Send>>);

impl std::fmt::Debug for WhenEnded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("WhenEnded").field(&self.0.is_some()).finish()
    }
}

/// A connection's state.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    state: Mutex<State>,
    /// The registrations, for whoever takes an exchange.
    entries: ArcSwap<Sparse<Arc<Entry>>>,
    changed: Condvar,
    session: ArcSwapOption<Session>,
    sessions: AtomicU32,
    /// Wakes the control thread.
    control_bell: Arc<Doorbell>,
    events: Events,
    notices: Arc<Notices>,
    epoll: OwnedFd,
    /// What was seen of an event loop, as bits.
    event_loop: AtomicU8,
}

/// Somebody has asked for the descriptor to poll.
const HAS_FD: u8 = 1;
/// Somebody has looked for an exchange without waiting.
const HAS_LOOKED: u8 = 2;
/// Whoever does both is an event loop; a thread may look before it waits.
const IS_LOOP: u8 = HAS_FD | HAS_LOOKED;

impl Shared {
    pub(crate) fn new(options: Options, registrations: Vec<Registration>) -> Result<Shared> {
        let bell = || Doorbell::new().map_err(|error| Error::io("creating an eventfd", error));
        let notices = Arc::new(Notices::new(bell()?));
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)
            .map_err(|error| Error::io("creating an epoll descriptor", error))?;
        watch(&epoll, notices.as_fd())?;
        let control_bell = Arc::new(bell()?);
        let mut book = Book::new(options.backoff);
        registrations.into_iter().try_for_each(|registration| book.add(registration).map(drop))?;
        let entries = ArcSwap::from_pointee(book.entries());
        let (backoff, heartbeat_rtt) = (None, None);
        let (stop, last, ended, when_ended) = Default::default();
        let state = State { book, backoff, heartbeat_rtt, stop, last, ended, when_ended };
        Ok(Shared {
            options,
            state: Mutex::new(state),
            entries,
            changed: Condvar::new(),
            session: ArcSwapOption::empty(),
            sessions: AtomicU32::new(0),
            events: Events::new(control_bell.clone()),
            control_bell,
            notices,
            epoll,
            event_loop: AtomicU8::new(0),
        })
    }

    pub(crate) fn control_bell(&self) -> &Doorbell {
        &self.control_bell
    }

    pub(crate) fn notices(&self) -> &Notices {
        &self.notices
    }

    pub(crate) fn events(&self) -> &Events {
        &self.events
    }

    pub(crate) fn poll_fd(&self) -> BorrowedFd<'_> {
        self.seen(HAS_FD);
        self.epoll.as_fd()
    }

    /// Somebody looks for an exchange without waiting.
    #[inline]
    pub(crate) fn looked(&self) {
        self.seen(HAS_LOOKED);
    }

    /// Once there is an event loop the worker's doorbell is its own, and it answers the
    /// hub's probes.
    #[inline]
    fn seen(&self, bit: u8) {
        // Relaxed: a look that spares the rest; nothing is ever taken back.
        if self.event_loop.load(Ordering::Relaxed) & bit != 0 {
            return;
        }
        // SeqCst, here and in `is_polled`: a ring that was meant for the loop and that the
        // control thread has taken is made up for by that thread, if it sees the loop; else
        // it took the ring before this, and the loop is told here to look again.
        if self.event_loop.fetch_or(bit, Ordering::SeqCst) | bit == IS_LOOP {
            self.notices.ring();
            self.control_bell.ring();
        }
    }

    /// Whether an event loop listens to the worker's doorbell.
    pub(crate) fn is_polled(&self) -> bool {
        self.event_loop.load(Ordering::SeqCst) == IS_LOOP
    }

    /// What the control thread does for a worker without an event loop: it listens to the
    /// doorbell, and answers the hub's probes.
    pub(crate) fn attend_doorbell(&self, session: &Session) {
        let rung = session.worker_bell().drain();
        if self.is_polled() {
            // An event loop has come meanwhile, and the ring may have been for it.
            if rung {
                self.notices.ring();
            }
            return;
        }
        if session.take_notices(|token| self.notices.push(token)) {
            self.events.attend(session);
        }
    }

    /// The session of now, if it is alive.
    #[inline]
    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        self.session.load_full().filter(|session| !session.is_closed())
    }

    /// The living session; waits for one if there is none. `None`: the time is over.
    #[inline]
    pub(crate) fn wait_for_session(&self, deadline: &mut Deadline) -> Result<Option<Arc<Session>>> {
        match self.session() {
            Some(session) => Ok(Some(session)),
            None => self.wait_for_next_session(deadline),
        }
    }

    #[cold]
    fn wait_for_next_session(&self, deadline: &mut Deadline) -> Result<Option<Arc<Session>>> {
        let mut state = lock(&self.state);
        loop {
            if let Some((error, _)) = &state.ended {
                return Err(error.clone());
            }
            if let Some(session) = self.session() {
                return Ok(Some(session));
            }
            let Ok(left) = deadline.left() else {
                return Ok(None);
            };
            state = wait(&self.changed, state, left);
        }
    }

    /// Why there will be no further exchange, if so.
    pub(crate) fn ended(&self) -> Option<Error> {
        lock(&self.state).ended.as_ref().map(|(error, _)| error.clone())
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut lock(&self.state));
        self.notices.ring();
        self.changed.notify_all();
        result
    }

    /// A welcome brought a region.
    pub(crate) fn attach(
        self: &Arc<Self>,
        mapping: Mapping,
        hub_bell: Doorbell,
        worker_bell: Doorbell,
        (probe_slot, takes_calls): (Option<u32>, bool),
    ) -> Result<Arc<Session>> {
        watch(&self.epoll, worker_bell.as_fd())?;
        // Relaxed: a number that only has to differ from the last one's.
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        let notices = self.notices.clone();
        let bells = (hub_bell, worker_bell);
        let shared = Arc::downgrade(self);
        let session =
            Session::new(mapping, bells, number, (probe_slot, takes_calls), notices, shared);
        let session = Arc::new(session);
        self.change(|_| self.session.store(Some(session.clone())));
        self.events.wake_all(&self.notices, None);
        Ok(session)
    }

    /// The connection behind the session has ended.
    pub(crate) fn detach(&self, session: &Session, why: &Ending) {
        // The hub has the eventfd too, so closing it would not take it out of the set.
        let _ = epoll::delete(&self.epoll, session.worker_bell());
        self.change(|state| {
            self.session.store(None);
            state.heartbeat_rtt = None;
            state.book.detached(why, Instant::now());
            self.entries.store(Arc::new(state.book.entries()));
        });
        session.close();
        self.events.wake_all(&self.notices, Some(session));
    }

    /// Adds a registration, which `prepare` sees with its number before the hub does.
    pub(crate) fn add(&self, registration: Registration, prepare: impl FnOnce(u32)) -> Result<u32> {
        let mut state = lock(&self.state);
        if let Some((error, _)) = &state.ended {
            return Err(error.clone());
        }
        if state.stop.is_some() {
            return Err(Error::Closed);
        }
        let index = state.book.add(registration)?.index;
        self.entries.store(Arc::new(state.book.entries()));
        prepare(index);
        drop(state);
        self.control_bell.ring();
        Ok(index)
    }

    /// Begins to withdraw a registration.
    pub(crate) fn withdraw(&self, index: u32) -> Result<()> {
        if !self.change_book(|book| book.withdraw(index)) {
            return Err(unknown(index));
        }
        self.control_bell.ring();
        Ok(())
    }

    /// Waits until the hub has opened a registration's routes, or has refused it.
    pub(crate) fn wait_registered(&self, index: u32, deadline: &mut Deadline) -> Result<()> {
        let mut state = lock(&self.state);
        loop {
            if let Some((error, _)) = &state.ended {
                return Err(error.clone());
            }
            match state.book.state(index) {
                None => return Err(unknown(index)),
                Some(RegistrationState::Live) => return Ok(()),
                Some(RegistrationState::Refused { code, reason }) => {
                    let registration = self.entry(index);
                    return Err(Error::Refused {
                        registration: registration.map(|entry| entry.registration.identity()),
                        code: *code,
                        reason: reason.clone(),
                    });
                }
                Some(_) => {}
            }
            let left = deadline.left().map_err(|_| Error::Timeout)?;
            state = wait(&self.changed, state, left);
        }
    }

    /// Waits until a registration that was withdrawn is gone.
    pub(crate) fn wait_withdrawn(
        &self,
        index: u32,
        deadline: &mut Deadline,
    ) -> Result<RegistrationMetrics> {
        let mut state = lock(&self.state);
        loop {
            if state.book.state(index).is_none() {
                return state.book.departed(index).ok_or(Error::Closed);
            }
            if let Some((error, _)) = &state.ended {
                return Err(error.clone());
            }
            let left = deadline.left().map_err(|_| Error::Timeout)?;
            state = wait(&self.changed, state, left);
        }
    }

    /// Looks at the registrations.
    pub(crate) fn book<T>(&self, look: impl FnOnce(&Book) -> T) -> T {
        look(&lock(&self.state).book)
    }

    /// Asks the registrations for what there is to tell the hub.
    pub(crate) fn due(&self, now: Instant) -> Vec<slotway_core::control::WorkerMessage> {
        lock(&self.state).book.due(now)
    }

    /// Changes how registrations stand.
    pub(crate) fn change_book<T>(&self, change: impl FnOnce(&mut Book) -> T) -> T {
        self.change(|state| {
            let before = state.book.count();
            let result = change(&mut state.book);
            if state.book.count() != before {
                self.entries.store(Arc::new(state.book.entries()));
            }
            result
        })
    }

    /// The registration of a number, if it is there.
    pub(crate) fn entry(&self, index: u32) -> Option<Arc<Entry>> {
        self.entries.load().get(index).cloned()
    }

    pub(crate) fn metrics(&self) -> Vec<RegistrationMetrics> {
        let state = lock(&self.state);
        state.book.metrics(state.backoff, state.heartbeat_rtt)
    }

    /// The wait for the next attempt begins, or is over.
    pub(crate) fn set_backoff(&self, delay: Option<Duration>) {
        lock(&self.state).backoff = delay;
    }

    pub(crate) fn set_heartbeat_rtt(&self, rtt: Duration) {
        lock(&self.state).heartbeat_rtt = Some(rtt);
    }

    /// Calls `tell` when it ends; not if it has.
    pub(crate) fn when_ended(&self, tell: Box<dyn FnOnce() + Send>) {
        lock(&self.state).when_ended.0 = Some(tell);
    }

    /// An attempt failed.
    pub(crate) fn failed(&self, error: Error) {
        self.change(|state| state.last = Some(error));
    }

    /// There will be no further exchange.
    pub(crate) fn end(&self, error: Error, drained: bool, why: &Ending) {
        let tell = self.change(|state| {
            state.book.ended(why);
            state.backoff = None;
            state.ended.get_or_insert((error, drained));
            state.when_ended.0.take()
        });
        if let Some(tell) = tell {
            tell();
        }
        self.events.wake_all(&self.notices, None);
    }

    pub(crate) fn stop(&self, stop: Stop) {
        self.change(|state| match state.stop {
            // Never later than was asked for before.
            Some(Stop::Now) => {}
            Some(Stop::Drain(before)) => {
                state.stop = Some(match stop {
                    Stop::Now => Stop::Now,
                    Stop::Drain(then) => Stop::Drain(then.min(before)),
                });
            }
            None => state.stop = Some(stop),
        });
        self.control_bell.ring();
    }

    pub(crate) fn stopping(&self) -> Option<Stop> {
        lock(&self.state).stop
    }

    /// Waits for the end. `Ok`: whether everything in flight was answered.
    pub(crate) fn wait_for_end(&self, deadline: &mut Deadline) -> Result<(Error, bool)> {
        let mut state = lock(&self.state);
        loop {
            if let Some(ended) = &state.ended {
                return Ok(ended.clone());
            }
            let left = deadline.left().map_err(|_| Error::Timeout)?;
            state = wait(&self.changed, state, left);
        }
    }

    /// Waits until a registration is live. `or_failed`: or until an attempt has failed.
    pub(crate) fn wait_until_live(&self, deadline: &mut Deadline, or_failed: bool) -> Result<()> {
        let mut state = lock(&self.state);
        loop {
            if let Some((error, _)) = &state.ended {
                return Err(error.clone());
            }
            // Who registers nothing publishes or subscribes: a hub is all that it needs.
            let nothing = state.book.is_empty() && self.session().is_some();
            if nothing || state.book.is_live() {
                return Ok(());
            }
            if let Some(error) = state.last.as_ref().filter(|_| or_failed) {
                return Err(error.clone());
            }
            let Ok(left) = deadline.left() else {
                return Err(state.last.clone().unwrap_or(Error::Timeout));
            };
            state = wait(&self.changed, state, left);
        }
    }
}

fn unknown(index: u32) -> Error {
    Error::InvalidArgument(format!(
        "there is no registration with the number {index}; it was withdrawn, or never was"
    ))
}

fn watch(epoll: &OwnedFd, fd: BorrowedFd<'_>) -> Result<()> {
    epoll::add(epoll, fd, epoll::EventData::new_u64(0), epoll::EventFlags::IN)
        .map_err(|error| Error::io("watching an eventfd", error))
}
