//! A connection whose other end may be slow, but not for ever.
//!
//! hyper waits for a socket to become writable for as long as it takes. Here a write that
//! has not moved for the idle limit ends the connection, so that a client which has
//! stopped reading cannot keep a slot, or the hub's memory, for ever. So does a request's
//! head that is not there in time, counted from the end of the response before it: that
//! is the limit on a trickling head and on a connection that rests. (hyper has the latter
//! too, at the price of a timer for each request.)

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::pace::Pace;
use crate::alarm::Alarm;

/// A connection with its limits.
#[derive(Debug)]
pub(super) struct Wire<T> {
    inner: T,
    pace: Arc<Pace>,
    write_limit: Duration,
    head_limit: Duration,
    /// Since when a write has been waiting.
    write_since: Option<Instant>,
    write_alarm: Alarm,
    head_alarm: Alarm,
}

impl<T> Wire<T> {
    pub(super) fn new(
        inner: T,
        pace: Arc<Pace>,
        write_limit: Duration,
        head_limit: Duration,
    ) -> Wire<T> {
        Wire {
            inner,
            pace,
            write_limit,
            head_limit,
            write_since: None,
            write_alarm: Alarm::default(),
            head_alarm: Alarm::default(),
        }
    }

    fn judge_write<R>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if written.is_ready() {
            self.write_since = None;
            return written;
        }
        let due = *self.write_since.get_or_insert_with(Instant::now) + self.write_limit;
        self.write_alarm.poll_at(cx, due).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn judge_read(
        &mut self,
        cx: &mut Context<'_>,
        read: Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        match self.pace.idle_since() {
            Some(since) if read.is_pending() => {
                let due = since + self.head_limit;
                self.head_alarm.poll_at(cx, due).map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
            _ => read,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.inner).poll_read(cx, into);
        self.judge_read(cx, read)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.judge_write(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bytes);
        self.judge_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
