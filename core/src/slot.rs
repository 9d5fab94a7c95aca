//! A slot: the place in a region for one exchange in flight.

use crate::area::Area;
use crate::stream::{Producer, Stream};
use crate::sync::{AtomicU32, AtomicU64, Ordering, order};
use crate::waiter::Waiter;
use crate::word::SlotWord;

/// Bytes of a head, and of a body, that are asked for before anybody knows their length.
const SMALL_HEAD_BYTES: usize = 192;
const SMALL_BODY_BYTES: usize = 64;

/// The words of a slot, four cache lines: what the hub writes, what the worker writes,
/// what the hub sleeps on, what the worker sleeps on. In the common exchange only the
/// first two change.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C))]
pub(crate) struct SlotHeader {
    pub(crate) hub: HubLine,
    pub(crate) worker: WorkerLine,
    pub(crate) hub_waits: HubWaits,
    pub(crate) worker_waits: WorkerWaits,
}

/// Written by the hub; the word by both.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C, align(64)))]
pub(crate) struct HubLine {
    pub(crate) word: SlotWord,
    /// Length of the request's head in its area.
    pub(crate) head_length: AtomicU32,
    /// When the answer is due, in nanoseconds of CLOCK_MONOTONIC; 0 for never.
    pub(crate) deadline_ns: AtomicU64,
    pub(crate) request: Producer,
    /// The hub's position in the response's body.
    pub(crate) response_head: AtomicU32,
}

/// Written by the worker.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C, align(64)))]
pub(crate) struct WorkerLine {
    /// Length of the response's head in its area; 0 until it is there.
    pub(crate) head_length: AtomicU32,
    /// The worker's position in the request's body.
    pub(crate) request_head: AtomicU32,
    pub(crate) response: Producer,
}

/// What the hub sleeps on.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C, align(64)))]
pub(crate) struct HubWaits {
    /// For the response's head or more of its body.
    pub(crate) response: Waiter,
    /// For room in the request's ring.
    pub(crate) request: Waiter,
}

/// What the worker sleeps on.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C, align(64)))]
pub(crate) struct WorkerWaits {
    /// For more of the request's body.
    pub(crate) request: Waiter,
    /// For room in the response's ring.
    pub(crate) response: Waiter,
    /// For the exchange to be cancelled.
    pub(crate) cancel: Waiter,
}

#[cfg(not(slotway_loom))]
mod layout {
    use super::{HubLine, HubWaits, SlotHeader, WorkerLine, WorkerWaits};
    use crate::layout::SLOT_HEADER_BYTES;
    use core::mem::{offset_of, size_of};

    const _: () = assert!(size_of::<SlotHeader>() == SLOT_HEADER_BYTES);
    const _: () = assert!(offset_of!(SlotHeader, worker) == 64);
    const _: () = assert!(offset_of!(SlotHeader, hub_waits) == 128);
    const _: () = assert!(offset_of!(SlotHeader, worker_waits) == 192);
    const _: () = assert!(offset_of!(HubLine, word) == 0);
    const _: () = assert!(offset_of!(HubLine, head_length) == 4);
    const _: () = assert!(offset_of!(HubLine, deadline_ns) == 8);
    const _: () = assert!(offset_of!(HubLine, request) == 16);
    const _: () = assert!(offset_of!(HubLine, response_head) == 24);
    const _: () = assert!(offset_of!(WorkerLine, head_length) == 0);
    const _: () = assert!(offset_of!(WorkerLine, request_head) == 4);
    const _: () = assert!(offset_of!(WorkerLine, response) == 8);
    const _: () = assert!(offset_of!(HubWaits, response) == 0);
    const _: () = assert!(offset_of!(HubWaits, request) == 4);
    const _: () = assert!(offset_of!(WorkerWaits, request) == 0);
    const _: () = assert!(offset_of!(WorkerWaits, response) == 4);
    const _: () = assert!(offset_of!(WorkerWaits, cancel) == 8);
}

/// A slot of a region: its words and its four areas.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot<'a> {
    pub(crate) header: &'a SlotHeader,
    pub(crate) request_head: Area<'a>,
    pub(crate) response_head: Area<'a>,
    pub(crate) request_ring: Area<'a>,
    pub(crate) response_ring: Area<'a>,
}

impl<'a> Slot<'a> {
    #[inline]
    pub(crate) fn word(&self) -> &'a SlotWord {
        &self.header.hub.word
    }

    /// The request's body: the hub produces, the worker consumes.
    #[inline]
    pub(crate) fn request(&self) -> Stream<'a> {
        Stream {
            producer: &self.header.hub.request,
            head: &self.header.worker.request_head,
            ring: self.request_ring,
        }
    }

    /// The response's body: the worker produces, the hub consumes.
    #[inline]
    pub(crate) fn response(&self) -> Stream<'a> {
        Stream {
            producer: &self.header.worker.response,
            head: &self.header.hub.response_head,
            ring: self.response_ring,
        }
    }

    /// Asks for what the hub looks at first in an answer that a worker has just given: the
    /// word, the positions, and the beginnings of head and body.
    #[inline]
    pub(crate) fn prefetch_answer(&self) {
        #[cfg(not(slotway_loom))]
        {
            crate::prefetch::prefetch(&raw const self.header.hub);
            crate::prefetch::prefetch(&raw const self.header.worker);
        }
        self.response_head.prefetch(SMALL_HEAD_BYTES);
        self.response_ring.prefetch(SMALL_BODY_BYTES);
    }

    /// Asks for what a worker looks at first in a request that it is about to claim.
    #[inline]
    pub(crate) fn prefetch_request(&self) {
        #[cfg(not(slotway_loom))]
        crate::prefetch::prefetch(&raw const self.header.hub);
        self.request_head.prefetch(SMALL_HEAD_BYTES);
    }

    /// Makes the slot ready for a new exchange. By the hub, while Writing.
    #[inline]
    pub(crate) fn reset(&self) {
        // Relaxed: published with the slot by `slot.ready`.
        self.header.hub.head_length.store(0, Ordering::Relaxed);
        self.header.hub.deadline_ns.store(0, Ordering::Relaxed);
        self.header.worker.head_length.store(0, Ordering::Relaxed);
        self.request().reset();
        self.response().reset();
        // The hub waits for the answer from the start, without a further step.
        self.header.hub_waits.response.reset(true);
        self.header.hub_waits.request.reset(false);
        self.header.worker_waits.request.reset(false);
        self.header.worker_waits.response.reset(false);
        self.header.worker_waits.cancel.reset(false);
    }

    /// Publishes the length of the response's head. By the worker.
    #[inline]
    pub(crate) fn publish_head(&self, length: u32) {
        // SYNC(slot.head): Release; pairs with the Acquire in `published_head`.
        self.header.worker.head_length.store(length, order!("slot.head", Release));
    }

    /// The length of the response's head, 0 until it is there. By the hub.
    #[inline]
    pub(crate) fn published_head(&self) -> u32 {
        // SYNC(slot.head): Acquire; pairs with the Release in `publish_head`.
        self.header.worker.head_length.load(order!("slot.head", Acquire))
    }
}
