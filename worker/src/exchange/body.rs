//! The request's body, split off from its exchange.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::read::Source;
use crate::error::Result;
use crate::session::Session;

/// Reads a request's body, from any thread. It outlives the answer, but not its use: once
/// the exchange is answered, reading is an error.
#[derive(Debug)]
pub struct BodyReader {
    session: Arc<Session>,
    slot: u32,
    generation: u32,
}

impl BodyReader {
    pub(super) fn new(session: Arc<Session>, slot: u32, generation: u32) -> BodyReader {
        BodyReader { session, slot, generation }
    }

    fn source(&self) -> Source<'_> {
        Source { session: &self.session, slot: self.slot, generation: self.generation }
    }

    /// What [`Connection::take_notices`](crate::Connection::take_notices) tells the
    /// exchange by.
    pub fn token(&self) -> u64 {
        self.session.token(self.slot)
    }

    /// Reads some of the body, waiting for the first byte. `0`: that was all.
    ///
    /// # Errors
    ///
    /// The time is over, the exchange was cancelled or answered, the client broke off,
    /// or the hub is gone.
    pub fn read(&mut self, into: &mut [u8], timeout: Option<Duration>) -> Result<usize> {
        self.source().read(into, timeout)
    }

    /// Reads what has arrived. `Some(0)`: that was all; `None`: nothing now, and a notice
    /// will come when there is more.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn try_read(&mut self, into: &mut [u8]) -> Result<Option<usize>> {
        self.source().try_read(into)
    }
}

impl io::Read for BodyReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(BodyReader::read(self, into, None)?)
    }
}
