//! Who writes into the region what he likes.

use std::ops::Range;
use std::sync::atomic::Ordering;

use arbitrary::{Result, Unstructured};
use slotway_core::{Layout, RegionHeader};

use super::SPEC;
use crate::memory::Memory;

/// Bytes of a slot's header.
const SLOT_HEADER_BYTES: u64 = 256;

pub(super) struct Adversary<'a> {
    memory: &'a Memory,
    /// Words that mean something: bells, queue, maps, headers of slots, heads' beginnings.
    meaningful: Vec<usize>,
    /// Words that he leaves alone.
    spared: Vec<Range<usize>>,
}

fn spared_ranges(header: &RegionHeader, spared: u32) -> Vec<Range<usize>> {
    let words = |from: u64, bytes: u64| (from / 4) as usize..((from + bytes) / 4) as usize;
    (0..u64::from(spared))
        .flat_map(|slot| {
            [
                words(header.slot_headers + slot * header.slot_header_stride, SLOT_HEADER_BYTES),
                words(header.payloads + slot * header.payload_stride, header.payload_stride),
            ]
        })
        .collect()
}

impl<'a> Adversary<'a> {
    /// One who leaves the slots below `spared` alone.
    pub(super) fn new(memory: &'a Memory, layout: &Layout, spared: u32) -> Adversary<'a> {
        let header = layout.header();
        let spared = spared_ranges(&header, spared);
        let mut meaningful = Vec::new();
        let mut add = |from: u64, bytes: u64| {
            meaningful.extend((from / 4) as usize..((from + bytes) / 4) as usize);
        };
        for range in header.spoken() {
            add(range.start, range.end - range.start);
        }
        for slot in 0..u64::from(SPEC.slots) {
            let payload = header.payloads + slot * header.payload_stride;
            // The heads' fixed parts, and the first bytes of the rings.
            add(payload, 104);
            add(payload + u64::from(header.head_bytes), 32);
            add(payload + 2 * u64::from(header.head_bytes), 8);
        }
        meaningful.retain(|word| !spared.iter().any(|range| range.contains(word)));
        Adversary { memory, meaningful, spared }
    }

    /// Writes a few words.
    pub(super) fn act(&self, u: &mut Unstructured<'_>) -> Result<()> {
        for _ in 0..u.int_in_range(1..=3_u8)? {
            let word = match u.ratio(7, 8)? {
                true => *u.choose(&self.meaningful)?,
                false => u.choose_index(self.memory.words())?,
            };
            if self.spared.iter().any(|range| range.contains(&word)) {
                continue;
            }
            let value = self.value(u, word)?;
            self.memory.set(word, value);
        }
        Ok(())
    }

    /// Values that mean something in one word or another.
    fn value(&self, u: &mut Unstructured<'_>, word: usize) -> Result<u32> {
        // Relaxed: one thread does everything.
        let now = self.memory.word(word).load(Ordering::Relaxed);
        Ok(match u.int_in_range(0..=7_u8)? {
            0 => u.int_in_range(0..=8)?,
            // A slot word: state, flag, a generation as they come about here.
            1 => u.int_in_range(0..=15)? | u.int_in_range::<u32>(0..=6)? << 4,
            2 => now.wrapping_add(u.int_in_range::<u32>(0..=8)?).wrapping_sub(4),
            // The same word with another state or flag.
            3 => now & !0xf | u.int_in_range(0..=15)?,
            4 => u.int_in_range(4090..=4100)?,
            5 => 1 << u.int_in_range(0..=31)?,
            // What stands elsewhere.
            6 => self.memory.word(*u.choose(&self.meaningful)?).load(Ordering::Relaxed),
            _ => u.arbitrary()?,
        })
    }
}
