//! What was read ahead of a client: a queue of chunks between the task that empties a
//! slot and the connection that writes to the client.
//!
//! Two bounds: a number of bytes for each response and one for all together. An empty
//! spool always takes one chunk, so nobody waits for somebody else's client.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use bytes::Bytes;

/// The bytes that all spools together may hold.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicUsize,
    max: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Budget {
        Budget { used: AtomicUsize::new(0), max: AtomicUsize::new(bytes) }
    }

    /// Another bound from here on. What is held stays.
    pub(crate) fn set_max(&self, bytes: usize) {
        // Relaxed: who misses it is judged by the bound of a moment ago.
        self.max.store(bytes, Ordering::Relaxed);
    }

    /// How many they may hold.
    pub(crate) fn total(&self) -> usize {
        // Relaxed: see `set_max`.
        self.max.load(Ordering::Relaxed)
    }

    /// How many they hold.
    pub(crate) fn used(&self) -> usize {
        // Relaxed: a number for people.
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn take(&self, bytes: usize) -> bool {
        // Relaxed: a count that orders nothing, and see `set_max`.
        let max = self.max.load(Ordering::Relaxed);
        let below = |used: usize| used.checked_add(bytes).filter(|&used| used <= max);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below).is_ok()
    }

    pub(crate) fn give(&self, bytes: usize) {
        // Relaxed: as above.
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Why a response broke off after its head was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpoolError {
    /// The worker broke it off, or is gone.
    Worker,
    /// The worker sent nothing for too long.
    Idle,
    /// It has another length than its head said.
    Length,
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SpoolError::Worker => "the worker broke the response off",
            SpoolError::Idle => "the worker sent nothing for too long",
            SpoolError::Length => "the response has another length than its head said",
        })
    }
}

impl std::error::Error for SpoolError {}

/// Both ends' shared part.
#[derive(Debug)]
pub(crate) struct Spool {
    state: Mutex<State>,
    bytes_max: usize,
    budget: Arc<Budget>,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Chunk>,
    bytes: usize,
    end: Option<Result<(), SpoolError>>,
    reader_gone: bool,
}

#[derive(Debug)]
struct Chunk {
    bytes: Bytes,
    /// Whether it counts against the budget.
    counted: bool,
}

/// What the writing side may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Push this many bytes at most.
    Bytes(usize),
    /// Wait: the reader has enough.
    None,
    /// Stop: the reader is gone.
    ReaderGone,
}

/// The connection's end.
#[derive(Debug)]
pub(crate) struct SpoolReader {
    spool: Arc<Spool>,
}

/// Bytes of one chunk at most.
const CHUNK_BYTES_MAX: usize = 64 << 10;

impl Spool {
    /// A spool and its reader.
    pub(crate) fn new(bytes_max: usize, budget: Arc<Budget>) -> (Arc<Spool>, SpoolReader) {
        let spool = Arc::new(Spool {
            state: Mutex::default(),
            bytes_max,
            budget,
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
        });
        (spool.clone(), SpoolReader { spool })
    }

    /// What may be pushed; the writer is woken when that changes.
    pub(super) fn room(&self, cx: &Context<'_>) -> Room {
        self.writer.register(cx.waker());
        let state = self.lock();
        if state.reader_gone {
            Room::ReaderGone
        } else if state.chunks.is_empty() {
            Room::Bytes(CHUNK_BYTES_MAX)
        } else {
            match self.bytes_max.saturating_sub(state.bytes).min(CHUNK_BYTES_MAX) {
                0 => Room::None,
                room => Room::Bytes(room),
            }
        }
    }

    /// Reserves room for a chunk of at most what `room` gave. `None`: all spools together
    /// hold as much as they may; wait for the reader.
    pub(super) fn reserve(&self, length: usize) -> Option<Reserved> {
        let counted = self.budget.take(length);
        (counted || self.lock().chunks.is_empty()).then_some(Reserved { counted, length })
    }

    /// Pushes a chunk into reserved room.
    pub(super) fn push(&self, reserved: Reserved, bytes: Bytes) {
        if reserved.counted {
            // Less may have come than was reserved.
            self.budget.give(reserved.length - bytes.len());
        }
        let mut state = self.lock();
        state.bytes += bytes.len();
        state.chunks.push_back(Chunk { bytes, counted: reserved.counted });
        if state.reader_gone {
            self.clear(&mut state);
        }
        drop(state);
        self.reader.wake();
    }

    /// Gives back what was reserved and not used.
    pub(super) fn cancel(&self, reserved: Reserved) {
        if reserved.counted {
            self.budget.give(reserved.length);
        }
    }

    /// Says how it ended. Only the first word counts.
    pub(super) fn end(&self, end: Result<(), SpoolError>) {
        self.lock().end.get_or_insert(end);
        self.reader.wake();
    }

    fn clear(&self, state: &mut State) {
        for chunk in state.chunks.drain(..) {
            if chunk.counted {
                self.budget.give(chunk.bytes.len());
            }
        }
        state.bytes = 0;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room in the spool for one chunk.
#[derive(Debug)]
#[must_use = "what is reserved is to be pushed"]
pub(super) struct Reserved {
    counted: bool,
    length: usize,
}

impl SpoolReader {
    /// The next chunk; `None` at a clean end.
    pub(crate) fn poll_chunk(&self, cx: &Context<'_>) -> Poll<Option<Result<Bytes, SpoolError>>> {
        self.spool.reader.register(cx.waker());
        let mut state = self.spool.lock();
        if let Some(chunk) = state.chunks.pop_front() {
            state.bytes -= chunk.bytes.len();
            drop(state);
            if chunk.counted {
                self.spool.budget.give(chunk.bytes.len());
            }
            self.spool.writer.wake();
            return Poll::Ready(Some(Ok(chunk.bytes)));
        }
        match state.end {
            Some(Ok(())) => Poll::Ready(None),
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => Poll::Pending,
        }
    }

    /// Whether nothing is left and the end was clean.
    pub(crate) fn is_finished(&self) -> bool {
        let state = self.spool.lock();
        state.chunks.is_empty() && state.end == Some(Ok(()))
    }
}

impl Drop for SpoolReader {
    fn drop(&mut self) {
        let mut state = self.spool.lock();
        state.reader_gone = true;
        self.spool.clear(&mut state);
        drop(state);
        self.spool.writer.wake();
    }
}

#[cfg(test)]
mod tests;
