//! Giving up an exchange that a worker has, while that worker completes it: its slot comes
//! back exactly once. The region task drains and reaps in one thread, the abandoner's
//! future runs in another, the worker in a third. Bounded: 20,000 orders with three
//! interruptions, 150,000 with four.

use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use slotway_core::hub::{Abandoned, Ticket};

use crate::model::models;
use crate::sides::Sides;

models! {
    an_abandoned_slot_comes_back_once preemptions 3 needs ["slot.cancel" Release, "slot.cancel" Acquire];
    a_cancelled_then_abandoned_slot_comes_back_once preemptions 3 needs ["slot.cancel" Release, "slot.cancel" Acquire];
    an_abandoned_slot_comes_back_claimed_or_not needs [];
    of_abandoner_and_reaper_one_frees needs [];
    an_abandoner_frees_no_newer_exchange needs [];
    the_next_exchange_comes_after_the_abandoner needs ["lease" Release, "lease" Acquire];
}

/// The region task attends until the slot is back, from whichever of the two.
fn comes_back_once(abandon: fn(&Sides, Ticket) -> Abandoned) {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let claim = sides.worker.claim().expect("it was published");
    let is_freed = Arc::new(AtomicBool::new(false));

    let worker = sides.spawn(|sides| sides.finish(claim));
    let theirs = Arc::clone(&is_freed);
    let abandoner = sides.spawn(move |sides| match abandon(sides, ticket) {
        Abandoned::Freed => {
            theirs.store(true, Relaxed);
            sides.hub_doorbell.ring();
            1
        }
        Abandoned::Pending(rung) => {
            assert!(!rung.doorbell(), "no event loop watches");
            0
        }
    });
    let mut reaped = 0;
    loop {
        sides.hub.drain_attention(|slot| {
            reaped += usize::from(sides.hub.reap(slot).expect("the worker is correct"));
        });
        if reaped > 0 || is_freed.load(Relaxed) {
            break;
        }
        if sides.hub.prepare_sleep() {
            sides.hub_doorbell.wait();
        }
    }
    worker.join().expect("the worker is through");
    let freed: usize = abandoner.join().expect("the abandoner is through");
    assert_eq!(freed + reaped, 1, "L2");
    assert_eq!(sides.free_slots(), 1, "L1");
}

/// Without the Release in `cancel` or the Acquire in `complete` the region task may take
/// the completion's bit and not see yet that the exchange was abandoned: it reaps nothing,
/// and neither does the abandoner, who was before the completion.
fn an_abandoned_slot_comes_back_once() {
    comes_back_once(|sides, ticket| sides.hub.abandon(ticket).expect("the worker is correct"));
}

/// The same when the exchange was cancelled before, so that the flag is there already.
fn a_cancelled_then_abandoned_slot_comes_back_once() {
    comes_back_once(|sides, ticket| {
        assert!(!sides.hub.cancel(&ticket).doorbell(), "no event loop watches");
        sides.hub.abandon(ticket).expect("the worker is correct")
    });
}

/// W2, L2. An exchange that may be queued, claimed or done when it is abandoned: it is
/// withdrawn, or its worker is told and the completion brings the slot back.
fn an_abandoned_slot_comes_back_claimed_or_not() {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let worker = sides.spawn(|sides| {
        if let Some(claim) = sides.worker.claim() {
            sides.finish(claim);
        }
    });
    if let Abandoned::Pending(_) = sides.hub.abandon(ticket).expect("the worker is correct") {
        sides.attend(|sides, slot| sides.hub.reap(slot).expect("the worker is correct"));
    }
    assert_eq!(sides.free_slots(), 1, "L1");
    worker.join().expect("the worker is through");
}

/// L2, where the completion was before both.
fn of_abandoner_and_reaper_one_frees() {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let claim = sides.worker.claim().expect("it was published");
    sides.finish(claim);
    let abandoner = sides.spawn(|sides| {
        let abandoned = sides.hub.abandon(ticket).expect("the worker is correct");
        matches!(abandoned, Abandoned::Freed)
    });
    let reaped = sides.hub.reap(0).expect("the worker is correct");
    let freed = abandoner.join().expect("the abandoner is through");
    assert!(reaped ^ freed, "L2");
    assert_eq!(sides.free_slots(), 1, "L1");
}

/// L2 across generations: an abandoner who is held up while its slot is reaped and used
/// again leaves the newer exchange to those who are told of it.
fn an_abandoner_frees_no_newer_exchange() {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let claim = sides.worker.claim().expect("it was published");
    sides.finish(claim);
    let abandoner = sides.spawn(|sides| {
        let abandoned = sides.hub.abandon(ticket).expect("the worker is correct");
        matches!(abandoned, Abandoned::Freed)
    });
    let reaped = sides.hub.reap(0).expect("the worker is correct");
    if reaped {
        let newer = sides.published();
        let claim = sides.worker.claim().expect("it was published");
        sides.finish(claim);
        let abandoned = sides.hub.abandon(newer).expect("the worker is correct");
        assert_eq!(abandoned, Abandoned::Freed, "its own abandoner is told");
    }
    let freed = abandoner.join().expect("the abandoner is through");
    assert!(reaped ^ freed, "L2");
}

/// Without the Release in `set` or the Acquire in `get` the region task hands a slot on
/// whose bytes the abandoner's upload has only just written: the writes of the next
/// exchange race with them.
fn the_next_exchange_comes_after_the_abandoner() {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let claim = sides.worker.claim().expect("it was published");
    sides.finish(claim);
    let abandoner = sides.spawn(|sides| {
        upload(sides, &ticket);
        let _ = sides.hub.abandon(ticket).expect("the worker is correct");
    });
    if sides.hub.reap(0).expect("the worker is correct") {
        upload(&sides, &sides.acquire());
    }
    abandoner.join().expect("the abandoner is through");
}

fn upload(sides: &Sides, ticket: &Ticket) {
    let (count, rung) = sides.hub.write_body(ticket, b"a").expect("the worker is correct");
    assert_eq!(count, 1);
    assert!(!rung.doorbell(), "no event loop watches");
}
