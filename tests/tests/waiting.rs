//! H04 and H05: no slot is free, or nobody waits for the answer any more.

use std::thread;
use std::time::{Duration, Instant};

use slotway_tests::http::{Request, Response};
use slotway_tests::{Hub, Worker, eventually, flavors};

const SOON: Duration = Duration::from_secs(20);

/// What a 503 promises about trying again.
#[track_caller]
fn says_when(response: &Response) {
    assert_eq!(response.status(), 503, "{response:?}");
    assert_eq!(response.head.one("retry-after"), Some("1"), "whole seconds, rounded up");
    let exact = response.json()["retry_after_ms"].as_u64().expect("an exact time");
    assert!((25..=250).contains(&exact), "{exact} ms");
}

#[track_caller]
fn until_waiting(hub: &Hub, count: u64) {
    eventually("requests wait", SOON, || (hub.slots().waiting == count).then_some(()));
}

flavors! {
    Light, 40, fn h04_a_request_waits_for_a_slot_and_gets_it_in_turn(flavor) {
        let hub = Hub::with(&["--slots", "2"]);
        let _worker = Worker::builder(flavor, &hub).threads(2).start(&hub);
        let mut busy = [hub.begin("/sleep/400"), hub.begin("/sleep/400")];
        hub.wait_claimed(2);
        let mut waiting: Vec<_> = (0..10)
            .map(|number| {
                let client = hub.begin(&format!("/hello/{number}"));
                until_waiting(&hub, number + 1);
                client
            })
            .collect();
        for client in &mut busy {
            assert_eq!(client.read_response().expect("an answer").expect(200).text(), "slept");
        }
        for (number, client) in waiting.iter_mut().enumerate() {
            let response = client.read_response().expect("an answer").expect(200);
            assert_eq!(response.text(), format!("hello, {number}"));
        }
        hub.wait_all_free();
    }

    Light, 40, fn h04_the_queue_is_bounded_and_its_wait_too(flavor) {
        let hub = Hub::with(&["--slots", "2", "--waiters", "4", "--wait-timeout", "600ms"]);
        let _worker = Worker::builder(flavor, &hub).threads(2).start(&hub);
        let mut busy = [hub.begin("/sleep/3000"), hub.begin("/sleep/3000")];
        hub.wait_claimed(2);
        let begun = Instant::now();
        let mut waiting: Vec<_> = (0..4).map(|_| hub.begin("/hello/patient")).collect();
        until_waiting(&hub, 4);
        let full = hub.get("/hello/late");
        says_when(&full);
        assert_eq!(full.problem(), "queue_full");
        assert_eq!(full.json()["retry_after_ms"], 250, "a full queue is the longest wait");
        assert!(begun.elapsed() < Duration::from_millis(600), "at once, not after the wait");
        for client in &mut waiting {
            let response = client.read_response().expect("an answer");
            says_when(&response);
            assert_eq!(response.problem(), "wait_timeout");
        }
        assert!(begun.elapsed() >= Duration::from_millis(600));
        for client in &mut busy {
            client.read_response().expect("an answer").expect(200);
        }
        hub.get("/hello/after").expect(200);
        hub.wait_all_free();
    }

    Light, 40, fn h04_a_flood_gets_200_or_503_and_nothing_else(flavor) {
        let hub = Hub::with(&["--slots", "4", "--waiters", "8", "--wait-timeout", "300ms"]);
        let _worker = Worker::builder(flavor, &hub).threads(4).start(&hub);
        let statuses: Vec<u16> = thread::scope(|scope| {
            let clients: Vec<_> = (0..24)
                .map(|_| {
                    scope.spawn(|| {
                        let mut client = hub.connect();
                        let mut ask = || {
                            let response = client.exchange(&Request::get("/sleep/20"));
                            let response = response.expect("exactly one answer");
                            if response.status() == 503 {
                                says_when(&response);
                            }
                            response.status()
                        };
                        (0..20).map(|_| ask()).collect::<Vec<u16>>()
                    })
                })
                .collect();
            clients.into_iter().flat_map(|client| client.join().expect("no panic")).collect()
        });
        assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
        assert!(statuses.contains(&200) && statuses.contains(&503), "{statuses:?}");
        hub.wait_all_free();
    }

    Light, 40, fn h04_a_waiting_client_that_leaves_gives_up_its_place(flavor) {
        let hub = Hub::with(&["--slots", "1", "--waiters", "2"]);
        let _worker = Worker::builder(flavor, &hub).threads(1).start(&hub);
        let mut busy = hub.begin("/sleep/600");
        hub.wait_claimed(1);
        let leavers = [hub.begin("/hello/a"), hub.begin("/hello/b")];
        until_waiting(&hub, 2);
        drop(leavers);
        until_waiting(&hub, 0);
        let mut patient = hub.begin("/hello/patient");
        busy.read_response().expect("an answer").expect(200);
        patient.read_response().expect("an answer").expect(200);
        hub.wait_all_free();
    }

    Light, 30, fn no_worker_is_503_with_retry_after(flavor) {
        let hub = Hub::start();
        let mut worker = Worker::start(flavor, &hub);
        hub.get("/pid").expect(200);
        worker.process.kill();
        eventually("the hub knows", SOON, || (hub.instances("conformance") == 0).then_some(()));
        let response = hub.get("/pid");
        says_when(&response);
        assert_eq!(response.problem(), "no_worker");
        assert_eq!(hub.get("/health").status(), 503, "nothing could go through now");
    }

    Light, 40, fn h05_the_worker_sees_that_the_client_left(flavor) {
        let hub = Hub::start();
        let worker = Worker::start(flavor, &hub);
        for round in 0..10 {
            let client = hub.begin(&format!("/wait-cancelled/left-{round}"));
            worker.says(&format!("waiting left-{round}"));
            drop(client);
            worker.says(&format!("worker: cancelled left-{round}"));
        }
        // By a reset just as by a clean end.
        let mut client = hub.begin("/wait-cancelled/reset");
        worker.says("waiting reset");
        client.wire().reset_on_close().expect("a socket");
        drop(client);
        worker.says("worker: cancelled reset");
        hub.wait_all_free();
    }

    Light, 40, fn h05_the_worker_sees_that_the_deadline_passed(flavor) {
        let hub = Hub::with(&["--request-timeout", "200ms"]);
        let worker = Worker::start(flavor, &hub);
        for round in 0..5 {
            let response = hub.get(&format!("/wait-cancelled/due-{round}"));
            assert_eq!((response.status(), response.problem().as_str()), (504, "deadline"));
            worker.says(&format!("worker: cancelled due-{round}"));
        }
        hub.wait_all_free();
    }

    Light, 40, fn h05_a_stuck_handler_holds_only_its_own_slot(flavor) {
        let hub = Hub::with(&["--slots", "3", "--request-timeout", "200ms"]);
        let worker = Worker::builder(flavor, &hub).threads(3).start(&hub);
        let response = hub.get("/late/2500/stuck");
        assert_eq!(response.problem(), "deadline");
        let held = hub.slots();
        assert_eq!((held.abandoned, held.free), (1, 2), "{held:?}");
        let mut client = hub.connect();
        for number in 0..200 {
            let response = client.exchange(&Request::get(&format!("/hello/{number}")));
            response.expect("an answer").expect(200);
        }
        assert_eq!(hub.slots().abandoned, 1, "it is still at it");
        worker.says("late stuck: ");
        hub.wait_all_free();
    }
}
