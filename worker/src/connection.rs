//! A connection to the hub: exchanges come out of it, through as many hubs as live.

use std::cell::RefCell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use slotway_core::Waited;
use slotway_core::worker::Spin;

use crate::book::{RegistrationMetrics, RegistrationState};
use crate::calls::Caller;
use crate::control;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::events::{Publisher, Subscription, Topics};
use crate::exchange::{Exchange, RawExchange};
use crate::options::{Connect, Options};
use crate::registration::Registration;
use crate::session::Session;
use crate::shared::{Shared, Stop};
use crate::sync::lock;

/// A worker's connection to its hub.
///
/// A thread of its own keeps it up: it registers what the worker offers, notices the
/// hub's end at once and connects again, by the [`Backoff`](crate::Backoff), for as long as
/// it takes. Any number of threads call [`next`](Self::next), or one event loop calls
/// [`try_next`](Self::try_next) when [`poll_fd`](Self::poll_fd) is readable.
///
/// Exchanges keep the region they came through. When the hub goes away, those in hand see
/// themselves cancelled, and their answers go nowhere.
///
/// Dropping a connection closes it at once; [`shutdown`](Self::shutdown) lets exchanges in
/// flight finish first.
#[derive(Debug)]
pub struct Connection {
    shared: Arc<Shared>,
    control: Mutex<Option<JoinHandle<()>>>,
}

thread_local! {
    /// Spinning is a habit of a thread: how long it pays depends on where it runs.
    static SPIN: RefCell<(u32, Spin)> = const { RefCell::new((0, Spin::new(0))) };
}

fn with_spin<T>(cap: u32, body: impl FnOnce(&mut Spin) -> T) -> T {
    SPIN.with_borrow_mut(|(known, spin)| {
        if *known != cap {
            (*known, *spin) = (cap, Spin::new(cap));
        }
        body(spin)
    })
}

impl Connection {
    /// Connects and registers, waiting as [`Options::connect`] says. Without a registration
    /// it is there to publish and to subscribe, and is open when a hub is there.
    ///
    /// # Errors
    ///
    /// Options or registrations that cannot be, a refusal that no later attempt can
    /// change, what the system refused; and, depending on [`Options::connect`], that the
    /// hub was not there in time.
    pub fn open(options: Options, registrations: Vec<Registration>) -> Result<Connection> {
        let connection = Connection::open_in_background(options, registrations)?;
        connection.wait_live()?;
        Ok(connection)
    }

    /// Begins to connect and register, and returns, whatever [`Options::connect`] says.
    ///
    /// # Errors
    ///
    /// Options or registrations that cannot be, or what the system refused.
    pub fn open_in_background(
        options: Options,
        registrations: Vec<Registration>,
    ) -> Result<Connection> {
        options.check()?;
        let shared = Arc::new(Shared::new(options, registrations)?);
        let control = std::thread::Builder::new()
            .name("slotway-control".to_owned())
            .spawn({
                let shared = shared.clone();
                move || control::run(&shared)
            })
            .map_err(|error| Error::io("starting the control thread", error))?;
        // From here dropping the connection ends the thread.
        Ok(Connection { shared, control: Mutex::new(Some(control)) })
    }

    /// Waits until a registration is live, as [`Options::connect`] says.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open); [`Error::Closed`] after a shutdown.
    pub fn wait_live(&self) -> Result<()> {
        let (timeout, or_failed) = match self.shared.options.connect {
            Connect::Background => return Ok(()),
            Connect::UntilLive => (None, false),
            Connect::Within(timeout) => (Some(timeout), false),
            Connect::Once => (None, true),
        };
        self.shared.wait_until_live(&mut Deadline::new(timeout), or_failed)
    }

    /// Waits for the next exchange. `None`: the time is over.
    ///
    /// From any number of threads. While the hub is away it waits too.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] after a shutdown, or when a newer generation has replaced this
    /// worker; [`Error::Refused`] when the hub will not have it any more.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Option<Exchange>> {
        let mut deadline = Deadline::new(timeout);
        loop {
            let Some(session) = self.shared.wait_for_session(&mut deadline)? else {
                return Ok(None);
            };
            match self.next_of(session, &mut deadline) {
                Next::Exchange(raw) => return Ok(Some(Exchange::new(raw))),
                Next::TimedOut => return Ok(None),
                Next::Closed => {}
            }
        }
    }

    fn next_of(&self, session: Arc<Session>, deadline: &mut Deadline) -> Next {
        while !session.is_closed() {
            if let Some(claim) = session.side().claim() {
                match RawExchange::new(session.clone(), claim) {
                    Some(raw) => return Next::Exchange(raw),
                    None => continue,
                }
            }
            let Ok(left) = deadline.left() else {
                return Next::TimedOut;
            };
            match self.wait_in(&session, left) {
                // Also after the last moment: what rang in it must not be left lying.
                Waited::Work | Waited::TimedOut => {}
                Waited::Stopped => break,
            }
        }
        Next::Closed
    }

    /// Spins, then sleeps, until there may be an exchange.
    fn wait_in(&self, session: &Session, timeout: Option<Duration>) -> Waited {
        with_spin(self.shared.options.spin_cap, |spin| {
            session.side().wait(spin, timeout, || session.is_closed())
        })
    }

    /// Waits until there may be an exchange for [`next`](Self::next), and takes none: for
    /// threads that need something else first to serve it, such as an interpreter's lock, and
    /// must not sit on an exchange until they have it. `false`: the time is over.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    pub fn wait(&self, timeout: Option<Duration>) -> Result<bool> {
        let mut deadline = Deadline::new(timeout);
        loop {
            let Some(session) = self.shared.wait_for_session(&mut deadline)? else {
                return Ok(false);
            };
            if session.is_closed() {
                continue;
            }
            let Ok(left) = deadline.left() else {
                return Ok(false);
            };
            match self.wait_in(&session, left) {
                // Also after the last moment: what rang in it must not be left lying.
                Waited::Work | Waited::TimedOut => return Ok(true),
                Waited::Stopped => {}
            }
        }
    }

    /// The next exchange if there is one now. `None`: there is none, and
    /// [`poll_fd`](Self::poll_fd) becomes readable when there may be.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    pub fn try_next(&self) -> Result<Option<Exchange>> {
        self.shared.looked();
        loop {
            let Some(session) = self.shared.session() else {
                // First unring, then look: whoever changes the state rings afterwards.
                self.shared.notices().drain_bell();
                if let Some(error) = self.shared.ended() {
                    // For whoever polls later.
                    self.shared.notices().ring();
                    return Err(error);
                }
                if self.shared.session().is_none() {
                    return Ok(None);
                }
                continue;
            };
            // First, so that a loop that never finds the queue empty answers probes too.
            if session.side().has_notices() {
                self.put_notices_aside(&session);
            }
            if let Some(claim) = session.side().claim() {
                match RawExchange::new(session, claim) {
                    Some(raw) => return Ok(Some(Exchange::new(raw))),
                    None => continue,
                }
            }
            session.worker_bell().drain();
            self.shared.notices().drain_bell();
            if session.side().arm() {
                // A session that was closed before the bell was drained rang for nothing.
                if session.is_closed() {
                    continue;
                }
                return Ok(None);
            }
            // An exchange, or a notice.
            self.put_notices_aside(&session);
        }
    }

    /// For `take_notices`.
    fn put_notices_aside(&self, session: &Session) {
        let notices = self.shared.notices();
        if session.take_notices(|token| notices.keep(token)) {
            self.shared.events().attend(session);
        }
    }

    /// Gives the token of every exchange, subscription or publisher of which one of the waits
    /// may be over that a `try_` or `poll_` method began. Call it after `try_next` has given `None`.
    ///
    /// A token may come without cause, also after its exchange was answered.
    pub fn take_notices(&self, mut each: impl FnMut(u64)) {
        if let Some(session) = self.shared.session()
            && session.take_notices(&mut each)
        {
            self.shared.events().attend(&session);
        }
        self.shared.notices().take(each);
    }

    /// A descriptor for an event loop, the same for the connection's whole life. When it
    /// is readable call [`try_next`](Self::try_next) until it gives `None`, which makes it
    /// unreadable again, and then [`take_notices`](Self::take_notices). Do so once before
    /// polling first.
    ///
    /// From then on these calls answer the hub's probes, so a loop that stands still for
    /// long (some 30 s, unless the hub is told otherwise) counts as hung. A loop
    /// that has enough to do goes on calling and puts exchanges aside;
    /// [`Registration::max_concurrent`] keeps the rest in the hub.
    pub fn poll_fd(&self) -> BorrowedFd<'_> {
        self.shared.poll_fd()
    }

    /// What publishes events through this connection.
    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.shared.clone())
    }

    /// What calls activities through this connection.
    pub fn caller(&self) -> Caller {
        Caller::new(self.shared.clone())
    }

    /// Subscribes to topics, and waits until the hub has said that events come: those that
    /// are published after this returns will.
    ///
    /// It waits for as long as [`Options::handshake_timeout`] says after a hub is there, and
    /// for a hub as long as it takes; [`subscribe_in_background`](Self::subscribe_in_background)
    /// waits for nothing.
    ///
    /// # Errors
    ///
    /// Topics that cannot be; [`Error::Refused`], [`Error::Timeout`], or [`Error::Closed`]
    /// after a shutdown.
    pub fn subscribe(&self, topics: &Topics) -> Result<Subscription> {
        let subscription = self.subscribe_in_background(topics)?;
        self.shared.wait_for_session(&mut Deadline::new(None))?;
        subscription.wait_live(Some(self.shared.options.handshake_timeout))?;
        Ok(subscription)
    }

    /// Begins to subscribe to topics, and returns.
    ///
    /// # Errors
    ///
    /// Topics that cannot be; [`Error::Closed`] after a shutdown.
    pub fn subscribe_in_background(&self, topics: &Topics) -> Result<Subscription> {
        Subscription::begin(self.shared.clone(), topics)
    }

    /// Adds a registration while the connection lives, and gives its number, which its
    /// exchanges carry as their [`registration`](crate::Exchange::registration). The first of
    /// [`open`](Self::open) have the numbers from 0; a number is never used again. It returns
    /// at once; [`registration_state`](Self::registration_state) tells what the hub says, and
    /// what is refused for now is offered again by itself.
    ///
    /// # Errors
    ///
    /// A registration that cannot be, or whose identity is there already;
    /// [`Error::Closed`] after a shutdown.
    pub fn add(&self, registration: Registration) -> Result<usize> {
        self.add_with(registration, |_| {})
    }

    /// The same; `prepare` is called with the number before any exchange can carry it.
    pub(crate) fn add_with(
        &self,
        registration: Registration,
        prepare: impl FnOnce(u32),
    ) -> Result<usize> {
        self.shared.add(registration, prepare).map(|index| index as usize)
    }

    /// Waits until the hub has opened a registration's routes and queues, or has refused it.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`], though what may be another answer later is offered again by itself;
    /// [`Error::Timeout`] while the hub is away, has not said, or waits for somebody's approval;
    /// [`Error::InvalidArgument`] when there is none of that number; what ended the connection.
    pub fn wait_registered(&self, registration: usize, timeout: Option<Duration>) -> Result<()> {
        let index = u32::try_from(registration).unwrap_or(u32::MAX);
        self.shared.wait_registered(index, &mut Deadline::new(timeout))
    }

    /// Withdraws a registration and waits until nothing of it is in flight; what other threads
    /// answer meanwhile still arrives, and the other registrations go on. Gives what it has
    /// done.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] when there is none of that number; [`Error::Timeout`] when
    /// something was in flight for longer, or the hub did not answer: it is withdrawn all the
    /// same, and is gone later; [`Error::Closed`] after a shutdown.
    pub fn withdraw(
        &self,
        registration: usize,
        timeout: Option<Duration>,
    ) -> Result<RegistrationMetrics> {
        self.begin_withdraw(registration)?;
        self.wait_withdrawn(registration, timeout)
    }

    /// Waits until a registration that is being withdrawn is gone. Gives what it has done.
    ///
    /// # Errors
    ///
    /// As for [`withdraw`](Self::withdraw); [`Error::Closed`] also for one that went so long ago
    /// that it is not remembered, or never was.
    pub fn wait_withdrawn(
        &self,
        registration: usize,
        timeout: Option<Duration>,
    ) -> Result<RegistrationMetrics> {
        let index = u32::try_from(registration).unwrap_or(u32::MAX);
        self.shared.wait_withdrawn(index, &mut Deadline::new(timeout))
    }

    /// Begins to withdraw a registration, and returns: nothing new comes for it. It is gone
    /// once [`registration_state`](Self::registration_state) gives `None`; for event loops the
    /// descriptor of [`poll_fd`](Self::poll_fd) becomes readable then.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] when there is none of that number.
    pub fn begin_withdraw(&self, registration: usize) -> Result<()> {
        self.shared.withdraw(u32::try_from(registration).unwrap_or(u32::MAX))
    }

    /// What the worker registered, in the order of their numbers, without what was withdrawn.
    pub fn registrations(&self) -> Vec<Registration> {
        self.shared
            .book(|book| book.entries().values().map(|entry| entry.registration.clone()).collect())
    }

    /// How each of [`registrations`](Self::registrations) stands, in the same order.
    pub fn registration_states(&self) -> Vec<RegistrationState> {
        self.shared.book(|book| book.states())
    }

    /// How the registration of a number stands; `None`: there is none, or none any more.
    pub fn registration_state(&self, registration: usize) -> Option<RegistrationState> {
        let index = u32::try_from(registration).ok()?;
        self.shared.book(|book| book.state(index).cloned())
    }

    /// What each of [`registrations`](Self::registrations) has done and met, in the same
    /// order. It takes no lock that requests take.
    pub fn metrics(&self) -> Vec<RegistrationMetrics> {
        self.shared.metrics()
    }

    /// What the registration of a number has done, also if it was withdrawn lately.
    pub(crate) fn metrics_of(&self, registration: usize) -> Option<RegistrationMetrics> {
        let all = self.shared.metrics();
        let found = all.into_iter().find(|metrics| metrics.index == registration);
        found.or_else(|| self.shared.book(|book| book.departed(registration as u32)))
    }

    /// The same of those that were withdrawn, the last 1,024 of them, oldest first.
    pub fn departed(&self) -> Vec<RegistrationMetrics> {
        self.shared.book(|book| book.all_departed())
    }

    /// Whether there is a hub at the other end now.
    pub fn is_connected(&self) -> bool {
        self.shared.session().is_some()
    }

    /// Whether it has ended for good: no further exchange comes.
    pub fn is_closed(&self) -> bool {
        self.shared.ended().is_some()
    }

    /// Calls `closed` when the connection ends for good, from a thread of its own; not if it
    /// has ended already.
    pub(crate) fn when_closed(&self, closed: impl FnOnce() + Send + 'static) {
        self.shared.when_ended(Box::new(closed));
    }

    /// Begins a shutdown without waiting for it: the hub sends nothing new, exchanges in
    /// flight go on, and once they are answered, or at the drain deadline, the connection
    /// is closed and [`next`](Self::next) says so.
    pub fn begin_shutdown(&self) {
        self.begin_shutdown_within(self.shared.options.drain_deadline);
    }

    fn begin_shutdown_within(&self, deadline: Duration) {
        let until = Instant::now().checked_add(deadline);
        self.shared.stop(Stop::Drain(until.unwrap_or_else(far_away)));
    }

    /// Shuts the connection down and waits for it. Other threads must go on answering
    /// what is in flight.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when the drain deadline passed with exchanges in flight. The
    /// connection is closed in any case.
    pub fn shutdown(&self) -> Result<()> {
        self.begin_shutdown();
        let drained = self.wait_closed(None)?;
        if drained { Ok(()) } else { Err(Error::Timeout) }
    }

    /// Begins to close the connection without a drain, and returns: what is in flight is
    /// answered by the hub.
    pub fn begin_close(&self) {
        self.shared.stop(Stop::Now);
    }

    /// Closes the connection without a drain, and waits for it.
    pub fn close(&self) {
        self.begin_close();
        let _ = self.wait_closed(None);
    }

    /// Waits until the connection is closed; gives whether everything in flight was
    /// answered by then.
    ///
    /// # Errors
    ///
    /// The time is over, or the hub refused this worker for good.
    pub fn wait_closed(&self, timeout: Option<Duration>) -> Result<bool> {
        let (error, drained) = self.shared.wait_for_end(&mut Deadline::new(timeout))?;
        if let Some(control) = lock(&self.control).take() {
            // It has nothing left to do, and a panic of its own is on record.
            let _ = control.join();
        }
        match error {
            Error::Closed => Ok(drained),
            error => Err(error),
        }
    }
}

/// What became of waiting on one session.
enum Next {
    Exchange(RawExchange),
    TimedOut,
    Closed,
}

/// A point in time that nobody lives to see.
fn far_away() -> Instant {
    Instant::now() + Duration::from_secs(60 * 60 * 24 * 365)
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.poll_fd()
    }
}

impl AsRawFd for Connection {
    fn as_raw_fd(&self) -> RawFd {
        self.poll_fd().as_raw_fd()
    }
}
