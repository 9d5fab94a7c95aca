//! An exchange behind shared references.

use std::sync::Arc;
use std::time::Duration;

use slotway_core::End;
use slotway_core::head::RequestHead;
use slotway_core::worker::Claim;
use slotway_core::{Watch, map};

use super::BodyReader;
use crate::calls::Caller;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::events::Publisher;
use crate::problem::{MEDIA_TYPE, Problem};
use crate::session::{Entered, Occasion, Session, SlotState};

/// A request in hand and the duty to answer it, for bindings to other languages.
///
/// All methods take `&self` and may be called from any thread: one at a time reads the
/// request's body, one at a time writes the response, and further callers wait for their
/// turn. What lends out memory of the slot is `unsafe`, because nothing here stops the
/// caller from answering while the loan is out.
#[derive(Debug)]
pub struct RawExchange {
    pub(super) session: Arc<Session>,
    pub(super) slot: u32,
    pub(super) generation: u32,
    // Lies in the slot: given out for no longer than the exchange is open.
    head: RequestHead<'static>,
}

impl RawExchange {
    /// Takes a claim in hand. `None`: its head does not parse, which only a broken hub
    /// writes; the exchange has been broken off.
    #[inline]
    pub(crate) fn new(session: Arc<Session>, claim: Claim) -> Option<RawExchange> {
        let (slot, generation) = (claim.slot(), claim.generation());
        let bytes: *const [u8] = session.side().request_head(&claim);
        // SAFETY: the bytes lie in the session's mapping, which the exchange keeps with its
        // session, and the hub leaves them alone until the exchange is answered. `head` is
        // what gives them out, and says so.
        let bytes: &'static [u8] = unsafe { &*bytes };
        match RequestHead::parse(bytes) {
            Ok(head) => {
                let registration = head.registration();
                let known =
                    session.slot(slot).put(claim, registration, || session.entry(registration));
                let exchange = RawExchange { session, slot, generation, head };
                if known { Some(exchange) } else { exchange.answer_nobodys() }
            }
            Err(error) => {
                tracing::error!(slot, %error, "the hub sent a request that does not parse");
                session.ring(session.side().abort(claim));
                None
            }
        }
    }

    /// Answers an exchange of a registration that is not there, which only a broken hub
    /// sends: it is given to no other.
    #[cold]
    fn answer_nobodys(self) -> Option<RawExchange> {
        let registration = self.head.registration();
        tracing::warn!(registration, "the hub sent a request of a registration that is not there");
        let problem = Problem::NoAnswer;
        let body = problem.body("The worker does not have this registration.");
        let headers = [(b"content-type".as_slice(), MEDIA_TYPE)];
        if let Err(error) = self.respond(problem.status(), headers, &body) {
            tracing::debug!(%error, "nobody waits for the answer");
        }
        None
    }

    /// The request's head, borrowed from the slot.
    ///
    /// # Safety
    ///
    /// Neither the head nor anything borrowed from it is used after the exchange was
    /// answered: by any method of this type, `drop` included.
    #[inline]
    pub unsafe fn head(&self) -> &RequestHead<'_> {
        &self.head
    }

    /// What publishes and pushes through the connection that the exchange came by; `None`
    /// once that is gone.
    pub fn publisher(&self) -> Option<Publisher> {
        self.session.shared().map(Publisher::new)
    }

    /// What calls activities through the connection that the exchange came by; `None` once
    /// that is gone.
    pub fn caller(&self) -> Option<Caller> {
        self.session.shared().map(Caller::new)
    }

    /// Shows the head to `look`; `None` once the exchange is answered. `look` must not
    /// answer it.
    pub(crate) fn with_head<T>(&self, look: impl FnOnce(&RequestHead<'_>) -> T) -> Option<T> {
        // The exchange cannot end while it is entered.
        let _entered = self.enter().ok()?;
        Some(look(&self.head))
    }

    /// A copy of the head; `None` once the exchange is answered.
    #[cfg(feature = "tokio")]
    pub(crate) fn copy_head(&self) -> Option<super::OwnedHead> {
        let entered = self.enter().ok()?;
        super::OwnedHead::new(self.session.side().request_head(entered.claim())).ok()
    }

    #[inline]
    pub(super) fn state(&self) -> &SlotState {
        self.session.slot(self.slot)
    }

    #[inline]
    pub(super) fn enter(&self) -> Result<Entered<'_>> {
        self.state().enter(self.generation)
    }

    pub(super) fn answers_head_request(&self, _entered: &Entered<'_>) -> bool {
        // The exchange is open while it is entered, so the head is there.
        self.head.method() == "HEAD"
    }

    /// What [`Connection::take_notices`](crate::Connection::take_notices) tells this
    /// exchange by.
    pub fn token(&self) -> u64 {
        self.session.token(self.slot)
    }

    /// Whether the answer is still to be completed.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.enter().is_ok()
    }

    /// A reader of the request's body that goes its own ways. Several share the body:
    /// each byte is read once.
    pub fn body_reader(&self) -> BodyReader {
        BodyReader::new(self.session.clone(), self.slot, self.generation)
    }

    /// Whether nobody waits for the answer any more: the hub has given up, or is gone.
    /// `false` once the exchange is answered.
    #[inline]
    pub fn cancelled(&self) -> bool {
        self.enter().is_ok_and(|entered| self.is_cancelled(&entered))
    }

    fn is_cancelled(&self, entered: &Entered<'_>) -> bool {
        self.session.side().cancelled(entered.claim()) || self.session.is_closed()
    }

    /// Waits until nobody waits for the answer any more, or until it is answered;
    /// `false` when that has not happened in time or the exchange was answered.
    pub fn wait_cancelled(&self, timeout: Option<Duration>) -> bool {
        let state = self.state();
        let _turn = crate::sync::lock(&state.cancel);
        let Ok(entered) = self.enter() else {
            return false;
        };
        let mut deadline = Deadline::new(timeout);
        loop {
            if self.is_cancelled(&entered) {
                return true;
            }
            if state.is_ending() {
                return false;
            }
            let Ok(left) = deadline.left() else {
                return false;
            };
            let _ = state.sleep(
                || self.session.is_closed(),
                || self.session.side().park_cancel(entered.claim(), left),
            );
        }
    }

    /// Whether the exchange is cancelled, and if not asks for a notice for when it is.
    pub fn poll_cancelled(&self) -> bool {
        let state = self.state();
        let Ok(entered) = self.enter() else {
            return false;
        };
        // Before the look: whoever closes the session sees it, or is seen.
        state.set_watched(Occasion::Cancel);
        loop {
            if self.is_cancelled(&entered) {
                return true;
            }
            match self.session.side().watch_cancel(entered.claim()) {
                Watch::Armed => return false,
                Watch::LookAgain => {}
            }
        }
    }

    /// How long there is until the answer is due; `None` for ever.
    pub fn time_left(&self) -> Option<Duration> {
        let entered = self.enter().ok()?;
        match self.session.side().deadline_ns(entered.claim()) {
            0 => None,
            deadline => Some(Duration::from_nanos(deadline.saturating_sub(map::monotonic_ns()))),
        }
    }

    pub(super) fn hopeless(&self, entered: &Entered<'_>) -> Result<()> {
        hopeless(&self.session, self.state(), entered)
    }
}

/// Why a wait for the hub can only fail.
pub(super) fn hopeless(session: &Session, state: &SlotState, entered: &Entered<'_>) -> Result<()> {
    if state.is_ending() {
        return Err(Error::AlreadyAnswered);
    }
    if session.side().cancelled(entered.claim()) {
        return Err(Error::Cancelled);
    }
    if session.is_closed() {
        return Err(Error::HubGone);
    }
    Ok(())
}

/// What an end other than "complete" means to a reader.
pub(super) fn broken_off(session: &Session, entered: &Entered<'_>, end: End) -> Result<()> {
    match end {
        End::Open | End::Finished => Ok(()),
        End::Aborted if session.side().cancelled(entered.claim()) => Err(Error::Cancelled),
        End::Aborted => Err(Error::BodyAborted),
    }
}

impl Drop for RawExchange {
    fn drop(&mut self) {
        self.give_up();
    }
}
