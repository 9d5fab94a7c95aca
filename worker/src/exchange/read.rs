//! Reading the request's body.

use std::time::Duration;

use slotway_core::{End, Watch};

use super::RawExchange;
use super::raw::{broken_off, hopeless};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::session::{Entered, Occasion, Session, SlotState};
use crate::sync::lock;

/// One exchange's request, as far as reading its body goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) session: &'a Session,
    pub(super) slot: u32,
    pub(super) generation: u32,
}

impl<'a> Source<'a> {
    fn state(self) -> &'a SlotState {
        self.session.slot(self.slot)
    }

    fn hopeless(self, entered: &Entered<'_>) -> Result<()> {
        hopeless(self.session, self.state(), entered)
    }

    /// Sleeps until more may have arrived.
    fn park(self, entered: &Entered<'_>, deadline: &mut Deadline) -> Result<()> {
        self.hopeless(entered)?;
        let left = deadline.left().map_err(|_| Error::Timeout)?;
        let _ = self.state().sleep(
            || self.session.is_closed(),
            || self.session.side().park_request(entered.claim(), left),
        );
        Ok(())
    }

    /// What has arrived, or the end, or nothing.
    fn take(self, entered: &Entered<'_>, into: &mut [u8]) -> Result<Option<usize>> {
        let (count, end, wake) = self.session.side().read_request(entered.claim(), into);
        self.session.ring(wake);
        if count > 0 {
            self.state().count_read(count);
            return Ok(Some(count));
        }
        broken_off(self.session, entered, end)?;
        // With no room to copy to, the end says nothing about what has arrived.
        Ok((end == End::Finished || into.is_empty()).then_some(0))
    }

    pub(super) fn read(self, into: &mut [u8], timeout: Option<Duration>) -> Result<usize> {
        let _turn = lock(&self.state().request);
        let entered = self.state().enter(self.generation)?;
        let mut deadline = Deadline::new(timeout);
        loop {
            if let Some(count) = self.take(&entered, into)? {
                return Ok(count);
            }
            self.park(&entered, &mut deadline)?;
        }
    }

    pub(super) fn try_read(self, into: &mut [u8]) -> Result<Option<usize>> {
        let _turn = lock(&self.state().request);
        let entered = self.state().enter(self.generation)?;
        loop {
            if let Some(count) = self.take(&entered, into)? {
                self.state().clear_watched(Occasion::Request);
                return Ok(Some(count));
            }
            // Before the look: whoever ends the wait on this side sees it, or is seen.
            self.state().set_watched(Occasion::Request);
            self.hopeless(&entered)?;
            match self.session.side().watch_request(entered.claim()) {
                Watch::Armed => return Ok(None),
                Watch::LookAgain => {}
            }
        }
    }
}

impl RawExchange {
    fn source(&self) -> Source<'_> {
        Source { session: &self.session, slot: self.slot, generation: self.generation }
    }

    /// As [`Exchange::read`](super::Exchange::read).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn read(&self, into: &mut [u8], timeout: Option<Duration>) -> Result<usize> {
        self.source().read(into, timeout)
    }

    /// As [`Exchange::try_read`](super::Exchange::try_read).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn try_read(&self, into: &mut [u8]) -> Result<Option<usize>> {
        self.source().try_read(into)
    }

    /// As [`Exchange::body`](super::Exchange::body).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Safety
    ///
    /// The slice is not used after bytes of the body were read or consumed, nor after the
    /// exchange was answered.
    pub unsafe fn body(&self, timeout: Option<Duration>) -> Result<Option<&[u8]>> {
        let _turn = lock(&self.state().request);
        let entered = self.enter()?;
        let capacity = self.session.spec().request_bytes as usize;
        let mut deadline = Deadline::new(timeout);
        loop {
            // SAFETY: the caller's promise.
            let (bytes, end, arrived) = unsafe { self.arrived(&entered) };
            match end {
                End::Finished => return Ok(Some(bytes)),
                End::Aborted => broken_off(&self.session, &entered, end)?,
                // It goes on past the end of the ring, or will.
                End::Open if bytes.len() < arrived || arrived == capacity => return Ok(None),
                End::Open => {}
            }
            if self.head_content_length(&entered).is_some_and(|length| length > capacity as u64) {
                return Ok(None);
            }
            self.source().park(&entered, &mut deadline)?;
        }
    }

    /// As [`Exchange::peek`](super::Exchange::peek).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Safety
    ///
    /// As for [`body`](Self::body).
    pub unsafe fn peek(&self) -> Result<(&[u8], bool)> {
        let _turn = lock(&self.state().request);
        let entered = self.enter()?;
        // SAFETY: the caller's promise.
        let (bytes, end, _) = unsafe { self.arrived(&entered) };
        if bytes.is_empty() {
            broken_off(&self.session, &entered, end)?;
        }
        Ok((bytes, end == End::Finished))
    }

    /// Waits until [`peek`](Self::peek) shows something new or the end: more than `seen`
    /// bytes.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn wait_body(&self, seen: usize, timeout: Option<Duration>) -> Result<()> {
        let _turn = lock(&self.state().request);
        let entered = self.enter()?;
        let mut deadline = Deadline::new(timeout);
        loop {
            let (arrived, end) = self.session.side().request_readable(entered.claim());
            if arrived > seen || end == End::Finished {
                return Ok(());
            }
            broken_off(&self.session, &entered, end)?;
            self.source().park(&entered, &mut deadline)?;
        }
    }

    /// As [`Exchange::consume`](super::Exchange::consume).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Safety
    ///
    /// What [`peek`](Self::peek) or [`body`](Self::body) gave is not used any more.
    pub unsafe fn consume(&self, count: usize) -> Result<()> {
        let _turn = lock(&self.state().request);
        let entered = self.enter()?;
        let (arrived, _) = self.session.side().request_readable(entered.claim());
        if count > arrived {
            return Err(Error::InvalidArgument(format!(
                "{count} bytes of the request's body are to be consumed where {arrived} have arrived"
            )));
        }
        let wake = self.session.side().consume_request(entered.claim(), count);
        self.session.ring(wake);
        self.state().count_read(count);
        Ok(())
    }

    /// The bytes that lie in one piece, what follows them, and how many there are in all.
    ///
    /// # Safety
    ///
    /// As for [`body`](Self::body).
    unsafe fn arrived<'a>(&'a self, entered: &Entered<'_>) -> (&'a [u8], End, usize) {
        let (arrived, _) = self.session.side().request_readable(entered.claim());
        // SAFETY: the caller's promise.
        let (bytes, end) = unsafe { self.session.side().request_body(entered.claim()) };
        let (start, length) = (bytes.as_ptr(), bytes.len());
        // SAFETY: the bytes lie in the session's mapping, which `self` keeps, and the hub
        // leaves them alone until they are consumed or the exchange is answered, before
        // which the caller stops using them.
        let bytes = unsafe { std::slice::from_raw_parts(start, length) };
        // More may have come between the two looks.
        (bytes, end, arrived.max(length))
    }

    fn head_content_length(&self, _entered: &Entered<'_>) -> Option<u64> {
        // SAFETY: the exchange is open while it is entered, and a number is not borrowed.
        unsafe { self.head() }.content_length()
    }
}
