//! Answering.

use std::sync::MutexGuard;

use slotway_core::map::HEAD_BYTES_RESERVED;

use super::check::{self, Checked};
use super::stream::admit;
use super::{Header, RawExchange};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::problem::{MEDIA_TYPE, Problem};
use crate::session::{Entered, Response};
use crate::sync::lock;

/// From this status on the worker has failed.
pub(super) const FAILED: u16 = 500;

const STARTED: &str = "the answer was started; write, finish or abort it";
const BODY_BEGUN: &str = "a body was committed; complete the answer with its status and headers";

impl RawExchange {
    /// As [`Exchange::respond`](super::Exchange::respond).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn respond<'h, H>(&self, status: u16, headers: H, body: &[u8]) -> Result<()>
    where
        H: IntoIterator<Item = Header<'h>, IntoIter: Clone>,
    {
        let headers = headers.into_iter();
        let checked = check::head(status, headers.clone())?;
        let mut response = lock(&self.state().response);
        let entered = self.enter()?;
        fresh(&response)?;
        if response.given > 0 {
            return Err(Error::OutOfOrder(BODY_BEGUN));
        }
        let bodiless = self.bodiless(&entered, status);
        let length = full_length(status, checked.content_length, body.len() as u64, bodiless)?;
        self.encode(&entered, status, headers, &checked, length)?;
        response.started = true;
        response.failed = status >= FAILED;
        let body = if bodiless { &[] } else { body };
        response.given = body.len() as u64;
        let written = self.session.side().write_response(entered.claim(), body);
        if written < body.len() {
            let poured = self.pour(&entered, &body[written..]);
            if let Err(error) = poured {
                drop(entered);
                self.end(response, End::Abort);
                return Err(error);
            }
        }
        drop(entered);
        self.end(response, End::Finish);
        Ok(())
    }

    /// As [`Exchange::complete`](super::Exchange::complete).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn complete<'h, H>(&self, status: u16, headers: H) -> Result<()>
    where
        H: IntoIterator<Item = Header<'h>, IntoIter: Clone>,
    {
        let headers = headers.into_iter();
        let checked = check::head(status, headers.clone())?;
        let mut response = lock(&self.state().response);
        let entered = self.enter()?;
        fresh(&response)?;
        let bodiless = self.bodiless(&entered, status);
        let length = full_length(status, checked.content_length, response.given, bodiless)?;
        self.encode(&entered, status, headers, &checked, length)?;
        response.started = true;
        response.failed = status >= FAILED;
        drop(entered);
        self.end(response, End::Finish);
        Ok(())
    }

    /// As [`Exchange::reserve`](super::Exchange::reserve).
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Safety
    ///
    /// The space is not used after the next call that concerns the response, and there is
    /// no other such call meanwhile.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn reserve(&self, length: usize) -> Result<&mut [u8]> {
        let _turn = lock(&self.state().response);
        let entered = self.enter()?;
        // SAFETY: the caller's promise: no earlier space is in use.
        let space = unsafe { self.session.side().response_space(entered.claim()) };
        if space.len() < length {
            return Err(Error::TooLarge { what: "the reserved space", limit: space.len() });
        }
        let start = space.as_mut_ptr();
        // SAFETY: the first `length` bytes of the space just found. They lie in the
        // session's mapping, which `self` keeps, and the hub does not look at them before
        // they are committed.
        Ok(unsafe { std::slice::from_raw_parts_mut(start, length) })
    }

    /// As [`Exchange::commit`](super::Exchange::commit).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn commit(&self, count: usize) -> Result<()> {
        let mut response = lock(&self.state().response);
        let entered = self.enter()?;
        let room = self.session.side().response_room(entered.claim());
        if count > room {
            return Err(Error::TooLarge { what: "the committed part of the body", limit: room });
        }
        admit(&mut response, count)?;
        self.session.side().commit_response(entered.claim(), count);
        if response.started {
            self.session.ring(self.session.side().announce(entered.claim()));
        }
        Ok(())
    }

    /// As [`Exchange::abort`](super::Exchange::abort).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn abort(&self) -> Result<()> {
        let response = lock(&self.state().response);
        drop(self.enter()?);
        self.end(response, End::Abort);
        Ok(())
    }

    /// Whether the answer's head is written.
    pub fn is_started(&self) -> bool {
        let response = lock(&self.state().response);
        self.enter().is_err() || response.started
    }

    /// Bytes of body that a slot holds at once.
    pub fn response_capacity(&self) -> usize {
        self.session.spec().response_bytes as usize
    }

    /// Answers for a handler that gave no answer: with 500, or by breaking off what was
    /// begun. Whoever waits in the exchange comes back.
    pub fn give_up(&self) {
        // Most exchanges are answered, and none becomes unanswered again.
        if !self.is_open() {
            return;
        }
        let response = lock(&self.state().response);
        let begun = response.started || response.given > 0;
        drop(response);
        let headers = [(b"content-type".as_slice(), MEDIA_TYPE)];
        let problem = Problem::NoAnswer;
        let body = problem.body("The worker ended the request without an answer.");
        if begun || self.respond(problem.status(), headers, &body).is_err() {
            // Answered in the meantime, then: a second end is none.
            let _ = self.abort();
        }
    }

    pub(super) fn bodiless(&self, entered: &Entered<'_>, status: u16) -> bool {
        matches!(status, 204 | 304) || self.answers_head_request(entered)
    }

    pub(super) fn encode<'h>(
        &self,
        entered: &Entered<'_>,
        status: u16,
        headers: impl Iterator<Item = Header<'h>>,
        checked: &Checked,
        length: Option<u64>,
    ) -> Result<()> {
        let limit = self.session.spec().head_bytes as usize;
        if checked.encoded > limit {
            return Err(Error::TooLarge { what: "the response's head", limit });
        }
        if checked.encoded > HEAD_BYTES_RESERVED {
            self.session
                .mapping()
                .reserve_heads(self.slot)
                .map_err(|error| Error::io("reserving memory for a large head", error))?;
        }
        self.session
            .side()
            .encode_head(entered.claim(), status, length, |encoder| {
                for (name, value) in headers {
                    if !check::is_content_length(name) {
                        encoder.header(name, value)?;
                    }
                }
                Ok(())
            })
            .map_err(|error| Error::TooLarge { what: "the response's head", limit: error.area })
    }

    /// Writes all of `bytes`, waiting for room.
    fn pour(&self, entered: &Entered<'_>, mut bytes: &[u8]) -> Result<()> {
        self.session.ring(self.session.side().announce(entered.claim()));
        while !bytes.is_empty() {
            let count = self.pour_some(entered, bytes, &mut Deadline::new(None))?;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Ends the exchange. The lock is what makes this the only one who does.
    pub(super) fn end(&self, response: MutexGuard<'_, Response>, end: End) {
        let side = self.session.side();
        self.session.end(self.slot, |claim| {
            let (unread, _) = side.request_readable(&claim);
            let bytes_in = self.state().read_so_far() + unread as u64;
            match end {
                End::Finish => {
                    response.end(response.failed, bytes_in);
                    side.finish(claim)
                }
                End::Abort => {
                    // What nobody waited for any more is not this side's failure.
                    let given_up = side.cancelled(&claim) || self.session.is_closed();
                    response.end(!given_up, bytes_in);
                    side.abort(claim)
                }
            }
        });
        drop(response);
    }
}

/// How an exchange ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    Finish,
    Abort,
}

pub(super) fn fresh(response: &Response) -> Result<()> {
    if response.started { Err(Error::OutOfOrder(STARTED)) } else { Ok(()) }
}

/// The length to state for a body that is known whole. `None`: for 304, which would say
/// something of the body that the client has, not of this one.
fn full_length(
    status: u16,
    declared: Option<u64>,
    given: u64,
    bodiless: bool,
) -> Result<Option<u64>> {
    match declared {
        Some(declared) if declared != given && !(bodiless && given == 0) => {
            Err(Error::BodyLength { declared, given })
        }
        Some(declared) => Ok(Some(declared)),
        None => Ok((status != 304).then_some(given)),
    }
}
