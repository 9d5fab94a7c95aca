//! Events: what the hub takes out of the outbox and puts into the inbox.
//!
//! The hub keeps its own positions to itself. Each lane is one task's at a time.

use super::{HubSide, Lease};
use crate::Violation;
use crate::bell::Rung;
use crate::lane::{Lane, Space};
use crate::region::RegionRef;
use crate::sync::Ordering;
use crate::wait::Wait;
use crate::waiter::{Waiter, Watch};

/// Events. All but [`has_events`](HubSide::has_events) panic in a region without rings for
/// them.
impl<R: RegionRef, L: AsRef<[Lease]>, W: Wait> HubSide<R, L, W> {
    /// Whether the region has rings for events.
    pub fn has_events(&self) -> bool {
        self.region().outbox().is_some()
    }

    fn outbox(&self) -> Lane<'_> {
        self.region().outbox().expect("a region with rings for events")
    }

    fn inbox(&self) -> Lane<'_> {
        self.region().inbox().expect("a region with rings for events")
    }

    /// Whether there is something in the outbox, or nonsense: a look at its words alone.
    pub fn has_outgoing(&self) -> bool {
        // Relaxed: the outbox's task is the only one who uses it.
        let head = self.outbox_head.load(Ordering::Relaxed);
        !matches!(self.outbox().stream().readable(head), Ok((0, _)))
    }

    /// Copies out what there is in the outbox, as much as fits, and gives the room back.
    /// The worker learns of it by [`tell_outbox`](Self::tell_outbox).
    ///
    /// # Errors
    ///
    /// A violation when the worker's position cannot be.
    #[inline]
    pub fn read_outbox(&self, into: &mut [u8]) -> Result<usize, Violation> {
        // Relaxed: the outbox's task is the only one who uses it.
        let head = self.outbox_head.load(Ordering::Relaxed);
        let count = self.outbox().stream().read(head, into)?;
        self.outbox_head.store(head.wrapping_add(count as u32), Ordering::Relaxed);
        Ok(count)
    }

    /// Tells a worker that waits for it that there is room in the outbox.
    #[inline]
    pub fn tell_outbox(&self) -> Rung {
        self.tell(self.outbox().room())
    }

    /// Asks for attention when there is more in the outbox.
    pub fn watch_outbox(&self) -> Watch {
        self.outbox().data().watch()
    }

    /// The room that there is in the inbox.
    ///
    /// # Errors
    ///
    /// A violation when the worker's position cannot be.
    #[inline]
    pub fn inbox_space(&self) -> Result<Space<'_>, Violation> {
        // Relaxed: the inbox's task is the only one who uses it.
        self.inbox().space(self.inbox_tail.load(Ordering::Relaxed))
    }

    /// Publishes what was put into the inbox's space, all of it at once, and wakes who waits
    /// for it.
    #[inline]
    pub fn publish_inbox(&self, space: Space<'_>) -> Rung {
        if space.used() == 0 {
            return Rung::QUIET;
        }
        // Relaxed: as above.
        self.inbox_tail.store(space.commit(), Ordering::Relaxed);
        self.tell(self.inbox().data())
    }

    /// Asks for attention when the worker has made room in the inbox.
    pub fn watch_inbox(&self) -> Watch {
        self.inbox().room().watch()
    }

    #[inline]
    fn tell(&self, waiter: &Waiter) -> Rung {
        if !waiter.signal::<W>() {
            return Rung::QUIET;
        }
        // The worker's loop sleeps on the bell, not on the map.
        let _ = self.region().notice().raise_events();
        self.region().worker_bell().ring::<W>()
    }
}
