//! The hub's list of free slots. A slot's bytes are a cell that loom watches: two owners
//! at once, or an owner that does not come after the one before, are a race. Bounded: the
//! first model has more than ten million orders, the second 430,000.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use slotway_core::testing::FreeSlots;

use crate::model::models;

models! {
    a_slot_has_one_owner_at_a_time preemptions 4 needs ["free.list" Release, "free.list" Acquire];
    no_slot_is_lost preemptions 4 needs ["free.list" Release, "free.list" Acquire];
}

struct Slots {
    free: FreeSlots,
    bytes: [UnsafeCell<u8>; 2],
}

impl Slots {
    fn new() -> Arc<Slots> {
        Arc::new(Slots { free: FreeSlots::new(2), bytes: [UnsafeCell::new(0), UnsafeCell::new(0)] })
    }

    fn acquire(&self) -> Option<u32> {
        let slot = self.free.pop()?;
        self.touch(slot);
        Some(slot)
    }

    fn touch(&self, slot: u32) {
        // SAFETY: loom reports the model as broken if this access races.
        self.bytes[slot as usize].with_mut(|byte| unsafe { *byte += 1 });
    }

    fn release(&self, slot: u32) {
        self.touch(slot);
        self.free.push(slot);
    }
}

/// Without the Release in `push` or an Acquire in `pop` a slot's next owner does not come
/// after its last one: their accesses race (L1).
fn a_slot_has_one_owner_at_a_time() {
    let slots = Slots::new();
    let theirs = Arc::clone(&slots);
    let other = thread::spawn(move || {
        for _ in 0..2 {
            if let Some(slot) = theirs.acquire() {
                theirs.release(slot);
            }
        }
    });
    let first = slots.acquire();
    let second = slots.acquire();
    for slot in [first, second].into_iter().flatten() {
        slots.release(slot);
    }
    other.join().expect("it does not wait");
}

/// Without them `pop` may also follow a stale link and drop the rest of the list, or give
/// a slot out twice.
fn no_slot_is_lost() {
    let slots = Slots::new();
    let theirs = Arc::clone(&slots);
    let other = thread::spawn(move || {
        // Turns the order of the list around.
        let first = theirs.free.pop();
        let second = theirs.free.pop();
        for slot in [first, second].into_iter().flatten() {
            theirs.free.push(slot);
        }
    });
    if let Some(slot) = slots.free.pop() {
        slots.free.push(slot);
    }
    other.join().expect("it does not wait");
    let mut left: Vec<u32> = std::iter::from_fn(|| slots.free.pop()).take(3).collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1], "every slot is free again, once");
}
