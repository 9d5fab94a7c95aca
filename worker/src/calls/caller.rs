//! Calling, and waiting for what becomes of it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use slotway_core::control::RefusalCode;
use slotway_core::record::HangUp;

use super::{Call, Reply};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::events::lane::{Batch, Queue, State, Waiting, answer_token, poll, poll_task, receive};
use crate::session::Session;
use crate::shared::Shared;

/// Calls activities through a connection. Cheap to clone; from any thread.
///
/// A call goes through memory to the hub, which gives it to a worker that takes it, in memory
/// too; so does its answer.
#[derive(Debug, Clone)]
pub struct Caller {
    shared: Arc<Shared>,
}

impl Caller {
    pub(crate) fn new(shared: Arc<Shared>) -> Caller {
        Caller { shared }
    }

    /// Calls, and waits for what becomes of it: exactly one outcome for each call. While the
    /// hub is away it waits for the next.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] with how it ended when no worker has answered; arguments that cannot
    /// be; [`Error::HubGone`] when the hub went away with the call, which may have been done;
    /// [`Error::Closed`] after a shutdown.
    pub fn call(&self, call: &Call<'_>) -> Result<Reply> {
        self.begin(call, None)?.wait(None)?.ok_or(Error::Timeout)
    }

    /// Begins a call: waits for room on the way to the hub, for `timeout` at most, and gives
    /// what its outcome is had from.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call); [`Error::Timeout`].
    pub fn begin(&self, call: &Call<'_>, timeout: Option<Duration>) -> Result<Calling> {
        let (calling, record) = self.expect(call)?;
        let mut deadline = Deadline::new(timeout);
        loop {
            let Some(session) = self.shared.wait_for_session(&mut deadline)? else {
                return Err(Error::Timeout);
            };
            has_calls(&session)?;
            if session.outbox().put(&session, &mut Batch::of_record(&record), &mut deadline)? {
                return calling.sent_through(&session);
            }
        }
    }

    /// Begins a call if there is room for it now. `None`: there is none; the publisher's
    /// [`poll_room`](crate::Publisher::poll_room) tells an event loop of more.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call); [`Error::HubGone`] while there is no hub.
    pub fn try_begin(&self, call: &Call<'_>) -> Result<Option<Calling>> {
        let Some(session) = self.shared.session() else {
            return Err(self.shared.ended().unwrap_or(Error::HubGone));
        };
        has_calls(&session)?;
        let (calling, record) = self.expect(call)?;
        match session.outbox().offer(&session, &mut Batch::of_record(&record))? {
            true => calling.sent_through(&session).map(Some),
            false => Ok(None),
        }
    }

    /// [`call`](Self::call) for tasks of any runtime. A future that is dropped hangs up.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    pub async fn call_async(&self, call: &Call<'_>) -> Result<Reply> {
        let (mut calling, record) = self.expect(call)?;
        let mut waiting = Waiting::new(&self.shared, Batch::of_record(&record), has_calls);
        poll_fn(|cx| waiting.poll(cx)).await?;
        if let Some(session) = self.shared.session() {
            calling = calling.sent_through(&session)?;
        }
        poll_fn(|cx| calling.poll_outcome(cx)).await
    }

    fn expect(&self, call: &Call<'_>) -> Result<(Calling, Vec<u8>)> {
        let (ticket, queue) = self.shared.events().expect_answer();
        // From here on it is forgotten when it is dropped.
        let calling = Calling { shared: self.shared.clone(), ticket, queue, sent: false };
        let record = call.encode(ticket)?;
        Ok((calling, record))
    }
}

/// A hub that is older than calls would take one for a mistake.
fn has_calls(session: &Session) -> Result<()> {
    if session.takes_calls() {
        return Ok(());
    }
    Err(Error::Refused {
        registration: None,
        code: RefusalCode::NoEvents,
        reason: "the hub takes no calls: it is older than they are, or has events switched off"
            .to_owned(),
    })
}

/// A call that was begun. Dropping it before its outcome was taken hangs up: the worker that
/// is at it sees that nobody waits any more.
#[derive(Debug)]
pub struct Calling {
    shared: Arc<Shared>,
    ticket: u32,
    queue: Arc<Queue>,
    sent: bool,
}

impl Calling {
    fn sent_through(mut self, session: &Session) -> Result<Calling> {
        self.sent = true;
        // One that ended before the answer was expected has told nobody.
        if session.is_closed() { Err(Error::HubGone) } else { Ok(self) }
    }

    /// Waits for its outcome. `None`: the time is over, and the call goes on.
    ///
    /// # Errors
    ///
    /// As for [`Caller::call`].
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Option<Reply>> {
        let mut deadline = Deadline::new(timeout);
        receive(&self.shared, &self.queue, &mut deadline, settled)?.transpose()
    }

    /// For event loops: the outcome if it is there; if not,
    /// [`Connection::take_notices`](crate::Connection::take_notices) gives its
    /// [`token`](Self::token) when it may be.
    ///
    /// # Errors
    ///
    /// As for [`Caller::call`].
    pub fn poll(&self) -> Result<Option<Reply>> {
        poll(&self.shared, &self.queue, settled)?.transpose()
    }

    /// What a task does that waits for the outcome. One task at a time is woken.
    ///
    /// # Errors
    ///
    /// As for [`Caller::call`].
    pub fn poll_outcome(&self, cx: &mut Context<'_>) -> Poll<Result<Reply>> {
        poll_task(&self.shared, &self.queue, cx, settled).map(|found| found?)
    }

    /// What a notice about it is told by.
    pub fn token(&self) -> u64 {
        answer_token(self.ticket)
    }
}

/// The outcome, if it is there. It is taken once.
fn settled(state: &mut State) -> Option<Result<Reply>> {
    state.reply.take()
}

impl Drop for Calling {
    fn drop(&mut self) {
        if !self.shared.events().forget_answer(self.ticket) || !self.sent {
            return;
        }
        // Where there is no room for it the call goes on, and its outcome is for nobody.
        if let Some(session) = self.shared.session() {
            let record = HangUp { ticket: self.ticket }.encode();
            let _ = session.outbox().offer(&session, &mut Batch::of_record(&record));
        }
    }
}
