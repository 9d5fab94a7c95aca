//! The worker's bell. The work is a flag that publishes nothing by itself, so that only
//! the bell's own orderings are there to help.

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;
use slotway_core::Waited;
use slotway_core::testing::Bell;
use std::sync::Arc;

use crate::doorbell::Doorbell;
use crate::model::models;

models! {
    a_ring_wakes_the_thread_that_sleeps needs ["bell" SeqCst];
    a_ring_wakes_the_loop_that_is_armed needs ["bell" SeqCst];
    one_of_two_ringers_rings_the_doorbell needs [];
    a_stop_reaches_the_sleeper needs ["bell.stop" Release];
    a_stop_reaches_every_sleeper preemptions 3 needs ["bell.stop" Release];
}

/// Without the fence in `ring` the ringer may miss the announcement, without the one in
/// `sleep` the sleeper may miss the work: it sleeps for ever.
fn a_ring_wakes_the_thread_that_sleeps() {
    let shared = Arc::new((Bell::default(), AtomicBool::new(false)));
    let theirs = Arc::clone(&shared);
    let worker = thread::spawn(move || {
        let (bell, work) = &*theirs;
        while !work.load(Relaxed) {
            let _ = bell.sleep(|| work.load(Relaxed), || false);
        }
    });
    let (bell, work) = &*shared;
    work.store(true, Relaxed);
    assert!(!bell.ring().doorbell(), "no loop is armed");
    worker.join().expect("the worker got its work");
}

/// Without the fence in `ring` or in `arm`: as above, and the loop polls for ever.
fn a_ring_wakes_the_loop_that_is_armed() {
    let shared = Arc::new((Bell::default(), AtomicBool::new(false), Doorbell::default()));
    let theirs = Arc::clone(&shared);
    let worker = thread::spawn(move || {
        let (bell, work, doorbell) = &*theirs;
        while !work.load(Relaxed) {
            if bell.arm(|| work.load(Relaxed)) {
                doorbell.wait();
            }
        }
    });
    let (bell, work, doorbell) = &*shared;
    work.store(true, Relaxed);
    if bell.ring().doorbell() {
        doorbell.ring();
    }
    worker.join().expect("the worker got its work");
}

/// Of two ringers that meet an armed loop exactly one rings its doorbell: a busy hub
/// makes one system call for each time that the loop sleeps.
fn one_of_two_ringers_rings_the_doorbell() {
    let bell = Arc::new(Bell::default());
    assert!(bell.arm(|| false));
    let theirs = Arc::clone(&bell);
    let other = thread::spawn(move || theirs.ring().doorbell());
    let mine = bell.ring().doorbell();
    let other = other.join().expect("the ringer is through");
    assert!(mine ^ other, "the doorbell rings once");
}

fn stop(sleepers: usize) {
    let shared = Arc::new((Bell::default(), AtomicBool::new(false)));
    let sleepers: Vec<_> = (0..sleepers)
        .map(|_| {
            let theirs = Arc::clone(&shared);
            thread::spawn(move || {
                let (bell, stop) = &*theirs;
                while bell.sleep(|| false, || stop.load(Relaxed)) != Waited::Stopped {}
            })
        })
        .collect();
    let (bell, stop) = &*shared;
    stop.store(true, Relaxed);
    bell.wake_all();
    for sleeper in sleepers {
        sleeper.join().expect("the sleeper stopped");
    }
}

/// Without the Release in `wake_all` a thread may see the new epoch and not the reason
/// for it, and sleep on.
fn a_stop_reaches_the_sleeper() {
    stop(1);
}

/// The same for two. Bounded: without, there are more than 1.6 million orders.
fn a_stop_reaches_every_sleeper() {
    stop(2);
}
