//! The hub's side of a region: acquire a slot, fill it, publish it, take the answer.
//!
//! Callers may rely on this: whatever a worker writes into the region, no method panics,
//! touches memory outside the region, hands out a slot that is in use, or loops. What
//! cannot come from a correct worker is a [`Violation`].
//!
//! Nothing here allocates, locks or waits. Methods that may have to wake the worker
//! return a [`Rung`]; its doorbell is the caller's to ring.

mod answer;
mod events;
mod lease;
mod probe;
mod submit;
#[cfg(all(test, not(slotway_loom)))]
mod tests;

use core::fmt;
use core::marker::PhantomData;

pub use answer::{Progress, Readable};
pub(crate) use lease::FreeList;
pub use lease::Lease;
use lease::Status;
pub use submit::PublishError;

use crate::bell::Rung;
use crate::region::{Region, RegionId, RegionRef};
use crate::slot::Slot;
use crate::sync::AtomicU32;
use crate::wait::Wait;
use crate::waiter::Watch;
use crate::word::{State, Word};
use crate::worker::Spin;
use crate::{DefaultWait, Violation};

/// The hub's side of a region.
///
/// `R` keeps the region's memory, `L` the leases, one for each slot: `Box<[Lease]>`
/// where there is a heap. `W` is how the worker's threads sleep.
pub struct HubSide<R, L, W = DefaultWait> {
    region: R,
    leases: L,
    free: FreeList,
    /// The slot that only probes use: the last, if there is one.
    probe_slot: Option<u32>,
    /// The producer's position in the submission queue.
    tail: AtomicU32,
    /// The consumer's position in the outbox.
    outbox_head: AtomicU32,
    /// The producer's position in the inbox.
    inbox_tail: AtomicU32,
    wait: PhantomData<fn() -> W>,
}

impl<R, L, W> fmt::Debug for HubSide<R, L, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubSide").field("tail", &self.tail).finish_non_exhaustive()
    }
}

/// The right to one exchange in one slot. Its holder ends it by
/// [`release`](HubSide::release), [`withdraw`](HubSide::withdraw) or
/// [`abandon`](HubSide::abandon); a ticket that is dropped takes its slot with it.
#[derive(Debug)]
#[must_use = "a dropped ticket loses its slot"]
pub struct Ticket {
    slot: u32,
    generation: u32,
    published: bool,
    region: RegionId,
}

impl Ticket {
    /// The slot's index.
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// Which of the slot's exchanges this is.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether the worker may have seen it.
    pub fn is_published(&self) -> bool {
        self.published
    }
}

/// A ticket that could not be ended the way its holder asked.
#[derive(Debug)]
pub enum NotEnded {
    /// The exchange is in another state; the ticket is still good.
    Busy(Ticket),
    /// The worker broke the protocol; the slot is not given out again.
    Violated(Violation),
}

/// What became of a slot whose exchange was abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a worker whose event loop sleeps is told through its doorbell"]
pub enum Abandoned {
    /// It is free.
    Freed,
    /// Its worker still has it, or another caller of [`reap`](HubSide::reap) frees it now.
    Pending(Rung),
}

/// What a slot is used for, as far as the hub can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// Not in use.
    Free,
    /// Acquired and not published yet.
    Writing,
    /// Published and not claimed yet.
    Ready,
    /// At work in the worker.
    Claimed,
    /// Answered, the answer being read.
    Done,
    /// Given up by the hub, still with the worker.
    Abandoned,
}

/// How many slots are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SlotCounts {
    /// Not in use.
    pub free: u32,
    /// Acquired and not published yet.
    pub writing: u32,
    /// Published and not claimed yet.
    pub ready: u32,
    /// At work in the worker.
    pub claimed: u32,
    /// Answered, the answer being read.
    pub done: u32,
    /// Given up by the hub, still with the worker.
    pub abandoned: u32,
}

impl<R: RegionRef, L: AsRef<[Lease]>, W: Wait> HubSide<R, L, W> {
    /// The hub's side of a fresh region.
    ///
    /// # Panics
    ///
    /// When there is not exactly one fresh lease for each slot.
    pub fn new(region: R, leases: L) -> HubSide<R, L, W> {
        HubSide::build(region, leases, None)
    }

    fn build(region: R, leases: L, probe_slot: Option<u32>) -> HubSide<R, L, W> {
        let slots = leases.as_ref();
        assert_eq!(
            slots.len(),
            region.region().slots() as usize,
            "a region needs one lease for each slot"
        );
        let free = FreeList::new(&slots[..probe_slot.map_or(slots.len(), |last| last as usize)]);
        HubSide {
            region,
            leases,
            free,
            probe_slot,
            tail: AtomicU32::new(0),
            outbox_head: AtomicU32::new(0),
            inbox_tail: AtomicU32::new(0),
            wait: PhantomData,
        }
    }

    /// What keeps the region.
    pub fn get_ref(&self) -> &R {
        &self.region
    }

    fn region(&self) -> &Region {
        self.region.region()
    }

    /// # Panics
    ///
    /// When the ticket is another region's, as every method that takes a ticket does.
    fn slot(&self, ticket: &Ticket) -> Slot<'_> {
        let region = self.region();
        assert!(ticket.region == region.id(), "a ticket of another region");
        region.slot(ticket.slot)
    }

    fn lease(&self, slot: u32) -> &Lease {
        &self.leases.as_ref()[slot as usize]
    }

    fn violation(&self, ticket: &Ticket, found: Word) -> Violation {
        Violation::SlotWord { slot: ticket.slot, generation: ticket.generation, found }
    }

    fn give_back(&self, slot: u32, generation: u32) {
        self.lease(slot).set(Status::Free, generation);
        if self.probe_slot != Some(slot) {
            self.free.push(self.leases.as_ref(), slot);
        }
    }

    /// Raises the slot's notice if its worker's event loop watches it, and wakes it.
    fn notify(&self, slot: u32, watched: bool) -> Rung {
        if !watched {
            return Rung::QUIET;
        }
        // The worker's loop sleeps on the bell, not on the map.
        let _ = self.region().notice().raise(slot);
        self.region().worker_bell().ring::<W>()
    }

    /// Withdraws a published exchange that no worker has claimed, and frees its slot.
    ///
    /// # Errors
    ///
    /// [`NotEnded::Busy`] when a worker was first, or the ticket is not published.
    pub fn withdraw(&self, ticket: Ticket) -> Result<(), NotEnded> {
        if !self.slot(&ticket).word().withdraw(ticket.generation) {
            return Err(NotEnded::Busy(ticket));
        }
        self.give_back(ticket.slot, ticket.generation);
        Ok(())
    }

    /// Ends an exchange whose worker is done with it, and frees its slot.
    ///
    /// # Errors
    ///
    /// [`NotEnded::Busy`] while the worker still has it: then abandon it.
    pub fn release(&self, ticket: Ticket) -> Result<(), NotEnded> {
        let word = self.slot(&ticket).word();
        let found = word.look();
        if found.generation() != ticket.generation {
            return Err(NotEnded::Violated(self.violation(&ticket, found)));
        }
        match found.state() {
            Some(State::Done) => match word.free(found) {
                Ok(()) => {
                    self.give_back(ticket.slot, ticket.generation);
                    Ok(())
                }
                Err(found) => Err(NotEnded::Violated(self.violation(&ticket, found))),
            },
            _ => Err(NotEnded::Busy(ticket)),
        }
    }

    /// Tells the worker that nobody waits for the answer any more. The ticket goes on:
    /// its holder may still look at the exchange. Nothing happens unless it is claimed.
    pub fn cancel(&self, ticket: &Ticket) -> Rung {
        self.try_cancel(ticket).unwrap_or(Rung::QUIET)
    }

    fn try_cancel(&self, ticket: &Ticket) -> Result<Rung, Word> {
        let slot = self.slot(ticket);
        slot.word().cancel(ticket.generation)?;
        let waits = &slot.header.worker_waits;
        let watched = [&waits.cancel, &waits.request, &waits.response]
            .into_iter()
            .fold(false, |watched, waiter| waiter.signal::<W>() | watched);
        Ok(self.notify(ticket.slot, watched))
    }

    /// Ends an exchange in whatever state it is. If no worker has it the slot is free at
    /// once; else the worker is told, and the slot comes back by [`reap`](Self::reap)
    /// when it is done.
    ///
    /// # Errors
    ///
    /// A violation when the slot word says what it cannot; the slot is not given out again.
    pub fn abandon(&self, ticket: Ticket) -> Result<Abandoned, Violation> {
        if !ticket.published {
            self.discard(ticket)?;
            return Ok(Abandoned::Freed);
        }
        let ticket = match self.withdraw(ticket) {
            Ok(()) => return Ok(Abandoned::Freed),
            Err(NotEnded::Busy(ticket)) => ticket,
            Err(NotEnded::Violated(violation)) => return Err(violation),
        };
        // From here `reap` may free the slot. It runs when the worker's completion is
        // noticed, and the word decides whether that is still to come. Either the
        // cancellation finds Claimed: then the completion comes after it, and whoever
        // notices it sees this lease (`slot.cancel`). Or it finds Done: then the
        // completion may have been noticed before this lease was set, so reap here.
        self.lease(ticket.slot).set(Status::Abandoned, ticket.generation);
        match self.try_cancel(&ticket) {
            Ok(rung) => Ok(Abandoned::Pending(rung)),
            Err(_) if self.free_abandoned(ticket.slot, ticket.generation)? => Ok(Abandoned::Freed),
            // A slot that a caller of `reap` frees just now or has freed, who learns of
            // it; or a worker that wrote nonsense and has lost itself a slot.
            Err(_) => Ok(Abandoned::Pending(Rung::QUIET)),
        }
    }

    /// Frees the slot of an abandoned exchange whose worker is done. To be called for
    /// every slot that [`drain_attention`](Self::drain_attention) gives. `true`: it was one.
    ///
    /// # Errors
    ///
    /// A violation when the slot word says what it cannot.
    pub fn reap(&self, slot: u32) -> Result<bool, Violation> {
        if slot >= self.region().slots() {
            return Ok(false);
        }
        match self.lease(slot).get() {
            (Status::Abandoned, generation) => self.free_abandoned(slot, generation),
            _ => Ok(false),
        }
    }

    /// Frees the slot if its worker is done with this very exchange.
    fn free_abandoned(&self, slot: u32, generation: u32) -> Result<bool, Violation> {
        let word = self.region().slot(slot).word();
        let found = word.look();
        if found.generation() != generation || found.state() != Some(State::Done) {
            // Still with the worker, or already reaped and in use again.
            return Ok(false);
        }
        if !self.lease(slot).take_abandoned(generation) {
            return Ok(false);
        }
        word.free(found).map_err(|found| Violation::SlotWord { slot, generation, found })?;
        self.give_back(slot, generation);
        Ok(true)
    }

    /// Takes every slot that a worker called attention to. `true`: it called attention to
    /// its outbox or inbox as well.
    ///
    /// A slot may be given without cause, and so may `true`; a cause is never lost.
    pub fn drain_attention(&self, mut each: impl FnMut(u32)) -> bool {
        let slots = self.region().slots();
        self.region().attention().drain(|slot| {
            if slot < slots {
                // Whoever waits for it runs a little later, mostly behind others.
                self.region().slot(slot).prefetch_answer();
                each(slot);
            }
        })
    }

    /// Whether a worker calls attention to anything: a look that takes nothing.
    #[inline]
    pub fn is_called(&self) -> bool {
        self.region().attention().is_raised()
    }

    /// Announces that the hub is about to sleep until its doorbell rings. `false`: there
    /// is something to drain first.
    #[must_use = "only `true` says that the doorbell will ring"]
    pub fn prepare_sleep(&self) -> bool {
        self.region().hub_bell().watch() == Watch::Armed
            && self.region().attention().prepare_sleep()
    }

    /// Sleeps on the hub's bell until a worker calls, `timeout` at most: for a hub that
    /// waits with a thread and has no doorbell. `false` when the time is over.
    pub fn sleep(&self, timeout: Option<core::time::Duration>) -> bool {
        if !self.region().attention().prepare_sleep() {
            return true;
        }
        self.region().hub_bell().park::<W>(timeout)
    }

    /// Waits until a worker calls: spins a while, then sleeps as [`sleep`](Self::sleep)
    /// does. `false` when the time is over.
    #[inline]
    pub fn wait(&self, spin: &mut Spin, timeout: Option<core::time::Duration>) -> bool {
        let attention = self.region().attention();
        spin.until(|| attention.is_raised()) || self.sleep(timeout)
    }

    /// Counts the slots by state, without the one for probes. A snapshot for people: it
    /// looks at one after another.
    pub fn counts(&self) -> SlotCounts {
        let mut counts = SlotCounts::default();
        for slot in (0..self.region().slots()).filter(|&slot| self.probe_slot != Some(slot)) {
            let at = match self.slot_state(slot) {
                SlotState::Free => &mut counts.free,
                SlotState::Writing => &mut counts.writing,
                SlotState::Ready => &mut counts.ready,
                SlotState::Claimed => &mut counts.claimed,
                SlotState::Done => &mut counts.done,
                SlotState::Abandoned => &mut counts.abandoned,
            };
            *at += 1;
        }
        counts
    }

    /// What a slot is used for at this moment; for people.
    pub fn slot_state(&self, slot: u32) -> SlotState {
        match self.lease(slot).get().0 {
            Status::Free => SlotState::Free,
            Status::Abandoned => SlotState::Abandoned,
            Status::Held => match self.region().slot(slot).word().peek().state() {
                Some(State::Ready) => SlotState::Ready,
                Some(State::Claimed) => SlotState::Claimed,
                Some(State::Done) => SlotState::Done,
                Some(State::Writing | State::Free) | None => SlotState::Writing,
            },
        }
    }
}
