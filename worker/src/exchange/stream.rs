//! Streaming an answer.

use std::time::Duration;

use slotway_core::Watch;

use super::respond::{End, FAILED, fresh};
use super::{Header, RawExchange, check};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::session::{Entered, Occasion, Response};
use crate::sync::lock;

const NOT_STARTED: &str = "the answer was not started; give its status and headers first";

impl RawExchange {
    /// As [`Exchange::start`](super::Exchange::start).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn start<'h, H>(&self, status: u16, headers: H) -> Result<()>
    where
        H: IntoIterator<Item = Header<'h>, IntoIter: Clone>,
    {
        let headers = headers.into_iter();
        let checked = check::head(status, headers.clone())?;
        let mut response = lock(&self.state().response);
        let entered = self.enter()?;
        fresh(&response)?;
        let bodiless = self.bodiless(&entered, status);
        if let Some(declared) = checked.content_length.filter(|&length| response.given > length) {
            return Err(Error::BodyLength { declared, given: response.given });
        }
        self.encode(&entered, status, headers, &checked, checked.content_length)?;
        response.started = true;
        response.failed = status >= FAILED;
        response.bodiless = bodiless;
        response.declared = checked.content_length;
        if bodiless {
            // No byte of a body will follow that could take the head along.
            self.session.ring(self.session.side().announce(entered.claim()));
        }
        Ok(())
    }

    /// As [`Exchange::write`](super::Exchange::write).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn write(&self, bytes: &[u8], timeout: Option<Duration>) -> Result<()> {
        let mut response = lock(&self.state().response);
        let entered = self.enter()?;
        begun(&response)?;
        fits(&response, bytes.len())?;
        self.hopeless(&entered)?;
        if response.bodiless || bytes.is_empty() {
            return admit(&mut response, bytes.len());
        }
        let mut deadline = Deadline::new(timeout);
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = self.pour_some(&entered, rest, &mut deadline)?;
            admit(&mut response, count)?;
            rest = &rest[count..];
        }
        Ok(())
    }

    /// As [`Exchange::write_some`](super::Exchange::write_some).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn write_some(&self, bytes: &[u8], timeout: Option<Duration>) -> Result<usize> {
        let mut response = lock(&self.state().response);
        let entered = self.enter()?;
        begun(&response)?;
        fits(&response, bytes.len())?;
        self.hopeless(&entered)?;
        let count = if response.bodiless || bytes.is_empty() {
            bytes.len()
        } else {
            self.pour_some(&entered, bytes, &mut Deadline::new(timeout))?
        };
        admit(&mut response, count)?;
        Ok(count)
    }

    /// As [`Exchange::try_write`](super::Exchange::try_write).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn try_write(&self, bytes: &[u8]) -> Result<Option<usize>> {
        let mut response = lock(&self.state().response);
        let entered = self.enter()?;
        begun(&response)?;
        self.hopeless(&entered)?;
        fits(&response, bytes.len())?;
        if response.bodiless || bytes.is_empty() {
            admit(&mut response, bytes.len())?;
            return Ok(Some(bytes.len()));
        }
        let side = self.session.side();
        loop {
            let count = side.write_response(entered.claim(), bytes);
            if count > 0 {
                self.state().clear_watched(Occasion::Response);
                admit(&mut response, count)?;
                self.session.ring(side.announce(entered.claim()));
                return Ok(Some(count));
            }
            // Before the look: whoever closes the session sees it, or is seen.
            self.state().set_watched(Occasion::Response);
            self.hopeless(&entered)?;
            match side.watch_response(entered.claim()) {
                Watch::Armed => return Ok(None),
                Watch::LookAgain => {}
            }
        }
    }

    /// As [`Exchange::flush`](super::Exchange::flush).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn flush(&self) -> Result<()> {
        let response = lock(&self.state().response);
        let entered = self.enter()?;
        begun(&response)?;
        self.session.ring(self.session.side().announce(entered.claim()));
        Ok(())
    }

    /// As [`Exchange::finish`](super::Exchange::finish).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn finish(&self) -> Result<()> {
        let response = lock(&self.state().response);
        drop(self.enter()?);
        begun(&response)?;
        let given = response.given;
        match response.declared {
            Some(declared) if declared != given && !response.bodiless => {
                self.end(response, End::Abort);
                Err(Error::BodyLength { declared, given })
            }
            _ => {
                self.end(response, End::Finish);
                Ok(())
            }
        }
    }

    /// Writes some of `bytes`, which are not none, waiting for room.
    pub(super) fn pour_some(
        &self,
        entered: &Entered<'_>,
        bytes: &[u8],
        deadline: &mut Deadline,
    ) -> Result<usize> {
        let side = self.session.side();
        loop {
            let count = side.write_response(entered.claim(), bytes);
            if count > 0 {
                self.session.ring(side.announce(entered.claim()));
                return Ok(count);
            }
            self.hopeless(entered)?;
            let left = deadline.left().map_err(|_| Error::Timeout)?;
            let _ = self
                .state()
                .sleep(|| self.session.is_closed(), || side.park_response(entered.claim(), left));
        }
    }
}

fn begun(response: &Response) -> Result<()> {
    if response.started { Ok(()) } else { Err(Error::OutOfOrder(NOT_STARTED)) }
}

/// Whether `count` more bytes stay within the declared length.
fn fits(response: &Response, count: usize) -> Result<()> {
    let given = response.given.saturating_add(count as u64);
    match response.declared {
        Some(declared) if given > declared && !response.bodiless => {
            Err(Error::BodyLength { declared, given })
        }
        _ => Ok(()),
    }
}

pub(super) fn admit(response: &mut Response, count: usize) -> Result<()> {
    fits(response, count)?;
    response.given = response.given.saturating_add(count as u64);
    Ok(())
}
