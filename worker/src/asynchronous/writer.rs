//! Writing a streamed body from a task.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::wakers::{Wait, Wakers};
use crate::error::Result;
use crate::exchange::RawExchange;

/// Takes a streamed body, piece by piece. Writing waits for room, so a client that reads
/// slowly slows the writer down.
#[derive(Debug)]
pub struct AsyncWriter {
    raw: Arc<RawExchange>,
    wakers: Arc<Wakers>,
}

impl AsyncWriter {
    pub(super) fn new(raw: Arc<RawExchange>, wakers: Arc<Wakers>) -> AsyncWriter {
        AsyncWriter { raw, wakers }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    ///
    /// Nobody reads any more, the hub is gone, or the body would be longer than its
    /// `content-length`.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = poll_fn(|cx| self.poll_write(cx, rest)).await?;
            rest = &rest[count..];
        }
        Ok(())
    }

    fn poll_write(&self, cx: &Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        // What finds room needs no waker.
        match self.raw.try_write(bytes) {
            Ok(Some(count)) => return Poll::Ready(Ok(count)),
            Ok(None) => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
        // The notice may have come before the waker was there: look once more.
        self.wakers.wait(self.raw.token(), Wait::Response, cx);
        match self.raw.try_write(bytes) {
            Ok(Some(count)) => Poll::Ready(Ok(count)),
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Sends the head on its way, if nothing was written yet.
    ///
    /// # Errors
    ///
    /// The answer is over.
    pub fn flush(&mut self) -> io::Result<()> {
        Ok(self.raw.flush()?)
    }

    /// Whether nobody reads any more.
    pub fn is_cancelled(&self) -> bool {
        self.raw.cancelled()
    }

    /// Ends when nobody reads any more.
    pub async fn cancelled(&self) {
        super::wakers::cancelled(&self.raw, &self.wakers).await;
    }
}
