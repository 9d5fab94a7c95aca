//! The slot word: one 32-bit atomic that says whose a slot is.
//!
//! ```text
//! bits  0..3   state
//! bit   3      cancelled; only beside Claimed and Done
//! bits  4..32  generation
//! ```
//!
//! | state   | who may touch the slot's bytes                                        |
//! |---------|-----------------------------------------------------------------------|
//! | Free    | nobody                                                                |
//! | Writing | the hub: everything                                                   |
//! | Ready   | the hub may still extend the request's body; a worker may claim       |
//! | Claimed | the worker reads the request and writes the response; the streams say who has which body bytes |
//! | Done    | the hub reads the response                                            |
//!
//! | from → to         | by     | ordering           | pairs with           | if the actor dies after it |
//! |-------------------|--------|--------------------|----------------------|----------------------------|
//! | Free → Writing    | hub    | Relaxed            | (the free list)      | the region goes with the hub |
//! | Writing → Ready   | hub    | Release `slot.ready` | the claim's Acquire | as above                   |
//! | Ready → Claimed   | worker | Acquire `slot.ready` | publish             | the hub answers for it     |
//! | Ready → Free      | hub    | Relaxed            | (no worker saw it)   | as above                   |
//! | Claimed → Done    | worker | Release `slot.done`  | the hub's look      | nothing is lost: the hub looks at every word when a worker dies |
//! | Done → Free       | hub    | Relaxed            | (the free list)      | as above                   |
//! | Claimed: cancelled, once or again | hub | Release `slot.cancel` | the completion's Acquire | as above |
//!
//! Invariants, cited by number in the tests:
//!
//! - W1 Every transition is a compare-exchange on the whole word, generation included: a
//!   stale queue cell or a late answer never moves a newer exchange.
//! - W2 Exactly one of claim and withdrawal wins.
//! - W3 Only the hub frees, and only a slot that no worker has or that its worker finished.
//! - W4 The cancelled flag never hides or undoes a completion.
//!
//! The hub keeps its own record of every slot (`hub/lease.rs`); what it reads here is
//! compared with that record and never trusted.

use core::fmt;

use crate::sync::{AtomicU32, Ordering, order};

const STATE_MASK: u32 = 0b111;
const CANCELLED: u32 = 1 << 3;
const GENERATION_SHIFT: u32 = 4;

/// Generations count modulo this.
pub(crate) const GENERATIONS: u32 = 1 << (32 - GENERATION_SHIFT);

/// The state of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum State {
    /// Nobody's. The hub may acquire it; a worker finds nothing to claim.
    Free = 0,
    /// The hub fills it. A worker finds nothing to claim.
    Writing = 1,
    /// Queued. A worker may claim it, the hub may withdraw it.
    Ready = 2,
    /// A worker has it. The hub may only cancel it.
    Claimed = 3,
    /// Answered. The hub may free it; the worker is through with it.
    Done = 4,
}

/// One value of a slot word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Word(u32);

impl Word {
    pub(crate) const fn new(state: State, generation: u32) -> Word {
        Word(state as u32 | generation << GENERATION_SHIFT)
    }

    /// The state; `None` for a bit pattern that no transition produces.
    pub fn state(self) -> Option<State> {
        // The flag counts: a Ready word that had it could be neither claimed nor withdrawn.
        Some(match self.0 & (STATE_MASK | CANCELLED) {
            0 => State::Free,
            1 => State::Writing,
            2 => State::Ready,
            3 | 0b1011 => State::Claimed,
            4 | 0b1100 => State::Done,
            _ => return None,
        })
    }

    /// Whether the hub has given up on the exchange.
    pub fn cancelled(self) -> bool {
        self.0 & CANCELLED != 0
    }

    /// Which of the slot's exchanges this is.
    pub fn generation(self) -> u32 {
        self.0 >> GENERATION_SHIFT
    }

    /// The bits as they lie in the region.
    pub fn bits(self) -> u32 {
        self.0
    }

    const fn cancelled_twin(self) -> Word {
        Word(self.0 | CANCELLED)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state() {
            Some(state) => write!(f, "{state:?}")?,
            None => write!(f, "state {}", self.0 & STATE_MASK)?,
        }
        let flag = if self.cancelled() { " cancelled" } else { "" };
        write!(f, "{flag} of generation {}", self.generation())
    }
}

/// The slot word in a region.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(transparent))]
pub(crate) struct SlotWord(AtomicU32);

impl SlotWord {
    fn step(&self, from: Word, to: Word, success: Ordering) -> Result<(), Word> {
        self.0.compare_exchange(from.0, to.0, success, Ordering::Relaxed).map(drop).map_err(Word)
    }

    /// Free of the generation before → Writing of `generation`. By the hub.
    #[inline]
    pub(crate) fn begin(&self, generation: u32) -> Result<(), Word> {
        let before = generation.wrapping_sub(1) % GENERATIONS;
        // Relaxed: the slot came from the hub's free list, whose Acquire orders this
        // exchange after the one before.
        self.step(
            Word::new(State::Free, before),
            Word::new(State::Writing, generation),
            Ordering::Relaxed,
        )
    }

    /// Writing → Free: nothing was published. By the hub.
    pub(crate) fn discard(&self, generation: u32) -> Result<(), Word> {
        // Relaxed: no worker has seen this generation.
        self.step(
            Word::new(State::Writing, generation),
            Word::new(State::Free, generation),
            Ordering::Relaxed,
        )
    }

    /// Writing → Ready. By the hub.
    #[inline]
    pub(crate) fn publish(&self, generation: u32) -> Result<(), Word> {
        // SYNC(slot.ready): Release; pairs with the Acquire in `claim`. Makes the head
        // and the first body bytes visible to the worker.
        self.step(
            Word::new(State::Writing, generation),
            Word::new(State::Ready, generation),
            order!("slot.ready", Release),
        )
    }

    /// Ready → Claimed, if the word's generation ends in `tag`. By a worker's thread;
    /// gives the generation. `None`: the queue's cell was stale.
    #[inline]
    pub(crate) fn claim(&self, tag: u16) -> Option<u32> {
        // Relaxed: the compare-exchange below orders what matters. The value is at least
        // as new as the cell that sent us here, by the Acquire of `queue.cell`.
        let word = Word(self.0.load(Ordering::Relaxed));
        let generation = word.generation();
        if word.state() != Some(State::Ready) || generation as u16 != tag {
            return None;
        }
        // SYNC(slot.ready): Acquire; pairs with the Release in `publish`.
        self.step(word, Word::new(State::Claimed, generation), order!("slot.ready", Acquire))
            .ok()
            .map(|()| generation)
    }

    /// Ready → Claimed, whatever the generation: for a slot that no cell names. By a
    /// worker; gives the generation.
    pub(crate) fn claim_any(&self) -> Option<u32> {
        self.claim(self.peek().generation() as u16)
    }

    /// Ready → Free. By the hub; `false` when a worker was first, or the word is foreign.
    pub(crate) fn withdraw(&self, generation: u32) -> bool {
        // Relaxed: nobody but the hub has touched the slot's bytes.
        self.step(
            Word::new(State::Ready, generation),
            Word::new(State::Free, generation),
            Ordering::Relaxed,
        )
        .is_ok()
    }

    /// Ready → Writing: the queue had no room. By the hub, before any cell names the slot.
    pub(crate) fn unpublish(&self, generation: u32) -> bool {
        // Relaxed: no worker has seen it.
        self.step(
            Word::new(State::Ready, generation),
            Word::new(State::Writing, generation),
            Ordering::Relaxed,
        )
        .is_ok()
    }

    /// Sets the cancelled flag while Claimed. By the hub; the word found when it is not
    /// Claimed (any more). After `Ok`, whoever acts on the completion sees everything
    /// that the caller did before.
    pub(crate) fn cancel(&self, generation: u32) -> Result<(), Word> {
        let claimed = Word::new(State::Claimed, generation);
        let cancelled = claimed.cancelled_twin();
        // SYNC(slot.cancel): Release; pairs with the Acquire in `complete`.
        self.step(claimed, cancelled, order!("slot.cancel", Release)).or_else(|found| {
            if found != cancelled {
                return Err(found);
            }
            // The flag is there already, but the completion would see only what came
            // before its setting. So write the word once more, as it is.
            // SYNC(slot.cancel): Release; as above.
            self.step(cancelled, cancelled, order!("slot.cancel", Release))
        })
    }

    /// Claimed → Done, keeping the cancelled flag. By the worker; the word found when the
    /// exchange is not this worker's any more.
    #[inline]
    pub(crate) fn complete(&self, generation: u32) -> Result<(), Word> {
        let claimed = Word::new(State::Claimed, generation);
        let done = Word::new(State::Done, generation);
        // SYNC(slot.done): Release; pairs with the Acquire in `look`. Makes the response
        // visible, and the end of the worker's reads of the request.
        self.step(claimed, done, order!("slot.done", Release)).or_else(|found| {
            if found != claimed.cancelled_twin() {
                return Err(found);
            }
            // Nothing clears the flag: no third round is needed.
            // SYNC(slot.cancel): Acquire, handed on by the Release; pairs with `cancel`.
            self.step(found, done.cancelled_twin(), order!("slot.cancel", AcqRel))
        })
    }

    /// Done → Free. By the hub, after `look` gave Done.
    #[inline]
    pub(crate) fn free(&self, done: Word) -> Result<(), Word> {
        debug_assert_eq!(done.state(), Some(State::Done));
        // Relaxed: `look` acquired the worker's last accesses; the free list releases
        // them to the slot's next exchange.
        self.step(done, Word::new(State::Free, done.generation()), Ordering::Relaxed)
    }

    /// The word as the hub sees it.
    #[inline]
    pub(crate) fn look(&self) -> Word {
        // SYNC(slot.done): Acquire; pairs with the Release in `complete`.
        Word(self.0.load(order!("slot.done", Acquire)))
    }

    /// The word as its worker sees it: Claimed for as long as the worker has it.
    #[inline]
    pub(crate) fn peek(&self) -> Word {
        // Relaxed: only the cancelled flag is of interest, and it publishes nothing.
        Word(self.0.load(Ordering::Relaxed))
    }
}
