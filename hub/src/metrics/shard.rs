//! Counters in several copies, so that threads do not fight over a cache line.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_utils::CachePadded;

/// Copies at most: beyond that memory costs more than contention.
const SHARDS_MAX: usize = 8;

/// One `T` for each thread, or for a few threads when there are many.
#[derive(Debug)]
pub(super) struct Sharded<T> {
    /// A power of two.
    shards: Box<[CachePadded<T>]>,
}

impl<T: Default> Sharded<T> {
    pub(super) fn new() -> Sharded<T> {
        Sharded { shards: (0..count()).map(|_| CachePadded::default()).collect() }
    }
}

impl<T> Sharded<T> {
    /// The copy of this thread.
    pub(super) fn own(&self) -> &T {
        thread_local! {
            static OWN: Cell<usize> = Cell::new(next());
        }
        &self.shards[OWN.get() & (self.shards.len() - 1)]
    }

    /// All copies, for whoever adds them up.
    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.shards.iter().map(|shard| &**shard)
    }
}

/// Threads take the copies in turn.
fn next() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // Relaxed: any number will do.
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        threads.next_power_of_two().min(SHARDS_MAX)
    })
}
