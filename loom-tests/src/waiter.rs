//! The waiter. What is waited for is a flag that publishes nothing by itself, so that
//! only the token is there to help.

use std::sync::Arc;
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;
use slotway_core::Watch;
use slotway_core::testing::Waiter;

use crate::doorbell::Doorbell;
use crate::model::models;

models! {
    a_signal_ends_the_park needs ["waiter" Release, "waiter" Acquire];
    a_signal_after_the_watch_says_raise needs ["waiter" Release, "waiter" Acquire];
    a_token_that_comes_with_the_timeout_is_seen needs ["waiter" Release, "waiter" Acquire];
    two_signals_end_the_park preemptions 4 needs ["waiter" Release, "waiter" Acquire];
    of_two_signals_one_says_raise needs [];
}

/// Without the Release in `signal` or the Acquire in `take_token` the thread takes the
/// token, looks, misses what the token was for, and sleeps for ever (P1, P2).
fn a_signal_ends_the_park() {
    let shared = Arc::new((Waiter::default(), AtomicBool::new(false)));
    let theirs = Arc::clone(&shared);
    let waiting = thread::spawn(move || {
        let (waiter, moved) = &*theirs;
        while !moved.load(Relaxed) {
            assert!(waiter.park(None), "there is no timeout");
        }
    });
    let (waiter, moved) = &*shared;
    moved.store(true, Relaxed);
    assert!(!waiter.signal(), "a thread waits, no event loop");
    waiting.join().expect("the wait ended");
}

/// Without the Release in `signal` or the Acquire in `take_token` the loop is told to
/// look again, misses what the token was for, and polls for ever (P1, P2).
fn a_signal_after_the_watch_says_raise() {
    let shared = Arc::new((Waiter::default(), AtomicBool::new(false), Doorbell::default()));
    let theirs = Arc::clone(&shared);
    let waiting = thread::spawn(move || {
        let (waiter, moved, doorbell) = &*theirs;
        while !moved.load(Relaxed) {
            if waiter.watch() == Watch::Armed {
                doorbell.wait();
            }
        }
    });
    let (waiter, moved, doorbell) = &*shared;
    moved.store(true, Relaxed);
    if waiter.signal() {
        doorbell.ring();
    }
    waiting.join().expect("the wait ended");
}

/// A wait that ends by a token together with its timeout says "token", and without the
/// Acquire at its end would not show what the token was for (P2).
fn a_token_that_comes_with_the_timeout_is_seen() {
    let shared = Arc::new((Waiter::default(), AtomicBool::new(false)));
    let theirs = Arc::clone(&shared);
    let signalling = thread::spawn(move || {
        let (waiter, moved) = &*theirs;
        moved.store(true, Relaxed);
        let _ = waiter.signal();
    });
    let (waiter, moved) = &*shared;
    if waiter.park(Some(Duration::ZERO)) {
        assert!(moved.load(Relaxed), "P2");
    } else {
        signalling.join().expect("it does not wait");
        assert!(waiter.park(Some(Duration::ZERO)), "the token is still there (P1)");
        return;
    }
    signalling.join().expect("it does not wait");
}

/// P1, P2 with two signallers at once, as a cancellation and a byte: whoever's token it is
/// that ends a wait, in the end both were seen. Bounded: without, 1.3 million orders.
fn two_signals_end_the_park() {
    let shared = Arc::new((Waiter::default(), [AtomicBool::new(false), AtomicBool::new(false)]));
    let signalling = [0, 1].map(|who: usize| {
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            let (waiter, moved) = &*theirs;
            moved[who].store(true, Relaxed);
            assert!(!waiter.signal(), "a thread waits, no event loop");
        })
    });
    let (waiter, moved) = &*shared;
    while !moved.iter().all(|moved| moved.load(Relaxed)) {
        assert!(waiter.park(None), "there is no timeout");
    }
    for thread in signalling {
        thread.join().expect("it does not wait");
    }
}

/// A watch is answered once: two signals at once raise the slot's bit once.
fn of_two_signals_one_says_raise() {
    let waiter = Arc::new(Waiter::default());
    assert_eq!(waiter.watch(), Watch::Armed);
    let theirs = Arc::clone(&waiter);
    let other = thread::spawn(move || theirs.signal());
    let mine = waiter.signal();
    assert!(mine ^ other.join().expect("it does not wait"));
    assert_eq!(waiter.watch(), Watch::LookAgain);
}
