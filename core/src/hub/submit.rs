//! The way in: a free slot becomes a published exchange.

use core::fmt;

use super::lease::{Lease, Status};
use super::{HubSide, Ticket};
use crate::Violation;
use crate::bell::Rung;
use crate::head::{HeadTooLong, RequestEncoder, RequestLine};
use crate::queue::{Entry, PushError};
use crate::region::RegionRef;
use crate::stream::End;
use crate::sync::Ordering;
use crate::wait::Wait;
use crate::waiter::Watch;
use crate::word::{GENERATIONS, State};

/// Why an exchange was not published. The ticket is still good and unpublished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishError {
    /// The queue is full of entries that the worker has yet to skip.
    Full,
    /// The worker broke the protocol.
    Violated(Violation),
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublishError::Full => f.write_str(
                "the submission queue is full of withdrawn entries; the worker takes none",
            ),
            PublishError::Violated(violation) => violation.fmt(f),
        }
    }
}

impl core::error::Error for PublishError {}

impl<R: RegionRef, L: AsRef<[Lease]>, W: Wait> HubSide<R, L, W> {
    /// Takes a free slot. `None`: all are in use.
    ///
    /// # Errors
    ///
    /// A violation when the free slot's word is not free; the slot is not given out again.
    #[inline]
    pub fn acquire(&self) -> Result<Option<Ticket>, Violation> {
        let Some(slot) = self.free.pop(self.leases.as_ref()) else {
            return Ok(None);
        };
        self.begin(slot).map(Some)
    }

    /// Begins the next exchange of a slot that is the caller's.
    #[inline]
    pub(super) fn begin(&self, slot: u32) -> Result<Ticket, Violation> {
        let lease = self.lease(slot);
        let (status, before) = lease.get();
        debug_assert_eq!(status, Status::Free, "L1");
        let generation = before.wrapping_add(1) % GENERATIONS;
        let ticket = Ticket { slot, generation, published: false, region: self.region().id() };
        lease.set(Status::Held, generation);
        // Relaxed: this ticket's holder is the only one who uses them.
        lease.request_tail.store(0, Ordering::Relaxed);
        lease.response_head.store(0, Ordering::Relaxed);
        let slot = self.slot(&ticket);
        slot.word().begin(generation).map_err(|found| self.violation(&ticket, found))?;
        slot.reset();
        Ok(ticket)
    }

    /// Writes the request's head: the line, then whatever `fields` adds.
    ///
    /// # Errors
    ///
    /// The head does not fit its area.
    pub fn encode_head(
        &self,
        ticket: &Ticket,
        line: &RequestLine<'_>,
        fields: impl FnOnce(&mut RequestEncoder<'_>) -> Result<(), HeadTooLong>,
    ) -> Result<(), HeadTooLong> {
        debug_assert!(!ticket.published, "a published head belongs to the worker");
        let slot = self.slot(ticket);
        let mut encoder = RequestEncoder::new(slot.request_head, line)?;
        fields(&mut encoder)?;
        let length = encoder.finish();
        // Relaxed: published with the slot by `slot.ready`.
        slot.header.hub.head_length.store(length, Ordering::Relaxed);
        slot.header.hub.deadline_ns.store(line.deadline_ns, Ordering::Relaxed);
        Ok(())
    }

    /// Copies in as much of the request's body as there is room for; gives the count.
    ///
    /// # Errors
    ///
    /// A violation when the worker's position cannot be.
    #[inline]
    pub fn write_body(&self, ticket: &Ticket, bytes: &[u8]) -> Result<(usize, Rung), Violation> {
        // Relaxed: the ticket's upload is the only one who uses it.
        let position = &self.lease(ticket.slot).request_tail;
        let tail = position.load(Ordering::Relaxed);
        let count = self.slot(ticket).request().write(tail, bytes)?;
        position.store(tail.wrapping_add(count as u32), Ordering::Relaxed);
        Ok((count, if count > 0 { self.tell_request(ticket) } else { Rung::QUIET }))
    }

    /// Ends the request's body: [`End::Finished`], or [`End::Aborted`] when the client
    /// broke off.
    #[inline]
    pub fn end_body(&self, ticket: &Ticket, end: End) -> Rung {
        self.slot(ticket).request().close(end);
        self.tell_request(ticket)
    }

    fn tell_request(&self, ticket: &Ticket) -> Rung {
        if !ticket.published {
            return Rung::QUIET;
        }
        let watched = self.slot(ticket).header.worker_waits.request.signal::<W>();
        self.notify(ticket.slot, watched)
    }

    /// Asks for attention when the worker has made room for more of the request's body.
    pub fn watch_request(&self, ticket: &Ticket) -> Watch {
        self.slot(ticket).header.hub_waits.request.watch()
    }

    /// Hands the exchange to the worker: queues it and wakes whoever sleeps.
    ///
    /// # Errors
    ///
    /// The queue is full, or the worker broke the protocol. The ticket stays unpublished:
    /// discard it.
    #[inline]
    pub fn publish(&self, ticket: &mut Ticket) -> Result<Rung, PublishError> {
        self.enqueue(ticket)?;
        Ok(self.call_worker())
    }

    /// Hands the exchange to the worker without waking it: who hands over several calls it
    /// once, by [`call_worker`](Self::call_worker), after the last.
    ///
    /// # Errors
    ///
    /// As for [`publish`](Self::publish).
    #[inline]
    pub fn enqueue(&self, ticket: &mut Ticket) -> Result<(), PublishError> {
        debug_assert!(!ticket.published);
        let word = self.slot(ticket).word();
        word.publish(ticket.generation)
            .map_err(|found| PublishError::Violated(self.violation(ticket, found)))?;
        let entry = Entry { slot: ticket.slot as u16, tag: ticket.generation as u16 };
        if let Err(error) = self.region().queue().push(&self.tail, entry) {
            // Nobody has a cell for it, but a hostile worker may claim without one.
            if !word.unpublish(ticket.generation) {
                let found = word.look();
                return Err(PublishError::Violated(self.violation(ticket, found)));
            }
            return Err(match error {
                PushError::Full => PublishError::Full,
                PushError::HeadAhead(head, tail) => {
                    PublishError::Violated(Violation::QueueHead { head, tail })
                }
            });
        }
        ticket.published = true;
        Ok(())
    }

    /// Wakes the worker if it sleeps. What was enqueued before, by this thread or one that
    /// it has heard of since, is seen by a thread that is awake or woken by this.
    #[inline]
    pub fn call_worker(&self) -> Rung {
        self.region().worker_bell().ring::<W>()
    }

    /// Gives back a slot whose exchange was never published.
    ///
    /// # Errors
    ///
    /// A violation when the slot word says what it cannot; the slot is not given out again.
    pub fn discard(&self, ticket: Ticket) -> Result<(), Violation> {
        debug_assert!(!ticket.published);
        self.slot(&ticket)
            .word()
            .discard(ticket.generation)
            .map_err(|found| self.violation(&ticket, found))?;
        self.give_back(ticket.slot, ticket.generation);
        Ok(())
    }

    /// Whether the exchange waits in the queue, claimed by nobody.
    pub fn is_queued(&self, ticket: &Ticket) -> bool {
        let word = self.slot(ticket).word().look();
        word.state() == Some(State::Ready) && word.generation() == ticket.generation
    }
}
