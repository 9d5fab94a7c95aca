//! What is published arrives, whole and in order, and nobody holds up anybody else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use slotway::{Delivery, Event, Offer, Topics};
use slotway_tests::{Flavor, Hub, Worker, eventually};

use super::{SOON, connect, event, subscribe};

cases! {
    Light, 60, fn b08_events_of_one_publisher_arrive_in_order() {
        let hub = Hub::start();
        let (publisher, subscriber) = (connect(&hub), connect(&hub));
        let subscription = subscribe(&subscriber, "chat.*");
        let other = subscribe(&subscriber, "other");
        let events: Vec<String> = (0..500).map(|number| number.to_string()).collect();
        for text in &events {
            let event = Event::new("chat.7").kind("token").principal("ann").text(text);
            publisher.publisher().publish(&event).expect("a hub that reads");
        }
        let mut last = 0;
        for text in &events {
            let event = event(&subscription);
            assert_eq!((event.topic(), event.kind(), event.principal()), ("chat.7", "token", Some("ann")));
            assert_eq!(event.payload_text(), Some(text.as_str()));
            assert!(event.seq() > last, "one order");
            last = event.seq();
        }
        assert_eq!(other.try_recv().expect("it is live"), None);
    }

    Light, 60, fn events_larger_than_the_rings_arrive_whole() {
        let hub = Hub::start();
        let (publisher, subscriber) = (connect(&hub), connect(&hub));
        let subscription = subscribe(&subscriber, "#");
        for length in [0_usize, 1, 4096, 262_144, 300_000, 5 << 20] {
            let payload: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            publisher.publisher().publish(&Event::new("big").payload(&payload)).expect("a hub");
            assert!(event(&subscription).payload() == payload, "{length} bytes");
        }
        let over = vec![0; (5 << 20) + 1];
        let error = publisher.publisher().publish(&Event::new("big").payload(&over));
        assert_eq!(error.expect_err("too large").code().name(), "too_large");
    }

    Light, 60, fn e04_a_subscription_holds_no_more_than_its_bytes() {
        let hub = Hub::builder().env("SLOTWAY_EVENTS_SUBSCRIPTION_BYTES", "64K").start();
        let (publisher, subscriber) = (connect(&hub), connect(&hub));
        let lossy = subscribe(&subscriber, "sized");
        let routed = subscriber.subscribe(&Topics::new(["sized"]).routed()).expect("a hub");
        for length in [10_usize, 100_000, 11] {
            let payload = vec![b'x'; length];
            publisher.publisher().publish(&Event::new("sized").payload(&payload)).expect("a hub");
        }
        for subscription in [lossy, routed] {
            let mut got = Vec::new();
            while got.len() < 3 {
                got.push(match subscription.recv(Some(SOON)).expect("a hub").expect("the rest") {
                    Delivery::Event(event) => Ok(event.payload().len()),
                    Delivery::Gap(gap) => Err(gap.missed),
                });
            }
            assert_eq!(got, [Ok(10), Err(1), Ok(11)], "what is too large is told in its place");
        }
    }

    Light, 60, fn many_threads_publish_and_many_receive() {
        let hub = Hub::start();
        let worker = connect(&hub);
        let topics = Topics::new(["many"]).capacity(65_536).queue(65_536);
        let subscriptions: Vec<_> =
            (0..3).map(|_| worker.subscribe(&topics).expect("a hub with events")).collect();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let publisher = worker.publisher();
                    for number in 0..1000_u32 {
                        let payload = number.to_le_bytes();
                        publisher.publish(&Event::new("many").payload(&payload)).expect("a hub");
                    }
                });
            }
            for subscription in &subscriptions {
                scope.spawn(|| {
                    let mut last = 0;
                    for _ in 0..4000 {
                        let seq = event(subscription).seq();
                        assert!(seq > last, "one order for everybody");
                        last = seq;
                    }
                });
            }
        });
    }

    Heavy, 60, fn a_flood_holds_up_no_request() {
        let hub = Hub::start();
        let _server = Worker::start(Flavor::Rust, &hub);
        let flooding = connect(&hub);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let publisher = flooding.publisher();
                let events = [Event::new("flood").payload(&[7; 64]); 256];
                while !stop.load(Ordering::Relaxed) {
                    publisher.publish_many(&events).expect("a hub that reads");
                }
            });
            let begun = Instant::now();
            for _ in 0..200 {
                assert_eq!(hub.get("/pid").status(), 200);
            }
            println!("200 requests beside a flood: {:?}", begun.elapsed());
            stop.store(true, Ordering::Relaxed);
        });
    }

    Heavy, 60, fn a_worker_that_does_not_read_holds_up_nobody() {
        let hub = Hub::start();
        let (deaf, reader, publisher) = (connect(&hub), connect(&hub), connect(&hub));
        let unread = deaf.subscribe(&Topics::new(["news"]).capacity(16)).expect("a hub");
        let read = reader
            .subscribe(&Topics::new(["news"]).capacity(65_536).queue(65_536))
            .expect("a hub");
        let count: u64 = 20_000;
        for number in 0..count {
            let payload = [number.to_le_bytes(); 8].concat();
            publisher.publisher().publish(&Event::new("news").payload(&payload)).expect("a hub");
        }
        for number in 0..count {
            assert_eq!(event(&read).payload()[..8], number.to_le_bytes());
        }
        // And now it reads: what is left, with what is not told at its place.
        let (mut got, mut missed) = (0, 0);
        while got + missed < count {
            match unread.recv(Some(SOON)).expect("a hub").expect("the rest") {
                Delivery::Event(_) => got += 1,
                Delivery::Gap(gap) => missed += gap.missed,
            }
        }
        assert_eq!(got + missed, count, "delivered and lost are what was published");
        assert!(missed > 0 && got > 0, "{got} delivered, {missed} lost");
    }

    Light, 60, fn a_full_outbox_is_seen_by_the_caller() {
        let hub = Hub::start();
        let worker = connect(&hub);
        let publisher = worker.publisher();
        // The hub cannot read while it stands still.
        hub.process.stop();
        let event = Event::new("full").payload(&[0; 1000]);
        let mut published = 0;
        while publisher.try_publish(&event).expect("a hub that is there") == Offer::Published {
            published += 1;
            assert!(published < 10_000, "an outbox has an end");
        }
        let error = publisher.publish_timeout(&event, Duration::from_millis(20));
        assert_eq!(error.expect_err("full").code().name(), "timeout");
        hub.process.go_on();
        publisher.publish_timeout(&event, SOON).expect("a hub that reads again");
        assert!(published > 200, "{published} events of 1000 bytes in 256 KiB");
    }

    Light, 60, fn a_subscription_outlives_its_hub() {
        let hub = Hub::start();
        let dir = hub.dir().clone();
        let worker = connect(&hub);
        let subscription = subscribe(&worker, "after.*");
        worker.publisher().publish(&Event::new("after.one")).expect("a hub");
        assert_eq!(event(&subscription).topic(), "after.one");
        drop(hub);
        let hub = Hub::builder().dir(&dir).start();
        let publisher = connect(&hub);
        subscription.wait_live(Some(SOON)).expect("the next hub");
        eventually("the next hub's events come", SOON, || {
            publisher.publisher().publish(&Event::new("after.two")).expect("a hub");
            match subscription.recv(Some(Duration::from_millis(200))).expect("a hub") {
                Some(Delivery::Event(event)) => Some(event.topic() == "after.two"),
                // Nobody knows what the dead hub had taken and not handed on.
                Some(Delivery::Gap(gap)) => {
                    assert!(gap.at_least, "{gap:?}");
                    None
                }
                None => None,
            }
        });
    }
}
