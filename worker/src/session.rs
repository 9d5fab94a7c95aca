//! One connection's region and doorbells, from its welcome to its end.
//!
//! Exchanges hold their session, so a handler that still runs when the hub goes away
//! keeps its region mapped; its answer goes nowhere and harms nobody.

mod notices;
mod slot;

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use slotway_core::RegionSpec;
use slotway_core::map::{Doorbell, Mapping};
use slotway_core::worker::{Claim, HubWake, WorkerSide};

use crate::book::Entry;
use crate::events::{Inbox, Outbox};
use crate::shared::Shared;

pub(crate) use notices::Notices;
pub(crate) use slot::{Entered, Occasion, Response, SlotState};

/// A region in use, and what belongs to it.
#[derive(Debug)]
pub(crate) struct Session {
    side: WorkerSide<Mapping>,
    hub_bell: Doorbell,
    worker_bell: Doorbell,
    /// Tells the sessions of one connection apart.
    number: u32,
    /// The slot that the hub's probes come through.
    probe_slot: Option<u32>,
    /// The hub takes calls out of the outbox.
    takes_calls: bool,
    closed: AtomicBool,
    slots: Box<[SlotState]>,
    outbox: Outbox,
    inbox: Inbox,
    notices: Arc<Notices>,
    /// The connection's, for handlers that have nothing but their exchange.
    shared: Weak<Shared>,
}

impl Session {
    /// `bells`: what rings the hub, and what it rings.
    pub(crate) fn new(
        mapping: Mapping,
        bells: (Doorbell, Doorbell),
        number: u32,
        (probe_slot, takes_calls): (Option<u32>, bool),
        notices: Arc<Notices>,
        shared: Weak<Shared>,
    ) -> Session {
        let (hub_bell, worker_bell) = bells;
        let slots = (0..mapping.spec().slots).map(|_| SlotState::default()).collect();
        let side = WorkerSide::new(mapping);
        let closed = AtomicBool::new(false);
        let (outbox, inbox) = Default::default();
        Session {
            side,
            hub_bell,
            worker_bell,
            number,
            probe_slot,
            takes_calls,
            closed,
            slots,
            outbox,
            inbox,
            notices,
            shared,
        }
    }

    /// What its connection has, unless that is gone.
    pub(crate) fn shared(&self) -> Option<Arc<Shared>> {
        self.shared.upgrade()
    }

    /// Whether the hub dispatches calls of activities.
    pub(crate) fn takes_calls(&self) -> bool {
        self.takes_calls && self.side.has_events()
    }

    /// The registration of a number, if it is there.
    #[cold]
    pub(crate) fn entry(&self, registration: u32) -> Option<Arc<Entry>> {
        self.shared()?.entry(registration)
    }

    pub(crate) fn side(&self) -> &WorkerSide<Mapping> {
        &self.side
    }

    pub(crate) fn mapping(&self) -> &Mapping {
        self.side.get_ref()
    }

    pub(crate) fn spec(&self) -> RegionSpec {
        self.mapping().spec()
    }

    pub(crate) fn slot(&self, slot: u32) -> &SlotState {
        &self.slots[slot as usize]
    }

    pub(crate) fn worker_bell(&self) -> &Doorbell {
        &self.worker_bell
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(crate) fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    pub(crate) fn notices(&self) -> &Notices {
        &self.notices
    }

    /// What an event loop tells this exchange by, among all of the connection's.
    pub(crate) fn token(&self, slot: u32) -> u64 {
        u64::from(self.number) << 32 | u64::from(slot)
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Wakes the hub if it sleeps.
    #[inline]
    pub(crate) fn ring(&self, wake: HubWake) {
        if wake.needed() {
            self.hub_bell.ring();
        }
    }

    /// Takes the hub's notices: answers its probe, and calls `each` with the token of every
    /// other exchange. `true`: there is something to see to in outbox or inbox.
    pub(crate) fn take_notices(&self, mut each: impl FnMut(u64)) -> bool {
        self.side.take_notices(|slot| match self.probe_slot {
            Some(probe) if probe == slot => self.ring(self.side.answer_probe(slot)),
            _ => each(self.token(slot)),
        })
    }

    /// Exchanges that this process has claimed and not answered.
    pub(crate) fn in_hand(&self) -> usize {
        self.slots.iter().filter(|slot| slot.is_occupied()).count()
    }

    /// Ends the session on this side: nothing more is claimed, and everybody who waits
    /// for something of it looks up.
    pub(crate) fn close(&self) {
        // SeqCst, here and in `SlotState::park`: either the one who goes to sleep sees
        // that the session is closed, or this thread sees that one is about to sleep.
        self.closed.store(true, Ordering::SeqCst);
        self.side.wake_all();
        if self.side.has_events() {
            self.side.wake_events();
        }
        for (index, slot) in (0..).zip(&self.slots) {
            if slot.has_sleepers() {
                self.side.wake_claim(index);
            }
            if slot.is_watched() {
                self.notices.push(self.token(index));
            }
        }
    }

    /// Ends an exchange. The caller holds the slot's response lock and has found the
    /// exchange in it.
    pub(crate) fn end(&self, index: u32, end: impl FnOnce(Claim) -> HubWake) {
        let slot = self.slot(index);
        slot.begin_ending();
        if slot.has_sleepers() {
            self.side.wake_claim(index);
        }
        if slot.take_reader_watch() {
            self.notices.push(self.token(index));
        }
        if let Some(claim) = slot.take() {
            self.ring(end(claim));
        }
    }
}

impl AsFd for Session {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.worker_bell.as_fd()
    }
}
