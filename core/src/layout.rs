//! Where everything lies in a region. `docs/region-layout.md` is the specification.
//!
//! Every offset is computed once from the [`RegionSpec`], here, with checked arithmetic,
//! for both sides. The same numbers stand in the region's header, so that a reader of
//! another make needs only those; [`Layout::check`] compares the two.

use core::fmt;
use core::mem::{offset_of, size_of};
use core::ops::Range;

use crate::signal::words_for;
use crate::spec::{EventRings, REGION_BYTES_MAX, RegionSpec, SpecError};

/// The first eight bytes of every region.
pub const MAGIC: [u8; 8] = *b"SLOTWAY\0";
/// A region of another major version cannot be read.
pub const LAYOUT_MAJOR: u16 = 1;
/// A region of a newer minor version can be read, but says more than this code knows.
pub const LAYOUT_MINOR: u16 = 0;
/// The feature bit of a region that has rings for events.
pub const LAYOUT_EVENTS: u32 = 1;

/// Bytes between things that different processors write: two cache lines, because
/// processors fetch lines in pairs.
pub(crate) const LINE_PAIR: usize = 128;
const PAGE: usize = 4096;
/// Added to the distance between slots' payloads, so that their first lines fall into
/// different sets of the caches: an odd number of 64-byte lines.
const COLOUR: usize = 5 * 64;

pub(crate) const SLOT_HEADER_BYTES: usize = 256;
/// Bytes of the words of one direction of events: a line pair each for the producer, the
/// consumer and the two waiters.
pub(crate) const LANE_BYTES: usize = 4 * LINE_PAIR;

/// The first bytes of a region, little-endian. Written by the hub before the region is
/// handed out, and never again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct RegionHeader {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// [`LAYOUT_MAJOR`].
    pub layout_major: u16,
    /// [`LAYOUT_MINOR`].
    pub layout_minor: u16,
    /// Feature bits: [`LAYOUT_EVENTS`]; the others are zero.
    pub features: u32,
    /// [`RegionSpec::slots`].
    pub slots: u32,
    /// [`RegionSpec::head_bytes`].
    pub head_bytes: u32,
    /// [`RegionSpec::request_bytes`].
    pub request_bytes: u32,
    /// [`RegionSpec::response_bytes`].
    pub response_bytes: u32,
    /// Length of the region in bytes.
    pub length: u64,
    /// Offset of the hub's bell.
    pub hub_bell: u64,
    /// Offset of the worker's bell.
    pub worker_bell: u64,
    /// Offset of the submission queue's head.
    pub queue_head: u64,
    /// Offset of the submission queue's cells.
    pub queue_cells: u64,
    /// Number of cells, a power of two.
    pub queue_length: u64,
    /// Offset of the attention map's summary; its words follow 128 bytes later.
    pub attention: u64,
    /// Offset of the notice map's summary; its words follow 128 bytes later.
    pub notice: u64,
    /// Words of each map.
    pub map_words: u64,
    /// Offset of the first slot's header.
    pub slot_headers: u64,
    /// Bytes from one slot's header to the next.
    pub slot_header_stride: u64,
    /// Offset of the first slot's payload.
    pub payloads: u64,
    /// Bytes from one slot's payload to the next.
    pub payload_stride: u64,
    /// Offset of the outbox's words. This and what follows is zero without
    /// [`LAYOUT_EVENTS`].
    pub outbox: u64,
    /// Offset of the outbox's ring.
    pub outbox_ring: u64,
    /// Offset of the inbox's words.
    pub inbox: u64,
    /// Offset of the inbox's ring.
    pub inbox_ring: u64,
    /// [`EventRings::outbox_bytes`].
    pub outbox_bytes: u32,
    /// [`EventRings::inbox_bytes`].
    pub inbox_bytes: u32,
}

impl RegionHeader {
    /// The words by which the two sides speak, as ranges of offsets: bells, queue, maps,
    /// what slots' headers use, and the words of outbox and inbox. For tests and tools that look at a region from outside, or
    /// spoil it.
    #[doc(hidden)]
    pub fn spoken(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        /// The used bytes of a slot header's four lines.
        const LINES: [Range<u64>; 4] = [0..28, 64..80, 128..136, 192..204];
        let of = |at: u64, bytes: u64| at..at + bytes;
        let map = |at: u64| [of(at, 8), of(at + 128, 8 * self.map_words)];
        let (first, stride) = (self.slot_headers, self.slot_header_stride);
        let slots = (0..u64::from(self.slots)).flat_map(move |slot| {
            let at = first + slot * stride;
            LINES.map(|line| at + line.start..at + line.end)
        });
        let has_events = self.features & LAYOUT_EVENTS != 0;
        let lanes = has_events.then_some([self.outbox, self.inbox]);
        let lanes = lanes
            .into_iter()
            .flatten()
            .flat_map(move |at| [of(at, 8), of(at + 128, 4), of(at + 256, 4), of(at + 384, 4)]);
        [
            of(self.hub_bell, 4),
            of(self.worker_bell, 8),
            of(self.queue_head, 4),
            of(self.queue_cells, 8 * self.queue_length),
        ]
        .into_iter()
        .chain(map(self.attention))
        .chain(map(self.notice))
        .chain(slots)
        .chain(lanes)
    }
}

const _: () = assert!(offset_of!(RegionHeader, layout_major) == 8);
const _: () = assert!(offset_of!(RegionHeader, slots) == 16);
const _: () = assert!(offset_of!(RegionHeader, length) == 32);
const _: () = assert!(offset_of!(RegionHeader, payload_stride) == 128);
const _: () = assert!(offset_of!(RegionHeader, outbox) == 136);
const _: () = assert!(offset_of!(RegionHeader, outbox_bytes) == 168);
const _: () = assert!(size_of::<RegionHeader>() == 176);

/// Where the words and the ring of one direction of events lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LanePlace {
    pub(crate) words: usize,
    pub(crate) ring: usize,
    pub(crate) ring_bytes: usize,
}

/// Outbox and inbox of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventsPlace {
    pub(crate) rings: EventRings,
    pub(crate) outbox: LanePlace,
    pub(crate) inbox: LanePlace,
}

/// The offsets of one region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    spec: RegionSpec,
    pub(crate) hub_bell: usize,
    pub(crate) worker_bell: usize,
    pub(crate) queue_head: usize,
    pub(crate) queue_cells: usize,
    pub(crate) queue_length: usize,
    pub(crate) attention: usize,
    pub(crate) notice: usize,
    pub(crate) map_words: usize,
    pub(crate) slot_headers: usize,
    pub(crate) payloads: usize,
    pub(crate) payload_stride: usize,
    pub(crate) events: Option<EventsPlace>,
    length: usize,
}

/// A region that this code cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// The first bytes are not [`MAGIC`]; holds them.
    Magic([u8; 8]),
    /// The layout's major version is another; holds it.
    Major(u16),
    /// Feature bits that this code does not know; holds them.
    Features(u32),
    /// The sizes cannot make a region.
    Spec(SpecError),
    /// A field of the header is not what follows from the sizes.
    Field {
        /// Its name.
        name: &'static str,
        /// What the header says.
        found: u64,
        /// What follows from the sizes.
        expected: u64,
    },
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            LayoutError::Magic(found) => write!(
                f,
                "the region begins with \"{}\" and not with \"{}\"; it is not a Slotway region",
                found.escape_ascii(),
                MAGIC.escape_ascii()
            ),
            LayoutError::Major(found) => write!(
                f,
                "the region has layout version {found} and this side reads version {LAYOUT_MAJOR}; bring hub and worker to the same release"
            ),
            LayoutError::Features(bits) => write!(
                f,
                "the region uses features {bits:#x} that this side does not know; update the worker's library"
            ),
            LayoutError::Spec(error) => error.fmt(f),
            LayoutError::Field { name, found, expected } => {
                write!(f, "the region's {name} is {found}; from its sizes follows {expected}")
            }
        }
    }
}

impl core::error::Error for LayoutError {}

impl Layout {
    /// The layout for a spec, without rings for events.
    ///
    /// # Errors
    ///
    /// A size that is out of range, or a sum above
    /// [`REGION_BYTES_MAX`].
    pub fn new(spec: RegionSpec) -> Result<Layout, SpecError> {
        Layout::with_events(spec, None)
    }

    /// The layout for a spec, and if there are any, rings for events.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_events(spec: RegionSpec, rings: Option<EventRings>) -> Result<Layout, SpecError> {
        spec.validate()?;
        rings.as_ref().map_or(Ok(()), EventRings::validate)?;
        // `validate` bounds every size so that nothing below can overflow 64 bits:
        // 16,384 slots of 2 · (1 + 16) MiB are 2⁴⁰ bytes. usize has 64 bits here.
        const _: () = assert!(size_of::<usize>() == 8);
        let slots = spec.slots as usize;
        let map_words = words_for(spec.slots);
        // Twice the slots: withdrawn entries keep their cell until a worker skips them.
        let queue_length = (2 * slots).next_power_of_two();
        let mut end = PAGE;
        let mut place = |bytes: usize, align: usize| {
            let at = end.next_multiple_of(align);
            end = at + bytes;
            at
        };
        let hub_bell = place(LINE_PAIR, LINE_PAIR);
        let worker_bell = place(LINE_PAIR, LINE_PAIR);
        let queue_head = place(LINE_PAIR, LINE_PAIR);
        let attention = place(LINE_PAIR + 8 * map_words, LINE_PAIR);
        let notice = place(LINE_PAIR + 8 * map_words, LINE_PAIR);
        let queue_cells = place(8 * queue_length, LINE_PAIR);
        let slot_headers = place(slots * SLOT_HEADER_BYTES, PAGE);
        let payload_stride = 2 * spec.head_bytes as usize
            + spec.request_bytes as usize
            + spec.response_bytes as usize
            + COLOUR;
        let payloads = place(slots * payload_stride, PAGE);
        // Behind everything else, so that the rest lies where it does without them.
        let events = rings.map(|rings| {
            let words = [place(LANE_BYTES, PAGE), place(LANE_BYTES, LINE_PAIR)];
            let mut lane = |words, bytes: u32| {
                let ring_bytes = bytes as usize;
                LanePlace { words, ring: place(ring_bytes, PAGE), ring_bytes }
            };
            let outbox = lane(words[0], rings.outbox_bytes);
            let inbox = lane(words[1], rings.inbox_bytes);
            EventsPlace { rings, outbox, inbox }
        });
        let length = place(0, PAGE);
        if length as u64 > REGION_BYTES_MAX {
            return Err(SpecError::Total(length as u64));
        }
        Ok(Layout {
            spec,
            hub_bell,
            worker_bell,
            queue_head,
            queue_cells,
            queue_length,
            attention,
            notice,
            map_words,
            slot_headers,
            payloads,
            payload_stride,
            events,
            length,
        })
    }

    /// The sizes it was made from.
    pub fn spec(&self) -> RegionSpec {
        self.spec
    }

    /// The sizes of its rings for events, if it has them.
    pub fn event_rings(&self) -> Option<EventRings> {
        self.events.map(|events| events.rings)
    }

    /// Length of the region in bytes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The header that a region of this layout begins with.
    pub fn header(&self) -> RegionHeader {
        let header = RegionHeader {
            magic: MAGIC,
            layout_major: LAYOUT_MAJOR,
            layout_minor: LAYOUT_MINOR,
            features: 0,
            slots: self.spec.slots,
            head_bytes: self.spec.head_bytes,
            request_bytes: self.spec.request_bytes,
            response_bytes: self.spec.response_bytes,
            length: self.length as u64,
            hub_bell: self.hub_bell as u64,
            worker_bell: self.worker_bell as u64,
            queue_head: self.queue_head as u64,
            queue_cells: self.queue_cells as u64,
            queue_length: self.queue_length as u64,
            attention: self.attention as u64,
            notice: self.notice as u64,
            map_words: self.map_words as u64,
            slot_headers: self.slot_headers as u64,
            slot_header_stride: SLOT_HEADER_BYTES as u64,
            payloads: self.payloads as u64,
            payload_stride: self.payload_stride as u64,
            outbox: 0,
            outbox_ring: 0,
            inbox: 0,
            inbox_ring: 0,
            outbox_bytes: 0,
            inbox_bytes: 0,
        };
        match self.events {
            None => header,
            Some(EventsPlace { rings, outbox, inbox }) => RegionHeader {
                features: LAYOUT_EVENTS,
                outbox: outbox.words as u64,
                outbox_ring: outbox.ring as u64,
                inbox: inbox.words as u64,
                inbox_ring: inbox.ring as u64,
                outbox_bytes: rings.outbox_bytes,
                inbox_bytes: rings.inbox_bytes,
                ..header
            },
        }
    }

    /// The layout that a header describes, after checking that it describes one.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, in the order magic, version, features, sizes,
    /// offsets.
    pub fn check(header: &RegionHeader) -> Result<Layout, LayoutError> {
        if header.magic != MAGIC {
            return Err(LayoutError::Magic(header.magic));
        }
        if header.layout_major != LAYOUT_MAJOR {
            return Err(LayoutError::Major(header.layout_major));
        }
        if header.features & !LAYOUT_EVENTS != 0 {
            return Err(LayoutError::Features(header.features & !LAYOUT_EVENTS));
        }
        let spec = RegionSpec {
            slots: header.slots,
            head_bytes: header.head_bytes,
            request_bytes: header.request_bytes,
            response_bytes: header.response_bytes,
        };
        let (outbox_bytes, inbox_bytes) = (header.outbox_bytes, header.inbox_bytes);
        let rings = EventRings { outbox_bytes, inbox_bytes };
        let rings = (header.features & LAYOUT_EVENTS != 0).then_some(rings);
        let layout = Layout::with_events(spec, rings).map_err(LayoutError::Spec)?;
        let ours = layout.header();
        let fields = [
            ("length", header.length, ours.length),
            ("hub bell", header.hub_bell, ours.hub_bell),
            ("worker bell", header.worker_bell, ours.worker_bell),
            ("queue head", header.queue_head, ours.queue_head),
            ("queue cells", header.queue_cells, ours.queue_cells),
            ("queue length", header.queue_length, ours.queue_length),
            ("attention map", header.attention, ours.attention),
            ("notice map", header.notice, ours.notice),
            ("map words", header.map_words, ours.map_words),
            ("slot headers", header.slot_headers, ours.slot_headers),
            ("slot header stride", header.slot_header_stride, ours.slot_header_stride),
            ("payloads", header.payloads, ours.payloads),
            ("payload stride", header.payload_stride, ours.payload_stride),
            ("outbox", header.outbox, ours.outbox),
            ("outbox's ring", header.outbox_ring, ours.outbox_ring),
            ("inbox", header.inbox, ours.inbox),
            ("inbox's ring", header.inbox_ring, ours.inbox_ring),
            ("outbox_bytes", header.outbox_bytes.into(), ours.outbox_bytes.into()),
            ("inbox_bytes", header.inbox_bytes.into(), ours.inbox_bytes.into()),
        ];
        match fields.into_iter().find(|(_, found, expected)| found != expected) {
            Some((name, found, expected)) => Err(LayoutError::Field { name, found, expected }),
            None => Ok(layout),
        }
    }
}
