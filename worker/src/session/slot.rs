//! This process's own record of a slot: who may touch its exchange now.
//!
//! The region knows that a worker has an exchange; which of the worker's threads may do
//! what is decided here.
//!
//! ```text
//! occupant   the claim, while the exchange is in hand. Shared: reading, writing, waiting.
//!            Exclusive: putting it in and taking it out.
//! request    one reader of the request's body at a time
//! response   one writer of the response at a time, and how far the response is
//! cancel     one thread at a time that waits for the cancellation
//! ```
//!
//! Locks are taken in the order direction (request, response or cancel), occupant. Nobody
//! takes the occupant's lock twice.
//!
//! Invariants:
//!
//! - O1 Nobody touches the slot in the region without holding the occupant's lock and
//!   having found his own generation in it. So a reader that is still there when the
//!   answer is complete never sees the slot's next exchange, and never takes its tokens.
//! - O2 Only the holder of the response lock takes the claim out.
//! - O3 Whoever sleeps counts himself in `sleepers` before he looks whether there is
//!   still a reason to; whoever ends the wait sets the reason before he looks for
//!   sleepers. Both sequentially consistent, so one sees the other.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard};

use slotway_core::worker::Claim;

use crate::book::Entry;
use crate::error::{Error, Result};
use crate::sync::{read, write};

/// How far a response is.
#[derive(Debug, Default)]
pub(crate) struct Response {
    /// The head is written.
    pub(crate) started: bool,
    /// The body's length as the head declares it.
    pub(crate) declared: Option<u64>,
    /// The body may differ from what is declared: it answers a HEAD request, or says 304.
    pub(crate) bodiless: bool,
    /// Bytes of the body given so far.
    pub(crate) given: u64,
    /// The status says that this side failed.
    pub(crate) failed: bool,
    /// Whose exchange it is. It stays for the slot's next exchange, which is mostly of the
    /// same registration.
    pub(crate) entry: Option<Arc<Entry>>,
}

impl Response {
    /// Takes in an exchange of a registration. `false`: there is none of that number.
    #[inline]
    fn begin(&mut self, registration: u32, find: impl FnOnce() -> Option<Arc<Entry>>) -> bool {
        let entry = match self.entry.take() {
            Some(entry) if entry.index == registration && !entry.is_gone() => Some(entry),
            _ => find(),
        };
        if let Some(entry) = &entry {
            entry.meter.begin();
        }
        let known = entry.is_some();
        *self = Response { entry, ..Response::default() };
        known
    }

    /// The exchange has ended.
    #[inline]
    pub(crate) fn end(&self, failed: bool, bytes_in: u64) {
        if let Some(entry) = &self.entry {
            entry.meter.end(failed, bytes_in, self.given);
        }
    }
}

/// What an event loop watches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Occasion {
    Request = 1,
    Response = 2,
    Cancel = 4,
}

#[derive(Debug, Default)]
pub(crate) struct SlotState {
    occupant: RwLock<Option<Claim>>,
    pub(crate) request: Mutex<()>,
    pub(crate) response: Mutex<Response>,
    pub(crate) cancel: Mutex<()>,
    /// Bytes of the request's body that were read and given back to the hub.
    read: AtomicU64,
    sleepers: AtomicU32,
    ending: AtomicBool,
    watched: AtomicU8,
}

/// Shared access to an exchange in hand.
#[derive(Debug)]
pub(crate) struct Entered<'a> {
    occupant: RwLockReadGuard<'a, Option<Claim>>,
}

impl Entered<'_> {
    #[inline]
    pub(crate) fn claim(&self) -> &Claim {
        match &*self.occupant {
            Some(claim) => claim,
            None => unreachable!("`enter` found the claim and the lock keeps it"),
        }
    }
}

impl SlotState {
    /// Puts a fresh claim in. `false`: its registration is not there, by the word of `find`.
    #[inline]
    pub(crate) fn put(
        &self,
        claim: Claim,
        registration: u32,
        find: impl FnOnce() -> Option<Arc<Entry>>,
    ) -> bool {
        let known = crate::sync::lock(&self.response).begin(registration, find);
        self.read.store(0, Ordering::Relaxed);
        // Relaxed: whoever may look at these goes through the occupant's lock first.
        self.ending.store(false, Ordering::Relaxed);
        self.watched.store(0, Ordering::Relaxed);
        *write(&self.occupant) = Some(claim);
        known
    }

    /// Counts bytes of the request's body that were given back to the hub.
    #[inline]
    pub(crate) fn count_read(&self, bytes: usize) {
        // Relaxed: by one reader at a time, and a number for people.
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn read_so_far(&self) -> u64 {
        // Relaxed: as above.
        self.read.load(Ordering::Relaxed)
    }

    /// Shared access to the exchange, if it is still in hand.
    #[inline]
    pub(crate) fn enter(&self, generation: u32) -> Result<Entered<'_>> {
        let occupant = read(&self.occupant);
        match &*occupant {
            Some(claim) if claim.generation() == generation => Ok(Entered { occupant }),
            _ => Err(Error::AlreadyAnswered),
        }
    }

    pub(crate) fn is_occupied(&self) -> bool {
        read(&self.occupant).is_some()
    }

    /// From here nobody goes to sleep in the slot any more.
    #[inline]
    pub(crate) fn begin_ending(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    /// Takes the claim out, after everybody has left.
    #[inline]
    pub(crate) fn take(&self) -> Option<Claim> {
        write(&self.occupant).take()
    }

    #[inline]
    pub(crate) fn has_sleepers(&self) -> bool {
        self.sleepers.load(Ordering::SeqCst) != 0
    }

    /// Sleeps by `park` unless `awake` or the exchange's end says otherwise (O3). `None`:
    /// there was no reason to sleep.
    pub(crate) fn sleep(
        &self,
        awake: impl FnOnce() -> bool,
        park: impl FnOnce() -> bool,
    ) -> Option<bool> {
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        let awake = self.ending.load(Ordering::SeqCst) || awake();
        let slept = (!awake).then(park);
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
        slept
    }

    #[inline]
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// An event loop waits for a notice.
    pub(crate) fn set_watched(&self, occasion: Occasion) {
        self.watched.fetch_or(occasion as u8, Ordering::SeqCst);
    }

    pub(crate) fn clear_watched(&self, occasion: Occasion) {
        if self.watched.load(Ordering::Relaxed) & occasion as u8 != 0 {
            self.watched.fetch_and(!(occasion as u8), Ordering::SeqCst);
        }
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::SeqCst) != 0
    }

    /// Whether an event loop still waits for the request or the cancellation of an
    /// exchange that ends.
    #[inline]
    pub(crate) fn take_reader_watch(&self) -> bool {
        let watched = self.watched.load(Ordering::SeqCst);
        watched & (Occasion::Request as u8 | Occasion::Cancel as u8) != 0
    }
}
