use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::*;

fn is_readable(notices: &Notices) -> bool {
    let mut fds = [PollFd::new(notices, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap() == 1
}

/// A ring makes the descriptor readable until it is drained, and draining for nothing takes
/// nothing away.
#[test]
fn a_ring_lasts_until_it_is_drained() {
    let notices = Notices::new(Doorbell::new().unwrap());
    for _ in 0..3 {
        notices.drain_bell();
        assert!(!is_readable(&notices));
        notices.push(7);
        notices.ring();
        assert!(is_readable(&notices));
        let mut taken = Vec::new();
        notices.take(|token| taken.push(token));
        assert_eq!(taken, [7]);
        assert!(is_readable(&notices));
        notices.drain_bell();
        assert!(!is_readable(&notices));
    }
}

/// However a ring and drains meet: the notice is seen by a look that follows a drain, and one
/// drain more leaves the descriptor unreadable. One that did not would have an event loop turn
/// for ever.
#[test]
fn no_ring_is_lost_and_none_is_left() {
    let notices = Notices::new(Doorbell::new().unwrap());
    for round in 0..10_000 {
        thread::scope(|scope| {
            scope.spawn(|| notices.push(round));
            let mut taken = Vec::new();
            while taken.is_empty() {
                notices.drain_bell();
                notices.take(|token| taken.push(token));
                thread::yield_now();
            }
            assert_eq!(taken, [round]);
        });
        // The ringer is through, so whatever is readable is told of.
        notices.drain_bell();
        assert!(!is_readable(&notices), "round {round}");
    }
}
