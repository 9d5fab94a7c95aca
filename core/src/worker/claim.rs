//! One claimed exchange: the request's bytes and the answer's.

use core::time::Duration;

use super::{HubWake, WorkerSide};
use crate::head::{HeadTooLong, ResponseEncoder};
use crate::region::{RegionId, RegionRef};
use crate::slot::Slot;
use crate::stream::End;
use crate::sync::Ordering;
use crate::wait::Wait;
use crate::waiter::Watch;

/// The right to read one request and to give its one answer.
///
/// Its two directions may be used by different threads, each by one at a time: the
/// methods about the request, and the methods about the response.
#[derive(Debug)]
#[must_use = "a dropped claim is never answered; its client waits for the deadline"]
pub struct Claim {
    pub(super) slot: u32,
    pub(super) generation: u32,
    pub(super) region: RegionId,
}

impl Claim {
    /// The slot's index.
    pub fn slot(&self) -> u32 {
        self.slot
    }

    /// Which of the slot's exchanges this is.
    pub fn generation(&self) -> u32 {
        self.generation
    }
}

/// The request.
impl<R: RegionRef, W: Wait> WorkerSide<R, W> {
    /// # Panics
    ///
    /// When the claim is another region's, as every method that takes a claim does.
    fn slot(&self, claim: &Claim) -> Slot<'_> {
        let region = self.region();
        assert!(claim.region == region.id(), "a claim of another region");
        region.slot(claim.slot)
    }

    /// The request's encoded head, borrowed from the slot.
    #[cfg(not(slotway_loom))]
    #[inline]
    pub fn request_head<'a>(&'a self, claim: &'a Claim) -> &'a [u8] {
        let slot = self.slot(claim);
        // Relaxed: published with the slot by `slot.ready`.
        let length = slot.header.hub.head_length.load(Ordering::Relaxed) as usize;
        // A length outside the area is a broken hub; show what there is.
        let length = length.min(slot.request_head.len());
        // SAFETY: from `slot.ready` on the hub leaves the head alone until this claim is
        // finished, which takes the claim by value.
        unsafe { slot.request_head.slice(0, length) }
    }

    /// Copies the request's encoded head out; gives its length.
    pub fn copy_request_head(&self, claim: &Claim, into: &mut [u8]) -> usize {
        let slot = self.slot(claim);
        // Relaxed: published with the slot by `slot.ready`.
        let length = slot.header.hub.head_length.load(Ordering::Relaxed) as usize;
        let count = length.min(into.len());
        slot.request_head.read(0, &mut into[..count]);
        length
    }

    /// When the answer is due, in nanoseconds of CLOCK_MONOTONIC; 0 for never.
    pub fn deadline_ns(&self, claim: &Claim) -> u64 {
        // Relaxed: published with the slot by `slot.ready`.
        self.slot(claim).header.hub.deadline_ns.load(Ordering::Relaxed)
    }

    /// Whether the hub has given up on the exchange: the client went away or the
    /// deadline passed. The answer will go nowhere.
    #[inline]
    pub fn cancelled(&self, claim: &Claim) -> bool {
        self.slot(claim).word().peek().cancelled()
    }

    fn request_position(slot: &Slot<'_>) -> u32 {
        // Relaxed: this side is the only one who writes it.
        slot.header.worker.request_head.load(Ordering::Relaxed)
    }

    fn request_state(&self, claim: &Claim) -> (u32, usize, End) {
        let slot = self.slot(claim);
        let head = Self::request_position(&slot);
        // A position that cannot be is a broken hub: the body counts as broken off.
        let (length, end) = slot.request().readable(head).unwrap_or((0, End::Aborted));
        (head, length, end)
    }

    /// Bytes of the request's body that have arrived and are not consumed, and whether
    /// more follows them.
    #[inline]
    pub fn request_readable(&self, claim: &Claim) -> (usize, End) {
        let (_, length, end) = self.request_state(claim);
        (length, end)
    }

    /// The arrived bytes that lie in one piece, borrowed from the slot, and whether more
    /// follows them. Everything that fits the ring lies in one piece.
    ///
    /// # Safety
    ///
    /// The bytes are not used any more once they are given back to the hub, by
    /// [`consume_request`](Self::consume_request) or [`read_request`](Self::read_request).
    #[cfg(not(slotway_loom))]
    #[inline]
    pub unsafe fn request_body<'a>(&'a self, claim: &'a Claim) -> (&'a [u8], End) {
        let (head, length, end) = self.request_state(claim);
        let slot = self.slot(claim);
        let front = slot.request().front(head, length);
        // SAFETY: the hub does not touch bytes between the consumer's position and the
        // producer's (R2), and the caller vouches that the former does not move while
        // they are borrowed.
        let bytes = unsafe { slot.request_ring.slice(front.start, front.length) };
        // What wraps around comes with the next look.
        (bytes, if front.length < length { End::Open } else { end })
    }

    /// Gives `count` bytes of the request's body back to the hub. By one thread at a time.
    ///
    /// # Panics
    ///
    /// When fewer bytes have arrived.
    pub fn consume_request(&self, claim: &Claim, count: usize) -> HubWake {
        let (head, length, end) = self.request_state(claim);
        assert!(count <= length, "consumed more of the request than has arrived");
        let slot = self.slot(claim);
        slot.request().consume(head, count);
        if end == End::Open && count > 0 { self.tell_consumed(claim) } else { HubWake::NONE }
    }

    /// Copies arrived bytes of the request's body out and gives them back to the hub.
    /// By one thread at a time.
    pub fn read_request(&self, claim: &Claim, into: &mut [u8]) -> (usize, End, HubWake) {
        let (head, length, end) = self.request_state(claim);
        let slot = self.slot(claim);
        let count = slot.request().read(head, into).unwrap_or(0);
        let end_now = if count < length { End::Open } else { end };
        let wake =
            if end == End::Open && count > 0 { self.tell_consumed(claim) } else { HubWake::NONE };
        (count, end_now, wake)
    }

    fn tell_consumed(&self, claim: &Claim) -> HubWake {
        if self.slot(claim).header.hub_waits.request.signal::<W>() {
            self.call_hub(claim.slot)
        } else {
            HubWake::NONE
        }
    }
}

/// The response.
impl<R: RegionRef, W: Wait> WorkerSide<R, W> {
    fn response_position(slot: &Slot<'_>) -> u32 {
        // Relaxed: this side is the only one who writes it.
        slot.header.worker.response.tail.load(Ordering::Relaxed)
    }

    /// Bytes of the response's body that there is room for now.
    #[inline]
    pub fn response_room(&self, claim: &Claim) -> usize {
        let slot = self.slot(claim);
        slot.response().room(Self::response_position(&slot)).unwrap_or(0)
    }

    /// The room that lies in one piece, to be written in place. Until something is
    /// committed it is the whole ring.
    ///
    /// # Safety
    ///
    /// The slice of an earlier call for this claim is not used any more, and this one not
    /// once any of it is published, by [`commit_response`](Self::commit_response) or
    /// [`write_response`](Self::write_response).
    #[cfg(not(slotway_loom))]
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn response_space<'a>(&'a self, claim: &'a Claim) -> &'a mut [u8] {
        let slot = self.slot(claim);
        let writable = slot.response().writable(Self::response_position(&slot));
        let (start, length) = writable.map_or((0, 0), |room| (room.start, room.length));
        // SAFETY: the hub does not read bytes behind the producer's position (R1), and
        // the caller vouches that this process has no other borrow of them.
        unsafe { slot.response_ring.slice_mut(start, length) }
    }

    /// Publishes `count` bytes that were written to the response's space. The hub learns
    /// of them by [`announce`](Self::announce) or [`finish`](Self::finish).
    ///
    /// # Panics
    ///
    /// When there is less room.
    #[inline]
    pub fn commit_response(&self, claim: &Claim, count: usize) {
        let slot = self.slot(claim);
        assert!(count <= self.response_room(claim), "committed more than there was room for");
        slot.response().commit(Self::response_position(&slot), count);
    }

    /// Copies in as much of `bytes` as there is room for; gives the count. The hub learns
    /// of it by [`announce`](Self::announce) or [`finish`](Self::finish).
    #[inline]
    pub fn write_response(&self, claim: &Claim, bytes: &[u8]) -> usize {
        let slot = self.slot(claim);
        slot.response().write(Self::response_position(&slot), bytes).unwrap_or(0)
    }

    /// Writes the response's head: the status and whatever `fields` adds. It may be
    /// written before or after the body's first bytes, once.
    ///
    /// `content_length` is the body's length if it is known.
    ///
    /// # Errors
    ///
    /// The head does not fit its area; nothing is published.
    #[inline]
    pub fn encode_head(
        &self,
        claim: &Claim,
        status: u16,
        content_length: Option<u64>,
        fields: impl FnOnce(&mut ResponseEncoder<'_>) -> Result<(), HeadTooLong>,
    ) -> Result<(), HeadTooLong> {
        let slot = self.slot(claim);
        let mut encoder = ResponseEncoder::new(slot.response_head)?;
        fields(&mut encoder)?;
        slot.publish_head(encoder.finish(status, content_length));
        Ok(())
    }

    /// Whether the response's head is written.
    pub fn has_head(&self, claim: &Claim) -> bool {
        // Relaxed: this side is the only one who writes it.
        self.slot(claim).header.worker.head_length.load(Ordering::Relaxed) != 0
    }

    /// Tells the hub that there is more of the response: its head, or bytes committed.
    #[inline]
    pub fn announce(&self, claim: &Claim) -> HubWake {
        if self.slot(claim).header.hub_waits.response.signal::<W>() {
            self.call_hub(claim.slot)
        } else {
            HubWake::NONE
        }
    }

    /// Ends the exchange: the response is complete.
    #[inline]
    pub fn finish(&self, claim: Claim) -> HubWake {
        self.end(claim, End::Finished)
    }

    /// Ends the exchange: the response is broken off. Without a head the client gets
    /// 502, after it a broken connection.
    pub fn abort(&self, claim: Claim) -> HubWake {
        self.end(claim, End::Aborted)
    }

    #[inline]
    fn end(&self, claim: Claim, end: End) -> HubWake {
        let slot = self.slot(&claim);
        slot.response().close(end);
        match slot.word().complete(claim.generation) {
            Ok(()) => self.call_hub(claim.slot),
            // Only a broken hub takes a claimed slot away; there is nobody to tell.
            Err(_) => HubWake::NONE,
        }
    }
}

/// Waiting. A thread parks; an event loop watches, and gets a notice by
/// [`take_notices`](WorkerSide::take_notices). Either way: look, wait, look again.
impl<R: RegionRef, W: Wait> WorkerSide<R, W> {
    /// Sleeps until more of the request's body may have arrived or the exchange was
    /// cancelled, `timeout` at most. `false` when the time is over.
    pub fn park_request(&self, claim: &Claim, timeout: Option<Duration>) -> bool {
        self.slot(claim).header.worker_waits.request.park::<W>(timeout)
    }

    /// Sleeps until there may be more room for the response or the exchange was
    /// cancelled, `timeout` at most. `false` when the time is over.
    pub fn park_response(&self, claim: &Claim, timeout: Option<Duration>) -> bool {
        self.slot(claim).header.worker_waits.response.park::<W>(timeout)
    }

    /// Sleeps until the exchange is cancelled, `timeout` at most. `false` when the time
    /// is over.
    pub fn park_cancel(&self, claim: &Claim, timeout: Option<Duration>) -> bool {
        self.slot(claim).header.worker_waits.cancel.park::<W>(timeout)
    }

    /// Asks for a notice when more of the request's body arrives.
    pub fn watch_request(&self, claim: &Claim) -> Watch {
        self.slot(claim).header.worker_waits.request.watch()
    }

    /// Asks for a notice when there is more room for the response.
    pub fn watch_response(&self, claim: &Claim) -> Watch {
        self.slot(claim).header.worker_waits.response.watch()
    }

    /// Asks for a notice when the exchange is cancelled.
    pub fn watch_cancel(&self, claim: &Claim) -> Watch {
        self.slot(claim).header.worker_waits.cancel.watch()
    }

    /// Wakes whatever thread of this process waits for something of this claim, so that
    /// it looks again: the hub is gone and will not.
    pub fn wake_claim(&self, slot: u32) {
        let waits = &self.region().slot(slot).header.worker_waits;
        for waiter in [&waits.request, &waits.response, &waits.cancel] {
            // An event loop has its own ways to hear of it.
            let _ = waiter.signal::<W>();
        }
    }
}
