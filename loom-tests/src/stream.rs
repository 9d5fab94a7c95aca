//! The streams. loom watches every byte of the ring. Bounded: 40,000 orders with six
//! interruptions, 1.6 million without a bound.

use std::sync::Arc;

use loom::thread;
use slotway_core::testing::{Ring, Waiter};
use slotway_core::{End, Watch};

use crate::doorbell::Doorbell;
use crate::model::models;

models! {
    bytes_pass_a_full_ring_to_a_parked_reader preemptions 6 needs [
        "stream.tail" Release, "stream.tail" Acquire,
        "stream.head" Release, "stream.head" Acquire,
    ];
    bytes_pass_a_full_ring_to_a_watching_reader preemptions 6 needs [
        "stream.tail" Release, "stream.tail" Acquire,
        "stream.head" Release, "stream.head" Acquire,
    ];
    the_end_comes_after_the_last_byte needs ["stream.end" Release, "stream.end" Acquire];
}

/// How one side waits for the other.
#[derive(Default)]
struct Side {
    waiter: Waiter,
    doorbell: Doorbell,
}

impl Side {
    fn park(&self) {
        assert!(self.waiter.park(None), "there is no timeout");
    }

    fn watch(&self) {
        if self.waiter.watch() == Watch::Armed {
            self.doorbell.wait();
        }
    }

    fn signal(&self) {
        if self.waiter.signal() {
            self.doorbell.ring();
        }
    }
}

/// A stream with a ring of one byte: full after one, empty after one.
struct Shared {
    ring: Ring,
    producer: Side,
    consumer: Side,
}

const SENT: [u8; 2] = [7, 9];

fn pass(wait: fn(&Side)) {
    let shared = Arc::new(Shared {
        ring: Ring::new(1),
        producer: Side::default(),
        consumer: Side::default(),
    });
    let theirs = Arc::clone(&shared);
    let producer = thread::spawn(move || {
        let Shared { ring, producer, consumer } = &*theirs;
        let (mut tail, mut sent) = (0, 0);
        while sent < SENT.len() {
            match ring.write(&mut tail, &SENT[sent..]) {
                0 => wait(producer),
                count => {
                    sent += count;
                    consumer.signal();
                }
            }
        }
    });
    let Shared { ring, producer: back, consumer } = &*shared;
    let (mut head, mut received) = (0, Vec::new());
    while received.len() < SENT.len() {
        let mut into = [0; SENT.len()];
        match ring.read(&mut head, &mut into) {
            0 => wait(consumer),
            count => {
                received.extend_from_slice(&into[..count]);
                back.signal();
            }
        }
    }
    assert_eq!(received, SENT, "R1");
    producer.join().expect("the producer is through");
}

/// R1, R2, and no wait is for ever. Without the Release or the Acquire on the tail the
/// reader's access to a byte races with the writing of it; on the head, the writing of
/// the next byte races with the reader's.
fn bytes_pass_a_full_ring_to_a_parked_reader() {
    pass(Side::park);
}

/// The same, where both sides are event loops.
fn bytes_pass_a_full_ring_to_a_watching_reader() {
    pass(Side::watch);
}

/// R3. Without the Release or the Acquire on the end the reader sees the end and not yet
/// the bytes before it, and believes that it has everything.
fn the_end_comes_after_the_last_byte() {
    let ring = Arc::new(Ring::new(2));
    let theirs = Arc::clone(&ring);
    let producer = thread::spawn(move || {
        assert_eq!(theirs.write(&mut 0, &SENT), SENT.len());
        theirs.close(End::Finished);
    });
    let (length, end) = ring.readable(0);
    if end == End::Finished {
        assert_eq!(length, SENT.len(), "R3");
    }
    producer.join().expect("it does not wait");
}
