//! From the hub's publishing to a worker's claim: queue, slot word and bell together.
//!
//! With two worker threads beside the hub the models are bounded to two interruptions,
//! which make up to 160,000 orders; four make some millions.

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use slotway_core::Waited;
use slotway_core::worker::Spin;

use crate::model::models;
use crate::sides::Sides;

models! {
    an_item_reaches_a_sleeping_thread needs ["bell" SeqCst];
    an_item_reaches_an_armed_loop needs ["bell" SeqCst];
    two_items_reach_two_sleeping_threads preemptions 2 needs [];
    of_two_sleeping_threads_one_gets_the_item preemptions 2 needs [];
    a_thread_that_stops_hands_its_wake_up_on preemptions 2 needs [];
    a_thread_that_times_out_strands_no_item preemptions 2 needs [];
    a_withdrawn_exchange_is_claimed_by_nobody preemptions 5 needs [];
}

/// B1. Without the fence in `ring` or in `sleep` the thread sleeps on.
fn an_item_reaches_a_sleeping_thread() {
    let sides = Sides::new(1);
    let worker = sides.spawn(|sides| sides.claim_or_sleep().generation());
    let ticket = sides.published();
    assert_eq!(worker.join().expect("it claimed"), ticket.generation());
}

/// B1. Without the fence in `ring` or in `arm` the loop polls on.
fn an_item_reaches_an_armed_loop() {
    let sides = Sides::new(1);
    let worker = sides.spawn(|sides| {
        loop {
            if let Some(claim) = sides.worker.claim() {
                return claim.generation();
            }
            if sides.worker.arm() {
                sides.worker_doorbell.wait();
            }
        }
    });
    let ticket = sides.published();
    assert_eq!(worker.join().expect("it claimed"), ticket.generation());
}

/// B2. The second ring finds a wake-up under way and does nothing: whom the first one wakes
/// takes one item and wakes the other thread for the other. Each thread takes one only, as
/// one whose handler runs for long; without `pass_on` the second item lies there.
fn two_items_reach_two_sleeping_threads() {
    let sides = Sides::new(2);
    let workers: Vec<_> =
        (0..2).map(|_| sides.spawn(|sides| sides.claim_or_sleep().slot())).collect();
    let tickets = [sides.published(), sides.published()];
    let mut claimed: Vec<_> =
        workers.into_iter().map(|worker| worker.join().expect("it claimed")).collect();
    claimed.sort_unstable();
    assert_eq!(claimed, tickets.map(|ticket| ticket.slot()), "Q1");
}

/// Q1, W2. The other one goes on sleeping and hears of the end.
fn of_two_sleeping_threads_one_gets_the_item() {
    let sides = Sides::new(1);
    let is_over = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let is_over = Arc::clone(&is_over);
            sides.spawn(move |sides| {
                loop {
                    if sides.worker.claim().is_some() {
                        is_over.store(true, Relaxed);
                        sides.worker.wake_all();
                        return 1;
                    }
                    let is_over = || is_over.load(Relaxed);
                    if sides.worker.wait(&mut Spin::new(0), None, is_over) == Waited::Stopped {
                        return 0;
                    }
                }
            })
        })
        .collect();
    let _ticket = sides.published();
    let claims: usize = workers.into_iter().map(|worker| worker.join().expect("it ended")).sum();
    assert_eq!(claims, 1);
}

/// B2. A thread may be stopped by itself and without a call of `wake_all`, by a signal
/// say. If that meets a wake-up, the item is another's.
fn a_thread_that_stops_hands_its_wake_up_on() {
    let sides = Sides::new(1);
    let shared = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let flags = Arc::clone(&shared);
    let stopped = sides.spawn(move |sides| {
        let [is_stopped, is_over] = &*flags;
        let stop = || is_stopped.load(Relaxed) || is_over.load(Relaxed);
        while sides.worker.wait(&mut Spin::new(0), None, stop) != Waited::Stopped {
            if sides.worker.claim().is_some() {
                return 1;
            }
        }
        0
    });
    let flags = Arc::clone(&shared);
    let other = sides.spawn(move |sides| {
        let [_, is_over] = &*flags;
        while sides.worker.wait(&mut Spin::new(0), None, || is_over.load(Relaxed))
            != Waited::Stopped
        {
            if sides.worker.claim().is_some() {
                is_over.store(true, Relaxed);
                sides.worker.wake_all();
                return 1;
            }
        }
        0
    });
    let [is_stopped, is_over] = &*shared;
    is_stopped.store(true, Relaxed);
    let _ticket = sides.published();
    let by_stopped = stopped.join().expect("it ended");
    if by_stopped == 1 {
        is_over.store(true, Relaxed);
        sides.worker.wake_all();
    }
    assert_eq!(by_stopped + other.join().expect("it ended"), 1);
}

/// B2. A thread that a ring meets in its last moment leaves the bit behind, and the item
/// too: whoever comes or sleeps beside it gets it.
fn a_thread_that_times_out_strands_no_item() {
    let sides = Sides::new(1);
    let is_over = Arc::new(AtomicBool::new(false));
    let hurried = sides.spawn(|sides| {
        match sides.worker.wait(&mut Spin::new(0), Some(Duration::ZERO), || false) {
            Waited::Work => usize::from(sides.worker.claim().is_some()),
            Waited::Stopped | Waited::TimedOut => 0,
        }
    });
    let theirs = Arc::clone(&is_over);
    let patient = sides.spawn(move |sides| {
        loop {
            if sides.worker.claim().is_some() {
                return 1;
            }
            let is_over = || theirs.load(Relaxed);
            if sides.worker.wait(&mut Spin::new(0), None, is_over) == Waited::Stopped {
                return 0;
            }
        }
    });
    let _ticket = sides.published();
    let by_hurried = hurried.join().expect("it ended");
    if by_hurried == 1 {
        is_over.store(true, Relaxed);
        sides.worker.wake_all();
    }
    assert_eq!(by_hurried + patient.join().expect("it ended"), 1);
}

/// W1, W2, Q2. A hub that takes its exchange back and publishes another in the same slot
/// leaves a stale cell in front of the good one.
fn a_withdrawn_exchange_is_claimed_by_nobody() {
    let sides = Sides::new(1);
    let first = sides.published();
    let generation = first.generation();
    let worker = sides.spawn(|sides| sides.claim_or_sleep().generation());
    let expected = match sides.hub.withdraw(first) {
        Ok(()) => sides.published().generation(),
        Err(_) => generation,
    };
    assert_eq!(worker.join().expect("it claimed"), expected);
}
