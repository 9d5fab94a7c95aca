//! Both sides of a region, as the hub and a worker hold them.

use std::sync::Arc;

use loom::thread;
use slotway_core::hub::{HubSide, Lease, Ticket};
use slotway_core::worker::{Claim, HubWake, Spin, WorkerSide};
use slotway_core::{Region, Rung};

use crate::doorbell::Doorbell;

/// Bytes of a head area: enough for a request's head without fields.
pub(crate) const HEAD_BYTES: usize = 112;
/// Bytes of a ring: full after one, empty after one.
const RING_BYTES: usize = 1;

pub(crate) struct Sides {
    pub(crate) hub: HubSide<Arc<Region>, Vec<Lease>>,
    pub(crate) worker: WorkerSide<Arc<Region>>,
    /// The hub sleeps on it.
    pub(crate) hub_doorbell: Doorbell,
    /// A worker's event loop sleeps on it.
    pub(crate) worker_doorbell: Doorbell,
}

impl Sides {
    /// A region of so many slots, with two queue cells for each.
    pub(crate) fn new(slots: u32) -> Arc<Sides> {
        Sides::with(slots, HubSide::new)
    }

    /// The same with one slot more, for probes.
    pub(crate) fn probed(slots: u32) -> Arc<Sides> {
        Sides::with(slots + 1, HubSide::with_probe)
    }

    /// One slot, and outbox and inbox of one byte each: full after one, empty after one.
    pub(crate) fn with_events() -> Arc<Sides> {
        let region = Region::model(1, HEAD_BYTES, RING_BYTES, 2).with_events(RING_BYTES);
        Sides::of(Arc::new(region), 1, HubSide::new)
    }

    fn with(
        slots: u32,
        hub: fn(Arc<Region>, Vec<Lease>) -> HubSide<Arc<Region>, Vec<Lease>>,
    ) -> Arc<Sides> {
        let cells = 2 * slots as usize;
        Sides::of(Arc::new(Region::model(slots, HEAD_BYTES, RING_BYTES, cells)), slots, hub)
    }

    fn of(
        region: Arc<Region>,
        slots: u32,
        hub: fn(Arc<Region>, Vec<Lease>) -> HubSide<Arc<Region>, Vec<Lease>>,
    ) -> Arc<Sides> {
        Arc::new(Sides {
            hub: hub(Arc::clone(&region), (0..slots).map(|_| Lease::default()).collect()),
            worker: WorkerSide::new(region),
            hub_doorbell: Doorbell::default(),
            worker_doorbell: Doorbell::default(),
        })
    }

    /// Runs `act` in a thread of its own.
    pub(crate) fn spawn<T: 'static>(
        self: &Arc<Sides>,
        act: impl FnOnce(&Sides) -> T + 'static,
    ) -> thread::JoinHandle<T> {
        let sides = Arc::clone(self);
        thread::spawn(move || act(&sides))
    }

    pub(crate) fn acquire(&self) -> Ticket {
        self.hub.acquire().expect("the worker is correct").expect("a slot is free")
    }

    pub(crate) fn publish(&self, ticket: &mut Ticket) {
        let rung = self.hub.publish(ticket).expect("the queue has room");
        self.ring_worker(rung);
    }

    /// An exchange without head or body, published.
    pub(crate) fn published(&self) -> Ticket {
        let mut ticket = self.acquire();
        self.publish(&mut ticket);
        ticket
    }

    pub(crate) fn ring_worker(&self, rung: Rung) {
        if rung.doorbell() {
            self.worker_doorbell.ring();
        }
    }

    pub(crate) fn ring_hub(&self, wake: HubWake) {
        if wake.needed() {
            self.hub_doorbell.ring();
        }
    }

    /// A worker's thread: sleeps until it has claimed something.
    pub(crate) fn claim_or_sleep(&self) -> Claim {
        loop {
            if let Some(claim) = self.worker.claim() {
                return claim;
            }
            let _ = self.worker.wait(&mut Spin::new(0), None, || false);
        }
    }

    pub(crate) fn finish(&self, claim: Claim) {
        self.ring_hub(self.worker.finish(claim));
    }

    /// The hub's region task: drains and sleeps until `look` has seen enough.
    pub(crate) fn attend(&self, mut look: impl FnMut(&Sides, u32) -> bool) {
        let mut seen = false;
        loop {
            self.hub.drain_attention(|slot| seen |= look(self, slot));
            if seen {
                return;
            }
            if self.hub.prepare_sleep() {
                self.hub_doorbell.wait();
            }
        }
    }

    /// Takes every slot out of the free list.
    pub(crate) fn free_slots(&self) -> usize {
        std::iter::from_fn(|| self.hub.acquire().expect("the worker is correct"))
            .map(drop)
            .take(9)
            .count()
    }
}
