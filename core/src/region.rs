//! A region as both sides see it: typed access to what `layout.rs` places.

use core::sync::atomic::{AtomicU64, Ordering};

#[cfg(not(slotway_loom))]
pub use mapped::Region;
#[cfg(slotway_loom)]
pub use modelled::Region;

/// Tells the regions of this process apart, so that a ticket or a claim of one is not
/// taken for another's: it would lend out bytes that somebody else writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RegionId(u64);

impl RegionId {
    fn next() -> RegionId {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Relaxed: only that every number is given once counts.
        RegionId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Something that keeps a region's memory alive and gives access to it.
pub trait RegionRef {
    /// The region.
    fn region(&self) -> &Region;
}

impl RegionRef for Region {
    fn region(&self) -> &Region {
        self
    }
}

impl<T: RegionRef + ?Sized> RegionRef for &T {
    fn region(&self) -> &Region {
        (**self).region()
    }
}

#[cfg(any(feature = "map", slotway_loom))]
impl<T: RegionRef + ?Sized> RegionRef for std::sync::Arc<T> {
    fn region(&self) -> &Region {
        (**self).region()
    }
}

#[cfg(not(slotway_loom))]
mod mapped {
    use core::ptr::NonNull;

    use super::RegionId;
    use crate::Layout;
    use crate::area::Area;
    use crate::bell::Bell;
    use crate::lane::{Lane, LaneWords};
    use crate::layout::{LINE_PAIR, LanePlace, SLOT_HEADER_BYTES};
    use crate::queue::Queue;
    use crate::signal::SignalMap;
    use crate::slot::{Slot, SlotHeader};
    use crate::sync::{AtomicU32, AtomicU64};
    use crate::waiter::Waiter;

    /// A region in memory.
    #[derive(Debug)]
    pub struct Region {
        base: NonNull<u8>,
        layout: Layout,
        id: RegionId,
    }

    // SAFETY: the words of a region are atomics and its bytes are areas, whose accesses
    // the protocol orders between threads and processes alike.
    unsafe impl Send for Region {}
    // SAFETY: as above.
    unsafe impl Sync for Region {}

    impl Region {
        /// The region at `base`.
        ///
        /// # Safety
        ///
        /// `base` is aligned to 4096 and points to `layout.length()` bytes that stay
        /// mapped for reading and writing for as long as the region is used, that began
        /// as zeros, and that nobody in this process uses but through regions.
        pub unsafe fn from_raw(base: NonNull<u8>, layout: Layout) -> Region {
            debug_assert!(base.as_ptr().addr().is_multiple_of(4096));
            Region { base, layout, id: RegionId::next() }
        }

        pub(crate) fn id(&self) -> RegionId {
            self.id
        }

        /// Where everything lies.
        pub fn layout(&self) -> &Layout {
            &self.layout
        }

        fn at(&self, offset: usize) -> NonNull<u8> {
            // SAFETY: every caller's offset comes from the layout, and everything that a
            // layout places ends before its length.
            unsafe { self.base.add(offset) }
        }

        /// # Safety
        ///
        /// The layout places an aligned `T` at `offset`, whose every bit pattern is
        /// valid and whose every field is atomic.
        unsafe fn get<T>(&self, offset: usize) -> &T {
            debug_assert!(offset + size_of::<T>() <= self.layout.length());
            debug_assert!(offset.is_multiple_of(align_of::<T>()));
            // SAFETY: the caller's promise; the mapping outlives `self`.
            unsafe { self.at(offset).cast::<T>().as_ref() }
        }

        /// # Safety
        ///
        /// As for `get`, for each of `count` values.
        unsafe fn get_slice<T>(&self, offset: usize, count: usize) -> &[T] {
            debug_assert!(offset + count * size_of::<T>() <= self.layout.length());
            let first = self.at(offset).cast::<T>().as_ptr();
            // SAFETY: the caller's promise; the mapping outlives `self`.
            unsafe { core::slice::from_raw_parts(first, count) }
        }

        fn area(&self, offset: usize, length: usize) -> Area<'_> {
            debug_assert!(offset + length <= self.layout.length());
            // SAFETY: the layout places these bytes inside the mapping, which outlives
            // `self`; who may touch them when is the slot word's protocol.
            unsafe { Area::from_raw(self.at(offset), length) }
        }

        #[inline]
        pub(crate) fn hub_bell(&self) -> &Waiter {
            // SAFETY: the layout places the hub's bell here, aligned to a line pair.
            unsafe { self.get(self.layout.hub_bell) }
        }

        #[inline]
        pub(crate) fn worker_bell(&self) -> &Bell {
            // SAFETY: the layout places the worker's bell here, aligned to a line pair.
            unsafe { self.get(self.layout.worker_bell) }
        }

        #[inline]
        pub(crate) fn queue(&self) -> Queue<'_> {
            // SAFETY: the layout places the queue's head here.
            let head: &AtomicU32 = unsafe { self.get(self.layout.queue_head) };
            // SAFETY: the layout places `queue_length` cells here.
            let cells =
                unsafe { self.get_slice(self.layout.queue_cells, self.layout.queue_length) };
            Queue { head, cells }
        }

        fn map(&self, offset: usize) -> SignalMap<'_> {
            // SAFETY: the layout places a map's summary here.
            let summary: &AtomicU64 = unsafe { self.get(offset) };
            // SAFETY: the layout places `map_words` words a line pair after the summary.
            let words = unsafe { self.get_slice(offset + LINE_PAIR, self.layout.map_words) };
            SignalMap { summary, words }
        }

        #[inline]
        pub(crate) fn attention(&self) -> SignalMap<'_> {
            self.map(self.layout.attention)
        }

        #[inline]
        pub(crate) fn notice(&self) -> SignalMap<'_> {
            self.map(self.layout.notice)
        }

        /// Number of slots.
        #[inline]
        pub fn slots(&self) -> u32 {
            self.layout.spec().slots
        }

        #[inline]
        fn lane(&self, place: LanePlace) -> Lane<'_> {
            // SAFETY: the layout places a lane's words here, aligned to a line pair.
            let words: &LaneWords = unsafe { self.get(place.words) };
            Lane { words, ring: self.area(place.ring, place.ring_bytes) }
        }

        /// Events from the worker, if the region has rings for them.
        #[inline]
        pub(crate) fn outbox(&self) -> Option<Lane<'_>> {
            self.layout.events.map(|events| self.lane(events.outbox))
        }

        /// Events to the worker, if the region has rings for them.
        #[inline]
        pub(crate) fn inbox(&self) -> Option<Lane<'_>> {
            self.layout.events.map(|events| self.lane(events.inbox))
        }

        /// # Panics
        ///
        /// When there is no such slot.
        #[inline]
        pub(crate) fn slot(&self, index: u32) -> Slot<'_> {
            let spec = self.layout.spec();
            assert!(index < spec.slots, "no such slot");
            let header_at = self.layout.slot_headers + index as usize * SLOT_HEADER_BYTES;
            // SAFETY: the layout places a header of 256 bytes here for every slot below
            // the count just checked.
            let header: &SlotHeader = unsafe { self.get(header_at) };
            let request_head = self.layout.payloads + index as usize * self.layout.payload_stride;
            let response_head = request_head + spec.head_bytes as usize;
            let request_ring = response_head + spec.head_bytes as usize;
            let response_ring = request_ring + spec.request_bytes as usize;
            Slot {
                header,
                request_head: self.area(request_head, spec.head_bytes as usize),
                response_head: self.area(response_head, spec.head_bytes as usize),
                request_ring: self.area(request_ring, spec.request_bytes as usize),
                response_ring: self.area(response_ring, spec.response_bytes as usize),
            }
        }
    }
}

#[cfg(slotway_loom)]
mod modelled {
    use std::vec::Vec;

    use loom::cell::UnsafeCell;

    use super::RegionId;
    use crate::area::Area;
    use crate::bell::Bell;
    use crate::lane::{Lane, LaneWords};
    use crate::queue::Queue;
    use crate::signal::{SignalMap, words_for};
    use crate::slot::{Slot, SlotHeader};
    use crate::sync::{AtomicU32, AtomicU64};
    use crate::waiter::Waiter;

    /// A region whose every word and byte loom watches. The parts are those of the real
    /// one; only where they lie is different.
    #[derive(Debug)]
    pub struct Region {
        id: RegionId,
        hub_bell: Waiter,
        worker_bell: Bell,
        queue_head: AtomicU32,
        queue_cells: Vec<AtomicU64>,
        attention: Map,
        notice: Map,
        slots: Vec<Parts>,
        /// Outbox and inbox.
        lanes: Option<[LaneParts; 2]>,
    }

    #[derive(Debug)]
    struct LaneParts {
        words: LaneWords,
        ring: Vec<UnsafeCell<u8>>,
    }

    impl LaneParts {
        fn new(bytes: usize) -> LaneParts {
            let ring = (0..bytes).map(|_| UnsafeCell::new(0)).collect();
            LaneParts { words: LaneWords::default(), ring }
        }

        fn get(&self) -> Lane<'_> {
            Lane { words: &self.words, ring: Area::new(&self.ring) }
        }
    }

    #[derive(Debug)]
    struct Map {
        summary: AtomicU64,
        words: Vec<AtomicU64>,
    }

    #[derive(Debug, Default)]
    struct Parts {
        header: SlotHeader,
        areas: [Vec<UnsafeCell<u8>>; 4],
    }

    impl Map {
        fn new(slots: u32) -> Map {
            Map {
                summary: AtomicU64::new(0),
                words: (0..words_for(slots)).map(|_| AtomicU64::new(0)).collect(),
            }
        }

        fn get(&self) -> SignalMap<'_> {
            SignalMap { summary: &self.summary, words: &self.words }
        }
    }

    impl Region {
        /// A region for models: `slots` slots with heads of `head_bytes` bytes and rings
        /// of `ring_bytes` bytes, a power of two, and `cells` queue cells, a power of two.
        pub fn model(slots: u32, head_bytes: usize, ring_bytes: usize, cells: usize) -> Region {
            let area = |bytes| (0..bytes).map(|_| UnsafeCell::new(0)).collect();
            Region {
                id: RegionId::next(),
                hub_bell: Waiter::default(),
                worker_bell: Bell::default(),
                queue_head: AtomicU32::new(0),
                queue_cells: (0..cells).map(|_| AtomicU64::new(0)).collect(),
                attention: Map::new(slots),
                notice: Map::new(slots),
                slots: (0..slots)
                    .map(|_| Parts {
                        header: SlotHeader::default(),
                        areas: [head_bytes, head_bytes, ring_bytes, ring_bytes].map(area),
                    })
                    .collect(),
                lanes: None,
            }
        }

        /// The same with rings for events of `ring_bytes` bytes, a power of two.
        #[must_use]
        pub fn with_events(self, ring_bytes: usize) -> Region {
            Region { lanes: Some([ring_bytes, ring_bytes].map(LaneParts::new)), ..self }
        }

        pub(crate) fn outbox(&self) -> Option<Lane<'_>> {
            self.lanes.as_ref().map(|[outbox, _]| outbox.get())
        }

        pub(crate) fn inbox(&self) -> Option<Lane<'_>> {
            self.lanes.as_ref().map(|[_, inbox]| inbox.get())
        }

        pub(crate) fn id(&self) -> RegionId {
            self.id
        }

        pub(crate) fn hub_bell(&self) -> &Waiter {
            &self.hub_bell
        }

        pub(crate) fn worker_bell(&self) -> &Bell {
            &self.worker_bell
        }

        pub(crate) fn queue(&self) -> Queue<'_> {
            Queue { head: &self.queue_head, cells: &self.queue_cells }
        }

        pub(crate) fn attention(&self) -> SignalMap<'_> {
            self.attention.get()
        }

        pub(crate) fn notice(&self) -> SignalMap<'_> {
            self.notice.get()
        }

        /// Number of slots.
        pub fn slots(&self) -> u32 {
            self.slots.len() as u32
        }

        pub(crate) fn slot(&self, index: u32) -> Slot<'_> {
            let parts = &self.slots[index as usize];
            let [request_head, response_head, request_ring, response_ring] = &parts.areas;
            Slot {
                header: &parts.header,
                request_head: Area::new(request_head),
                response_head: Area::new(response_head),
                request_ring: Area::new(request_ring),
                response_ring: Area::new(response_ring),
            }
        }
    }
}
