//! The worker's handle and what is behind it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sdk::{Connection, Options, PublishRefusal, Publisher, Registration};

use crate::error::Fault;
use crate::handle::{Held, Kind, Table};

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
    pub(crate) watched: Mutex<Watched>,
    /// Refusals that `slotway_worker_take_refusals` had no room for.
    pub(crate) refusals: Mutex<VecDeque<PublishRefusal>>,
}

/// What is settled before connecting.
pub(crate) struct Offer {
    pub(crate) options: Options,
    pub(crate) registrations: Vec<Registration>,
}

/// Requests for which an event loop may wait, and notices that it did not take yet.
#[derive(Default)]
pub(crate) struct Watched {
    /// The handle of each request, by its token.
    pub(crate) requests: HashMap<u64, usize>,
    /// Handles that `slotway_worker_take_notices` had no room for.
    pub(crate) left: Vec<usize>,
}

pub(crate) static WORKERS: Table<Worker> = Table::new(Kind::Worker);

const NOT_CONNECTED: &str = "the worker is not connected; call slotway_worker_connect first";
const CONNECTED: &str =
    "the worker is connected; register names and routes before slotway_worker_connect";

/// What may be behind a lock is whole between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[inline]
pub(crate) fn hold(worker: *const slotway_worker) -> Result<Held<'static, Worker>, Fault> {
    WORKERS.hold(worker.addr())
}

impl Worker {
    pub(crate) fn new(options: Options) -> Worker {
        Worker {
            offer: Mutex::new(Offer { options, registrations: Vec::new() }),
            connection: OnceLock::new(),
            publisher: OnceLock::new(),
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

    /// The offer, while it may still be changed.
    pub(crate) fn offer(&self) -> Result<MutexGuard<'_, Offer>, Fault> {
        let offer = lock(&self.offer);
        match self.connection.get() {
            None => Ok(offer),
            Some(_) => Err(Fault::Order(CONNECTED)),
        }
    }

    /// The handles of the requests that there are notices for, with those left over.
    pub(crate) fn notices(&self, connection: &Connection) -> Vec<usize> {
        let mut watched = lock(&self.watched);
        let mut found = std::mem::take(&mut watched.left);
        connection.take_notices(|token| found.extend(watched.requests.get(&token)));
        found
    }

    /// Keeps what there was no room for. An empty list brings its memory back.
    pub(crate) fn put_back(&self, left: Vec<usize>) {
        let mut watched = lock(&self.watched);
        // One thread at a time takes notices; another's are kept all the same.
        let meanwhile = std::mem::replace(&mut watched.left, left);
        watched.left.extend(meanwhile);
    }
}
