use slotway_core::record;

use super::*;

fn event(seq: u64) -> Received {
    Received::new(&record::Delivery { seq, topic: "a", ..record::Delivery::default() })
}

fn drain(queue: &Queue) -> Vec<Result<u64, u64>> {
    let mut state = queue.lock();
    let item = |delivery| match delivery {
        Delivery::Event(event) => Ok(event.seq()),
        Delivery::Gap(gap) => Err(gap.missed),
    };
    std::iter::from_fn(|| state.pop()).map(item).collect()
}

/// Goal: a queue that loses the oldest says so in front of what is left.
#[test]
fn the_oldest_go() {
    let queue = Queue::new(3, Overflow::Oldest);
    for seq in 1..=10 {
        queue.push_event(event(seq));
    }
    assert_eq!(drain(&queue), [Err(7), Ok(8), Ok(9), Ok(10)]);
    assert_eq!(queue.lock().bytes, 0);
}

/// Goal: a queue that loses the newest says so where they would have been.
#[test]
fn the_newest_go() {
    let queue = Queue::new(2, Overflow::Newest);
    for seq in 1..=5 {
        queue.push_event(event(seq));
    }
    let first = queue.lock().pop();
    assert!(matches!(first, Some(Delivery::Event(event)) if event.seq() == 1));
    queue.push_event(event(6));
    assert_eq!(drain(&queue), [Ok(2), Err(3), Ok(6)]);
    queue.push_event(event(7));
    assert_eq!(drain(&queue), [Ok(7)]);
    for seq in 8..=11 {
        queue.push_event(event(seq));
    }
    assert_eq!(drain(&queue), [Ok(8), Ok(9), Err(2)], "also when nothing follows");
}

/// Goal: the hub's gaps stay at their place and cannot fill a queue.
#[test]
fn gaps_cost_one_place() {
    let queue = Queue::new(2, Overflow::Oldest);
    queue.push_event(event(1));
    for _ in 0..1000 {
        queue.push_gap(Gap { missed: 2, at_least: false, principal: None });
    }
    queue.push_event(event(2));
    assert_eq!(drain(&queue), [Err(1), Err(2000), Ok(2)]);
}

/// Goal: one event may be larger than the bound in bytes, two may not be.
#[test]
fn bytes_are_bounded() {
    let queue = Queue::new(100, Overflow::Oldest);
    let payload = vec![0; 5 << 20];
    for seq in 1..=8 {
        let delivery =
            record::Delivery { seq, topic: "a", payload: &payload, ..record::Delivery::default() };
        queue.push_event(Received::new(&delivery));
        assert!(queue.lock().bytes <= BYTES_MAX);
    }
    assert_eq!(drain(&queue), [Err(5), Ok(6), Ok(7), Ok(8)]);
}

/// Goal: a closed queue says so at once, whatever waited in it, and takes nothing more.
#[test]
fn what_is_closed_is_empty() {
    let queue = Queue::new(2, Overflow::Oldest);
    for seq in 1..=5 {
        queue.push_event(event(seq));
    }
    queue.change(State::close);
    assert_eq!(drain(&queue), []);
    let state = queue.lock();
    assert!(matches!(state.ended, Some(Error::Closed)) && state.has_something());
    assert_eq!(state.bytes, 0);
}
