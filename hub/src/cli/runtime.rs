//! The threads that serve HTTP.

use std::io;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};

/// A runtime with so many threads, or as many as half of the processors.
///
/// The other half is for the workers, which run on the same machine: a thread of the hub for
/// each processor takes them away, and pays for threads that wake each other up. With two
/// processors and 32 connections, one thread instead of two saves a sixth of the hub's
/// processor time (ARCHITECTURE.md has the figures).
///
/// One thread is this one, with a scheduler that need not ask what others do.
pub(super) fn build(threads: Option<usize>) -> io::Result<Runtime> {
    match threads.unwrap_or_else(default_threads) {
        0 | 1 => Builder::new_current_thread().enable_all().build(),
        threads => Builder::new_multi_thread().worker_threads(threads).enable_all().build(),
    }
}

fn default_threads() -> usize {
    available_parallelism().map_or(1, |processors| processors.get() / 2)
}
