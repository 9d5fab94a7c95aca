//! A region on the heap, of exactly its length: AddressSanitizer sees every access outside.

use std::alloc::{self, Layout as Extent};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use slotway_core::{Layout, Region, RegionRef};

/// A region's memory, and everybody's way to its words.
#[derive(Debug)]
pub(crate) struct Memory {
    region: Region,
    base: NonNull<u8>,
    extent: Extent,
}

impl Memory {
    pub(crate) fn new(layout: Layout) -> Memory {
        let extent = Extent::from_size_align(layout.length(), 4096).expect("a small region");
        // SAFETY: the extent is not empty.
        let base = unsafe { alloc::alloc_zeroed(extent) };
        let base = NonNull::new(base).unwrap_or_else(|| alloc::handle_alloc_error(extent));
        // SAFETY: aligned, of the layout's length, zeroed, and freed with `self`; what
        // `word` gives is used as the other side's process would, by one thread with both.
        let region = unsafe { Region::from_raw(base, layout) };
        Memory { region, base, extent }
    }

    /// How many words there are.
    pub(crate) fn words(&self) -> usize {
        self.extent.size() / 4
    }

    /// A word, by its number.
    pub(crate) fn word(&self, number: usize) -> &AtomicU32 {
        assert!(number < self.words());
        // SAFETY: the assertion keeps it inside the allocation.
        let at = unsafe { self.base.cast::<AtomicU32>().add(number) };
        // SAFETY: aligned, initialised, and lives as long as `self`.
        unsafe { at.as_ref() }
    }

    pub(crate) fn set(&self, number: usize, value: u32) {
        // Relaxed: one thread does everything.
        self.word(number).store(value, Ordering::Relaxed);
    }
}

impl RegionRef for Memory {
    fn region(&self) -> &Region {
        &self.region
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this extent.
        unsafe { alloc::dealloc(self.base.as_ptr(), self.extent) }
    }
}
