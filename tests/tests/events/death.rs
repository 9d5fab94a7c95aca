//! Show 6: a publisher that is killed at any moment leaves whole events only.

use std::process::Command;
use std::time::Duration;

use slotway::{Delivery, Topics};
use slotway_tests::{Hub, Process, artifacts, eventually};

use super::{SOON, connect};

/// What the publisher puts into each event: its length, and bytes that follow from its number.
fn is_whole(number: u64, payload: &[u8]) -> bool {
    let expected = number % 3000 + 8;
    payload.len() as u64 == expected
        && payload[..8] == number.to_le_bytes()
        && payload[8..].iter().all(|&byte| byte == number as u8)
}

cases! {
    Heavy, 120, fn a_killed_publisher_leaves_whole_events_only() {
        let hub = Hub::start();
        let reader = connect(&hub);
        let topics = Topics::new(["killed"]).capacity(65_536).queue(65_536);
        let subscription = reader.subscribe(&topics).expect("a hub with events");
        let mut received = 0_u64;
        for round in 0..20 {
            let mut command = Command::new(artifacts::publisher());
            command.arg(hub.control_path()).arg("killed").arg(received.to_string());
            let mut publisher = Process::start("publisher", &mut command);
            let first = received;
            // Not before it publishes, and then at another moment each time.
            while received < first + 200 + round * 37 {
                take(&subscription, &mut received, SOON).expect("it publishes without a break");
            }
            publisher.kill();
            eventually("the hub knows", SOON, || (hub.workers().len() == 1).then_some(()));
            // What it had published whole comes; then nothing.
            while take(&subscription, &mut received, Duration::from_millis(300)).is_some() {}
        }
        println!("{received} events of 20 publishers, all whole");
    }
}

/// Takes the next event, which is the next in number and whole.
fn take(subscription: &slotway::Subscription, received: &mut u64, timeout: Duration) -> Option<()> {
    match subscription.recv(Some(timeout)).expect("a hub that is there")? {
        Delivery::Event(event) => {
            assert!(
                is_whole(*received, event.payload()),
                "event {received} is not whole: {event:?}"
            );
            *received += 1;
        }
        Delivery::Gap(gap) => panic!("{gap:?} with room for all"),
    }
    Some(())
}
