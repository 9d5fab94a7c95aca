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
use crate::events::lane::{
    Batch, Queue, State, Waiting, answer_token, poll, poll_session, poll_task, receive,
};
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
    /// hub is away it waits for the next, for as long as the call may take.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] with how it ended when no worker has answered; arguments that cannot
    /// be; [`Error::HubGone`] when the hub went away with the call, which may have been done;
    /// [`Error::Timeout`] when there was no hub in time; [`Error::Closed`] after a shutdown.
    pub fn call(&self, call: &Call<'_>) -> Result<Reply> {
        self.begin(call, call.time())?.wait(None)?.ok_or(Error::Timeout)
    }

    /// Begins a call: waits for room on the way to the hub, for `timeout` at most, and gives
    /// what its outcome is had from.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call); [`Error::Timeout`].
    pub fn begin(&self, call: &Call<'_>, timeout: Option<Duration>) -> Result<Calling> {
        call.check()?;
        let mut deadline = Deadline::new(timeout);
        loop {
            let Some(session) = self.shared.wait_for_session(&mut deadline)? else {
                return Err(Error::Timeout);
            };
            has_calls(&session)?;
            // Anew for each hub: with a hub goes what is expected of it.
            let (calling, record) = self.expect(call)?;
            if session.outbox().put(&session, &mut Batch::of_record(&record), &mut deadline)? {
                return Ok(calling.sent_through(&session));
            }
        }
    }

    /// Begins a call if there is room for it now. `None`: there is none; the publisher's
    /// [`poll_room`](crate::Publisher::poll_room) tells an event loop of more.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call); [`Error::HubGone`] while there is no hub: then nothing was
    /// called.
    pub fn try_begin(&self, call: &Call<'_>) -> Result<Option<Calling>> {
        let Some(session) = self.shared.session() else {
            return Err(self.shared.ended().unwrap_or(Error::HubGone));
        };
        has_calls(&session)?;
        let (calling, record) = self.expect(call)?;
        match session.outbox().offer(&session, &mut Batch::of_record(&record))? {
            true => Ok(Some(calling.sent_through(&session))),
            false => Ok(None),
        }
    }

    /// [`call`](Self::call) for tasks of any runtime. A future that is dropped hangs up. For a
    /// hub it waits as long as it takes, because timers are the runtime's.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    pub async fn call_async(&self, call: &Call<'_>) -> Result<Reply> {
        call.check()?;
        let calling = loop {
            let session = poll_fn(|cx| poll_session(&self.shared, cx)).await?;
            has_calls(&session)?;
            // Anew for each hub, as in `begin`.
            let (calling, record) = self.expect(call)?;
            let mut waiting = Waiting::of(&self.shared, Batch::of_record(&record), session.clone());
            if poll_fn(|cx| waiting.poll_here(cx)).await? {
                break calling.sent_through(&session);
            }
        };
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
    fn sent_through(mut self, session: &Session) -> Calling {
        self.sent = true;
        // One that ended before the answer was expected has told nobody.
        if session.is_closed() && self.shared.events().forget_answer(self.ticket) {
            self.queue.change(|state| state.ended = Some(Error::HubGone));
        }
        self
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

    /// Hangs up, as dropping it does: whoever waits for the outcome has [`Error::Cancelled`]. What
    /// has ended by itself has ended.
    pub fn hang_up(&self) {
        if !self.shared.events().forget_answer(self.ticket) {
            return;
        }
        self.queue.change(|state| state.ended = Some(Error::Cancelled));
        let Some(session) = self.shared.session() else { return };
        if self.sent {
            // Where there is no room for it the call goes on, and its outcome is for nobody.
            let record = HangUp { ticket: self.ticket }.encode();
            let _ = session.outbox().offer(&session, &mut Batch::of_record(&record));
        }
        // A thread that reads the inbox for this call looks again, too.
        if session.side().has_events() {
            session.side().wake_events();
        }
    }

    /// What a notice about it is told by.
    pub fn token(&self) -> u64 {
        answer_token(self.ticket)
    }
}

/// The outcome, if it is there. It is taken once, and whoever comes later does not wait for it.
fn settled(state: &mut State) -> Option<Result<Reply>> {
    let outcome = state.reply.take()?;
    state.ended = Some(Error::OutOfOrder("the call's outcome was taken before"));
    Some(outcome)
}

impl Drop for Calling {
    fn drop(&mut self) {
        self.hang_up();
    }
}
