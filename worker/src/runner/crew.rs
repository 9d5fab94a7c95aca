//! One connection of a runner: its region, the registrations on it, and the threads that
//! answer for them.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::{ArcSwap, Cache};

use super::unit::Unit;
use crate::book::{RegistrationMetrics, Sparse};
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::sync::lock;
use crate::worker::{Handler, serve};

/// Handlers by registration. Threads look at a copy that they renew when this has changed, so
/// that a request takes no lock and writes to no shared counter for it.
type Handlers = ArcSwap<Sparse<Arc<[Handler]>>>;

/// A connection and its threads.
pub(super) struct Crew {
    connection: Arc<Connection>,
    handlers: Arc<Handlers>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Slots of its region that its registrations may use.
    slots: u32,
}

impl Crew {
    /// Begins to connect and serves from then on, in the background. The units have the
    /// numbers from 0 in their order; `ended` is called when the connection ends for good,
    /// unless it has when this returns.
    pub(super) fn start(
        options: Options,
        slots: u32,
        units: Vec<Unit>,
        threads: usize,
        ended: impl FnOnce() + Send + 'static,
    ) -> Result<Crew> {
        let mut known = Sparse::new();
        let mut registrations = Vec::with_capacity(units.len());
        for (unit, index) in units.into_iter().zip(0..) {
            let (registration, handlers) = unit.into_parts();
            known.insert(index, Arc::from(handlers));
            registrations.push(registration);
        }
        let options = options.slots(slots);
        let connection = Arc::new(Connection::open_in_background(options, registrations)?);
        connection.when_closed(ended);
        let handlers = Arc::new(ArcSwap::from_pointee(known));
        let mut started = Vec::with_capacity(threads);
        for number in 0..threads {
            let (connection, handlers) = (connection.clone(), handlers.clone());
            let thread = std::thread::Builder::new()
                .name(format!("slotway-{number}"))
                .spawn(move || work(&connection, handlers))
                .map_err(|error| Error::io("starting a handler's thread", error))?;
            started.push(thread);
        }
        Ok(Crew { connection, handlers, threads: Mutex::new(started), slots })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Slots that its registrations may use together.
    pub(super) fn slots(&self) -> u32 {
        self.slots
    }

    /// Adds a unit, and gives its number.
    pub(super) fn add(&self, unit: Unit) -> Result<usize> {
        let (registration, handlers) = unit.into_parts();
        let handlers: Arc<[Handler]> = Arc::from(handlers);
        self.connection.add_with(registration, |index| {
            self.handlers.rcu(|known| {
                let mut known = Sparse::clone(known);
                known.insert(index, handlers.clone());
                known
            });
        })
    }

    /// Withdraws a registration, waits until nothing of it is in flight, and lets its
    /// handlers go.
    pub(super) fn withdraw(&self, index: usize, timeout: Duration) -> Result<RegistrationMetrics> {
        let metrics = self.connection.withdraw(index, Some(timeout))?;
        self.handlers.rcu(|known| {
            let mut known = Sparse::clone(known);
            let _ = known.remove(index as u32);
            known
        });
        Ok(metrics)
    }

    /// Waits until the connection is closed, and its threads unless one is stuck. Whether
    /// everything in flight was answered.
    pub(super) fn wait(&self) -> bool {
        // A refusal for good is in the report of each registration.
        let drained = self.connection.wait_closed(None).unwrap_or(true);
        if drained {
            let threads = std::mem::take(&mut *lock(&self.threads));
            for thread in threads {
                // Handlers' panics do not come this far.
                let _ = thread.join();
            }
        }
        drained
    }
}

impl std::fmt::Debug for Crew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crew").field("slots", &self.slots).finish_non_exhaustive()
    }
}

fn work(connection: &Connection, handlers: Arc<Handlers>) {
    let mut handlers = Cache::new(handlers);
    loop {
        match connection.next(None) {
            Ok(Some(exchange)) => {
                let own = handlers.load().get(exchange.registration());
                serve(own.and_then(|own| own.get(exchange.route_index() as usize)), exchange);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "a handler's thread ends");
                return;
            }
        }
    }
}
