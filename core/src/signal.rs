//! Signal maps: one bit a slot, raised by one side and drained by the other.
//!
//! A region has two: *attention* (worker → hub) and *notice* (hub → worker). Raising is
//! two `fetch_or`s; draining takes 64 slots in one `swap(0)`. There is nothing to leave
//! half-done when a process is killed between two instructions, and any pattern of bits
//! that a hostile process writes is harmless: it makes the other side look for nothing.
//!
//! ```text
//! words    bit i of word w: slot 64·w + i
//! summary  bit g: something is raised among the words of group g
//!          bit 62: something is raised for events · bit 63: the drainer sleeps
//! ```
//!
//! "The drainer sleeps" is a bit of the word that every raise touches, so raising and
//! falling asleep cannot miss each other and no fence is needed.
//!
//! Invariants:
//!
//! - S1 After a raise returned, the bit is seen by a drain that starts later, or the
//!   drainer was asleep and the raise said "wake it".
//! - S2 Of several raises that meet a sleeping drainer, exactly one says "wake it".

use crate::sync::{AtomicU64, Ordering, order};

const SLOTS_PER_WORD: usize = 64;
const ASLEEP: u64 = 1 << 63;
/// Outbox or inbox: they have no slot, so the summary is all that is raised for them.
const EVENTS: u64 = 1 << 62;
/// Bits of the summary that stand for groups.
const GROUPS: usize = 62;

/// Words that a map for `slots` slots has.
pub(crate) const fn words_for(slots: u32) -> usize {
    (slots as usize).div_ceil(SLOTS_PER_WORD)
}

/// A signal map in a region.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignalMap<'a> {
    pub(crate) summary: &'a AtomicU64,
    pub(crate) words: &'a [AtomicU64],
}

impl SignalMap<'_> {
    /// Words that one summary bit stands for: 1 up to 3,968 slots.
    fn words_per_group(&self) -> usize {
        self.words.len().div_ceil(GROUPS)
    }

    /// Raises a slot's bit. `true`: the drainer slept and the caller is to wake it.
    #[inline]
    pub(crate) fn raise(&self, slot: u32) -> bool {
        let word = slot as usize / SLOTS_PER_WORD;
        let bit = 1 << (slot as usize % SLOTS_PER_WORD);
        // SYNC(signal.bit): Release; pairs with the Acquire swap in `drain`. Whatever the
        // caller did before is seen by the drainer that takes this bit.
        self.words[word].fetch_or(bit, order!("signal.bit", Release));
        self.call(1 << (word / self.words_per_group()))
    }

    /// Raises the bit for events. `true`: the drainer slept and the caller is to wake it.
    #[inline]
    pub(crate) fn raise_events(&self) -> bool {
        self.call(EVENTS)
    }

    #[inline]
    fn call(&self, bit: u64) -> bool {
        // SYNC(signal.summary): Release; pairs with the Acquire swap in `drain`. Who
        // takes a group's bit finds the slot's bit; who takes that for events, what the
        // caller did before.
        let before = self.summary.fetch_or(bit, order!("signal.summary", Release));
        // Relaxed: of those that saw the drainer asleep, the one that clears the bit wakes.
        before & ASLEEP != 0 && self.summary.fetch_and(!ASLEEP, Ordering::Relaxed) & ASLEEP != 0
    }

    /// Takes every raised bit and calls `each` with its slot. `true`: the bit for events
    /// was raised as well.
    #[inline]
    pub(crate) fn drain(&self, mut each: impl FnMut(u32)) -> bool {
        // Relaxed: a look that saves the swap; a raise that it misses is in a later drain
        // or in the way of `prepare_sleep`.
        if self.summary.load(Ordering::Relaxed) == 0 {
            return false;
        }
        // SYNC(signal.summary): Acquire; pairs with the Release in `call`.
        let raised = self.summary.swap(0, order!("signal.summary", Acquire));
        let mut groups = raised & !(ASLEEP | EVENTS);
        let per_group = self.words_per_group();
        while groups != 0 {
            let first = groups.trailing_zeros() as usize * per_group;
            groups &= groups - 1;
            // A hostile peer may set bits of groups that do not exist.
            let last = (first + per_group).min(self.words.len());
            for index in first..last {
                // Relaxed: ordered by the summary's Acquire. A look that spares the
                // writing of those words of the group that nobody raised.
                if self.words[index].load(Ordering::Relaxed) == 0 {
                    continue;
                }
                // SYNC(signal.bit): Acquire; pairs with the Release in `raise`.
                let mut bits = self.words[index].swap(0, order!("signal.bit", Acquire));
                while bits != 0 {
                    each((index * SLOTS_PER_WORD) as u32 + bits.trailing_zeros());
                    bits &= bits - 1;
                }
            }
        }
        raised & EVENTS != 0
    }

    /// Announces that the drainer is about to sleep. `false`: something was raised, look.
    #[inline]
    pub(crate) fn prepare_sleep(&self) -> bool {
        // Relaxed: the drainer publishes nothing, and what it will read after waking is
        // ordered by the drain's Acquires.
        match self.summary.compare_exchange(0, ASLEEP, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => true,
            Err(now) => now == ASLEEP,
        }
    }

    /// Whether anything is raised.
    #[inline]
    pub(crate) fn is_raised(&self) -> bool {
        // Relaxed: a hint; before a sleep the bell's fence stands in front of it.
        self.summary.load(Ordering::Relaxed) & !ASLEEP != 0
    }
}
