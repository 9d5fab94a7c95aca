use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Wake, Waker};

use super::*;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Goal: the first request that owes a call wakes who makes it; the others rely on that.
#[test]
fn the_first_wakes_the_caller() {
    let calls = Calls::default();
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(woken.clone());
    let cx = Context::from_waker(&waker);
    assert!(calls.poll_owed(&cx).is_pending());
    assert!(!calls.owe());
    assert!(woken.0.swap(false, Ordering::Relaxed));
    assert!(!calls.owe());
    assert!(!woken.0.load(Ordering::Relaxed));
    assert!(calls.poll_owed(&cx).is_ready());
    assert!(calls.take());
    assert!(!calls.take() && !calls.is_owed());
}

/// Goal: a worker that stands idle is called in the midst of a long batch.
#[test]
fn a_long_batch_is_called_for_before_its_end() {
    let calls = Calls::default();
    for _ in 1..OWED_MAX {
        assert!(!calls.owe());
    }
    assert!(calls.owe());
    assert!(!calls.is_owed());
}
