//! The bell: how the hub wakes a worker that has nothing to do.
//!
//! An event count. A thread announces itself, looks once more, and sleeps on the futex;
//! who rings after publishing wakes one announced thread, or the event loop that has
//! armed itself. Work and bell are different words, so a sequentially consistent fence
//! stands on both sides (`bell`): either the ringer sees the announcement or the sleeper
//! sees the work.
//!
//! ```text
//! word      bit 0: a wake-up is under way · bits 1..32: epoch, changed by `wake_all`
//! sleepers  bits 0..31: threads announced · bit 31: the event loop is armed
//! ```
//!
//! A wake-up takes tens of microseconds to arrive. While one is under way further rings
//! do nothing: the thread that it wakes clears the bit *before* it looks for work. If it
//! then finds more work than it takes, it rings for the next thread itself
//! (`WorkerSide::claim`), and so it does if it takes none because it was stopped.
//!
//! Invariants:
//!
//! - B1 Work published before a ring is seen by a thread that is awake, or wakes one.
//! - B2 The bit "under way" set means: some thread will clear it and look before it sleeps.
//! - B3 A ring on a bell where nobody sleeps makes no system call.

use core::time::Duration;

use crate::sync::{AtomicU32, Ordering, fence_seq_cst, order};
use crate::wait::{Futex, Wait};

const UNDER_WAY: u32 = 1;
const EPOCH: u32 = 2;
const ARMED: u32 = 1 << 31;

/// The bell in a region.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C))]
pub(crate) struct Bell {
    word: Futex,
    sleepers: AtomicU32,
}

/// What a ring asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use = "an armed event loop sleeps on until its doorbell is rung"]
pub struct Rung {
    doorbell: bool,
    woke: bool,
}

impl Rung {
    /// Nobody had to be woken, or the futex has done it.
    pub(crate) const QUIET: Rung = Rung { doorbell: false, woke: false };

    /// The doorbell is to be rung.
    pub(crate) const DOORBELL: Rung = Rung { doorbell: true, woke: false };

    /// Whether the caller must ring the worker's doorbell (its eventfd).
    pub fn doorbell(self) -> bool {
        self.doorbell
    }

    /// Whether a thread was woken, at the price of a system call; for whoever counts.
    pub fn woke(self) -> bool {
        self.woke
    }

    /// What both ask.
    pub fn and(self, other: Rung) -> Rung {
        Rung { doorbell: self.doorbell | other.doorbell, woke: self.woke | other.woke }
    }
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// There may be work.
    Work,
    /// The caller's stop condition holds.
    Stopped,
    /// The timeout passed.
    TimedOut,
}

impl Bell {
    /// Wakes one sleeper if there is any. To be called after publishing work.
    #[inline]
    pub(crate) fn ring<W: Wait>(&self) -> Rung {
        // SYNC(bell): SeqCst fence; pairs with the fence in `sleep` and in `arm`. Either
        // the announcement is seen here, or the work is seen there.
        fence_seq_cst!("bell");
        // Relaxed: ordered by the fence.
        let sleepers = self.sleepers.load(Ordering::Relaxed);
        if sleepers == 0 {
            return Rung::QUIET;
        }
        // Relaxed: of several ringers the one that clears the bit rings the doorbell.
        let doorbell = sleepers & ARMED != 0
            && self.sleepers.fetch_and(!ARMED, Ordering::Relaxed) & ARMED != 0;
        let woke = sleepers & !ARMED != 0 && self.wake_one::<W>();
        Rung { doorbell, woke }
    }

    /// `false`: a wake-up is under way already.
    fn wake_one<W: Wait>(&self) -> bool {
        let word = self.word.word();
        // Relaxed: ordered by the caller's fence. Spares the write while a wake-up is
        // under way. There is no loop here that a hostile worker could keep going.
        let wakes = word.load(Ordering::Relaxed) & UNDER_WAY == 0
            // Relaxed: the woken thread looks behind its own fence, which pairs with the
            // caller's.
            && word.fetch_or(UNDER_WAY, Ordering::Relaxed) & UNDER_WAY == 0;
        if wakes {
            W::wake(&self.word, 1);
        }
        wakes
    }

    /// Sleeps until `work` holds, `stop` holds, the timeout has passed, or there was a
    /// wake-up, which may have been for work that another thread has taken since: the
    /// caller looks, works out what is left of its timeout and comes back.
    pub(crate) fn sleep<W: Wait>(
        &self,
        timeout: Option<Duration>,
        mut work: impl FnMut() -> bool,
        mut stop: impl FnMut() -> bool,
    ) -> Waited {
        // Relaxed: ordered by the fence below.
        self.sleepers.fetch_add(1, Ordering::Relaxed);
        let mut woken = false;
        let waited = loop {
            // Relaxed: ordered by the fence below; the bit must be clear before it (B2).
            // Not a load first: whom a ring has woken must not miss that ring's bit, and a
            // futex promises no order.
            let word = self.word.word().fetch_and(!UNDER_WAY, Ordering::Relaxed) & !UNDER_WAY;
            // SYNC(bell): SeqCst fence; pairs with the fence in `ring`. Also the Acquire
            // side of `bell.stop`: a thread that reads the new epoch sees the reason.
            fence_seq_cst!("bell");
            if stop() {
                break Waited::Stopped;
            }
            if woken || work() {
                break Waited::Work;
            }
            if !W::wait(&self.word, word, timeout) {
                break Waited::TimedOut;
            }
            woken = true;
        };
        // Relaxed: an announcement seen too long costs a needless wake-up, no more.
        self.sleepers.fetch_sub(1, Ordering::Relaxed);
        if waited == Waited::Stopped && work() {
            // The wake-up that brought this thread may have been for that work (B2).
            self.pass_on::<W>();
        }
        waited
    }

    /// Arms the doorbell for an event loop. `false`: there is work, look at it first.
    pub(crate) fn arm(&self, mut work: impl FnMut() -> bool) -> bool {
        // Relaxed: ordered by the fence.
        self.sleepers.fetch_or(ARMED, Ordering::Relaxed);
        // SYNC(bell): SeqCst fence; pairs with the fence in `ring`.
        fence_seq_cst!("bell");
        if work() {
            // Relaxed: at worst a ringer has cleared it and rings in vain.
            self.sleepers.fetch_and(!ARMED, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Wakes every thread of this process, so that each looks at its stop condition,
    /// which the caller has set before.
    pub(crate) fn wake_all<W: Wait>(&self) {
        // SYNC(bell.stop): Release; pairs with the fence in `sleep`, which is an Acquire
        // for what was read before it.
        self.word.word().fetch_add(EPOCH, order!("bell.stop", Release));
        W::wake(&self.word, i32::MAX as u32);
    }

    /// Wakes a further thread. By a thread that leaves work behind that it has seen.
    #[inline]
    pub(crate) fn pass_on<W: Wait>(&self) {
        // Relaxed, and no fence: a ring that found a wake-up under way relied on this
        // thread, which has cleared that bit and passed its fence since. The sleepers
        // that the ringer would have woken announced themselves before (B2), so this
        // load sees them. An armed event loop needs no help: every ring reaches it.
        if self.sleepers.load(Ordering::Relaxed) & !ARMED != 0 {
            self.wake_one::<W>();
        }
    }
}
