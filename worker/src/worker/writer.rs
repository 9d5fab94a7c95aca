//! Writing a streamed body from a handler's thread.

use std::io;
use std::time::Duration;

use crate::exchange::RawExchange;

/// Takes a streamed body, piece by piece. Writing waits for room, so a client that reads
/// slowly slows the writer down.
#[derive(Debug)]
pub struct BodyWriter<'a> {
    exchange: &'a RawExchange,
}

impl<'a> BodyWriter<'a> {
    pub(super) fn new(exchange: &'a RawExchange) -> BodyWriter<'a> {
        BodyWriter { exchange }
    }

    /// Whether nobody reads any more.
    pub fn cancelled(&self) -> bool {
        self.exchange.cancelled()
    }

    /// Waits until nobody reads any more; `false` when the time is over. How a stream of
    /// events pauses between two of them.
    pub fn wait_cancelled(&self, timeout: Option<Duration>) -> bool {
        self.exchange.wait_cancelled(timeout)
    }
}

impl io::Write for BodyWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.exchange.write(bytes, None)?;
        Ok(bytes.len())
    }

    /// Sends the head on its way, if nothing was written yet.
    fn flush(&mut self) -> io::Result<()> {
        Ok(self.exchange.flush()?)
    }
}
