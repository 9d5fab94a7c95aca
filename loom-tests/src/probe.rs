//! The probe: an exchange that is not queued, from the hub to an event loop and back.
//!
//! It adds no ordering: the notice map brings the loop to the slot, the slot's word and the
//! attention map bring the answer back, and the doorbell is rung in any case.

use slotway_core::hub::Progress;

use crate::model::models;
use crate::sides::Sides;

models! {
    a_probe_is_answered_by_a_loop_that_sleeps needs [];
    a_probe_and_an_item_reach_one_loop preemptions 2 needs [];
}

/// An event loop that runs until it has answered a probe and `items` exchanges.
fn turn(sides: &Sides, probe_slot: u32, mut items: u32) {
    let mut is_probed = false;
    while !is_probed || items > 0 {
        let mut is_asked = false;
        sides.worker.take_notices(|slot| is_asked |= slot == probe_slot);
        if is_asked {
            sides.ring_hub(sides.worker.answer_probe(probe_slot));
            is_probed = true;
            continue;
        }
        if let Some(claim) = sides.worker.claim() {
            assert_ne!(claim.slot(), probe_slot, "no cell names it");
            sides.finish(claim);
            items -= 1;
            continue;
        }
        if sides.worker.arm() {
            sides.worker_doorbell.wait();
        }
    }
}

/// The hub asks, and sleeps until it is answered.
fn ask(sides: &Sides, probe_slot: u32, mut others: impl FnMut(&Sides, u32) -> bool) {
    let (ticket, rung) = sides.hub.probe().expect("the worker is correct").expect("a free slot");
    sides.ring_worker(rung);
    let mut is_answered = false;
    sides.attend(|sides, slot| {
        is_answered |= slot == probe_slot;
        let through = others(sides, slot);
        is_answered && through
    });
    assert_eq!(sides.hub.progress(&ticket), Ok(Progress::Done { head_length: 0 }));
    sides.hub.release(ticket).expect("it is done");
}

fn a_probe_is_answered_by_a_loop_that_sleeps() {
    let sides = Sides::probed(1);
    let worker = sides.spawn(|sides| turn(sides, 1, 0));
    ask(&sides, 1, |_, _| true);
    worker.join().expect("it ended");
}

fn a_probe_and_an_item_reach_one_loop() {
    let sides = Sides::probed(1);
    let worker = sides.spawn(|sides| turn(sides, 1, 1));
    let ticket = sides.published();
    let mut is_done = false;
    ask(&sides, 1, |_, slot| {
        is_done |= slot == ticket.slot();
        is_done
    });
    sides.hub.release(ticket).expect("it is done");
    worker.join().expect("it ended");
}
