//! Asking the processor for memory before it is needed.
//!
//! What the other side has written lies in the other core's cache, and each first look at
//! such a line waits for it. Whoever knows which slots it will look at next asks for their
//! lines together, and does something else while they come.

/// Bytes of a cache line.
const LINE: usize = 64;

/// Asks for the line at `at`. A hint: it reads nothing that the program could see and
/// never faults, so any address will do.
#[inline]
pub(crate) fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: part of every x86-64, and without effect on memory.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Asks for the lines of `bytes` bytes at `at`.
#[inline]
pub(crate) fn prefetch_bytes(at: *const u8, bytes: usize) {
    for offset in (0..bytes).step_by(LINE) {
        prefetch(at.wrapping_add(offset));
    }
}
