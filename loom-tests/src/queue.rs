//! The submission queue.

use std::sync::Arc;

use loom::thread;
use slotway_core::testing::{Queue, SlotWord};

use crate::model::models;

models! {
    a_cell_is_taken_by_exactly_one_thread needs [];
    who_takes_a_cell_finds_its_slot_ready needs ["queue.cell" Release, "queue.cell" Acquire];
    the_queue_is_first_in_first_out_across_laps needs [];
    two_producers_lose_no_cell needs [];
    a_correct_worker_is_never_accused needs ["queue.head" Release, "queue.head" Acquire];
}

/// Q1. Two threads that take at once never take the same cell, and none is left.
fn a_cell_is_taken_by_exactly_one_thread() {
    let queue = Arc::new(Queue::new(2));
    assert_eq!(queue.push(0, 1), Ok(true));
    assert_eq!(queue.push(1, 1), Ok(true));
    let theirs = Arc::clone(&queue);
    let other = thread::spawn(move || theirs.pop());
    let mine = queue.pop().expect("there is one for each");
    let other = other.join().expect("it does not wait").expect("there is one for each");
    assert_ne!(mine, other);
    assert!(queue.is_empty());
}

/// Q3. Without the Release in `push` or the Acquire in `pop` the worker may take the cell
/// and still see the slot as it was before: it skips it, and nobody ever claims it.
fn who_takes_a_cell_finds_its_slot_ready() {
    let shared = Arc::new((Queue::new(2), SlotWord::default()));
    let theirs = Arc::clone(&shared);
    let hub = thread::spawn(move || {
        let (queue, word) = &*theirs;
        assert!(word.begin(1));
        assert!(word.publish(1));
        assert_eq!(queue.push(0, 1), Ok(true));
    });
    let (queue, word) = &*shared;
    if let Some((slot, tag)) = queue.pop() {
        assert_eq!((slot, tag), (0, 1));
        assert_eq!(word.claim(tag), Some(1), "Q3");
    }
    hub.join().expect("it does not wait");
}

/// A cell is not taken before it is filled nor filled before it is taken, also when the
/// positions have gone round: what comes out is what went in, in order.
fn the_queue_is_first_in_first_out_across_laps() {
    let queue = Arc::new(Queue::new(1));
    let theirs = Arc::clone(&queue);
    let hub = thread::spawn(move || {
        (1..=2).map(|tag| theirs.push(0, tag).expect("the worker is correct")).collect::<Vec<_>>()
    });
    let mut taken = Vec::new();
    taken.extend(queue.pop());
    taken.extend(queue.pop());
    let pushed = hub.join().expect("it does not wait");
    taken.extend(queue.pop());
    let expected: Vec<_> = [1, 2]
        .into_iter()
        .zip(pushed)
        .filter(|(_, pushed)| *pushed)
        .map(|(tag, _)| (0, tag))
        .collect();
    assert_eq!(taken, expected);
}

/// Two hub threads that push at once fill two cells.
fn two_producers_lose_no_cell() {
    let queue = Arc::new(Queue::new(2));
    let theirs = Arc::clone(&queue);
    let other = thread::spawn(move || assert_eq!(theirs.push(0, 1), Ok(true)));
    assert_eq!(queue.push(1, 1), Ok(true));
    other.join().expect("it does not wait");
    let mut taken: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
    taken.sort_unstable();
    assert_eq!(taken, [(0, 1), (1, 1)]);
}

/// Without the Release in `pop` or the Acquire in `push` a hub thread may see that a cell
/// was taken and not yet that another hub thread filled it: the worker's position is past
/// the hub's, and a correct worker loses its connection.
fn a_correct_worker_is_never_accused() {
    let queue = Arc::new(Queue::new(2));
    let (hubs, workers) = (Arc::clone(&queue), Arc::clone(&queue));
    let hub = thread::spawn(move || {
        hubs.push(0, 1).expect("the worker is correct");
    });
    let worker = thread::spawn(move || workers.pop());
    queue.push(1, 1).expect("the worker is correct");
    hub.join().expect("it does not wait");
    worker.join().expect("it does not wait");
}
