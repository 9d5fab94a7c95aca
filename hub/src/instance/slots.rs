//! What the hub keeps for each slot besides core's lease: who waits on it, and the
//! permit of an exchange that was given up while its worker still has it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use atomic_waker::AtomicWaker;
use crossbeam_utils::CachePadded;

use super::Permit;

/// One slot's. The wakers are registered before the exchange is published, so that no
/// answer can come before anybody waits for it.
#[derive(Debug, Default)]
pub(crate) struct SlotWakers {
    inner: CachePadded<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Who waits for the answer.
    answer: AtomicWaker,
    /// Who waits for room in the request's ring, when that is another task.
    upload: AtomicWaker,
    /// Whether `parked` may hold something; spares the lock.
    has_parked: AtomicBool,
    /// When the slot was last taken, on the hub's clock; for people.
    taken_at: AtomicU64,
    parked: Mutex<Parked>,
}

/// What is known of a slot's last exchange; for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// When it took the slot, on the hub's clock.
    pub(crate) at_ns: u64,
    /// Its answer has begun and goes on.
    pub(crate) streams: bool,
}

/// Beside the time, which never gets that far.
const STREAMS: u64 = 1 << 63;

#[derive(Debug, Default)]
struct Parked {
    permit: Option<Permit>,
    buried: bool,
}

impl SlotWakers {
    pub(crate) fn wait_answer(&self, waker: &Waker) {
        self.inner.answer.register(waker);
    }

    pub(crate) fn wait_upload(&self, waker: &Waker) {
        self.inner.upload.register(waker);
    }

    pub(crate) fn taken_at(&self, clock_ns: u64) {
        // Relaxed: a number for people, which may be that of the exchange before.
        self.inner.taken_at.store(clock_ns, Ordering::Relaxed);
    }

    /// The answer of the exchange in the slot has begun and goes on.
    pub(crate) fn streams(&self) {
        // Relaxed: as above.
        self.inner.taken_at.fetch_or(STREAMS, Ordering::Relaxed);
    }

    /// When the slot was last taken, and what for.
    pub(crate) fn taken(&self) -> Taken {
        // Relaxed: as above.
        let taken = self.inner.taken_at.load(Ordering::Relaxed);
        Taken { at_ns: taken & !STREAMS, streams: taken & STREAMS != 0 }
    }

    /// Wakes both.
    pub(crate) fn wake(&self) {
        self.inner.answer.wake();
        self.inner.upload.wake();
    }

    /// Gives an exchange up. `abandon` does it and says whether the slot is free already;
    /// if it is not, `permit` stays until [`reap`](Self::reap) finds it free.
    pub(crate) fn park<E>(
        &self,
        permit: Permit,
        abandon: impl FnOnce() -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut parked = self.lock();
        // Relaxed: `abandon` orders it. The region task looks at it after the worker's
        // completion, and a completion that does not see the abandonment is seen by it.
        self.inner.has_parked.store(true, Ordering::Relaxed);
        let freed = abandon();
        let keep = matches!(freed, Ok(false)) && !parked.buried;
        // What an earlier exchange left is over, or this one could not have had the slot.
        let (next, ended) = if keep { (Some(permit), None) } else { (None, Some(permit)) };
        let before = std::mem::replace(&mut parked.permit, next);
        // A permit that ends calls the queue; that must not happen under the lock.
        drop(parked);
        drop((before, ended));
        freed.map(|_| ())
    }

    /// The region task's look: `reap` frees the slot if its worker is done with it.
    pub(super) fn reap<E>(&self, reap: impl FnOnce() -> Result<bool, E>) -> Result<(), E> {
        // Relaxed: see `park`.
        if !self.inner.has_parked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut parked = self.lock();
        if !reap()? {
            return Ok(());
        }
        self.inner.has_parked.store(false, Ordering::Relaxed);
        let permit = parked.permit.take();
        drop(parked);
        drop(permit);
        Ok(())
    }

    /// The worker is gone: nothing comes back any more. A permit keeps its instance
    /// alive, so it must not stay here.
    pub(super) fn bury(&self) {
        let mut parked = self.lock();
        parked.buried = true;
        let permit = parked.permit.take();
        drop(parked);
        drop(permit);
    }

    fn lock(&self) -> MutexGuard<'_, Parked> {
        // Nothing that can panic runs under the lock.
        self.inner.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
