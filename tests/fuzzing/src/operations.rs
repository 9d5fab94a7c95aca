//! Both sides' operations in any order, and between any two of them an adversary who writes
//! into the region what a hostile worker could.
//!
//! Two kinds of runs. In one the adversary writes anywhere; then the hub does not panic,
//! touches nothing outside the region, hands out no slot twice, and each exchange ends once.
//! In the other he leaves two slots alone and has everything else: the queue, the maps, the
//! bells, the other slots. Then those two are served by an honest worker as if he were not
//! there: no byte of another exchange, no claim twice, no slot lost.

mod adversary;
mod hub;
mod worker;

use arbitrary::{Result, Unstructured};
use slotway_core::hub::{HubSide, Lease};
use slotway_core::worker::WorkerSide;
use slotway_core::{End, Layout, RegionSpec};

use crate::memory::Memory;
use adversary::Adversary;
use hub::Exchange;
use worker::Claimed;

const SPEC: RegionSpec =
    RegionSpec { slots: 4, head_bytes: 4096, request_bytes: 4096, response_bytes: 4096 };
/// Slots below this number are those that the adversary may leave alone.
const SPARED: u32 = 2;
/// What is moved at once, at most: more than a ring has.
const PIECE_MAX: usize = 5000;

/// What has to be true of a slot, by what its tickets came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Free,
    Held,
    Abandoned,
    /// A violation took it: it never comes back.
    Lost,
}

/// What the honest worker has written for an exchange of a spared slot.
#[derive(Debug, Clone, Copy, Default)]
struct Answer {
    generation: u32,
    written: usize,
    end: Option<End>,
}

struct Run<'a> {
    hub: HubSide<&'a Memory, Box<[Lease]>>,
    worker: WorkerSide<&'a Memory>,
    adversary: Adversary<'a>,
    /// The adversary leaves some slots alone.
    spares: bool,
    slots: [Slot; SPEC.slots as usize],
    answers: [Answer; SPEC.slots as usize],
    exchanges: Vec<Exchange>,
    claims: Vec<Claimed>,
}

/// Runs the operations that `data` stands for.
pub fn operations(data: &[u8]) {
    let layout = Layout::new(SPEC).expect("sizes in range");
    let memory = Memory::new(layout);
    let mut u = Unstructured::new(data);
    let Ok((spares, probes)) = u.arbitrary::<(bool, bool)>() else { return };
    let leases = (0..SPEC.slots).map(|_| Lease::default()).collect();
    let mut run = Run {
        hub: if probes {
            HubSide::with_probe(&memory, leases)
        } else {
            HubSide::new(&memory, leases)
        },
        worker: WorkerSide::new(&memory),
        adversary: Adversary::new(&memory, &layout, if spares { SPARED } else { 0 }),
        spares,
        slots: [Slot::Free; SPEC.slots as usize],
        answers: Default::default(),
        exchanges: Vec::new(),
        claims: Vec::new(),
    };
    while !u.is_empty() && run.step(&mut u).is_ok() {}
    run.finish();
}

/// The byte at a position of a body: another one for each exchange and direction, so that
/// none is taken for another's.
fn byte(slot: u32, generation: u32, is_request: bool, position: usize) -> u8 {
    let seed = slot.wrapping_mul(0x9e37_79b9) ^ generation.wrapping_mul(0x85eb_ca6b);
    let at = (position as u32).wrapping_add(u32::from(is_request) << 31);
    (seed ^ at.wrapping_mul(0xc2b2_ae35)).wrapping_mul(0x27d4_eb2f).to_le_bytes()[3]
}

fn piece(slot: u32, generation: u32, is_request: bool, from: usize, length: usize) -> Vec<u8> {
    (from..from + length).map(|at| byte(slot, generation, is_request, at)).collect()
}

impl Run<'_> {
    fn is_spared(&self, slot: u32) -> bool {
        self.spares && slot < SPARED
    }

    fn step(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        match u.int_in_range(0..=9_u8)? {
            0..=1 => self.adversary.act(u)?,
            2 => self.acquire(u)?,
            3..=5 => self.use_exchange(u)?,
            6 => self.end_exchange(u)?,
            7 => self.look_at_attention(u)?,
            _ => self.work(u)?,
        }
        let counts = self.hub.counts();
        let sum = counts.free
            + counts.writing
            + counts.ready
            + counts.claimed
            + counts.done
            + counts.abandoned;
        let probe = u32::from(self.hub.probe_slot().is_some());
        assert_eq!(sum + probe, SPEC.slots, "each slot is in one state");
        Ok(())
    }

    /// Brings everything to its end, and counts what is left.
    fn finish(mut self) {
        while let Some(claimed) = self.claims.pop() {
            self.complete(claimed, End::Finished);
        }
        for slot in 0..SPEC.slots {
            self.reap(slot);
        }
        while let Some(exchange) = self.exchanges.pop() {
            self.abandon(exchange);
        }
        let spared = if self.spares { SPARED } else { 0 };
        for slot in 0..spared {
            assert_eq!(
                self.slots[slot as usize],
                Slot::Free,
                "slot {slot} was spared, and is lost"
            );
        }
        let mut left = Vec::new();
        // At most one round for each slot: those whose word was spoilt are lost on the way.
        for _ in 0..SPEC.slots {
            if let Ok(Some(ticket)) = self.hub.acquire() {
                assert_eq!(self.slots[ticket.slot() as usize], Slot::Free, "handed out twice");
                self.slots[ticket.slot() as usize] = Slot::Held;
                left.push(ticket);
            }
        }
        for slot in 0..spared {
            assert!(left.iter().any(|ticket| ticket.slot() == slot), "slot {slot} was spared");
        }
        for ticket in left {
            let _ = self.hub.discard(ticket);
        }
    }
}
