//! Handles: numbers in a pointer's clothes.
//!
//! What C holds as `slotway_worker *`, `slotway_request *`, `slotway_subscription *` or
//! `slotway_calling *` is not an address. It is the kind of the thing, the index of its place
//! in a table, and which of that place's tenants is meant:
//!
//! ```text
//! | generation (40 bits) | index (20) | kind (4, never 0) |
//! ```
//!
//! So a handle that was closed, closed twice, made up, or of the wrong kind is found out
//! before anything is touched, and never means somebody else's request. Nothing here
//! trusts the caller's number further than that.
//!
//! Invariants:
//!
//! - T1 A place is tenanted, in the stack of free places, or held by one call of `insert`
//!   or `remove`: exactly one of these. Only places out of `pop` and fresh ones are
//!   tenanted, and only `remove` of the right generation pushes one.
//! - T2 A generation begins when its tenant moves out, under the place's lock. Whoever
//!   holds the lock shared and has found his generation therefore has his own tenant.
//! - T3 Places are never freed and never move, so an index that was given out is good for
//!   ever. Memory is bounded by the most handles that were ever open at once.
//!
//! A table allocates when it grows and not otherwise.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard};

use crate::error::Fault;

const KIND_BITS: u32 = 4;
const INDEX_BITS: u32 = 20;
const GENERATION_SHIFT: u32 = KIND_BITS + INDEX_BITS;
const GENERATION_MASK: usize = usize::MAX >> GENERATION_SHIFT;

/// Places of the first chunk; each further one has twice as many as the one before.
const FIRST: u32 = 64;
const CHUNKS: usize = (INDEX_BITS - FIRST.trailing_zeros()) as usize;
/// All of them together.
const PLACES: u32 = (FIRST << CHUNKS) - FIRST;

/// What a handle stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Worker = 1,
    Request = 2,
    Subscription = 3,
    Call = 4,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Worker => "worker",
            Kind::Request => "request",
            Kind::Subscription => "subscription",
            Kind::Call => "call",
        })
    }
}

/// A place and whoever has it.
struct Place<T> {
    tenancy: RwLock<Tenancy<T>>,
    /// While the place is free: one more than the index of the one below it; 0 for none.
    below: AtomicU32,
}

struct Tenancy<T> {
    generation: usize,
    tenant: Option<T>,
}

/// Everything of one kind that C has a handle of.
pub(crate) struct Table<T> {
    kind: Kind,
    chunks: [OnceLock<Box<[Place<T>]>>; CHUNKS],
    /// The stack of free places: a count of changes in the upper half, one more than the
    /// topmost index in the lower. The count is what makes a swap fail when the top has
    /// been away and come back.
    free: AtomicU64,
    /// Places that were ever used.
    used: AtomicU32,
}

/// Shared access to a tenant, who cannot move out meanwhile.
pub(crate) struct Held<'a, T> {
    tenancy: RwLockReadGuard<'a, Tenancy<T>>,
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.tenancy.tenant {
            Some(tenant) => tenant,
            None => unreachable!("`hold` found a tenant and the lock keeps it"),
        }
    }
}

impl<T> Table<T> {
    pub(crate) const fn new(kind: Kind) -> Table<T> {
        Table {
            kind,
            chunks: [const { OnceLock::new() }; CHUNKS],
            free: AtomicU64::new(0),
            used: AtomicU32::new(0),
        }
    }

    /// Gives a tenant a place; gives the handle.
    #[inline]
    pub(crate) fn insert(&self, tenant: T) -> Result<usize, Fault> {
        let index = match self.pop() {
            Some(index) => index,
            None => self.fresh()?,
        };
        let place = self.place(index).expect("a place that was given out is there");
        let mut tenancy = place.tenancy.write().unwrap_or_else(PoisonError::into_inner);
        tenancy.tenant = Some(tenant);
        Ok(tenancy.generation << GENERATION_SHIFT
            | (index as usize) << KIND_BITS
            | self.kind as usize)
    }

    /// The tenant that a handle means.
    #[inline]
    pub(crate) fn hold(&self, handle: usize) -> Result<Held<'_, T>, Fault> {
        let (place, _) = self.find(handle)?;
        let tenancy = place.tenancy.read().unwrap_or_else(PoisonError::into_inner);
        if tenancy.tenant.is_none() || tenancy.generation != handle >> GENERATION_SHIFT {
            return Err(Fault::Stale(self.kind, handle));
        }
        Ok(Held { tenancy })
    }

    /// Moves a tenant out, after everybody who holds it has let go.
    #[inline]
    pub(crate) fn remove(&self, handle: usize) -> Result<T, Fault> {
        let (place, index) = self.find(handle)?;
        let mut tenancy = place.tenancy.write().unwrap_or_else(PoisonError::into_inner);
        if tenancy.generation != handle >> GENERATION_SHIFT {
            return Err(Fault::Stale(self.kind, handle));
        }
        let tenant = tenancy.tenant.take().ok_or(Fault::Stale(self.kind, handle))?;
        tenancy.generation = tenancy.generation.wrapping_add(1) & GENERATION_MASK;
        drop(tenancy);
        self.push(index, place);
        Ok(tenant)
    }

    #[inline]
    fn find(&self, handle: usize) -> Result<(&Place<T>, u32), Fault> {
        let stale = || Fault::Stale(self.kind, handle);
        if handle & ((1 << KIND_BITS) - 1) != self.kind as usize {
            return Err(stale());
        }
        let index = (handle >> KIND_BITS) as u32 & ((1 << INDEX_BITS) - 1);
        Ok((self.place(index).ok_or_else(stale)?, index))
    }

    /// Chunk k begins at FIRST · (2^k − 1), so k is where the top bit of index + FIRST is.
    #[inline]
    fn place(&self, index: u32) -> Option<&Place<T>> {
        let position = index + FIRST;
        let chunk = (position.ilog2() - FIRST.ilog2()) as usize;
        let places = self.chunks.get(chunk)?.get()?;
        places.get((position - (FIRST << chunk)) as usize)
    }

    #[cold]
    fn fresh(&self) -> Result<u32, Fault> {
        let more = |used: u32| (used < PLACES).then_some(used + 1);
        // Relaxed: the number alone matters; the chunk publishes itself.
        let index = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .map_err(|_| Fault::Handles(self.kind))?;
        let chunk = ((index + FIRST).ilog2() - FIRST.ilog2()) as usize;
        self.chunks[chunk].get_or_init(|| (0..FIRST << chunk).map(|_| Place::new()).collect());
        Ok(index)
    }

    #[inline]
    fn pop(&self) -> Option<u32> {
        // SYNC(table.free): Acquire; pairs with the Release in `push`.
        let mut free = self.free.load(Ordering::Acquire);
        loop {
            let index = (free as u32).checked_sub(1)?;
            // Relaxed: published with the top by `table.free`. When another thread takes
            // the place meanwhile this reads an old word, and the swap fails.
            let below = self.place(index)?.below.load(Ordering::Relaxed);
            let next = ((free >> 32).wrapping_add(1) << 32) | u64::from(below);
            match self.free.compare_exchange_weak(free, next, Ordering::Acquire, Ordering::Acquire)
            {
                Ok(_) => return Some(index),
                Err(now) => free = now,
            }
        }
    }

    #[inline]
    fn push(&self, index: u32, place: &Place<T>) {
        // Relaxed: only the lower half is looked at before the swap confirms it.
        let mut free = self.free.load(Ordering::Relaxed);
        loop {
            // Relaxed: published by the swap.
            place.below.store(free as u32, Ordering::Relaxed);
            let next = ((free >> 32).wrapping_add(1) << 32) | u64::from(index + 1);
            // SYNC(table.free): Release; pairs with the Acquire in `pop`.
            match self.free.compare_exchange_weak(free, next, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(now) => free = now,
            }
        }
    }
}

impl<T> Place<T> {
    fn new() -> Place<T> {
        Place {
            tenancy: RwLock::new(Tenancy { generation: 0, tenant: None }),
            below: AtomicU32::new(0),
        }
    }
}

#[cfg(test)]
mod tests;
