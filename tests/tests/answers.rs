//! H02 and H03: exactly one answer, the right one, whatever the worker does.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;

use slotway_tests::http::{Connection, Request};
use slotway_tests::{Flavor, Hub, Pattern, Worker, eventually, flavors};

const SOON: Duration = Duration::from_secs(20);

/// Asks again and again, each time for something else, and gets just that.
#[track_caller]
fn everyone_gets_their_own(client: &mut Connection, round: u32) {
    for number in 0..50 {
        let body = format!("{round}-{number}").into_bytes();
        let response = client.exchange(&Request::post("/echo", body.clone())).expect("an answer");
        assert_eq!(response.expect(200).body, body);
    }
}

flavors! {
    Light, 60, fn h02_an_answer_after_the_deadline_goes_nowhere(flavor) {
        // Two slots, so that the late one is used again at once.
        let hub = Hub::with(&["--slots", "2", "--request-timeout", "150ms"]);
        let worker = Worker::builder(flavor, &hub).threads(2).start(&hub);
        let mut client = hub.connect();
        for round in 0..8 {
            let late = client.exchange(&Request::get(&format!("/late/300/{round}")));
            let late = late.expect("an answer");
            assert_eq!((late.status(), late.problem().as_str()), (504, "deadline"));
            everyone_gets_their_own(&mut client, round);
            worker.says(&format!("late {round}: "));
            everyone_gets_their_own(&mut client, round + 100);
        }
        hub.wait_all_free();
    }

    Light, 60, fn h02_an_answer_to_a_client_that_left_goes_nowhere(flavor) {
        let hub = Hub::with(&["--slots", "2"]);
        let worker = Worker::builder(flavor, &hub).threads(2).start(&hub);
        let mut client = hub.connect();
        for round in 0..8 {
            let mut leaver = hub.connect();
            leaver.send(&Request::get(&format!("/late/150/{round}")).bytes()).expect("sent");
            eventually("the worker has it", SOON, || (hub.slots().claimed == 1).then_some(()));
            drop(leaver);
            everyone_gets_their_own(&mut client, round);
            worker.says(&format!("late {round}: "));
            everyone_gets_their_own(&mut client, round + 100);
        }
        hub.wait_all_free();
    }

    Light, 60, fn h02_an_answer_to_a_dead_hub_goes_nowhere(flavor) {
        let mut hub = Hub::start();
        let worker = Worker::builder(flavor, &hub).threads(2).start(&hub);
        for round in 0..3 {
            let mut client = hub.connect();
            client.send(&Request::get(&format!("/late/1500/{round}")).bytes()).expect("sent");
            eventually("the worker has it", SOON, || (hub.slots().claimed == 1).then_some(()));
            let dir = Arc::clone(hub.dir());
            hub.process.kill();
            assert!(client.read_response().is_err(), "the hub died without an answer");
            hub = Hub::builder().dir(&dir).start();
            hub.wait_registered(worker.pid(), "conformance");
            let mut client = hub.connect();
            everyone_gets_their_own(&mut client, round);
            worker.says(&format!("late {round}: "));
            everyone_gets_their_own(&mut client, round + 100);
            hub.wait_all_free();
        }
    }

    Light, 20, fn h02_a_second_answer_is_an_error_to_the_worker(flavor) {
        let hub = Hub::start();
        let worker = Worker::start(flavor, &hub);
        let mut client = hub.connect();
        for round in 0..5 {
            let response = client.exchange(&Request::get("/twice")).expect("an answer");
            assert_eq!(response.expect(200).text(), "first");
            worker.process.wait_lines("twice: already_answered", round + 1, SOON);
            everyone_gets_their_own(&mut client, round as u32);
        }
        assert_eq!(worker.process.count_lines("twice: "), 5);
        hub.wait_all_free();
    }

    Light, 30, fn h03_a_handler_that_gives_up_is_an_answer(flavor) {
        let hub = Hub::start();
        let worker = Worker::builder(flavor, &hub).threads(2).start(&hub);
        let mut client = hub.connect();
        for _ in 0..10 {
            let response = client.exchange(&Request::get("/panic")).expect("an answer");
            let code = match flavor {
                Flavor::Rust => "handler_panic",
                Flavor::C | Flavor::EventLoop => "no_answer",
            };
            assert_eq!((response.status(), response.problem().as_str()), (500, code));
        }
        // More often than there are threads: they have all survived.
        everyone_gets_their_own(&mut client, 1);
        assert_eq!(client.exchange(&Request::get("/abort/0")).expect("an answer").status(), 502);
        everyone_gets_their_own(&mut client, 2);
        hub.wait_all_free();
        hub.wait_registered(worker.pid(), "conformance");
    }

    Light, 30, fn h03_an_answer_that_cannot_be_is_502(flavor) {
        let hub = Hub::start();
        let worker = Worker::start(flavor, &hub);
        let mut client = hub.connect();
        let kinds = [
            ("status-0", "invalid_head"),
            ("status-100", "invalid_head"),
            ("status-1000", "invalid_head"),
            ("name", "invalid_head"),
            ("empty-name", "invalid_head"),
            ("value", "invalid_head"),
            ("transfer-encoding", "invalid_head"),
            ("length", "body_length"),
            ("length-word", "invalid_head"),
            ("head", "too_large"),
        ];
        for (kind, code) in kinds {
            let response = client.exchange(&Request::get(&format!("/bad/{kind}")));
            let response = response.expect("an answer");
            assert_eq!(response.status(), 502, "{kind}: {response:?}");
            assert!(response.head.one("set-cookie").is_none(), "{kind}");
            let said = worker.says(&format!("bad {kind}: "));
            assert!(said.ends_with(code), "{said}");
            everyone_gets_their_own(&mut client, 0);
        }
        // More than the slot has room for: the worker's mistake, not the client's.
        let response = client.exchange(&Request::get("/inplace/100000")).expect("an answer");
        assert_eq!(response.status(), 502, "{response:?}");
        hub.wait_all_free();
    }

    Light, 30, fn h03_an_answer_that_breaks_off_is_seen_to_be_incomplete(flavor) {
        let hub = Hub::start();
        let worker = Worker::start(flavor, &hub);
        let pattern = Pattern::new(0);
        for length in [1_u64, 5_000, 300_000] {
            let mut client = hub.connect();
            client.send(&Request::get(&format!("/abort/{length}")).bytes()).expect("sent");
            // Either the hub saw in time that it is no answer, or the client sees the break.
            let head = client.read_head().expect("an answer");
            if head.status == 502 {
                continue;
            }
            let mut body = Vec::new();
            let error = client.body(&head).read_to_end(&mut body).expect_err("no clean end");
            let kind = error.kind();
            assert!(matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{kind}");
            pattern.check(0, &body);
        }
        for (kind, code) in [("short", "body_length"), ("long", "body_length")] {
            let mut client = hub.connect();
            client.send(&Request::get(&format!("/bad/{kind}")).bytes()).expect("sent");
            // The declared length is never delivered as if it were all.
            let response = client.read_response();
            assert!(!response.is_ok_and(|response| response.status() == 200), "{kind}");
            assert!(worker.says(&format!("bad {kind}: ")).ends_with(code));
        }
        everyone_gets_their_own(&mut hub.connect(), 0);
        hub.wait_all_free();
    }

    Light, 30, fn a_request_body_that_breaks_off_is_an_error_to_the_worker(flavor) {
        let hub = Hub::start();
        let worker = Worker::start(flavor, &hub);
        for round in 1..4 {
            let mut client = hub.connect();
            let request = Request::new("POST", "/slow-read/0").header("content-length", "1000000");
            client.send(&request.head_bytes()).expect("sent");
            client.send(Pattern::new(0).slice(0, 50_000)).expect("sent");
            eventually("the worker has it", SOON, || (hub.slots().claimed == 1).then_some(()));
            drop(client);
            worker.process.wait_lines("/slow-read/{ms} failed: ", round, SOON);
        }
        hub.wait_all_free();
    }

    Light, 30, fn an_answer_that_comes_before_the_bodys_end_is_delivered(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        for length in [70_000, 4_000_000] {
            let mut client = hub.connect();
            let request = Request::get("/hello/early").header("content-length", length.to_string());
            client.send(&request.head_bytes()).expect("sent");
            client.send(&[b'x'; 10_000]).expect("sent");
            let response = client.read_response().expect("an answer before the body's end");
            assert_eq!(response.expect(200).text(), "hello, early");
        }
        everyone_gets_their_own(&mut hub.connect(), 0);
        hub.wait_all_free();
    }
}
