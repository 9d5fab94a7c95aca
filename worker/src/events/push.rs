//! Pushing to clients of a stream that the worker owns.

use std::sync::Arc;
use std::time::Duration;

use slotway_core::control::check_event_text;
use slotway_core::head::Fields;
use slotway_core::record::{self, PAYLOAD_BYTES_MAX, RecordError, Target};

use super::outbox::Batch;
use super::publisher::has_events;
use super::queue::Queue;
use super::subscription::{poll, receive};
use super::{Offer, Publisher, answer_token};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::shared::Shared;

/// Whom a push goes to.
#[derive(Debug, Clone, Copy)]
pub enum PushTo<'a> {
    /// All clients of one path, as they asked for it: `/rooms/7`.
    Path(&'a str),
    /// All clients of the path that a route's pattern makes with these parameters.
    Pattern {
        /// The route's pattern, as it was registered: `/rooms/{id}`.
        pattern: &'a str,
        /// A value for each of its parameters.
        params: &'a [(&'a str, &'a str)],
    },
    /// One client, by the connection id that its connect said.
    Connection(&'a str),
}

/// Something for clients of a stream that the worker owns.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    to: PushTo<'a>,
    registration: u32,
    kind: &'a str,
    id: &'a str,
    data: &'a [u8],
    close: bool,
}

impl<'a> Push<'a> {
    /// A push without type, id and data, to a stream of the connection's first registration.
    #[must_use]
    pub fn new(to: PushTo<'a>) -> Push<'a> {
        Push { to, registration: 0, kind: "", id: "", data: &[], close: false }
    }

    /// The registration that has the stream's route, by its place in the connection's list.
    #[must_use]
    pub fn registration(mut self, index: u32) -> Push<'a> {
        self.registration = index;
        self
    }

    /// The event's type: 255 bytes at most, without CR, LF and NUL.
    #[must_use]
    pub fn kind(mut self, kind: &'a str) -> Push<'a> {
        self.kind = kind;
        self
    }

    /// The event's id, by the same rule.
    #[must_use]
    pub fn id(mut self, id: &'a str) -> Push<'a> {
        self.id = id;
        self
    }

    /// What it says: 5 MiB at most.
    #[must_use]
    pub fn data(mut self, data: &'a [u8]) -> Push<'a> {
        self.data = data;
        self
    }

    /// Their streams end: behind the event, or at once if there is neither data nor a type
    /// nor an id.
    #[must_use]
    pub fn close(mut self) -> Push<'a> {
        self.close = true;
        self
    }

    /// Its record, for a push whose answer is told by the ticket.
    fn encode(&self, ticket: u32) -> Result<Vec<u8>> {
        for (what, text) in [("type", self.kind), ("id", self.id)] {
            check_event_text(text).map_err(|problem| {
                Error::InvalidArgument(format!("the push's {what} {problem}"))
            })?;
        }
        let mut encoded = Vec::new();
        if let PushTo::Pattern { params, .. } = self.to {
            for (name, value) in params {
                Fields::write(name.as_bytes(), value.as_bytes(), |piece| {
                    encoded.extend_from_slice(piece);
                })
                .map_err(|_| Error::TooLarge {
                    what: "the name of a parameter",
                    limit: u16::MAX.into(),
                })?;
            }
        }
        let target = match self.to {
            PushTo::Path(path) => Target::Path(path),
            PushTo::Connection(id) => Target::Connection(id),
            PushTo::Pattern { pattern, .. } => {
                // They were just written.
                let params = Fields::from_bytes(&encoded).unwrap_or_default();
                Target::Pattern { pattern, params }
            }
        };
        let push = record::Push {
            target,
            registration: self.registration,
            kind: self.kind,
            id: self.id,
            data: self.data,
            close: self.close,
            ticket,
        };
        let mut record = Vec::new();
        push.encode(|piece| record.extend_from_slice(piece)).map_err(too_long)?;
        Ok(record)
    }
}

fn too_long(error: RecordError) -> Error {
    match error {
        RecordError::TooLong { part: "payload", .. } => {
            Error::TooLarge { what: "the push's data", limit: PAYLOAD_BYTES_MAX }
        }
        error => Error::InvalidArgument(error.to_string()),
    }
}

/// Pushing.
impl Publisher {
    /// Gives something to clients of a stream that this worker owns, and waits for what
    /// became of it: 200, it is on its way to each of them; 404, nobody listens there; 410,
    /// the stream closes; 429, its queue is full; 400, the target cannot be.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish); [`Error::Timeout`] when the time was over before
    /// the answer came; [`Error::HubGone`] when the hub went away with it.
    pub fn push(&self, push: &Push<'_>, timeout: Option<Duration>) -> Result<u16> {
        let mut deadline = Deadline::new(timeout);
        let answer = self.send_expecting(push, &mut deadline)?;
        answer.receive(&mut deadline)?.ok_or(Error::Timeout)
    }

    /// The same in two steps: this waits for room, and what it gives for the answer.
    ///
    /// # Errors
    ///
    /// As for [`publish_timeout`](Self::publish_timeout).
    pub fn push_expecting(&self, push: &Push<'_>, timeout: Option<Duration>) -> Result<PushAnswer> {
        self.send_expecting(push, &mut Deadline::new(timeout))
    }

    fn send_expecting(&self, push: &Push<'_>, deadline: &mut Deadline) -> Result<PushAnswer> {
        let (ticket, queue) = self.shared().events().expect_answer();
        // From here on it is forgotten when it is dropped.
        let answer = PushAnswer { shared: self.shared().clone(), ticket, queue };
        self.send(push, ticket, deadline)?;
        Ok(answer)
    }

    /// The same without waiting for the answer: what nobody listens to is dropped.
    ///
    /// # Errors
    ///
    /// As for [`publish_timeout`](Self::publish_timeout).
    pub fn push_only(&self, push: &Push<'_>, timeout: Option<Duration>) -> Result<()> {
        self.send(push, 0, &mut Deadline::new(timeout))
    }

    /// Pushes if there is room for it now; [`poll_room`](Self::poll_room) tells an event loop
    /// of more.
    ///
    /// # Errors
    ///
    /// As for [`try_publish`](Self::try_publish).
    pub fn try_push(&self, push: &Push<'_>) -> Result<Offer> {
        let record = push.encode(0)?;
        let Some(session) = self.shared().session() else {
            return Err(self.shared().ended().unwrap_or(Error::HubGone));
        };
        has_events(&session)?;
        let published = session.outbox().offer(&session, &mut Batch::of_record(&record))?;
        Ok(if published { Offer::Published } else { Offer::Full })
    }

    /// The same, with what will tell what became of it. `None`: there is no room.
    ///
    /// # Errors
    ///
    /// As for [`try_publish`](Self::try_publish).
    pub fn try_push_expecting(&self, push: &Push<'_>) -> Result<Option<PushAnswer>> {
        let Some(session) = self.shared().session() else {
            return Err(self.shared().ended().unwrap_or(Error::HubGone));
        };
        has_events(&session)?;
        let (ticket, queue) = self.shared().events().expect_answer();
        let answer = PushAnswer { shared: self.shared().clone(), ticket, queue };
        let record = push.encode(ticket)?;
        let pushed = session.outbox().offer(&session, &mut Batch::of_record(&record))?;
        // One that ended before the answer was expected has told nobody.
        if session.is_closed() {
            return Err(Error::HubGone);
        }
        Ok(pushed.then_some(answer))
    }

    fn send(&self, push: &Push<'_>, ticket: u32, deadline: &mut Deadline) -> Result<()> {
        let record = push.encode(ticket)?;
        loop {
            let Some(session) = self.shared().wait_for_session(deadline)? else {
                return Err(Error::Timeout);
            };
            has_events(&session)?;
            if session.outbox().put(&session, &mut Batch::of_record(&record), deadline)? {
                return Ok(());
            }
        }
    }
}

/// What becomes of a push. Nobody has to ask.
#[derive(Debug)]
pub struct PushAnswer {
    shared: Arc<Shared>,
    ticket: u32,
    queue: Arc<Queue>,
}

impl PushAnswer {
    /// Waits for it. See [`Publisher::push`] for what it may be. `None`: the time is over.
    ///
    /// # Errors
    ///
    /// [`Error::HubGone`] when the hub went away with it.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Option<u16>> {
        self.receive(&mut Deadline::new(timeout))
    }

    fn receive(&self, deadline: &mut Deadline) -> Result<Option<u16>> {
        receive(&self.shared, &self.queue, deadline, |state| state.status)
    }

    /// For event loops: the answer if it is there; if not,
    /// [`Connection::take_notices`](crate::Connection::take_notices) gives its
    /// [`token`](Self::token) when it may be.
    ///
    /// # Errors
    ///
    /// As for [`wait`](Self::wait).
    pub fn poll(&self) -> Result<Option<u16>> {
        poll(&self.shared, &self.queue, |state| state.status)
    }

    /// What a notice about it is told by.
    pub fn token(&self) -> u64 {
        answer_token(self.ticket)
    }
}

impl Drop for PushAnswer {
    fn drop(&mut self) {
        self.shared.events().forget_answer(self.ticket);
    }
}
