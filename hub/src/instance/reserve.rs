//! Slots whose memory is really there.
//!
//! A region is address space until it is touched, and a page that cannot be had when it
//! is touched kills the process. So the memory of a slot is reserved once, before its
//! first use. A slot whose memory cannot be had is set aside for a while.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use slotway_core::hub::Ticket;
use tracing::warn;

use super::Instance;

/// How long a slot whose memory could not be had is left alone.
const SET_ASIDE_FOR: Duration = Duration::from_secs(1);

/// Why there is no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSlot {
    /// All are in use, or the registration has as many exchanges as it may have.
    Busy,
    /// There is no memory for any.
    NoMemory,
    /// The worker broke the protocol.
    Gone,
}

#[derive(Debug)]
pub(super) struct Reserve {
    done: Box<[AtomicBool]>,
    count: AtomicU32,
    aside: Mutex<Aside>,
}

#[derive(Debug, Default)]
struct Aside {
    tickets: Vec<Ticket>,
    since: Option<Instant>,
}

impl Reserve {
    pub(super) fn new(slots: u32) -> Reserve {
        Reserve {
            done: (0..slots).map(|_| AtomicBool::new(false)).collect(),
            count: AtomicU32::new(0),
            aside: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Aside> {
        // Nothing that can panic runs under the lock.
        self.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    /// Takes a free slot whose memory is there.
    pub(crate) fn acquire(&self) -> Result<Ticket, NoSlot> {
        loop {
            match self.side().acquire() {
                Ok(Some(ticket)) => {
                    if let Some(ticket) = self.reserved(ticket) {
                        return Ok(ticket);
                    }
                }
                Ok(None) if self.take_back() => {}
                Ok(None) => return Err(self.none_free()),
                Err(violation) => {
                    self.violated(violation);
                    return Err(NoSlot::Gone);
                }
            }
        }
    }

    /// How many slots are set aside for want of memory.
    pub(super) fn slots_aside(&self) -> u32 {
        // No more than a region's slots, whose number is a u32.
        self.reserve.lock().tickets.len() as u32
    }

    /// Whether any slot could be used at all.
    pub(crate) fn has_memory(&self) -> bool {
        self.none_free() != NoSlot::NoMemory
    }

    fn reserved(&self, ticket: Ticket) -> Option<Ticket> {
        let slot = ticket.slot();
        let done = &self.reserve.done[slot as usize];
        // Relaxed: one ticket at a time has the slot, and the free list orders them.
        if done.load(Ordering::Relaxed) {
            return Some(ticket);
        }
        match self.region().reserve_slot(slot) {
            Ok(()) => {
                done.store(true, Ordering::Relaxed);
                self.reserve.count.fetch_add(1, Ordering::Relaxed);
                Some(ticket)
            }
            Err(error) => {
                let mut aside = self.reserve.lock();
                if aside.since.is_none() {
                    warn!(worker = self.who.id, slot, %error, "no memory for a slot");
                }
                aside.tickets.push(ticket);
                aside.since = Some(Instant::now());
                None
            }
        }
    }

    /// Gives the slots that were set aside another chance, after a while.
    fn take_back(&self) -> bool {
        let mut aside = self.reserve.lock();
        if aside.since.is_none_or(|since| since.elapsed() < SET_ASIDE_FOR) {
            return false;
        }
        aside.since = None;
        let tickets = std::mem::take(&mut aside.tickets);
        drop(aside);
        for ticket in tickets {
            if let Err(violation) = self.side().discard(ticket) {
                self.violated(violation);
            }
        }
        true
    }

    fn none_free(&self) -> NoSlot {
        // Relaxed: a slot that is being reserved right now is one more to wait for.
        let none_reserved = self.reserve.count.load(Ordering::Relaxed) == 0;
        if none_reserved && !self.reserve.lock().tickets.is_empty() {
            NoSlot::NoMemory
        } else {
            NoSlot::Busy
        }
    }
}
