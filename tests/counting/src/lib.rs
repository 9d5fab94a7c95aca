//! The system's allocator, which counts what some threads ask of it.
//!
//! A test program makes [`Counting`] its allocator and says with [`count_this_thread`] whose
//! allocations are of interest: those of the side under test, not those of the client or the
//! test itself. [`counts`] is the sum over these threads; [`remember_sites`] keeps a
//! backtrace for each allocation, which [`sites`] sums up by who asked.

mod sites;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::Sub;
use std::sync::atomic::{AtomicU64, Ordering};

pub use sites::{Site, remember_sites, sites};

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static IS_COUNTED: Cell<bool> = const { Cell::new(false) };
    static OWN: Cell<Counts> = const { Cell::new(Counts { allocations: 0, bytes: 0 }) };
}

/// What was asked for: by `alloc`, `alloc_zeroed` and `realloc`, each call once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls.
    pub allocations: u64,
    /// The sizes that were asked for.
    pub bytes: u64,
}

impl Sub for Counts {
    type Output = Counts;

    fn sub(self, before: Counts) -> Counts {
        Counts {
            allocations: self.allocations - before.allocations,
            bytes: self.bytes - before.bytes,
        }
    }
}

/// From now on the calling thread is counted.
pub fn count_this_thread() {
    IS_COUNTED.set(true);
}

/// What the counted threads have asked for so far.
pub fn counts() -> Counts {
    // Relaxed: who compares two of these has waited for the work in between by other means.
    Counts {
        allocations: ALLOCATIONS.load(Ordering::Relaxed),
        bytes: BYTES.load(Ordering::Relaxed),
    }
}

/// What the calling thread has asked for since it is counted.
pub fn counts_of_this_thread() -> Counts {
    OWN.get()
}

/// The allocator: `#[global_allocator] static ALLOCATOR: Counting = Counting;`
#[derive(Debug, Clone, Copy, Default)]
pub struct Counting;

fn count(size: usize) {
    // A thread that ends frees after its thread-locals are gone, and allocates no more.
    if !IS_COUNTED.try_with(Cell::get).unwrap_or(false) {
        return;
    }
    // What the keeping of a backtrace allocates is nobody's: not counted meanwhile.
    IS_COUNTED.set(false);
    // Relaxed: see `counts`.
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(size as u64, Ordering::Relaxed);
    let own = OWN.get();
    OWN.set(Counts { allocations: own.allocations + 1, bytes: own.bytes + size as u64 });
    sites::remember(size);
    IS_COUNTED.set(true);
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}
