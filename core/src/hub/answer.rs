//! The way out: what has become of an exchange, and its answer's bytes.

use super::{HubSide, Lease, Ticket};
use crate::Violation;
use crate::region::RegionRef;
use crate::stream::End;
use crate::sync::Ordering;
use crate::wait::Wait;
use crate::waiter::Watch;
use crate::word::State;

/// How far an exchange is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// No worker has claimed it.
    Queued,
    /// A worker has it and has not answered.
    Claimed,
    /// The answer's head is there; its body may still grow.
    Answering {
        /// Length of the head in bytes.
        head_length: u32,
    },
    /// The worker is through with it.
    Done {
        /// Length of the head in bytes; 0 when the worker gave no answer.
        head_length: u32,
    },
}

/// What there is of an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readable {
    /// Bytes that can be read now.
    pub length: usize,
    /// Whether more follows those bytes.
    pub end: End,
}

impl<R: RegionRef, L: AsRef<[Lease]>, W: Wait> HubSide<R, L, W> {
    /// How far the exchange is.
    ///
    /// # Errors
    ///
    /// A violation when the slot's word or its head's length cannot be.
    #[inline]
    pub fn progress(&self, ticket: &Ticket) -> Result<Progress, Violation> {
        let slot = self.slot(ticket);
        let word = slot.word().look();
        let claimed = match word.state() {
            _ if word.generation() != ticket.generation => None,
            Some(State::Ready) => return Ok(Progress::Queued),
            Some(State::Claimed) => Some(true),
            Some(State::Done) => Some(false),
            Some(State::Free | State::Writing) | None => None,
        };
        let Some(claimed) = claimed else {
            return Err(self.violation(ticket, word));
        };
        let head_length = slot.published_head();
        let area = slot.response_head.len() as u32;
        if head_length > area {
            return Err(Violation::HeadLength { length: head_length, area });
        }
        Ok(match (claimed, head_length) {
            (true, 0) => Progress::Claimed,
            (true, head_length) => Progress::Answering { head_length },
            (false, head_length) => Progress::Done { head_length },
        })
    }

    /// Copies the answer's head out, `into.len()` bytes of it: the length that
    /// [`progress`](Self::progress) gave.
    ///
    /// # Panics
    ///
    /// When `into` is longer than a head's area.
    #[inline]
    pub fn copy_head(&self, ticket: &Ticket, into: &mut [u8]) {
        self.slot(ticket).response_head.read(0, into);
    }

    /// What there is of the answer's body.
    ///
    /// # Errors
    ///
    /// A violation when the worker's position or end cannot be.
    #[inline]
    pub fn readable(&self, ticket: &Ticket) -> Result<Readable, Violation> {
        // Relaxed: the ticket's download is the only one who uses it.
        let head = self.lease(ticket.slot).response_head.load(Ordering::Relaxed);
        let (length, end) = self.slot(ticket).response().readable(head)?;
        Ok(Readable { length, end })
    }

    /// Copies out up to `into.len()` bytes of the answer's body; gives the count.
    ///
    /// # Errors
    ///
    /// A violation when the worker's position cannot be.
    #[inline]
    pub fn read_body(&self, ticket: &Ticket, into: &mut [u8]) -> Result<usize, Violation> {
        // Relaxed: the ticket's download is the only one who uses it.
        let position = &self.lease(ticket.slot).response_head;
        let head = position.load(Ordering::Relaxed);
        let count = self.slot(ticket).response().read(head, into)?;
        position.store(head.wrapping_add(count as u32), Ordering::Relaxed);
        Ok(count)
    }

    /// Tells the worker that there is room again. To be called after reading from an
    /// answer that is not complete.
    pub fn tell_room(&self, ticket: &Ticket) -> crate::bell::Rung {
        let watched = self.slot(ticket).header.worker_waits.response.signal::<W>();
        self.notify(ticket.slot, watched)
    }

    /// Asks for attention when there is more of the answer. To be called after looking.
    pub fn watch_response(&self, ticket: &Ticket) -> Watch {
        self.slot(ticket).header.hub_waits.response.watch()
    }
}
