//! One request and its one answer.
//!
//! [`Exchange`] is the safe one: whatever it borrows from the slot ends, by the borrow
//! checker's word, before the answer is complete and the slot goes back to the hub.
//! [`RawExchange`] is the same with shared references throughout, for language bindings
//! whose callers keep that order themselves. [`BodyReader`] reads the request's body from
//! another thread than the one that answers.

mod body;
mod check;
#[cfg(feature = "tokio")]
mod owned;
mod raw;
mod read;
mod respond;
mod stream;

use std::net::SocketAddr;
use std::time::Duration;

pub use body::BodyReader;
#[cfg(feature = "tokio")]
pub(crate) use owned::OwnedHead;
pub use raw::RawExchange;
use slotway_core::head::{Fields, RequestHead, TraceContext};

use crate::calls::{Activity, Caller};
use crate::error::{Error, Result};
use crate::events::Publisher;

/// A header: its name and its value, any bytes.
pub type Header<'a> = (&'a [u8], &'a [u8]);

/// A request in hand and the duty to answer it.
///
/// Everything about the request is borrowed straight from the slot that the hub wrote it
/// to. After the answer is complete the request is gone: what was text is then empty and
/// what was optional `None`.
///
/// An exchange that is dropped without an answer is answered with 500, or its
/// connection broken off if the response had begun.
#[derive(Debug)]
pub struct Exchange {
    raw: RawExchange,
    /// Whether the request is still there to be borrowed from.
    open: bool,
    body_taken: bool,
}

/// The request.
impl Exchange {
    pub(crate) fn new(raw: RawExchange) -> Exchange {
        Exchange { raw, open: true, body_taken: false }
    }

    /// The same exchange for bindings, with nothing checked by the borrow checker.
    pub fn into_raw(self) -> RawExchange {
        self.raw
    }

    /// What publishes and pushes through the connection that the exchange came by; `None`
    /// once that is gone.
    pub fn publisher(&self) -> Option<Publisher> {
        self.raw.publisher()
    }

    /// What calls activities through the connection that the exchange came by; `None` once
    /// that is gone.
    pub fn caller(&self) -> Option<Caller> {
        self.raw.caller()
    }

    /// The activity that it is; `None` for any other exchange.
    pub fn activity(&self) -> Option<Activity<'_>> {
        Activity::of(self.head()?)
    }

    #[inline]
    fn head(&self) -> Option<&RequestHead<'_>> {
        // SAFETY: the exchange is open. It ends by methods that take it mutably, or by
        // dropping it, so not while something that this shared borrow gives lives.
        self.open.then(|| unsafe { self.raw.head() })
    }

    /// The method as it was sent.
    pub fn method(&self) -> &str {
        self.head().map_or("", |head| head.method())
    }

    /// The path as it was sent, percent-encoding and all.
    pub fn path(&self) -> &[u8] {
        self.head().map_or(b"", |head| head.path())
    }

    /// What follows the question mark; `None` without one.
    pub fn query(&self) -> Option<&[u8]> {
        self.head()?.query()
    }

    /// The pattern that matched.
    pub fn route(&self) -> &str {
        self.head().map_or("", |head| head.route())
    }

    /// The index of the registration that matched, in the order they were given.
    pub fn registration(&self) -> u32 {
        self.head().map_or(0, |head| head.registration())
    }

    /// The index of the route that matched, in its registration.
    pub fn route_index(&self) -> u32 {
        self.head().map_or(0, |head| head.route_index())
    }

    /// The path's parameters, percent-decoded, in the pattern's order.
    pub fn params(&self) -> Fields<'_> {
        self.head().map_or_else(Fields::default, |head| head.params())
    }

    /// The value of a path parameter.
    pub fn param(&self, name: &str) -> Option<&[u8]> {
        self.head()?.param(name)
    }

    /// The headers in order. Names are in lower case, values any bytes.
    pub fn headers(&self) -> Fields<'_> {
        self.head().map_or_else(Fields::default, |head| head.headers())
    }

    /// The first value of a header, its name in any case of letters.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.head()?.header(name)
    }

    /// The body's length if the client stated it.
    pub fn content_length(&self) -> Option<u64> {
        self.head()?.content_length()
    }

    /// When the answer is due, in nanoseconds of CLOCK_MONOTONIC.
    pub fn deadline_ns(&self) -> Option<u64> {
        self.head()?.deadline_ns()
    }

    /// How long there is until the answer is due.
    pub fn time_left(&self) -> Option<Duration> {
        let deadline = self.deadline_ns()?;
        Some(Duration::from_nanos(deadline.saturating_sub(slotway_core::map::monotonic_ns())))
    }

    /// The version of HTTP: 10, 11 or 20.
    pub fn http_version(&self) -> u8 {
        self.head().map_or(0, |head| head.http_version())
    }

    /// Who sent it, unless it came over a Unix socket.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.head()?.peer()
    }

    /// The trace it belongs to.
    pub fn trace(&self) -> Option<TraceContext> {
        self.head()?.trace()
    }

    /// What [`Connection::take_notices`](crate::Connection::take_notices) tells this
    /// exchange by.
    pub fn token(&self) -> u64 {
        self.raw.token()
    }

    /// Whether nobody waits for the answer any more.
    #[inline]
    pub fn cancelled(&self) -> bool {
        self.raw.cancelled()
    }

    /// Waits until nobody waits for the answer any more; `false` when the time is over.
    pub fn wait_cancelled(&self, timeout: Option<Duration>) -> bool {
        self.raw.wait_cancelled(timeout)
    }

    /// Like [`cancelled`](Self::cancelled), and if not asks for a notice for when it is.
    pub fn poll_cancelled(&self) -> bool {
        self.raw.poll_cancelled()
    }
}

/// The request's body.
impl Exchange {
    fn body_here(&self) -> Result<()> {
        if self.body_taken {
            return Err(Error::OutOfOrder("the request's body was taken by another reader"));
        }
        Ok(())
    }

    /// Waits until the whole body has arrived and gives it in one piece, borrowed from
    /// the slot. `None`: it is larger than the slot holds at once; read it in pieces.
    ///
    /// # Errors
    ///
    /// The time is over, the client broke off, or the hub is gone.
    pub fn body(&self, timeout: Option<Duration>) -> Result<Option<&[u8]>> {
        self.body_here()?;
        // SAFETY: what consumes the body or ends the exchange takes it mutably, and no
        // other reader was split off.
        unsafe { self.raw.body(timeout) }
    }

    /// What has arrived and lies in one piece, and whether that is all there will be.
    ///
    /// # Errors
    ///
    /// The client broke off.
    pub fn peek(&self) -> Result<(&[u8], bool)> {
        self.body_here()?;
        // SAFETY: as for `body`.
        unsafe { self.raw.peek() }
    }

    /// Gives the first `count` bytes of what [`peek`](Self::peek) shows back to the hub.
    ///
    /// # Errors
    ///
    /// Fewer bytes have arrived.
    pub fn consume(&mut self, count: usize) -> Result<()> {
        self.body_here()?;
        // SAFETY: a mutable borrow outlives every slice of the body.
        unsafe { self.raw.consume(count) }
    }

    /// Reads some of the body, waiting for the first byte. `0`: that was all.
    ///
    /// # Errors
    ///
    /// The time is over, the exchange was cancelled, the client broke off, or the hub is
    /// gone.
    pub fn read(&mut self, into: &mut [u8], timeout: Option<Duration>) -> Result<usize> {
        self.body_here()?;
        self.raw.read(into, timeout)
    }

    /// Reads what has arrived. `Some(0)`: that was all; `None`: nothing now, and a notice
    /// will come when there is more.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn try_read(&mut self, into: &mut [u8]) -> Result<Option<usize>> {
        self.body_here()?;
        self.raw.try_read(into)
    }

    /// Splits the body off: another thread can read it while this one answers. `None`:
    /// it was taken before.
    pub fn take_body(&mut self) -> Option<BodyReader> {
        if self.body_taken {
            return None;
        }
        self.body_taken = true;
        Some(self.raw.body_reader())
    }
}

/// The response.
impl Exchange {
    /// Answers in one call. A body that the slot cannot hold at once flows as the client
    /// takes it; this waits for it.
    ///
    /// # Errors
    ///
    /// The status or a header cannot be sent, or the head is too large: the exchange is
    /// still to be answered. Cancelled or hub gone: the exchange is over. It has been
    /// answered or begun before.
    pub fn respond<'h, H>(&mut self, status: u16, headers: H, body: &[u8]) -> Result<()>
    where
        H: IntoIterator<Item = Header<'h>, IntoIter: Clone>,
    {
        let result = self.raw.respond(status, headers, body);
        self.open = self.raw.is_open();
        result
    }

    /// Space for a body of `length` bytes in the slot, to be written in place. What it
    /// holds before is unspecified. [`commit`](Self::commit) makes it part of the body.
    ///
    /// # Errors
    ///
    /// There is no room for it in one piece.
    pub fn reserve(&mut self, length: usize) -> Result<&mut [u8]> {
        // SAFETY: whatever touches the space takes the exchange mutably.
        unsafe { self.raw.reserve(length) }
    }

    /// Adds the first `count` bytes of the reserved space to the body.
    ///
    /// # Errors
    ///
    /// There is less room, or more than the declared length.
    pub fn commit(&mut self, count: usize) -> Result<()> {
        self.raw.commit(count)
    }

    /// Completes an answer whose body was committed before: its head, its length and its
    /// end in one.
    ///
    /// # Errors
    ///
    /// As for [`respond`](Self::respond).
    pub fn complete<'h, H>(&mut self, status: u16, headers: H) -> Result<()>
    where
        H: IntoIterator<Item = Header<'h>, IntoIter: Clone>,
    {
        let result = self.raw.complete(status, headers);
        self.open = self.raw.is_open();
        result
    }

    /// Begins a streamed answer. The head travels with the first bytes of the body, or
    /// with [`flush`](Self::flush). A `content-length` among the headers declares the
    /// body's length, which is then held to.
    ///
    /// # Errors
    ///
    /// As for [`respond`](Self::respond).
    pub fn start<'h, H>(&mut self, status: u16, headers: H) -> Result<()>
    where
        H: IntoIterator<Item = Header<'h>, IntoIter: Clone>,
    {
        self.raw.start(status, headers)
    }

    /// Adds `bytes` to a streamed body, waiting for room.
    ///
    /// # Errors
    ///
    /// The time is over (some of the bytes may have gone), the exchange was cancelled,
    /// the hub is gone, the answer was not started, or more than the declared length.
    pub fn write(&mut self, bytes: &[u8], timeout: Option<Duration>) -> Result<()> {
        self.raw.write(bytes, timeout)
    }

    /// Adds some of `bytes` to a streamed body, waiting for room for the first; gives the
    /// count.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write), but none of the bytes has gone then.
    pub fn write_some(&mut self, bytes: &[u8], timeout: Option<Duration>) -> Result<usize> {
        self.raw.write_some(bytes, timeout)
    }

    /// Adds as much of `bytes` as there is room for; gives the count. `None`: no room
    /// now, and a notice will come when there is.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub fn try_write(&mut self, bytes: &[u8]) -> Result<Option<usize>> {
        self.raw.try_write(bytes)
    }

    /// Sends the head and what was committed on their way now.
    ///
    /// # Errors
    ///
    /// The answer was not started.
    pub fn flush(&mut self) -> Result<()> {
        self.raw.flush()
    }

    /// Ends a streamed answer.
    ///
    /// # Errors
    ///
    /// The answer was not started; or the body is shorter than declared, and then the
    /// client's connection is broken off.
    pub fn finish(&mut self) -> Result<()> {
        let result = self.raw.finish();
        self.open = self.raw.is_open();
        result
    }

    /// Breaks the answer off: the client gets 502, or a broken connection if the response
    /// had begun.
    ///
    /// # Errors
    ///
    /// The exchange has been answered.
    pub fn abort(&mut self) -> Result<()> {
        let result = self.raw.abort();
        self.open = self.raw.is_open();
        result
    }

    /// Whether the answer is still to be completed.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the answer's head is written.
    pub fn is_started(&self) -> bool {
        self.raw.is_started()
    }

    /// Bytes of body that a slot holds at once.
    pub fn response_capacity(&self) -> usize {
        self.raw.response_capacity()
    }
}

#[cfg(test)]
mod tests;
