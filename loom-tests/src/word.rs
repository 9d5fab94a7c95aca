//! The slot word. The slot's bytes are cells that loom watches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use loom::cell::UnsafeCell;
use loom::thread;
use slotway_core::State;
use slotway_core::testing::SlotWord;

use crate::model::models;

models! {
    of_two_threads_one_claims needs ["slot.ready" Release, "slot.ready" Acquire];
    of_withdrawal_and_claim_one_wins needs [];
    a_completion_hands_the_answer_over needs ["slot.done" Release, "slot.done" Acquire];
    a_cancelled_completion_hands_the_answer_over needs ["slot.cancel" Release];
    cancellation_never_hides_a_completion needs [];
    a_stale_cell_moves_no_newer_exchange needs [];
}

#[derive(Default)]
struct Slot {
    word: SlotWord,
    request: UnsafeCell<u8>,
    response: UnsafeCell<u8>,
}

impl Slot {
    fn set(cell: &UnsafeCell<u8>, value: u8) {
        // SAFETY: loom reports the model as broken if this access races.
        cell.with_mut(|byte| unsafe { *byte = value });
    }

    fn get(cell: &UnsafeCell<u8>) -> u8 {
        // SAFETY: loom reports the model as broken if this access races.
        cell.with(|byte| unsafe { *byte })
    }

    /// Generation 1, published with the request 5.
    fn publish(&self, generation: u32) {
        assert!(self.word.begin(generation));
        Slot::set(&self.request, 5);
        assert!(self.word.publish(generation));
    }

    /// A worker that claims what there is and answers.
    fn work(&self, tag: u16) -> bool {
        let Some(generation) = self.word.claim(tag) else {
            return false;
        };
        assert_eq!(Slot::get(&self.request), 5);
        Slot::set(&self.response, 6);
        assert!(self.word.complete(generation));
        true
    }
}

/// W2 among workers, and without the Release in `publish` or the Acquire in `claim` the
/// worker's reading of the request races with the hub's writing of it.
fn of_two_threads_one_claims() {
    let slot = Arc::new(Slot::default());
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.work(1))
        })
        .collect();
    slot.publish(1);
    let claims = workers.into_iter().map(|worker| worker.join().expect("it does not wait"));
    let claims = claims.filter(|claimed| *claimed).count();
    assert!(claims <= 1, "one slot, one worker");
    assert_eq!(claims == 1, slot.word.look().state() == Some(State::Done));
}

/// W2. Whoever wins may touch the slot's bytes at once.
fn of_withdrawal_and_claim_one_wins() {
    let slot = Arc::new(Slot::default());
    slot.publish(1);
    let theirs = Arc::clone(&slot);
    let worker = thread::spawn(move || theirs.work(1));
    let withdrawn = slot.word.withdraw(1);
    if withdrawn {
        Slot::set(&slot.request, 0);
    }
    assert!(withdrawn ^ worker.join().expect("it does not wait"), "W2");
}

/// Without the Release in `complete` or the Acquire in `look` the hub's reading of the
/// answer races with the worker's writing of it.
fn a_completion_hands_the_answer_over() {
    let slot = Arc::new(Slot::default());
    slot.publish(1);
    let theirs = Arc::clone(&slot);
    let worker = thread::spawn(move || assert!(theirs.work(1)));
    let word = slot.word.look();
    if word.state() == Some(State::Done) {
        assert_eq!(Slot::get(&slot.response), 6);
        assert!(slot.word.free(word), "W3");
        Slot::set(&slot.request, 0);
    }
    worker.join().expect("it does not wait");
}

/// What the modelled atomics are for (`core/src/sync.rs`): loom by itself overlooks that
/// the worker, who loads before it stores, may be through before the hub looks.
#[test]
fn every_order_of_a_look_and_a_completion_is_run() {
    static SEEN: [AtomicBool; 2] = [AtomicBool::new(false), AtomicBool::new(false)];
    loom::model(|| {
        let slot = Arc::new(Slot::default());
        slot.publish(1);
        let theirs = Arc::clone(&slot);
        let worker = thread::spawn(move || theirs.work(1));
        let is_done = slot.word.look().state() == Some(State::Done);
        SEEN[usize::from(is_done)].store(true, Relaxed);
        worker.join().expect("it does not wait");
    });
    assert!(SEEN.iter().all(|seen| seen.load(Relaxed)));
}

/// The same with the cancelled flag: without the Release of the second step in `complete`
/// the reading of the answer races.
fn a_cancelled_completion_hands_the_answer_over() {
    let slot = Arc::new(Slot::default());
    slot.publish(1);
    let theirs = Arc::clone(&slot);
    let worker = thread::spawn(move || assert!(theirs.work(1)));
    let _ = slot.word.cancel(1);
    let word = slot.word.look();
    if word.state() == Some(State::Done) {
        assert_eq!(Slot::get(&slot.response), 6);
    }
    worker.join().expect("it does not wait");
}

/// W4. Cancelled or not, a claimed exchange ends Done, and the flag stays to be seen.
fn cancellation_never_hides_a_completion() {
    let slot = Arc::new(Slot::default());
    slot.publish(1);
    assert_eq!(slot.word.claim(1), Some(1));
    let theirs = Arc::clone(&slot);
    let worker = thread::spawn(move || assert!(theirs.word.complete(1), "W4"));
    let cancelled = slot.word.cancel(1);
    worker.join().expect("it does not wait");
    let word = slot.word.look();
    assert_eq!((word.state(), word.cancelled()), (Some(State::Done), cancelled));
    assert!(slot.word.free(word));
}

/// W1. A thread that took a cell and was held up finds the slot in a newer generation:
/// it claims nothing, while the newer cell's thread does.
fn a_stale_cell_moves_no_newer_exchange() {
    let slot = Arc::new(Slot::default());
    slot.publish(1);
    let theirs = Arc::clone(&slot);
    let stale = thread::spawn(move || theirs.work(1));
    if slot.word.withdraw(1) {
        slot.publish(2);
        assert!(slot.work(2), "W1");
        assert!(!stale.join().expect("it does not wait"), "W1");
        assert_eq!(slot.word.look().generation(), 2);
    } else {
        assert!(stale.join().expect("it does not wait"), "W2");
    }
}
