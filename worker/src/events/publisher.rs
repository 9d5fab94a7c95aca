//! What programs publish with.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use slotway_core::control::RefusalCode;
use slotway_core::record::RefusalReason;

use super::outbox::Batch;
use super::{Event, PUBLISHER_TOKEN};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::session::Session;
use crate::shared::Shared;

/// Publishes events through the connection's outbox: memory that the hub reads, without a
/// request and mostly without a system call.
///
/// Cheap to clone; from any number of threads and tasks. The hub takes what was published
/// in order. While the outbox is full, or the hub away, publishing waits, as each method
/// says. What was published and not yet taken is published even if this process dies; what
/// the hub had not taken when the hub died is lost.
///
/// An event is checked before anything of it is written, by the hub's own rules; what only
/// the hub can refuse, such as a quota, is told by [`take_refusals`](Self::take_refusals).
#[derive(Debug, Clone)]
pub struct Publisher {
    shared: Arc<Shared>,
}

/// What became of an event that was not to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an event for which there was no room was not published"]
pub enum Offer {
    /// It is in the outbox.
    Published,
    /// There is no room; nothing was written.
    Full,
}

/// Events that the hub did not publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishRefusal {
    /// The event's [`ticket`](Event::ticket), 0 for those without.
    pub ticket: u32,
    /// Why.
    pub reason: RefusalReason,
    /// How many there were: one with a ticket, without as many as came one after another.
    pub count: u32,
}

impl Publisher {
    pub(crate) fn new(shared: Arc<Shared>) -> Publisher {
        Publisher { shared }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Publishes an event; waits for room, and for the hub, for as long as it takes.
    ///
    /// # Errors
    ///
    /// The event is not acceptable; [`Error::Refused`] when the hub has no events;
    /// [`Error::Closed`] after a shutdown.
    #[inline]
    pub fn publish(&self, event: &Event<'_>) -> Result<()> {
        self.publish_all(std::slice::from_ref(event), None).map(drop)
    }

    /// The same for `timeout` at most.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish); [`Error::Timeout`] when the time was over first:
    /// then nothing was published.
    pub fn publish_timeout(&self, event: &Event<'_>, timeout: Duration) -> Result<()> {
        self.publish_all(std::slice::from_ref(event), Some(timeout)).map(drop)
    }

    /// Publishes an event if there is room for it now.
    ///
    /// An event larger than the whole outbox counts as published when it has begun to flow
    /// through it; it is lost if this process dies before it has left.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish); [`Error::HubGone`] while there is no hub.
    #[inline]
    pub fn try_publish(&self, event: &Event<'_>) -> Result<Offer> {
        let count = self.try_publish_many(std::slice::from_ref(event))?;
        Ok(if count > 0 { Offer::Published } else { Offer::Full })
    }

    /// Publishes events in order, many for the price of one; waits as
    /// [`publish`](Self::publish) does. All are checked before the first is written.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish).
    pub fn publish_many(&self, events: &[Event<'_>]) -> Result<()> {
        self.publish_all(events, None).map(drop)
    }

    /// The same for `timeout` at most; gives how many were published by then.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish).
    pub fn publish_many_timeout(&self, events: &[Event<'_>], timeout: Duration) -> Result<usize> {
        self.publish_all(events, Some(timeout))
    }

    /// Publishes as many events as there is room for now; gives how many.
    ///
    /// # Errors
    ///
    /// As for [`try_publish`](Self::try_publish).
    pub fn try_publish_many(&self, events: &[Event<'_>]) -> Result<usize> {
        events.iter().try_for_each(Event::check)?;
        let Some(session) = self.shared.session() else {
            return Err(self.shared.ended().unwrap_or(Error::HubGone));
        };
        has_events(&session)?;
        let mut batch = Batch::new(events);
        session.outbox().offer(&session, &mut batch)?;
        Ok(batch.done())
    }

    fn publish_all(&self, events: &[Event<'_>], timeout: Option<Duration>) -> Result<usize> {
        events.iter().try_for_each(Event::check)?;
        let mut deadline = Deadline::new(timeout);
        let mut batch = Batch::new(events);
        let over = |batch: &Batch<'_, '_>| match batch.done() {
            // Some of many are better told than not.
            done if events.len() > 1 => Ok(done),
            _ => Err(Error::Timeout),
        };
        loop {
            let Some(session) = self.shared.wait_for_session(&mut deadline)? else {
                return over(&batch);
            };
            has_events(&session)?;
            match session.outbox().put(&session, &mut batch, &mut deadline) {
                Ok(true) => return Ok(events.len()),
                Ok(false) => batch.forget(),
                Err(Error::Timeout) => return over(&batch),
                Err(error) => return Err(error),
            }
        }
    }

    /// [`publish`](Self::publish) for tasks of any runtime. A future that is dropped has
    /// published the event or not.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish).
    pub async fn publish_async(&self, event: &Event<'_>) -> Result<()> {
        self.publish_many_async(std::slice::from_ref(event)).await
    }

    /// [`publish_many`](Self::publish_many) for tasks of any runtime.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish).
    pub async fn publish_many_async(&self, events: &[Event<'_>]) -> Result<()> {
        events.iter().try_for_each(Event::check)?;
        let mut waiting = Waiting::new(&self.shared, Batch::new(events), has_events);
        poll_fn(|cx| waiting.poll(cx)).await
    }

    /// For event loops, after [`try_publish`](Self::try_publish) gave [`Offer::Full`]:
    /// `true`, try again now; `false`,
    /// [`Connection::take_notices`](crate::Connection::take_notices) gives this publisher's
    /// [`token`](Self::token) when there is more room.
    ///
    /// # Errors
    ///
    /// As for [`try_publish`](Self::try_publish).
    pub fn poll_room(&self) -> Result<bool> {
        match self.shared.session() {
            Some(session) => {
                has_events(&session)?;
                Ok(session.outbox().poll_room(&session))
            }
            None => Err(self.shared.ended().unwrap_or(Error::HubGone)),
        }
    }

    /// What a notice about room is told by. The same for all of a connection's publishers,
    /// and never that of an exchange or a subscription.
    pub fn token(&self) -> u64 {
        PUBLISHER_TOKEN
    }

    /// Gives `each` what the hub has refused to publish since the last call: the newest
    /// 1024 of them, those without ticket together.
    ///
    /// The hub's word comes through the inbox, so somebody has to read it: a thread that
    /// receives from a subscription, an event loop, or this call.
    pub fn take_refusals(&self, mut each: impl FnMut(PublishRefusal)) {
        if let Some(session) = self.shared.session().filter(|session| session.side().has_events()) {
            session.inbox().look(&session, self.shared.events());
        }
        self.shared.events().take_refusals(&mut each);
    }
}

/// A batch on its way, for a task.
pub(crate) struct Waiting<'a, 'e> {
    shared: &'a Shared,
    batch: Batch<'a, 'e>,
    /// Whether the session's hub takes it.
    allowed: fn(&Session) -> Result<()>,
    /// In whose line it waits.
    session: Option<Arc<Session>>,
}

impl<'a, 'e> Waiting<'a, 'e> {
    pub(crate) fn new(
        shared: &'a Shared,
        batch: Batch<'a, 'e>,
        allowed: fn(&Session) -> Result<()>,
    ) -> Waiting<'a, 'e> {
        Waiting { shared, batch, allowed, session: None }
    }

    /// One that is for this session only.
    pub(crate) fn of(
        shared: &'a Shared,
        batch: Batch<'a, 'e>,
        session: Arc<Session>,
    ) -> Waiting<'a, 'e> {
        Waiting { shared, batch, allowed: |_| Ok(()), session: Some(session) }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            if self.session.is_none() {
                let session = ready!(poll_session(self.shared, cx))?;
                (self.allowed)(&session)?;
                self.session = Some(session);
            }
            if ready!(self.poll_here(cx))? {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Waits in the line of the session that it has. `false`: that is gone.
    pub(crate) fn poll_here(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        let Some(session) = self.session.clone() else { return Poll::Ready(Ok(false)) };
        match session.outbox().poll_put(&session, &mut self.batch, cx.waker())? {
            Some(true) => Poll::Ready(Ok(true)),
            Some(false) => {
                self.batch.forget();
                self.session = None;
                Poll::Ready(Ok(false))
            }
            None => Poll::Pending,
        }
    }
}

/// The living session; the task is woken when there may be one.
pub(crate) fn poll_session(shared: &Shared, cx: &Context<'_>) -> Poll<Result<Arc<Session>>> {
    // Before the look, so that what changes after it wakes the task.
    shared.events().wake_on_change(cx.waker());
    if let Some(error) = shared.ended() {
        return Poll::Ready(Err(error));
    }
    shared.session().map_or(Poll::Pending, |session| Poll::Ready(Ok(session)))
}

impl Drop for Waiting<'_, '_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            session.outbox().give_up(&session, &mut self.batch);
        }
    }
}

/// A hub that is older than events has a region without rings for them.
pub(super) fn has_events(session: &Session) -> Result<()> {
    if session.side().has_events() {
        return Ok(());
    }
    Err(Error::Refused {
        registration: None,
        code: RefusalCode::NoEvents,
        reason: "the hub has no events, or is set to have none".to_owned(),
    })
}
