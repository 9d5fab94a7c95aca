//! A connection whose other end may be slow, wrong, silent or gone.
//!
//! hyper waits for a socket to become writable for as long as it takes. Here a write that
//! has not moved for the idle limit ends the connection, so that a client which has
//! stopped reading cannot keep a slot, or the hub's memory, for ever. So does a request's
//! head that is not there in time, counted from the end of the response before it: that
//! is the limit on a trickling head and on a connection that rests. (hyper has the latter
//! too, at the price of a timer for each request.)
//!
//! Heads are judged before hyper sees them ([`guard`]), a client that has only ended its
//! sending is told from one that is gone ([`ended`]), and a client that is refused can
//! read why ([`linger`]).

mod chunks;
mod ended;
mod framing;
mod guard;
mod head;
mod heard;
mod linger;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

pub(super) use self::ended::Transport;
use self::ended::{Ended, INTERIM};
#[cfg(feature = "fuzzing")]
pub(crate) use self::guard::fuzz;
use self::guard::{Guard, Refusal};
pub(super) use self::heard::Heard;
use self::linger::Linger;
use super::pace::{Pace, Said};
use crate::alarm::Alarm;

/// A connection with its limits.
#[derive(Debug)]
pub(super) struct Wire<T> {
    inner: T,
    pace: Arc<Pace>,
    guard: Guard,
    write_limit: Duration,
    head_limit: Duration,
    /// Since when a write has been waiting.
    write_since: Option<Instant>,
    write_alarm: Alarm,
    head_alarm: Alarm,
    /// Everything that hyper wrote has gone out.
    flushed: bool,
    /// The client sends no more; hyper has not been told.
    ended: Option<Ended>,
    /// The client has begun to say more while its request is under way.
    says_more: bool,
    /// hyper was woken to be told.
    told: bool,
    /// The client sends a body that is none.
    broken: bool,
    /// The end of sending is out, and the client may not have taken note yet.
    linger: Option<Linger>,
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
            guard: Guard::off(),
            write_limit,
            head_limit,
            write_since: None,
            write_alarm: Alarm::default(),
            head_alarm: Alarm::default(),
            flushed: true,
            ended: None,
            says_more: false,
            told: false,
            broken: false,
            linger: None,
        }
    }

    /// Takes heads of HTTP/1 only from now on, and of so many bytes at most.
    #[must_use]
    pub(super) fn guarded(mut self, head_bytes_max: usize) -> Wire<T> {
        self.guard = Guard::new(head_bytes_max);
        self
    }

    /// What is below.
    pub(super) fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Changes the limit on a request's head and on a connection that rests.
    pub(super) fn set_head_limit(&mut self, limit: Duration) {
        self.head_limit = limit;
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
        self.write_alarm.poll_at(cx, due).map(|()| {
            self.pace.stall();
            Err(io::ErrorKind::TimedOut.into())
        })
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

impl<T: Transport> Wire<T> {
    fn poll_next(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.guard.give(into) {
                return Poll::Ready(Ok(()));
            }
            if self.broken {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
            if self.guard.is_refused() {
                // hyper closes after the answer to what stood in for the head.
                return Poll::Pending;
            }
            if self.ended.is_some() {
                if self.is_answering() {
                    return self.poll_ended(cx);
                }
                // Everything is answered.
                match self.guard.end() {
                    Some(refusal) => self.refuse(refusal),
                    None => return Poll::Ready(Ok(())),
                }
                continue;
            }
            let before = into.filled().len();
            ready!(Pin::new(&mut self.inner).poll_read(cx, into))?;
            let came = &into.filled()[before..];
            if came.is_empty() {
                if self.is_awaited() && self.watch() {
                    continue;
                }
                match self.guard.end() {
                    Some(refusal) => self.refuse(refusal),
                    None => return Poll::Ready(Ok(())),
                }
                continue;
            }
            let (good, refusal) = if self.guard.is_holding() {
                (0, self.guard.add(came))
            } else {
                self.guard.pass(came)
            };
            if let Some(refusal) = refusal {
                self.refuse(refusal);
            }
            into.set_filled(before + good);
            if good > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        let (problem, broken) = match refusal {
            Refusal::Head(problem) => (problem, false),
            Refusal::Body(problem) => (problem, true),
        };
        self.pace.refuse(problem);
        self.broken = broken;
    }

    /// Whether the client has said everything and does not have its answer.
    fn is_awaited(&self) -> bool {
        self.is_answering() && (self.guard.is_between() || self.guard.is_holding())
    }

    /// Whether an answer is outstanding, or on its way and not through.
    fn is_answering(&self) -> bool {
        self.pace.idle_since().is_none() || !self.flushed
    }

    /// The client's sending has ended while an answer is outstanding: watches it from now
    /// on. `false`: there is no way to know.
    fn watch(&mut self) -> bool {
        self.ended = Ended::watch(self.inner.socket());
        self.ended.is_some()
    }

    /// Whether the client that sends no more is there.
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(ended) = &mut self.ended {
            if ended.poll_gone(cx).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            ready!(ended.poll_due(cx));
            let question = match self.pace.said() {
                // What is under way asks as well.
                _ if !self.flushed => None,
                Said::Nothing if !self.guard.is_http10() => Some(INTERIM),
                Said::Chunks => ended.zero(),
                _ => None,
            };
            if let Some(question) = question {
                ready!(self.ask(cx, question))?;
            }
        }
        Poll::Pending
    }

    /// Finds out that the client of the request under way has ended its sending, as far as
    /// hyper does not read on to find out.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Once the answer is out there is nobody to ask, and no place for a question.
        if !self.is_answering() {
            return Poll::Pending;
        }
        if self.ended.is_some() {
            return self.poll_ended(cx);
        }
        if self.says_more || !self.is_awaited() {
            return Poll::Pending;
        }
        if ready!(self.inner.poll_heard(cx))? {
            // Nothing can be seen behind it before hyper has taken it.
            self.says_more = true;
            return Poll::Pending;
        }
        if self.watch() { self.poll_ended(cx) } else { Poll::Ready(Err(unexpected_end())) }
    }

    fn ask(&mut self, cx: &mut Context<'_>, question: &[u8]) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_write(cx, question)? {
            Poll::Ready(count) if count == question.len() => {
                let _ = Pin::new(&mut self.inner).poll_flush(cx)?;
                Poll::Ready(Ok(()))
            }
            // Half of it cannot be taken back.
            Poll::Ready(_) => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            // The client reads nothing.
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }
}

fn unexpected_end() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the client left before its answer")
}

impl<T: Transport> AsyncRead for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.says_more = false;
        let read = self.poll_next(cx, into);
        self.judge_read(cx, read)
    }
}

impl<T: Transport> AsyncWrite for Wire<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.flushed = false;
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.judge_write(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.flushed = false;
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bytes);
        self.judge_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS takes bytes before they can go, so that it may be here that nothing moves.
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        ready!(self.judge_write(cx, flushed))?;
        self.flushed = true;
        if let Poll::Ready(left) = self.poll_left(cx) {
            return Poll::Ready(left);
        }
        if self.ended.is_some() && !self.is_answering() && !self.told {
            // hyper waits for the next request, and nothing but this wakes it any more.
            self.told = true;
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.linger.is_none() {
            let shut = Pin::new(&mut this.inner).poll_shutdown(cx);
            ready!(this.judge_write(cx, shut))?;
            if !this.guard.is_unread() || this.ended.is_some() {
                return Poll::Ready(Ok(()));
            }
        }
        this.linger.get_or_insert_with(Linger::new).poll_over(cx, &mut this.inner).map(Ok)
    }
}

#[cfg(test)]
mod tests;
