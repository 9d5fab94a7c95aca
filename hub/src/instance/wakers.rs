//! Every slot's [`SlotWakers`], made when the slot is first used.
//!
//! They are the largest part of what the hub keeps for a slot. Slots are reused last in,
//! first out, so most of a region's are never used, and those of an idle worker are not.

use std::sync::OnceLock;

use super::slots::{SlotWakers, Taken};

/// Slots whose wakers are made at once.
const TOGETHER: usize = 16;

/// All of a region's.
#[derive(Debug)]
pub(super) struct Wakers {
    slots: u32,
    pieces: Box<[OnceLock<Box<[SlotWakers; TOGETHER]>>]>,
}

impl Wakers {
    pub(super) fn new(slots: u32) -> Wakers {
        let pieces = (slots as usize).div_ceil(TOGETHER);
        Wakers { slots, pieces: (0..pieces).map(|_| OnceLock::new()).collect() }
    }

    /// One slot's. They are always the same ones: a lock decides who makes them.
    pub(super) fn of(&self, slot: u32) -> &SlotWakers {
        let slot = slot as usize;
        &self.pieces[slot / TOGETHER].get_or_init(Box::default)[slot % TOGETHER]
    }

    /// Every slot's. Those that nobody has used are made as well: who uses one from now on
    /// has to see what is done to it now.
    pub(super) fn all(&self) -> impl Iterator<Item = &SlotWakers> {
        (0..self.slots).map(|slot| self.of(slot))
    }

    /// When a slot was last taken, and what for; for people. Makes none.
    pub(super) fn taken(&self, slot: u32) -> Taken {
        let slot = slot as usize;
        let piece = self.pieces[slot / TOGETHER].get();
        piece.map_or_else(Taken::default, |piece| piece[slot % TOGETHER].taken())
    }
}

#[cfg(test)]
mod tests;
