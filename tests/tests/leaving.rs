//! Workers that leave in an orderly way, or without one, with requests at every stage.
//! Spoken by hand, so that each stage can be held.

use std::time::Duration;

use serde_json::{Value, json};
use slotway_tests::control::register;
use slotway_tests::http::{Connection, Request};
use slotway_tests::raw::RawWorker;
use slotway_tests::{Flavor, Hub, Weight, Worker, case, eventually, proc};

const SOON: Duration = Duration::from_secs(20);

fn light(name: &str, body: impl FnOnce()) {
    case(name, Weight::Light, SOON * 2, body);
}

#[track_caller]
fn text(client: &mut Connection) -> String {
    client.read_response().expect("exactly one answer").expect(200).text()
}

#[track_caller]
fn problem(client: &mut Connection) -> (u16, String) {
    let response = client.read_response().expect("exactly one answer");
    (response.status(), response.problem())
}

/// A registration of one GET route that may be tried twice.
fn idempotent(pattern: &str) -> Value {
    let mut message = register(1, "twins", &[pattern]);
    message["routes"][0]["idempotent"] = json!(true);
    message
}

#[track_caller]
fn registered(hub: &Hub, message: &Value) -> RawWorker {
    let mut worker = RawWorker::connect(&hub.control_path());
    assert_eq!(worker.control.ask(message)["kind"], "registered");
    worker
}

#[test]
fn a_claimed_request_of_an_idempotent_route_is_tried_once_more() {
    light("a_claimed_request_of_an_idempotent_route_is_tried_once_more", || {
        let hub = Hub::start();
        let first = registered(&hub, &idempotent("/again"));
        let mut client = hub.begin("/again");
        let claim = first.claim();
        let second = registered(&hub, &idempotent("/again"));
        drop((claim, first));
        second.answer(second.claim(), 200, b"second");
        assert_eq!(text(&mut client), "second");
        // Once, not for ever.
        client.send(&Request::get("/again").bytes()).expect("sent");
        let claim = second.claim();
        let third = registered(&hub, &idempotent("/again"));
        drop((claim, second));
        let claim = third.claim();
        let fourth = registered(&hub, &idempotent("/again"));
        drop((claim, third));
        assert_eq!(problem(&mut client), (502, "worker_gone".to_owned()));
        assert!(fourth.claim_within(Duration::from_millis(200)).is_none());
        hub.wait_all_free();
    });
}

#[test]
fn a_claimed_request_of_another_route_is_not_tried_again() {
    light("a_claimed_request_of_another_route_is_not_tried_again", || {
        let hub = Hub::start();
        let first = RawWorker::registered(&hub.control_path(), "twins", &["/once"]);
        let mut client = hub.begin("/once");
        let claim = first.claim();
        let second = RawWorker::registered(&hub.control_path(), "twins", &["/once"]);
        drop((claim, first));
        assert_eq!(problem(&mut client), (502, "worker_gone".to_owned()));
        assert!(second.claim_within(Duration::from_millis(200)).is_none());
    });
}

#[test]
fn an_answer_that_was_complete_when_its_worker_died_is_delivered() {
    light("an_answer_that_was_complete_when_its_worker_died_is_delivered", || {
        let hub = Hub::start();
        for _ in 0..50 {
            let worker = RawWorker::registered(&hub.control_path(), "last", &["/words"]);
            let mut client = hub.begin("/words");
            worker.answer(worker.claim(), 200, b"last words");
            drop(worker);
            assert_eq!(text(&mut client), "last words");
            eventually("the hub knows", SOON, || hub.workers().is_empty().then_some(()));
        }
    });
}

#[test]
fn a_drain_moves_what_nobody_claimed_and_waits_for_the_rest() {
    light("a_drain_moves_what_nobody_claimed_and_waits_for_the_rest", || {
        let hub = Hub::start();
        let mut old = RawWorker::registered(&hub.control_path(), "rolling", &["/r/{n}"]);
        let mut claimed = hub.begin("/r/1");
        let claim = old.claim();
        let mut waiting = hub.begin("/r/2");
        eventually("it lies in the slot", SOON, || (hub.slots().ready == 1).then_some(()));
        let new = RawWorker::registered(&hub.control_path(), "rolling", &["/r/{n}"]);
        old.control.send(&slotway_tests::control::frame(br#"{"kind":"drain"}"#));
        new.answer(new.claim(), 200, b"new");
        assert_eq!(text(&mut waiting), "new");
        assert!(old.claim_within(Duration::from_millis(50)).is_none(), "only one of them had it");
        // Whatever comes now goes to the new one.
        for _ in 0..10 {
            let mut client = hub.begin("/r/3");
            new.answer(new.claim(), 200, b"new");
            assert_eq!(text(&mut client), "new");
        }
        old.answer(claim, 200, b"old");
        assert_eq!(text(&mut claimed), "old");
        assert_eq!(old.control.read().expect("word of it"), json!({ "kind": "drained" }));
        old.control.refused(&register(2, "more", &["/more"]), "out_of_order");
    });
}

#[test]
fn an_unregistered_route_is_gone_at_once_and_its_requests_finish() {
    light("an_unregistered_route_is_gone_at_once_and_its_requests_finish", || {
        let hub = Hub::start();
        let mut worker = RawWorker::registered(&hub.control_path(), "one", &["/one"]);
        worker.register(2, "two", &["/two"]);
        let mut client = hub.begin("/one");
        let claim = worker.claim();
        let message = json!({ "kind": "unregister", "id": 1 });
        worker.control.send(&slotway_tests::control::frame(message.to_string().as_bytes()));
        eventually("the hub has heard", SOON, || {
            (hub.workers()[0].names() == ["two"]).then_some(())
        });
        let status = hub.get("/one").status();
        assert!(matches!(status, 404 | 503), "{status}");
        worker.answer(claim, 200, b"one");
        assert_eq!(text(&mut client), "one");
        let told = worker.control.read().expect("word of it");
        assert_eq!(told, json!({ "kind": "unregistered", "id": 1, "name": "one" }));
        let mut client = hub.begin("/two");
        worker.answer(worker.claim(), 200, b"two");
        assert_eq!(text(&mut client), "two");
    });
}

#[test]
fn a_registration_has_no_more_in_hand_than_it_asked_for() {
    light("a_registration_has_no_more_in_hand_than_it_asked_for", || {
        let hub = Hub::start();
        let mut message = register(1, "narrow", &["/narrow"]);
        message["max_concurrent"] = json!(2);
        let worker = registered(&hub, &message);
        let mut clients: Vec<_> = (0..6).map(|_| hub.begin("/narrow")).collect();
        for _ in 0..3 {
            let pair = [worker.claim(), worker.claim()];
            assert!(worker.claim_within(Duration::from_millis(50)).is_none(), "two at a time");
            for claim in pair {
                worker.answer(claim, 200, b"through");
            }
        }
        for client in &mut clients {
            assert_eq!(text(client), "through");
        }
        hub.wait_all_free();
    });
}

#[test]
fn two_registrations_of_one_worker_are_told_apart() {
    light("two_registrations_of_one_worker_are_told_apart", || {
        let hub = Hub::start();
        let mut worker = RawWorker::connect(&hub.control_path());
        worker.register(7, "seven", &["/a", "/seven/{x}"]);
        worker.register(9, "nine", &["/nine/{*rest}"]);
        for (target, registration, route) in [("/seven/1", 7, 1), ("/nine/1/2", 9, 0), ("/a", 7, 0)]
        {
            let mut client = hub.begin(target);
            let claim = worker.claim();
            let bytes = worker.side.request_head(&claim);
            let head = slotway_core::head::RequestHead::parse(bytes).expect("a head");
            assert_eq!((head.registration(), head.route_index()), (registration, route));
            worker.answer(claim, 200, b"told");
            assert_eq!(text(&mut client), "told");
        }
    });
}

#[test]
fn workers_that_come_and_go_leave_nothing_behind() {
    case("workers_that_come_and_go_leave_nothing_behind", Weight::Heavy, SOON * 3, || {
        let hub = Hub::start();
        let pid = hub.process.pid();
        let come_and_go = |rounds: u32| {
            for round in 0..rounds {
                let worker = RawWorker::registered(&hub.control_path(), "guest", &["/guest"]);
                let mut client = hub.begin("/guest");
                let claim = worker.claim();
                // Every other one goes with the request in its hands.
                if round % 2 == 0 {
                    worker.answer(claim, 200, b"served");
                    assert_eq!(text(&mut client), "served");
                } else {
                    drop((claim, worker));
                    assert_eq!(problem(&mut client), (502, "worker_gone".to_owned()));
                }
            }
            eventually("all are gone", SOON, || hub.workers().is_empty().then_some(()));
        };
        come_and_go(50);
        let (descriptors, memory) = (proc::descriptors(pid).len(), proc::resident_bytes(pid));
        come_and_go(500);
        eventually("nothing of them is left", SOON, || {
            let now = proc::descriptors(pid).len();
            (now <= descriptors && proc::mapped_regions(pid) == 0).then_some(())
        });
        let growth = proc::resident_bytes(pid).saturating_sub(memory);
        println!("500 workers came and went: hub +{} KiB", growth / 1024);
        assert!(growth < 8 << 20, "{} KiB", growth / 1024);
    });
}

#[test]
fn h23_a_refused_registration_disturbs_nobody() {
    light("h23_a_refused_registration_disturbs_nobody", || {
        let hub = Hub::start();
        let first = RawWorker::registered(&hub.control_path(), "first", &["/a", "/items/{id}"]);
        let serves = |worker: &RawWorker, target: &str| {
            let mut client = hub.begin(target);
            worker.answer(worker.claim(), 200, target.as_bytes());
            assert_eq!(text(&mut client), target);
        };
        let mut in_hand = hub.begin("/a");
        let claim = first.claim();
        let mut second = RawWorker::connect(&hub.control_path());
        second.register(1, "second", &["/b"]);
        // All of a registration or nothing of it, for each reason that there is.
        for (message, code) in [
            (register(2, "third", &["/c", "/a"]), "route_conflict"),
            (register(2, "third", &["/c", "/health"]), "route_conflict"),
            (register(2, "third", &["/c", "/c"]), "duplicate_registration"),
            (register(2, "second", &["/c"]), "duplicate_registration"),
            (register(2, "third", &["/c", "/{"]), "bad_pattern"),
            (register(2, "th/ird", &["/c"]), "bad_name"),
        ] {
            second.control.refused(&message, code);
            assert_eq!(hub.get("/c").status(), 404, "the last good table stays: {code}");
            serves(&first, "/items/7");
            serves(&second, "/b");
        }
        assert_eq!(hub.workers().len(), 2, "nobody was disconnected");
        first.answer(claim, 200, b"as if nothing had been");
        assert_eq!(text(&mut in_hand), "as if nothing had been");
        // And the same worker's next try is taken.
        second.register(2, "third", &["/c"]);
        serves(&second, "/c");
        hub.wait_all_free();
    });
}

#[test]
fn h23_a_worker_that_fails_to_start_disturbs_nobody() {
    light("h23_a_worker_that_fails_to_start_disturbs_nobody", || {
        let hub = Hub::start();
        let first = RawWorker::registered(&hub.control_path(), "first", &["/hello/{name}"]);
        for flavor in [Flavor::Rust, Flavor::C] {
            // Another name for a route that is taken: none of its routes opens.
            let mut fails = Worker::builder(flavor, &hub).name("second").launch();
            assert_ne!(fails.process.wait_end(SOON).code(), Some(0));
            assert_eq!(hub.get("/echo").status(), 404);
            let mut client = hub.begin("/hello/x");
            first.answer(first.claim(), 200, b"first");
            assert_eq!(text(&mut client), "first");
            eventually("it is gone", SOON, || (hub.workers().len() == 1).then_some(()));
        }
    });
}
