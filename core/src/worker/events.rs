//! Events: what a worker puts into the outbox and takes out of the inbox.

use core::time::Duration;

use super::{HubWake, WorkerSide};
use crate::lane::{Lane, Space};
use crate::region::RegionRef;
use crate::sync::Ordering;
use crate::wait::Wait;
use crate::waiter::{Waiter, Watch};

/// Events. All but [`has_events`](WorkerSide::has_events) panic in a region without rings
/// for them.
///
/// One thread at a time puts into the outbox, and one at a time takes out of the inbox;
/// each lane has one thread or one event loop that waits. Either way: look, wait, look
/// again. [`take_notices`](WorkerSide::take_notices) tells an event loop.
impl<R: RegionRef, W: Wait> WorkerSide<R, W> {
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

    /// The room that there is in the outbox; none when the hub's position cannot be, which
    /// only a broken hub brings about.
    #[inline]
    pub fn outbox_space(&self) -> Space<'_> {
        let lane = self.outbox();
        // Relaxed: this side is the only one who writes it.
        let tail = lane.stream().producer.tail.load(Ordering::Relaxed);
        lane.space(tail).unwrap_or_else(|_| lane.no_space(tail))
    }

    /// Publishes what was put into the outbox's space, all of it at once, and calls the hub.
    #[inline]
    pub fn publish_outbox(&self, space: Space<'_>) -> HubWake {
        if space.used() == 0 {
            return HubWake::NONE;
        }
        space.commit();
        self.tell(self.outbox().data())
    }

    /// Sleeps until there may be more room in the outbox, `timeout` at most. `false` when
    /// the time is over.
    pub fn park_outbox(&self, timeout: Option<Duration>) -> bool {
        self.outbox().room().park::<W>(timeout)
    }

    /// Asks for a notice when there is more room in the outbox.
    pub fn watch_outbox(&self) -> Watch {
        self.outbox().room().watch()
    }

    /// Copies out what there is in the inbox, as much as fits, and gives the room back. The
    /// hub learns of it by [`tell_inbox`](Self::tell_inbox).
    #[inline]
    pub fn read_inbox(&self, into: &mut [u8]) -> usize {
        let stream = self.inbox().stream();
        // Relaxed: this side is the only one who writes it.
        let head = stream.head.load(Ordering::Relaxed);
        stream.read(head, into).unwrap_or(0)
    }

    /// Tells a hub that waits for it that there is room in the inbox.
    #[inline]
    pub fn tell_inbox(&self) -> HubWake {
        self.tell(self.inbox().room())
    }

    /// Sleeps until there may be more in the inbox, `timeout` at most. `false` when the
    /// time is over.
    pub fn park_inbox(&self, timeout: Option<Duration>) -> bool {
        self.inbox().data().park::<W>(timeout)
    }

    /// Asks for a notice when there is more in the inbox.
    pub fn watch_inbox(&self) -> Watch {
        self.inbox().data().watch()
    }

    /// Makes the threads of this process that wait for outbox or inbox look again: the hub
    /// is gone and will not wake them.
    pub fn wake_events(&self) {
        for waiter in [self.outbox().room(), self.inbox().data()] {
            // An event loop has its own ways to hear of it.
            let _ = waiter.signal::<W>();
        }
    }

    /// Gives itself the notice that the hub would give: there is more than was taken.
    pub fn remind_events(&self) {
        // Nobody sleeps on the map.
        let _ = self.region().notice().raise_events();
    }

    #[inline]
    fn tell(&self, waiter: &Waiter) -> HubWake {
        if waiter.signal::<W>() && self.region().attention().raise_events() {
            return HubWake { needed: self.region().hub_bell().signal::<W>() };
        }
        HubWake::NONE
    }
}
