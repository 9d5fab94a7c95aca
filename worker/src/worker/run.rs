//! The threads that run handlers.

use std::sync::Arc;
use std::thread::JoinHandle;

use super::Handler;
use super::answer::serve;
use super::offer::{Handlers, find};
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::registration::Registration;

/// A worker that serves. Dropping it closes the connection at once.
#[derive(Debug)]
pub struct Running {
    connection: Arc<Connection>,
    threads: Vec<JoinHandle<()>>,
}

/// Asks a running worker to end, from anywhere.
#[derive(Debug, Clone)]
pub struct Handle {
    connection: Arc<Connection>,
}

impl Handle {
    pub(crate) fn new(connection: Arc<Connection>) -> Handle {
        Handle { connection }
    }

    /// Begins the drain and returns: nothing new comes, what is in flight is answered.
    pub fn shutdown(&self) {
        self.connection.begin_shutdown();
    }

    /// Begins to close the connection without a drain, and returns.
    pub fn close(&self) {
        self.connection.begin_close();
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl Running {
    pub(super) fn launch(
        options: Options,
        registrations: Vec<Registration>,
        handlers: Handlers<Handler>,
        threads: usize,
    ) -> Result<Running> {
        let connection = Arc::new(Connection::open_in_background(options, registrations)?);
        let handlers = Arc::new(handlers);
        let mut running = Running { connection, threads: Vec::new() };
        for number in 0..threads {
            let (connection, handlers) = (running.connection.clone(), handlers.clone());
            let thread = std::thread::Builder::new()
                .name(format!("slotway-{number}"))
                .spawn(move || work(&connection, &handlers))
                .map_err(|error| Error::io("starting a handler's thread", error))?;
            running.threads.push(thread);
        }
        Ok(running)
    }

    pub(super) fn wait_live(&self) -> Result<()> {
        self.connection.wait_live()
    }

    /// What asks this worker to end, from another thread or a handler.
    pub fn handle(&self) -> Handle {
        Handle::new(self.connection.clone())
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Drains and waits for it.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] when the drain deadline passed with exchanges in flight; their
    /// threads go on by themselves, and their answers go nowhere.
    pub fn shutdown(self) -> Result<()> {
        self.connection.begin_shutdown();
        self.join()
    }

    /// Waits until somebody else ends it.
    ///
    /// # Errors
    ///
    /// As for [`shutdown`](Self::shutdown); [`Error::Refused`] when the hub will not have
    /// this worker any more.
    pub fn join(mut self) -> Result<()> {
        let drained = self.connection.wait_closed(None)?;
        if !drained {
            return Err(Error::Timeout);
        }
        for thread in self.threads.drain(..) {
            // Handlers' panics do not come this far.
            let _ = thread.join();
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.connection.begin_close();
    }
}

fn work(connection: &Connection, handlers: &Handlers<Handler>) {
    loop {
        match connection.next(None) {
            Ok(Some(exchange)) => {
                let handler = find(handlers, exchange.registration(), exchange.route_index());
                serve(handler, exchange);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "a handler's thread ends");
                return;
            }
        }
    }
}
