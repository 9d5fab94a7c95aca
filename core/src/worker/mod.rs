//! The worker's side of a region: claim an exchange, read it, answer it.
//!
//! A worker trusts the hub: it was handed the region over a socket whose other end it
//! chose. It borrows requests where they lie and writes responses in place.
//!
//! Callers may rely on this: one exchange is claimed by exactly one caller, its bytes are
//! stable while its [`Claim`] lives, and an answer that nobody waits for harms nobody.
//!
//! Nothing here allocates or locks. Methods that may have to wake the hub return a
//! [`HubWake`]; the hub's doorbell is the caller's to ring.

mod claim;
mod events;
mod spin;

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

pub use claim::Claim;
pub use spin::Spin;

use crate::DefaultWait;
use crate::bell::Waited;
use crate::region::{Region, RegionRef};
use crate::wait::Wait;

/// The worker's side of a region. `R` keeps the region's memory; `W` is how this
/// process's threads and the hub's sleep.
pub struct WorkerSide<R, W = DefaultWait> {
    region: R,
    wait: PhantomData<fn() -> W>,
}

impl<R, W> fmt::Debug for WorkerSide<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerSide").finish_non_exhaustive()
    }
}

/// Whether the hub sleeps and must be woken through its doorbell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use = "a hub that sleeps goes on sleeping until its doorbell is rung"]
pub struct HubWake {
    needed: bool,
}

impl HubWake {
    const NONE: HubWake = HubWake { needed: false };

    /// Whether the caller must ring the hub's doorbell (its eventfd).
    pub fn needed(self) -> bool {
        self.needed
    }

    /// What both ask.
    pub fn and(self, other: HubWake) -> HubWake {
        HubWake { needed: self.needed | other.needed }
    }
}

impl<R: RegionRef, W: Wait> WorkerSide<R, W> {
    /// The worker's side of a region that the hub has handed over.
    pub fn new(region: R) -> WorkerSide<R, W> {
        WorkerSide { region, wait: PhantomData }
    }

    /// What keeps the region.
    pub fn get_ref(&self) -> &R {
        &self.region
    }

    fn region(&self) -> &Region {
        self.region.region()
    }

    /// Claims the oldest exchange that waits.
    #[inline]
    pub fn claim(&self) -> Option<Claim> {
        let queue = self.region().queue();
        loop {
            let entry = queue.pop()?;
            if u32::from(entry.slot) >= self.region().slots() {
                continue;
            }
            let slot = u32::from(entry.slot);
            // A stale cell is skipped (Q2).
            if let Some(generation) = self.region().slot(slot).word().claim(entry.tag) {
                if !queue.is_empty() {
                    self.region().worker_bell().pass_on::<W>();
                    self.prefetch_next();
                }
                return Some(Claim { slot, generation, region: self.region().id() });
            }
        }
    }

    /// Asks for the request behind the one that was just claimed: its bytes come over from
    /// the hub's cache while that one is handled.
    #[inline]
    fn prefetch_next(&self) {
        let region = self.region();
        if let Some(entry) = region.queue().peek()
            && u32::from(entry.slot) < region.slots()
        {
            region.slot(u32::from(entry.slot)).prefetch_request();
        }
    }

    /// Waits until there may be something to claim: spins a while, then sleeps.
    ///
    /// After [`Waited::Work`] claim, and if another thread was faster work out what is
    /// left of the timeout and wait again.
    #[inline]
    pub fn wait(
        &self,
        spin: &mut Spin,
        timeout: Option<Duration>,
        stop: impl FnMut() -> bool,
    ) -> Waited {
        let queue = self.region().queue();
        if spin.until(|| !queue.is_empty()) {
            return Waited::Work;
        }
        self.region().worker_bell().sleep::<W>(timeout, || !queue.is_empty(), stop)
    }

    /// Wakes every thread of this process that waits, so that it looks at its stop
    /// condition. Other processes have other regions and notice nothing.
    pub fn wake_all(&self) {
        self.region().worker_bell().wake_all::<W>();
    }

    /// Arms the worker's doorbell for an event loop. `true`: the doorbell will ring when
    /// there is something to claim or a notice to take, once; arm again afterwards.
    /// `false`: there is something now.
    #[must_use = "only `true` says that the doorbell will ring"]
    pub fn arm(&self) -> bool {
        let region = self.region();
        region.worker_bell().arm(|| !region.queue().is_empty() || region.notice().is_raised())
    }

    /// Takes every slot that the hub has given notice of: one of its waits that an event
    /// loop watches may be over. `true`: it has given notice of the outbox or the inbox as
    /// well.
    pub fn take_notices(&self, mut each: impl FnMut(u32)) -> bool {
        let slots = self.region().slots();
        self.region().notice().drain(|slot| {
            if slot < slots {
                each(slot);
            }
        })
    }

    /// Whether the hub has given notice of anything that was not taken yet: a look that
    /// spares the taking.
    #[inline]
    pub fn has_notices(&self) -> bool {
        self.region().notice().is_raised()
    }

    /// Answers the hub's probe in the slot that is for probes, if there is one to answer.
    ///
    /// # Panics
    ///
    /// When the region has no such slot.
    pub fn answer_probe(&self, slot: u32) -> HubWake {
        match self.region().slot(slot).word().claim_any() {
            Some(generation) => self.finish(Claim { slot, generation, region: self.region().id() }),
            None => HubWake::NONE,
        }
    }

    fn call_hub(&self, slot: u32) -> HubWake {
        if !self.region().attention().raise(slot) {
            return HubWake::NONE;
        }
        HubWake { needed: self.region().hub_bell().signal::<W>() }
    }
}
