//! One request in one slot of one instance, from the hub's side.
//!
//! What callers may rely on: an [`Exchange`] that is dropped, in whatever state, gives
//! its slot back or leaves it to the region task, and tells the worker if it was at work.
//! So a future that is dropped because its client went away needs no further care.
//!
//! The upload and the answer of one exchange may be driven by two tasks; then they share
//! it, and the slot is given back when the last of them lets go.

#[cfg(feature = "bench")]
pub mod bench;
mod download;
mod leftover;
mod spool;
mod upload;

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use slotway_core::head::{HeadTooLong, RequestEncoder, RequestLine};
use slotway_core::hub::{Abandoned, NotEnded, Progress, PublishError, Readable, Ticket};
use slotway_core::map::HEAD_BYTES_RESERVED;
use slotway_core::{End, Watch};

pub(crate) use download::{Download, UploadTask};
pub(crate) use leftover::drain;
pub(crate) use spool::{Budget, Spool, SpoolError, SpoolReader};
pub(crate) use upload::{Upload, Uploaded};

use crate::delegated::Client;
use crate::gate::Pass;
use crate::instance::{Instance, NoSlot, Permit, Registration, Standing};

/// How often a look may be repeated at once before the task gives way to others: a
/// hostile worker could ask for another look forever.
pub(crate) const LOOKS_MAX: usize = 16;

/// An exchange that holds a slot.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Both are there until the end.
    held: Option<(Ticket, Permit)>,
}

/// What has become of a published exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The answer's head is there, `length` bytes; `done`: so is everything else.
    Head { length: u32, done: bool },
    /// The worker is gone, or drains, and never saw the request.
    Unseen,
    /// The worker is gone, or broke the protocol, with the request in its hands.
    Lost,
}

/// The worker is gone or broke the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

impl Exchange {
    /// Takes a slot. `in_line`: by the request that is first in its service's line.
    pub(crate) fn open(permit: Permit, in_line: bool) -> Result<Exchange, NoSlot> {
        match permit.instance().acquire() {
            Ok(ticket) => Ok(Exchange { held: Some((ticket, permit)) }),
            Err(none) => {
                if in_line {
                    permit.give_back_in_line();
                }
                Err(none)
            }
        }
    }

    /// Keeps a right to be in flight until the worker is through with it.
    pub(crate) fn hold(&mut self, pass: Option<Arc<Pass>>) {
        if let Some((_, permit)) = &mut self.held {
            permit.hold(pass);
        }
    }

    /// Keeps a client that stays from being gone until the worker is through with it.
    pub(crate) fn hold_client(&mut self, client: Arc<Client>) {
        if let Some((_, permit)) = &mut self.held {
            permit.hold_client(client);
        }
    }

    fn ticket(&self) -> &Ticket {
        &self.held().0
    }

    fn held(&self) -> &(Ticket, Permit) {
        self.held.as_ref().expect("an exchange has its ticket until it ends")
    }

    pub(crate) fn registration(&self) -> &Arc<Registration> {
        self.held().1.registration()
    }

    pub(crate) fn instance(&self) -> &Instance {
        self.held().1.instance()
    }

    /// Remembers for people when the slot was taken, on the hub's clock.
    pub(crate) fn taken_at(&self, clock_ns: u64) {
        self.instance().wakers(self.ticket().slot()).taken_at(clock_ns);
    }

    /// Remembers for people that the answer has begun and goes on.
    pub(crate) fn streams(&self) {
        self.instance().wakers(self.ticket().slot()).streams();
    }

    /// Makes sure that a head of `length` bytes can be written, or read, without a fault.
    pub(crate) fn reserve_head(&self, length: usize) -> io::Result<()> {
        if length <= HEAD_BYTES_RESERVED {
            return Ok(());
        }
        self.instance().region().reserve_heads(self.ticket().slot())
    }

    /// Writes the request's head.
    pub(crate) fn encode_head(
        &self,
        line: &RequestLine<'_>,
        fields: impl FnOnce(&mut RequestEncoder<'_>) -> Result<(), HeadTooLong>,
    ) -> Result<(), HeadTooLong> {
        self.instance().side().encode_head(self.ticket(), line, fields)
    }

    /// Hands the request to the worker.
    pub(crate) fn publish(&mut self) -> Result<(), NoSlot> {
        let Some((ticket, permit)) = &mut self.held else { return Err(NoSlot::Gone) };
        let instance = permit.instance();
        match instance.side().enqueue(ticket) {
            Ok(()) => {
                instance.call_worker();
                Ok(())
            }
            Err(PublishError::Full) => Err(NoSlot::Busy),
            Err(PublishError::Violated(violation)) => {
                instance.violated(violation);
                Err(NoSlot::Gone)
            }
        }
    }

    /// Whether no worker has claimed it.
    pub(crate) fn is_queued(&self) -> bool {
        self.instance().side().is_queued(self.ticket())
    }

    /// Takes the request back from a worker that never saw it. `Err`: it did.
    pub(crate) fn withdraw(mut self) -> Result<(), Exchange> {
        let Some((ticket, permit)) = self.held.take() else { return Ok(()) };
        match permit.instance().side().withdraw(ticket) {
            Ok(()) => Ok(()),
            Err(NotEnded::Busy(ticket)) => Err(Exchange { held: Some((ticket, permit)) }),
            Err(NotEnded::Violated(violation)) => {
                permit.instance().violated(violation);
                Ok(())
            }
        }
    }

    /// Waits for the answer's head. `stays`: also with a worker that drains.
    pub(crate) fn poll_answer(&self, cx: &mut Context<'_>, stays: bool) -> Poll<Answer> {
        let (instance, ticket) = (self.instance(), self.ticket());
        // Before the look, so that nothing that comes after it goes unnoticed.
        instance.wakers(ticket.slot()).wait_answer(cx.waker());
        let mut told = false;
        for look in 0..=LOOKS_MAX {
            // Before the look as well: what a worker did before it died counts.
            let standing = instance.standing();
            let dead = standing == Standing::Dead;
            let leaves = dead || (standing == Standing::Draining && !stays);
            let progress = match instance.side().progress(ticket) {
                Ok(progress) => progress,
                Err(violation) => {
                    instance.violated(violation);
                    return Poll::Ready(Answer::Lost);
                }
            };
            match progress {
                // A worker that is about to complete its answer says nothing of the head: what
                // is whole a moment later is not to be taken for a stream.
                Progress::Answering { head_length } if told => {
                    return Poll::Ready(Answer::Head { length: head_length, done: false });
                }
                Progress::Done { head_length } => {
                    return Poll::Ready(Answer::Head { length: head_length, done: true });
                }
                Progress::Queued if leaves => return Poll::Ready(Answer::Unseen),
                Progress::Claimed if dead => return Poll::Ready(Answer::Lost),
                // The last look takes no token, which the next call would miss.
                Progress::Queued | Progress::Claimed | Progress::Answering { .. }
                    if look == LOOKS_MAX => {}
                Progress::Queued | Progress::Claimed | Progress::Answering { .. } => {
                    if instance.side().watch_response(ticket) == Watch::Armed {
                        return if dead { Poll::Ready(Answer::Lost) } else { Poll::Pending };
                    }
                    told = true;
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Copies the answer out: its head, and the next `body` bytes of its body behind it,
    /// which are there.
    pub(crate) fn copy_answer(&self, head: usize, body: usize) -> Result<Vec<u8>, Gone> {
        let mut bytes = vec![0; head + body];
        let side = self.instance().side();
        let (head, rest) = bytes.split_at_mut(head);
        side.copy_head(self.ticket(), head);
        let count = self.judge(side.read_body(self.ticket(), rest))?;
        // Less than a moment ago: positions that run backwards.
        if count == body { Ok(bytes) } else { Err(Gone) }
    }

    /// What there is of the answer's body.
    pub(crate) fn readable(&self) -> Result<Readable, Gone> {
        self.judge(self.instance().side().readable(self.ticket()))
    }

    /// Copies the next `length` bytes of the answer's body out; they are there.
    pub(crate) fn read_body(&self, length: usize) -> Result<Vec<u8>, Gone> {
        let mut bytes = vec![0; length];
        let count = self.judge(self.instance().side().read_body(self.ticket(), &mut bytes))?;
        // Less than a moment ago: positions that run backwards.
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Tells the worker that there is room again.
    pub(crate) fn tell_room(&self) {
        let instance = self.instance();
        instance.ring(instance.side().tell_room(self.ticket()));
    }

    /// Asks to be woken when there is more of the answer. To be called after
    /// `wait_answer`, and followed by another look unless it is armed.
    pub(crate) fn watch_answer(&self) -> Watch {
        self.instance().side().watch_response(self.ticket())
    }

    /// Registers the task that waits for the answer.
    pub(crate) fn wait_answer(&self, cx: &Context<'_>) {
        self.instance().wakers(self.ticket().slot()).wait_answer(cx.waker());
    }

    fn wait_upload(&self, cx: &Context<'_>) {
        self.instance().wakers(self.ticket().slot()).wait_upload(cx.waker());
    }

    fn write_body(&self, bytes: &[u8]) -> Result<usize, Gone> {
        let instance = self.instance();
        let (count, rung) = self.judge(instance.side().write_body(self.ticket(), bytes))?;
        instance.ring(rung);
        Ok(count)
    }

    fn end_body(&self, end: End) {
        let instance = self.instance();
        instance.ring(instance.side().end_body(self.ticket(), end));
    }

    /// Says that the request has no body.
    pub(crate) fn end_request(&self) {
        self.end_body(End::Finished);
    }

    fn watch_request(&self) -> Watch {
        self.instance().side().watch_request(self.ticket())
    }

    /// Whether nothing of the request is wanted any more.
    fn is_over(&self) -> bool {
        let instance = self.instance();
        instance.is_dead()
            || match instance.side().progress(self.ticket()) {
                Ok(progress) => matches!(progress, Progress::Done { .. }),
                Err(violation) => {
                    instance.violated(violation);
                    true
                }
            }
    }

    fn judge<T>(&self, found: Result<T, slotway_core::Violation>) -> Result<T, Gone> {
        found.map_err(|violation| {
            self.instance().violated(violation);
            Gone
        })
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let Some((ticket, permit)) = self.held.take() else { return };
        // The permit goes last: it calls whoever waits for the slot.
        let side = permit.instance().side();
        let ended = if ticket.is_published() {
            side.release(ticket)
        } else {
            side.discard(ticket).map_err(NotEnded::Violated)
        };
        let ticket = match ended {
            Ok(()) => return,
            Err(NotEnded::Busy(ticket)) => ticket,
            Err(NotEnded::Violated(violation)) => return permit.instance().violated(violation),
        };
        let instance = permit.instance().clone();
        let ended = instance.wakers(ticket.slot()).park(permit, || {
            instance.side().abandon(ticket).map(|abandoned| match abandoned {
                Abandoned::Freed => true,
                Abandoned::Pending(rung) => {
                    instance.ring(rung);
                    false
                }
            })
        });
        if let Err(violation) = ended {
            instance.violated(violation);
        }
    }
}
