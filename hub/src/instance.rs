//! One live worker process: its region, its slots, who waits on them, and its end.

mod calls;
mod permit;
mod probe;
mod region_task;
mod registration;
mod reserve;
mod share;
mod slots;
mod spin;
mod wakers;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use slotway_core::hub::{HubSide, Lease, SlotCounts, SlotState};
use slotway_core::map::{Mapping, Ringer};
use slotway_core::{Rung, Violation};
use tokio::sync::Notify;
use tracing::error;

use calls::Calls;
pub(crate) use permit::Permit;
pub(crate) use probe::{Probed, Prober};
pub(crate) use region_task::attend;
pub(crate) use registration::{RegisteredRoute, Registration};
pub(crate) use reserve::NoSlot;
use reserve::Reserve;
pub(crate) use share::Share;
use slots::SlotWakers;
pub(crate) use slots::Taken;
use wakers::Wakers;

use crate::courier::Courier;
use crate::metrics::WorkerMetrics;
use crate::wait_queue::WaitQueue;

/// The hub's side of a region, as this program uses it.
pub(crate) type Side = HubSide<Mapping, Box<[Lease]>>;

/// One worker process.
pub(crate) struct Instance {
    /// Who it is, for logs and the admin surface.
    pub(crate) who: Who,
    side: Side,
    /// Wakes the worker's event loop.
    doorbell: Ringer,
    wakers: Wakers,
    calls: Calls,
    reserve: Reserve,
    standing: AtomicU8,
    pub(crate) metrics: WorkerMetrics,
    /// Exchanges of all its registrations, abandoned ones included.
    in_flight: AtomicU32,
    /// Where requests and activities may wait for one of its slots.
    lines: ArcSwap<Vec<Arc<WaitQueue>>>,
    violated: OnceLock<Violation>,
    /// Probes that it has missed in a row.
    misses: AtomicU32,
    /// It has answered a probe.
    proven: AtomicBool,
    /// Tells the session that there is something to see to.
    session: Notify,
    courier: Courier,
}

/// Who a worker is.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    /// The hub's number for the connection.
    pub(crate) id: u64,
    /// The process, as the kernel says.
    pub(crate) pid: Option<u32>,
    /// The user, as the kernel says.
    pub(crate) uid: u32,
    /// The worker's library, as it says.
    pub(crate) sdk: String,
    /// Which deployment of its program it is, as it says.
    pub(crate) generation: u64,
    /// What whoever started it calls the process, as it says: `api.1`.
    pub(crate) label: Option<String>,
}

impl Who {
    /// The hub's number and the process, for a log line.
    pub(crate) fn ids(&self) -> (u64, Option<u32>) {
        (self.id, self.pid)
    }
}

/// Whether an instance takes exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Standing {
    /// It takes what comes.
    Live = 0,
    /// It finishes what it has.
    Draining = 1,
    /// It is gone: nothing that it holds will be answered.
    Dead = 2,
}

impl Instance {
    /// `probed`: the region's last slot is for probes.
    pub(crate) fn new(who: Who, region: Mapping, doorbell: Ringer, probed: bool) -> Instance {
        let slots = region.spec().slots;
        let leases = (0..slots).map(|_| Lease::default()).collect();
        let side = if probed { HubSide::with_probe } else { HubSide::new };
        Instance {
            who,
            side: side(region, leases),
            doorbell,
            wakers: Wakers::new(slots),
            calls: Calls::default(),
            reserve: Reserve::new(slots),
            standing: AtomicU8::new(Standing::Live as u8),
            metrics: WorkerMetrics::new(),
            in_flight: AtomicU32::new(0),
            lines: ArcSwap::default(),
            violated: OnceLock::new(),
            misses: AtomicU32::new(0),
            proven: AtomicBool::new(false),
            session: Notify::new(),
            courier: Courier::default(),
        }
    }

    pub(crate) fn side(&self) -> &Side {
        &self.side
    }

    pub(crate) fn region(&self) -> &Mapping {
        self.side.get_ref()
    }

    /// Its events.
    pub(crate) fn courier(&self) -> &Courier {
        &self.courier
    }

    /// Exchanges that it has room for.
    pub(crate) fn capacity(&self) -> u32 {
        self.region().spec().slots - u32::from(self.side.probe_slot().is_some())
    }

    pub(crate) fn wakers(&self, slot: u32) -> &SlotWakers {
        self.wakers.of(slot)
    }

    /// When a slot was last taken, and what for.
    pub(crate) fn taken(&self, slot: u32) -> Taken {
        self.wakers.taken(slot)
    }

    pub(crate) fn standing(&self) -> Standing {
        // SYNC(instance.standing): Acquire; pairs with the Release in `set_standing`.
        match self.standing.load(Ordering::Acquire) {
            0 => Standing::Live,
            1 => Standing::Draining,
            _ => Standing::Dead,
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.standing() == Standing::Live
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.standing() == Standing::Dead
    }

    /// It finishes what it has and takes nothing new. Requests that it has not seen move
    /// once [`wake_all`](Self::wake_all) tells them.
    pub(crate) fn drain(&self) {
        self.set_standing(Standing::Draining);
    }

    /// Makes everybody who waits for it look again.
    pub(crate) fn wake_all(&self) {
        for wakers in self.wakers.all() {
            wakers.wake();
        }
    }

    /// It is gone. Everybody who waits for it is woken and sees so.
    ///
    /// No wake-up is lost: a waker is registered before the standing is looked at, and
    /// the standing changes before the wakers are woken; registering and waking are
    /// read-modify-writes of one word, so one of the two comes second and sees the other.
    pub(crate) fn bury(&self) {
        self.set_standing(Standing::Dead);
        for wakers in self.wakers.all() {
            wakers.wake();
            wakers.bury();
        }
        self.call_waiting();
        self.courier.called();
    }

    fn set_standing(&self, standing: Standing) {
        // A standing only ever gets worse.
        // SYNC(instance.standing): Release; pairs with the Acquire in `standing`.
        self.standing.fetch_max(standing as u8, Ordering::Release);
    }

    /// The worker broke the protocol: ends it, with the reason in the log.
    pub(crate) fn violated(&self, what: Violation) {
        if self.violated.set(what).is_ok() {
            error!(worker = self.who.id, pid = self.who.pid, %what, "worker broke the protocol");
        }
        self.fail();
    }

    /// What it broke the protocol with, if it did.
    pub(crate) fn violation(&self) -> Option<Violation> {
        self.violated.get().copied()
    }

    /// Probes that it has missed in a row.
    pub(crate) fn misses(&self) -> u32 {
        // Relaxed: a number for people.
        self.misses.load(Ordering::Relaxed)
    }

    /// It has answered a probe, and so has taken a slot.
    /// True the first time.
    pub(crate) fn prove(&self) -> bool {
        // Relaxed: the registry's lock orders it for whoever acts on it.
        !self.proven.swap(true, Ordering::Relaxed)
    }

    /// Whether requests that reach it are taken: it has answered a probe, or knows none.
    pub(crate) fn has_proven_itself(&self) -> bool {
        // Relaxed: whoever is told of it looks again.
        self.side.probe_slot().is_none() || self.proven.load(Ordering::Relaxed)
    }

    /// Whether it replaces instances of this generation.
    pub(crate) fn outranks(&self, generation: u64) -> bool {
        // Relaxed: as above.
        self.who.generation > generation && self.proven.load(Ordering::Relaxed) && self.is_live()
    }

    /// Tells the session that there is something to see to.
    pub(crate) fn call_session(&self) {
        self.session.notify_one();
    }

    /// The hub cannot serve it any more.
    pub(crate) fn fail(&self) {
        self.bury();
        self.session.notify_one();
    }

    /// Completes when there may be something for the session to see to.
    pub(crate) async fn session_called(&self) {
        self.session.notified().await;
    }

    /// Wakes the worker's event loop if core says so.
    pub(crate) fn ring(&self, rung: Rung) {
        if rung.woke() {
            self.metrics.futex_wakes.add_one();
        }
        if rung.doorbell() {
            self.metrics.doorbells.add_one();
            self.doorbell.ring();
        }
    }

    /// Exchanges in flight, abandoned ones included.
    pub(crate) fn in_flight(&self) -> u32 {
        // Relaxed: a hint for the choice of an instance, and a number for people.
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Says where requests and activities may wait for its slots: lines of one registry.
    pub(crate) fn set_lines(&self, lines: Vec<Arc<WaitQueue>>) {
        self.lines.store(Arc::new(lines));
    }

    /// Calls whoever waits for a slot: one may be free.
    pub(crate) fn call_waiting(&self) {
        let lines = self.lines.load();
        // They are the registry's, which counts who waits in any of them.
        let Some(first) = lines.first() else { return };
        if first.call_needed() {
            lines.iter().for_each(|line| line.call_now());
        }
    }

    /// How long ago the slot that is longest in use was taken.
    pub(crate) fn oldest(&self, now_ns: u64) -> Option<u64> {
        let used = |slot: &u32| self.side.slot_state(*slot) != SlotState::Free;
        let taken = (0..self.capacity()).filter(used).map(|s| self.taken(s).at_ns);
        taken.min().map(|taken_ns| now_ns.saturating_sub(taken_ns))
    }

    /// Its slots by state.
    pub(crate) fn counts(&self) -> SlotCounts {
        let mut counts = self.side.counts();
        // Nobody uses a slot that was set aside; to core it looks as if it were being filled.
        let aside = self.slots_aside().min(counts.writing);
        counts.writing -= aside;
        counts.free += aside;
        counts
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("who", &self.who)
            .field("standing", &self.standing())
            .finish_non_exhaustive()
    }
}
