//! One region's memory: a memfd, sized, sealed and mapped.

use core::fmt;
use core::mem::size_of;
use core::ptr::NonNull;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{FallocateFlags, MemfdFlags, SealFlags};
use rustix::io::Errno;

use crate::layout::{EventsPlace, LANE_BYTES, LanePlace};
use crate::{EventRings, Layout, LayoutError, Region, RegionHeader, RegionRef};
use crate::{RegionSpec, SpecError};

/// The seals of a region: nobody can shrink or grow it, nor lift the seals. A truncated
/// file is how a peer would kill the other side with SIGBUS.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// Bytes of each head area that are reserved with a slot. A longer head is reserved by
/// whoever writes it.
pub const HEAD_BYTES_RESERVED: usize = 16 << 10;

/// A region that could not be created or opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum MapError {
    /// The sizes cannot make a region.
    Spec(SpecError),
    /// What was handed over is not a region that this side can read.
    Layout(LayoutError),
    /// The file has another length than its header says.
    Length {
        /// The file's.
        found: u64,
        /// The header's.
        expected: u64,
    },
    /// The file can be resized by others: seals are missing.
    NotSealed,
    /// The system refused a step; holds which.
    System(&'static str, io::Error),
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapError::Spec(error) => error.fmt(f),
            MapError::Layout(error) => error.fmt(f),
            MapError::Length { found, expected } => write!(
                f,
                "the region's file has {found} bytes and its header says {expected}; it is damaged"
            ),
            MapError::NotSealed => f.write_str(
                "the region's file is not sealed against resizing; it does not come from a Slotway hub",
            ),
            MapError::System(step, error) => write!(f, "{step} failed: {error}"),
        }
    }
}

impl core::error::Error for MapError {}

fn system(step: &'static str) -> impl FnOnce(Errno) -> MapError {
    move |errno| MapError::System(step, errno.into())
}

/// A region's memory. It is unmapped when the last owner drops it; the file goes with the
/// last process that has it.
#[derive(Debug)]
pub struct Mapping {
    // Declared before the map, so dropped before it.
    region: Region,
    _map: MmapRaw,
    file: File,
}

impl RegionRef for Mapping {
    fn region(&self) -> &Region {
        &self.region
    }
}

impl Mapping {
    /// Creates a region: by the hub.
    ///
    /// # Errors
    ///
    /// Sizes that cannot make a region, or what the system refused.
    pub fn create(spec: RegionSpec) -> Result<Mapping, MapError> {
        Mapping::create_with_events(spec, None)
    }

    /// Creates a region that has rings for events, if `rings` says so: by the hub.
    ///
    /// # Errors
    ///
    /// As for [`create`](Self::create).
    pub fn create_with_events(
        spec: RegionSpec,
        rings: Option<EventRings>,
    ) -> Result<Mapping, MapError> {
        let layout = Layout::with_events(spec, rings).map_err(MapError::Spec)?;
        let fd = memfd().map_err(system("creating a memfd"))?;
        let length = layout.length() as u64;
        rustix::fs::ftruncate(&fd, length).map_err(system("sizing the region"))?;
        rustix::fs::fcntl_add_seals(&fd, SEALS).map_err(system("sealing the region"))?;
        // The first page holds the header and is written now; everything before the
        // slots is written while the region is in use.
        let shared = layout.slot_headers as u64;
        reserve(&fd, 0, shared).map_err(system("reserving memory for the region"))?;
        if let Some(events) = layout.events {
            let words = events.inbox.words + LANE_BYTES - events.outbox.words;
            reserve(&fd, events.outbox.words as u64, words as u64)
                .map_err(system("reserving memory for the region"))?;
        }
        let header = layout.header();
        // SAFETY: RegionHeader is `repr(C)` of integers with no padding: 176 bytes, which
        // its definition asserts.
        let bytes: [u8; size_of::<RegionHeader>()] = unsafe { core::mem::transmute(header) };
        rustix::io::pwrite(&fd, &bytes, 0).map_err(system("writing the region's header"))?;
        Mapping::map(fd, layout)
    }

    /// Opens a region that the hub has handed over: by a worker. Checks seals, length,
    /// magic, version and sizes before anything else is touched.
    ///
    /// # Errors
    ///
    /// What is wrong with it, or what the system refused.
    pub fn open(fd: OwnedFd) -> Result<Mapping, MapError> {
        let seals = rustix::fs::fcntl_get_seals(&fd).map_err(system("reading the seals"))?;
        if !seals.contains(SealFlags::SHRINK | SealFlags::GROW) {
            return Err(MapError::NotSealed);
        }
        let stat = rustix::fs::fstat(&fd).map_err(system("reading the region's length"))?;
        let found = stat.st_size as u64;
        let mut bytes = [0; size_of::<RegionHeader>()];
        let read =
            rustix::io::pread(&fd, &mut bytes, 0).map_err(system("reading the region's header"))?;
        if read < bytes.len() {
            return Err(MapError::Length { found, expected: bytes.len() as u64 });
        }
        // SAFETY: RegionHeader is `repr(C)` of integers with no padding, so every bit
        // pattern of its length is one.
        let header: RegionHeader = unsafe { core::mem::transmute(bytes) };
        let layout = Layout::check(&header).map_err(MapError::Layout)?;
        if found != header.length {
            return Err(MapError::Length { found, expected: header.length });
        }
        Mapping::map(fd, layout)
    }

    fn map(fd: OwnedFd, layout: Layout) -> Result<Mapping, MapError> {
        let file = File::from(fd);
        let map = MmapOptions::new()
            .len(layout.length())
            .map_raw(&file)
            .map_err(|error| MapError::System("mapping the region", error))?;
        let base = NonNull::new(map.as_mut_ptr())
            .ok_or_else(|| MapError::System("mapping the region", io::ErrorKind::Other.into()))?;
        // SAFETY: mmap gives whole pages, `length` bytes of them, readable and writable,
        // which began as zeros but for the header; the seals keep the file that long, and
        // this struct keeps the map until the region is dropped.
        let region = unsafe { Region::from_raw(base, layout) };
        Ok(Mapping { region, _map: map, file })
    }

    /// The sizes.
    pub fn spec(&self) -> RegionSpec {
        self.region.layout().spec()
    }

    /// The sizes of its rings for events, if it has them.
    pub fn event_rings(&self) -> Option<EventRings> {
        self.region.layout().event_rings()
    }

    /// The length in bytes.
    pub fn length(&self) -> u64 {
        self.region.layout().length() as u64
    }

    /// The descriptor to hand to the worker.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Reserves the memory of a slot, so that using it cannot fail any more: without, a
    /// system that has promised more memory than it has would answer the first touch of
    /// a page by SIGBUS. By the hub, once for each slot, before its first exchange.
    ///
    /// # Errors
    ///
    /// There is no memory.
    pub fn reserve_slot(&self, slot: u32) -> io::Result<()> {
        let layout = self.region.layout();
        let spec = layout.spec();
        self.reserve_words(slot)?;
        let payload = (layout.payloads + slot as usize * layout.payload_stride) as u64;
        let head = u64::from(spec.head_bytes);
        let rings = u64::from(spec.request_bytes) + u64::from(spec.response_bytes);
        reserve(&self.file, payload, head.min(HEAD_BYTES_RESERVED as u64))?;
        reserve(&self.file, payload + head, head.min(HEAD_BYTES_RESERVED as u64))?;
        reserve(&self.file, payload + 2 * head, rings)?;
        Ok(())
    }

    /// Reserves the memory of a slot's words alone: a probe needs no more.
    ///
    /// # Errors
    ///
    /// There is no memory.
    pub fn reserve_words(&self, slot: u32) -> io::Result<()> {
        let layout = self.region.layout();
        assert!(slot < layout.spec().slots, "no such slot");
        let words = layout.slot_headers + slot as usize * crate::layout::SLOT_HEADER_BYTES;
        Ok(reserve(&self.file, words as u64, crate::layout::SLOT_HEADER_BYTES as u64)?)
    }

    /// Reserves the outbox's ring, so that using it cannot fail any more. By each side,
    /// before it first writes or reads there.
    ///
    /// # Errors
    ///
    /// There is no memory.
    ///
    /// # Panics
    ///
    /// When the region has no rings for events.
    pub fn reserve_outbox(&self) -> io::Result<()> {
        self.reserve_ring(|events| events.outbox)
    }

    /// Reserves the inbox's ring. By the hub, before it first writes there.
    ///
    /// # Errors
    ///
    /// There is no memory.
    ///
    /// # Panics
    ///
    /// As for [`reserve_outbox`](Self::reserve_outbox).
    pub fn reserve_inbox(&self) -> io::Result<()> {
        self.reserve_ring(|events| events.inbox)
    }

    fn reserve_ring(&self, lane: fn(EventsPlace) -> LanePlace) -> io::Result<()> {
        let place = lane(self.region.layout().events.expect("a region with rings for events"));
        Ok(reserve(&self.file, place.ring as u64, place.ring_bytes as u64)?)
    }

    /// Reserves the whole head areas of a slot. By the side that is about to write a head
    /// of more than 16 KiB into one.
    ///
    /// # Errors
    ///
    /// There is no memory.
    pub fn reserve_heads(&self, slot: u32) -> io::Result<()> {
        let layout = self.region.layout();
        assert!(slot < layout.spec().slots, "no such slot");
        let payload = (layout.payloads + slot as usize * layout.payload_stride) as u64;
        Ok(reserve(&self.file, payload, 2 * u64::from(layout.spec().head_bytes))?)
    }
}

fn memfd() -> rustix::io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Kernels before 6.3 do not know the flag that forbids executing the file.
    match rustix::fs::memfd_create("slotway-region", flags | MemfdFlags::NOEXEC_SEAL) {
        Err(Errno::INVAL) => rustix::fs::memfd_create("slotway-region", flags),
        result => result,
    }
}

fn reserve(fd: impl AsFd, offset: u64, length: u64) -> rustix::io::Result<()> {
    rustix::io::retry_on_intr(|| {
        rustix::fs::fallocate(&fd, FallocateFlags::empty(), offset, length)
    })
}
