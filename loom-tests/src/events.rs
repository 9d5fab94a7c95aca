//! Outbox and inbox, whole: what one side puts in reaches the other, whoever sleeps how. The
//! rings hold one byte, so every second byte waits for room. Bounded: unbounded they take
//! hours.

use loom::thread;
use slotway_core::Watch;

use crate::model::models;
use crate::sides::Sides;

models! {
    a_hub_that_falls_asleep_misses_no_event preemptions 4 needs [
        "stream.tail" Release, "stream.tail" Acquire,
    ];
    a_publisher_that_sleeps_gets_its_room preemptions 3 needs [
        "stream.head" Release, "stream.head" Acquire,
    ];
    a_publishing_loop_gets_its_room preemptions 3 needs [
        "stream.head" Release, "stream.head" Acquire,
    ];
    a_sleeping_thread_gets_its_events preemptions 3 needs [
        "stream.tail" Release, "stream.tail" Acquire,
    ];
    a_worker_that_arms_its_loop_misses_no_event preemptions 3 needs [
        "stream.tail" Release, "stream.tail" Acquire, "bell" SeqCst,
    ];
    events_and_answers_share_the_hubs_sleep preemptions 3 needs [];
}

/// Puts one byte into the outbox. `false`: there is no room.
fn publish(sides: &Sides, byte: u8) -> bool {
    let mut space = sides.worker.outbox_space();
    if space.room() == 0 {
        return false;
    }
    space.put(&[byte]);
    sides.ring_hub(sides.worker.publish_outbox(space));
    true
}

/// Puts one byte into the inbox. `false`: there is no room.
fn deliver(sides: &Sides, byte: u8) -> bool {
    let mut space = sides.hub.inbox_space().expect("the worker is correct");
    if space.room() == 0 {
        return false;
    }
    space.put(&[byte]);
    sides.ring_worker(sides.hub.publish_inbox(space));
    true
}

/// The hub's tasks: take what is in the outbox, watch it, and sleep until called, until
/// `expected` bytes have come. The second task is left out: all sleep as one.
fn drain(sides: &Sides, expected: &[u8]) {
    let mut got = Vec::new();
    loop {
        loop {
            let mut byte = [0];
            match sides.hub.read_outbox(&mut byte).expect("the worker is correct") {
                0 if got.len() == expected.len() => {
                    assert_eq!(got, expected, "R1");
                    return;
                }
                0 if sides.hub.watch_outbox() == Watch::Armed => break,
                0 => {}
                _ => {
                    got.push(byte[0]);
                    sides.ring_worker(sides.hub.tell_outbox());
                }
            }
        }
        // Until the outbox calls: its task sleeps, the region's task listens.
        while !sides.hub.drain_attention(|_| ()) {
            if sides.hub.prepare_sleep() {
                sides.hub_doorbell.wait();
            }
        }
    }
}

/// E2, publishing against the hub's falling asleep.
fn a_hub_that_falls_asleep_misses_no_event() {
    let sides = Sides::with_events();
    let publisher = sides.spawn(|sides| assert!(publish(sides, 7), "there is room"));
    drain(&sides, &[7]);
    publisher.join().expect("it does not wait");
}

/// E2, room against the publisher's falling asleep.
fn a_publisher_that_sleeps_gets_its_room() {
    let sides = Sides::with_events();
    let publisher = sides.spawn(|sides| {
        for byte in [7, 9] {
            while !publish(sides, byte) {
                assert!(sides.worker.park_outbox(None), "there is no timeout");
            }
        }
    });
    drain(&sides, &[7, 9]);
    publisher.join().expect("it has found room");
}

/// The same for an event loop: it watches, and hears by a notice and its doorbell.
fn a_publishing_loop_gets_its_room() {
    let sides = Sides::with_events();
    let publisher = sides.spawn(|sides| {
        assert!(publish(sides, 7), "there is room");
        while !publish(sides, 9) {
            if sides.worker.watch_outbox() == Watch::LookAgain {
                continue;
            }
            while !sides.worker.take_notices(|_| ()) {
                if sides.worker.arm() {
                    sides.worker_doorbell.wait();
                }
            }
        }
    });
    drain(&sides, &[7, 9]);
    publisher.join().expect("it has found room");
}

/// Delivers two bytes; waits for room by its attention.
fn deliver_two(sides: &Sides) {
    assert!(deliver(sides, 7), "there is room");
    while !deliver(sides, 9) {
        if sides.hub.watch_inbox() == Watch::LookAgain {
            continue;
        }
        while !sides.hub.drain_attention(|_| ()) {
            if sides.hub.prepare_sleep() {
                sides.hub_doorbell.wait();
            }
        }
    }
}

/// Reads two bytes; `wait` when there is none.
fn read_two(sides: &Sides, mut wait: impl FnMut(&Sides)) {
    let mut got = Vec::new();
    while got.len() < 2 {
        let mut byte = [0];
        if sides.worker.read_inbox(&mut byte) == 0 {
            wait(sides);
        } else {
            got.push(byte[0]);
            sides.ring_hub(sides.worker.tell_inbox());
        }
    }
    assert_eq!(got, [7, 9], "R1");
}

/// E2 for the inbox, where a thread of the worker's sleeps on it.
fn a_sleeping_thread_gets_its_events() {
    let sides = Sides::with_events();
    let hub = sides.spawn(deliver_two);
    read_two(&sides, |sides| assert!(sides.worker.park_inbox(None), "there is no timeout"));
    hub.join().expect("it has found room");
}

/// E2 for the inbox, where the worker's event loop sleeps on its doorbell. Without the
/// bell's fences the ring misses the armed loop.
fn a_worker_that_arms_its_loop_misses_no_event() {
    let sides = Sides::with_events();
    let hub = sides.spawn(|sides| assert!(deliver(sides, 7), "there is room"));
    let mut byte = [0];
    while sides.worker.read_inbox(&mut byte) == 0 {
        if sides.worker.watch_inbox() == Watch::LookAgain {
            continue;
        }
        while !sides.worker.take_notices(|_| ()) {
            if sides.worker.arm() {
                sides.worker_doorbell.wait();
            }
        }
    }
    assert_eq!(byte, [7], "R1");
    hub.join().expect("it does not wait");
}

/// An answer and an event at once, by two threads: the hub, asleep for both, sees both.
fn events_and_answers_share_the_hubs_sleep() {
    let sides = Sides::with_events();
    let ticket = sides.published();
    assert_eq!(sides.hub.watch_outbox(), Watch::Armed);
    let claim = sides.worker.claim().expect("it was published");
    let publisher = sides.spawn(|sides| assert!(publish(sides, 7), "there is room"));
    let answering = std::sync::Arc::clone(&sides);
    let worker = thread::spawn(move || answering.finish(claim));
    let (mut answered, mut called) = (false, false);
    while !(answered && called) {
        called |= sides.hub.drain_attention(|slot| answered |= slot == ticket.slot());
        if !(answered && called) && sides.hub.prepare_sleep() {
            sides.hub_doorbell.wait();
        }
    }
    assert_eq!(sides.hub.read_outbox(&mut [0]), Ok(1));
    sides.hub.release(ticket).expect("it is done");
    publisher.join().expect("it does not wait");
    worker.join().expect("it does not wait");
}
