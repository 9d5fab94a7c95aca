//! The signal maps. What a raise is for is a flag that publishes nothing by itself.

use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;
use slotway_core::testing::SignalMap;

use crate::doorbell::Doorbell;
use crate::model::models;

models! {
    a_raise_is_drained_or_wakes_the_sleeper needs ["signal.summary" Release, "signal.summary" Acquire];
    who_takes_a_bit_sees_what_it_was_raised_for needs ["signal.bit" Release, "signal.bit" Acquire];
    of_two_raisers_one_wakes_the_sleeper needs [];
    a_raise_for_events_is_drained_or_wakes_the_sleeper needs ["signal.summary" Release, "signal.summary" Acquire];
}

struct Shared {
    map: SignalMap,
    doorbell: Doorbell,
    moved: [AtomicBool; 2],
}

impl Shared {
    fn new() -> Arc<Shared> {
        Arc::new(Shared {
            map: SignalMap::new(2),
            doorbell: Doorbell::default(),
            moved: [AtomicBool::new(false), AtomicBool::new(false)],
        })
    }

    fn raise(&self, slot: u32) {
        self.moved[slot as usize].store(true, Relaxed);
        if self.map.raise(slot) {
            self.doorbell.ring();
        }
    }

    /// Drains and sleeps until every slot of `awaited` was found moved.
    fn drain_until(&self, awaited: u32) {
        let mut seen = 0;
        loop {
            self.map.drain(|slot| {
                if self.moved[slot as usize].load(Relaxed) {
                    seen |= 1 << slot;
                }
            });
            if seen == awaited {
                return;
            }
            if self.map.prepare_sleep() {
                self.doorbell.wait();
            }
        }
    }
}

/// S1. Without the Release or the Acquire on the summary the drainer takes the group's
/// bit and misses the slot's: nothing is left to wake it.
fn a_raise_is_drained_or_wakes_the_sleeper() {
    let shared = Shared::new();
    let theirs = Arc::clone(&shared);
    let raiser = thread::spawn(move || theirs.raise(0));
    shared.drain_until(0b1);
    raiser.join().expect("it does not wait");
}

/// S1. A drainer that came for one slot takes the bit of another whose raiser has not
/// reached the summary yet. Without the Release or the Acquire on the bits it looks at
/// that slot too early, and has taken the bit that would make it look again.
fn who_takes_a_bit_sees_what_it_was_raised_for() {
    let shared = Shared::new();
    let raisers: Vec<_> = (0..2)
        .map(|slot| {
            let theirs = Arc::clone(&shared);
            thread::spawn(move || theirs.raise(slot))
        })
        .collect();
    shared.drain_until(0b11);
    for raiser in raisers {
        raiser.join().expect("it does not wait");
    }
}

/// S2.
fn of_two_raisers_one_wakes_the_sleeper() {
    let map = Arc::new(SignalMap::new(2));
    assert!(map.prepare_sleep());
    let theirs = Arc::clone(&map);
    let other = thread::spawn(move || theirs.raise(0));
    let mine = map.raise(1);
    assert!(mine ^ other.join().expect("it does not wait"), "S2");
}

/// S1 for the bit that has no slot. Without the Release or the Acquire on the summary the
/// drainer takes the bit and misses what it was raised for: nothing is left to wake it.
fn a_raise_for_events_is_drained_or_wakes_the_sleeper() {
    let shared = Shared::new();
    let theirs = Arc::clone(&shared);
    let raiser = thread::spawn(move || {
        theirs.moved[0].store(true, Relaxed);
        if theirs.map.raise_events() {
            theirs.doorbell.ring();
        }
    });
    loop {
        let called = shared.map.drain(|_| unreachable!("no slot was raised"));
        if called && shared.moved[0].load(Relaxed) {
            break;
        }
        if shared.map.prepare_sleep() {
            shared.doorbell.wait();
        }
    }
    raiser.join().expect("it does not wait");
}
