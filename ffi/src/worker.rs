//! The worker's handle and what is behind it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sdk::{Caller, Connection, Options, PublishRefusal, Publisher, Registration};

use crate::error::Fault;
use crate::handle::{Held, Kind, Table};
use crate::notices::Notices;

/// A worker: what it offers, and its connection to the hub. Any number of threads may use
/// one at the same time, but for setting it up.
pub struct slotway_worker {
    _opaque: [u8; 0],
}

/// What is behind a worker's handle.
pub(crate) struct Worker {
    pub(crate) offer: Mutex<Offer>,
    /// Set once, by whoever holds the offer's lock.
    pub(crate) connection: OnceLock<Connection>,
    /// The connection's.
    publisher: OnceLock<Publisher>,
    /// Likewise.
    caller: OnceLock<Caller>,
    pub(crate) watched: Mutex<Watched>,
    /// Refusals that `slotway_worker_take_refusals` had no room for.
    pub(crate) refusals: Mutex<VecDeque<PublishRefusal>>,
}

/// What is offered to the hub, or will be.
pub(crate) struct Offer {
    pub(crate) options: Options,
    /// Registrations may be added once it is connected.
    hot_add: bool,
    /// What the hub has not been offered: any number before connecting, one at most afterwards.
    pub(crate) registrations: Vec<Registration>,
    /// The number that the first of them will have.
    pub(crate) next: u32,
}

/// Requests and calls for which an event loop may wait.
#[derive(Default)]
pub(crate) struct Watched {
    pub(crate) requests: Notices,
    pub(crate) calls: Notices,
}

pub(crate) static WORKERS: Table<Worker> = Table::new(Kind::Worker);

const NOT_CONNECTED: &str = "the worker is not connected; call slotway_worker_connect first";
const CONNECTED: &str = "the worker is connected; register names, routes and queues before \
                         slotway_worker_connect, or set SLOTWAY_WORKER_HOT_ADD";

/// What may be behind a lock is whole between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[inline]
pub(crate) fn hold(worker: *const slotway_worker) -> Result<Held<'static, Worker>, Fault> {
    WORKERS.hold(worker.addr())
}

impl Worker {
    pub(crate) fn new(options: Options, hot_add: bool) -> Worker {
        let registrations = Vec::new();
        Worker {
            offer: Mutex::new(Offer { options, hot_add, registrations, next: 0 }),
            connection: OnceLock::new(),
            publisher: OnceLock::new(),
            caller: OnceLock::new(),
            watched: Mutex::default(),
            refusals: Mutex::default(),
        }
    }

    #[inline]
    pub(crate) fn connection(&self) -> Result<&Connection, Fault> {
        self.connection.get().ok_or(Fault::Order(NOT_CONNECTED))
    }

    #[inline]
    pub(crate) fn publisher(&self) -> Result<&Publisher, Fault> {
        let connection = self.connection()?;
        Ok(self.publisher.get_or_init(|| connection.publisher()))
    }

    #[inline]
    pub(crate) fn caller(&self) -> Result<&Caller, Fault> {
        let connection = self.connection()?;
        Ok(self.caller.get_or_init(|| connection.caller()))
    }

    /// The offer, while it may still be changed.
    pub(crate) fn offer(&self) -> Result<MutexGuard<'_, Offer>, Fault> {
        let offer = lock(&self.offer);
        match self.connection.get() {
            Some(_) if !offer.hot_add => Err(Fault::Order(CONNECTED)),
            _ => Ok(offer),
        }
    }

    /// Gives `each` the handles of one kind that there are notices for, `capacity` at most. The
    /// rest, and those of the other kind, are there the next time.
    pub(crate) fn take_notices(
        &self,
        connection: &Connection,
        kind: fn(&mut Watched) -> &mut Notices,
        capacity: usize,
        mut each: impl FnMut(usize),
    ) {
        let watched = &mut *lock(&self.watched);
        connection.take_notices(|token| {
            // What is neither's is a subscription's, or room's: looked at without being told.
            let _ = watched.requests.push(token) || watched.calls.push(token);
        });
        let noticed = kind(watched);
        std::iter::from_fn(|| noticed.pop()).take(capacity).for_each(&mut each);
    }
}
