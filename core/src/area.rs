//! A run of bytes in a region: where heads and bodies lie.
//!
//! Two processes see these bytes, and one of them may be hostile. Who may touch which
//! area when is the slot word's business (`word.rs`) and the streams' (`stream.rs`);
//! an area only keeps accesses inside its bounds. The hub copies in and out and never
//! forms a reference; a worker, which trusts the hub, also borrows.

#[cfg(not(slotway_loom))]
pub use real::Area;
#[cfg(slotway_loom)]
pub use tracked::Area;

#[cfg(not(slotway_loom))]
mod real {
    use core::cell::UnsafeCell;
    use core::marker::PhantomData;
    use core::ptr::NonNull;

    /// A run of shared bytes. It stays in its thread: its copies may all write, and
    /// threads that share a region take an area each.
    #[derive(Debug, Clone, Copy)]
    pub struct Area<'a> {
        base: NonNull<u8>,
        length: usize,
        memory: PhantomData<&'a UnsafeCell<u8>>,
    }

    impl<'a> Area<'a> {
        /// An area over `length` bytes at `base`.
        ///
        /// # Safety
        ///
        /// The bytes are mapped for reading and writing during `'a`. Accesses through
        /// this area and others over the same bytes are ordered by a protocol of the
        /// caller's; a process that breaks the protocol may spoil the bytes' values.
        pub(crate) unsafe fn from_raw(base: NonNull<u8>, length: usize) -> Area<'a> {
            Area { base, length, memory: PhantomData }
        }

        /// An area over private bytes.
        pub fn from_slice(bytes: &'a mut [u8]) -> Area<'a> {
            Area { length: bytes.len(), base: NonNull::from(bytes).cast(), memory: PhantomData }
        }

        /// Its length in bytes.
        #[inline]
        pub fn len(&self) -> usize {
            self.length
        }

        /// Whether it has no bytes.
        pub fn is_empty(&self) -> bool {
            self.length == 0
        }

        /// Asks for its first bytes, which will be looked at soon.
        #[inline]
        pub(crate) fn prefetch(&self, bytes: usize) {
            crate::prefetch::prefetch_bytes(self.base.as_ptr(), bytes.min(self.length));
        }

        fn at(&self, start: usize, length: usize) -> *mut u8 {
            assert!(
                start <= self.length && length <= self.length - start,
                "access outside a shared area"
            );
            // SAFETY: the assertion keeps the offset inside the area's allocation.
            unsafe { self.base.as_ptr().add(start) }
        }

        /// Copies `bytes` to the offset `start`.
        ///
        /// # Panics
        ///
        /// When they do not fit.
        #[inline]
        pub fn write(&self, start: usize, bytes: &[u8]) {
            let to = self.at(start, bytes.len());
            // SAFETY: `at` checked the bounds and `bytes` is a private slice, so the two
            // do not overlap. That nobody else uses these bytes now is the protocol that
            // `from_raw` demands; a peer that breaks it changes values, never bounds.
            unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) }
        }

        /// Copies from the offset `start` until `into` is full.
        ///
        /// # Panics
        ///
        /// When there are fewer bytes.
        #[inline]
        pub fn read(&self, start: usize, into: &mut [u8]) {
            let from = self.at(start, into.len());
            // SAFETY: as for `write`.
            unsafe { core::ptr::copy_nonoverlapping(from, into.as_mut_ptr(), into.len()) }
        }

        /// Borrows bytes in place.
        ///
        /// # Safety
        ///
        /// Nobody writes these bytes during `'a`. A worker may say so of what the hub
        /// has given it; the hub may never say so of a region.
        #[inline]
        pub(crate) unsafe fn slice(&self, start: usize, length: usize) -> &'a [u8] {
            // SAFETY: `at` checked the bounds; the caller vouches for the rest.
            unsafe { core::slice::from_raw_parts(self.at(start, length), length) }
        }

        /// Borrows bytes in place, to write them.
        ///
        /// # Safety
        ///
        /// Nobody else reads or writes these bytes during `'a`.
        #[inline]
        pub(crate) unsafe fn slice_mut(&self, start: usize, length: usize) -> &'a mut [u8] {
            // SAFETY: `at` checked the bounds; the caller vouches for the rest.
            unsafe { core::slice::from_raw_parts_mut(self.at(start, length), length) }
        }
    }
}

#[cfg(slotway_loom)]
mod tracked {
    use loom::cell::UnsafeCell;

    /// A run of bytes whose every access loom watches for races.
    #[derive(Debug, Clone, Copy)]
    pub struct Area<'a> {
        cells: &'a [UnsafeCell<u8>],
    }

    impl<'a> Area<'a> {
        pub(crate) fn new(cells: &'a [UnsafeCell<u8>]) -> Area<'a> {
            Area { cells }
        }

        /// A hint that means nothing here.
        pub(crate) fn prefetch(&self, _bytes: usize) {}

        /// Its length in bytes.
        pub fn len(&self) -> usize {
            self.cells.len()
        }

        /// Whether it has no bytes.
        pub fn is_empty(&self) -> bool {
            self.cells.is_empty()
        }

        /// Copies `bytes` to the offset `start`.
        pub fn write(&self, start: usize, bytes: &[u8]) {
            for (cell, byte) in self.cells[start..start + bytes.len()].iter().zip(bytes) {
                // SAFETY: loom reports the model as broken if this access races.
                cell.with_mut(|at| unsafe { *at = *byte });
            }
        }

        /// Copies from the offset `start` until `into` is full.
        pub fn read(&self, start: usize, into: &mut [u8]) {
            for (cell, byte) in self.cells[start..start + into.len()].iter().zip(into) {
                // SAFETY: loom reports the model as broken if this access races.
                *byte = cell.with(|at| unsafe { *at });
            }
        }
    }
}
