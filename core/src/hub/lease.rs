//! The hub's own record of every slot, and its list of free ones.
//!
//! The region is mail; this is what the hub believes. It lives in private memory, so no
//! worker can free a slot twice, hand one out twice or move the hub's positions.
//!
//! The list is R. K. Treiber's stack, linked by index through the leases, with a counter
//! beside the top against reuse between a load and its compare-exchange. Last in, first
//! out: the memory in use follows the load, not the number of slots.
//!
//! | status    | means                                               | leaves by        |
//! |-----------|-----------------------------------------------------|------------------|
//! | Free      | in the list                                         | `acquire`        |
//! | Held      | an exchange's ticket is out                         | the ticket's end |
//! | Abandoned | nobody waits; the slot comes back with its worker   | `reap`           |
//!
//! Invariants:
//!
//! - L1 A slot is in the list at most once, and only while Free.
//! - L2 Of a ticket's holder and `reap`, exactly one frees.

use crate::sync::{AtomicU32, AtomicU64, Ordering, order};

/// What the hub knows of one slot.
#[derive(Debug, Default)]
pub struct Lease {
    /// Status in the low four bits, generation above, as in the slot word.
    state: AtomicU32,
    /// Index of the next free slot plus one; 0 at the bottom.
    next: AtomicU32,
    /// The hub's position as producer of the request's body.
    pub(super) request_tail: AtomicU32,
    /// The hub's position as consumer of the response's body.
    pub(super) response_head: AtomicU32,
}

/// Whom a slot belongs to, by the hub's own record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Free = 0,
    Held = 1,
    Abandoned = 2,
}

const GENERATION_SHIFT: u32 = 4;

const fn pack(status: Status, generation: u32) -> u32 {
    status as u32 | generation << GENERATION_SHIFT
}

impl Lease {
    pub(super) fn get(&self) -> (Status, u32) {
        // SYNC(lease): Acquire; pairs with the Release in `set`.
        let state = self.state.load(order!("lease", Acquire));
        let status = match state & 0b1111 {
            0 => Status::Free,
            1 => Status::Held,
            _ => Status::Abandoned,
        };
        (status, state >> GENERATION_SHIFT)
    }

    pub(super) fn set(&self, status: Status, generation: u32) {
        // SYNC(lease): Release; pairs with the Acquire in `get`.
        self.state.store(pack(status, generation), order!("lease", Release));
    }

    /// Abandoned → Free; `false` when another was first (L2).
    pub(super) fn take_abandoned(&self, generation: u32) -> bool {
        let from = pack(Status::Abandoned, generation);
        let to = pack(Status::Free, generation);
        // Relaxed: who abandoned it is the caller, or was seen by the caller's `get`; a
        // generation is abandoned once.
        self.state.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// The free slots, as a stack through the leases.
#[derive(Debug)]
pub(crate) struct FreeList {
    /// Low half: index of the top slot plus one, 0 when empty. High half: counts changes.
    top: AtomicU64,
}

fn top(before: u64, index_plus_one: u32) -> u64 {
    ((before >> 32).wrapping_add(1) << 32) | u64::from(index_plus_one)
}

impl FreeList {
    /// A list of all `leases`, the first on top.
    pub(crate) fn new(leases: &[Lease]) -> FreeList {
        let count = leases.len() as u32;
        for (index, lease) in leases.iter().enumerate() {
            let is_last = index as u32 + 1 == count;
            let next = if is_last { 0 } else { index as u32 + 2 };
            // Relaxed: nobody else has the list yet.
            lease.next.store(next, Ordering::Relaxed);
        }
        FreeList { top: AtomicU64::new(u64::from(count.min(1))) }
    }

    #[inline]
    pub(crate) fn push(&self, leases: &[Lease], index: u32) {
        // Relaxed: the compare-exchange confirms it.
        let mut before = self.top.load(Ordering::Relaxed);
        loop {
            // Relaxed: published by the compare-exchange.
            leases[index as usize].next.store(before as u32, Ordering::Relaxed);
            // SYNC(free.list): Release; pairs with the Acquire in `pop`. The slot's next
            // exchange comes after everything that its last one did.
            match self.top.compare_exchange_weak(
                before,
                top(before, index + 1),
                order!("free.list", Release),
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => before = now,
            }
        }
    }

    #[inline]
    pub(crate) fn pop(&self, leases: &[Lease]) -> Option<u32> {
        // SYNC(free.list): Acquire; pairs with the Release in `push`.
        let mut before = self.top.load(order!("free.list", Acquire));
        loop {
            let index = (before as u32).checked_sub(1)?;
            // Relaxed: ordered by the Acquire that gave the index. If the slot was taken
            // and returned meanwhile this may be stale; the counter fails the exchange.
            let next = leases[index as usize].next.load(Ordering::Relaxed);
            // Relaxed on success: `before` was acquired when it was read.
            // SYNC(free.list): Acquire on failure, for the next round.
            match self.top.compare_exchange_weak(
                before,
                top(before, next),
                Ordering::Relaxed,
                order!("free.list", Acquire),
            ) {
                Ok(_) => return Some(index),
                Err(now) => before = now,
            }
        }
    }
}
