//! The submission queue: hub → worker, a bounded FIFO of slots.
//!
//! After D. Vyukov's bounded queue, with a cell that is one word. The hub is the only
//! producer; its threads take positions from a counter in the hub's private memory, so a
//! worker cannot move it. Worker threads take cells by moving `head`.
//!
//! ```text
//! cell, 64 bits:  bits 0..16 slot · bits 16..32 tag · bits 32..64 stamp
//! ```
//!
//! The stamp is the position plus one, so a cell of an earlier lap is told from a
//! filled one. The tag is the low half of the slot's generation.
//!
//! Invariants:
//!
//! - Q1 A pushed cell is taken by exactly one thread.
//! - Q2 A cell whose exchange was withdrawn is taken and skipped: the slot word decides.
//! - Q3 Whoever takes a cell sees its slot Ready, unless it was withdrawn or claimed since.
//! - Q4 Whatever a worker writes to `head` or the cells, the hub never writes outside them.

use crate::sync::{AtomicU32, AtomicU64, Ordering, order};

const TAG_SHIFT: u32 = 16;
const STAMP_SHIFT: u32 = 32;

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) slot: u16,
    pub(crate) tag: u16,
}

/// Why a push did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PushError {
    /// Every cell is taken; stale ones count until a worker skips them.
    Full,
    /// The worker moved `head` past what was pushed; holds head and tail.
    HeadAhead(u32, u32),
}

/// The queue in a region. The number of cells is a power of two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Queue<'a> {
    pub(crate) head: &'a AtomicU32,
    pub(crate) cells: &'a [AtomicU64],
}

fn pack(position: u32, entry: Entry) -> u64 {
    u64::from(position.wrapping_add(1)) << STAMP_SHIFT
        | u64::from(entry.tag) << TAG_SHIFT
        | u64::from(entry.slot)
}

impl Queue<'_> {
    fn cell(&self, position: u32) -> &AtomicU64 {
        // The length is a power of two, so the mask keeps the index inside.
        &self.cells[position as usize & (self.cells.len() - 1)]
    }

    /// Appends an entry. `tail` is the hub's private position.
    #[inline]
    pub(crate) fn push(&self, tail: &AtomicU32, entry: Entry) -> Result<(), PushError> {
        // Relaxed: the counter hands out positions and publishes nothing.
        let mut position = tail.load(Ordering::Relaxed);
        loop {
            // SYNC(queue.head): Acquire; pairs with the Release in `pop`. Whoever sees a
            // position that was taken sees the tail past it, in the second look below;
            // the cell itself needs no order, it is one word.
            let head = self.head.load(order!("queue.head", Acquire));
            let used = position.wrapping_sub(head);
            if used as usize >= self.cells.len() {
                // Relaxed: ordered by the Acquire above. Another hub thread may have moved
                // the tail since, and the worker `head` past the one seen first.
                let now = tail.load(Ordering::Relaxed);
                if now != position {
                    position = now;
                    continue;
                }
                return Err(match used as usize == self.cells.len() {
                    true => PushError::Full,
                    false => PushError::HeadAhead(head, position),
                });
            }
            match tail.compare_exchange_weak(
                position,
                position.wrapping_add(1),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => position = now,
            }
        }
        // SYNC(queue.cell): Release; pairs with the Acquire in `pop`. Whoever takes the
        // cell sees the slot word at least as new as Ready.
        self.cell(position).store(pack(position, entry), order!("queue.cell", Release));
        Ok(())
    }

    /// Takes the oldest entry.
    #[inline]
    pub(crate) fn pop(&self) -> Option<Entry> {
        // Relaxed: the position only chooses a cell; the cell's stamp and the
        // compare-exchange say whether the choice still holds.
        let mut position = self.head.load(Ordering::Relaxed);
        loop {
            // SYNC(queue.cell): Acquire; pairs with the Release in `push`.
            let cell = self.cell(position).load(order!("queue.cell", Acquire));
            if (cell >> STAMP_SHIFT) as u32 != position.wrapping_add(1) {
                let now = self.head.load(Ordering::Relaxed);
                if now == position {
                    return None;
                }
                position = now;
                continue;
            }
            // SYNC(queue.head): Release; pairs with the Acquire in `push`. Hands on what the
            // cell's Acquire has shown: that the hub's tail is past this position.
            match self.head.compare_exchange_weak(
                position,
                position.wrapping_add(1),
                order!("queue.head", Release),
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    return Some(Entry { slot: cell as u16, tag: (cell >> TAG_SHIFT) as u16 });
                }
                Err(now) => position = now,
            }
        }
    }

    /// The oldest entry, as far as can be told without taking it.
    #[inline]
    pub(crate) fn peek(&self) -> Option<Entry> {
        // Relaxed, here and below: a hint, on which nothing but a further look rests.
        let position = self.head.load(Ordering::Relaxed);
        let cell = self.cell(position).load(Ordering::Relaxed);
        let filled = (cell >> STAMP_SHIFT) as u32 == position.wrapping_add(1);
        filled.then_some(Entry { slot: cell as u16, tag: (cell >> TAG_SHIFT) as u16 })
    }

    /// Whether there is nothing to take. A cell whose producer has its position but has
    /// not written it yet counts as nothing: that producer rings afterwards.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        let position = self.head.load(Ordering::Relaxed);
        // Relaxed: a hint. Before a sleep the bell's fence stands in front of it.
        let cell = self.cell(position).load(Ordering::Relaxed);
        (cell >> STAMP_SHIFT) as u32 != position.wrapping_add(1)
            && self.head.load(Ordering::Relaxed) == position
    }
}
