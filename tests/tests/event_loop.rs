//! A worker with one thread that blocks in `poll` and nowhere else: every wait of the C
//! interface that is not a thread's.

use std::io::Read;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use slotway_tests::http::Request;
use slotway_tests::{Flavor, Hub, Pattern, Trace, Weight, Worker, case, eventually};

use crate::{disconnects, echo};

const SOON: Duration = Duration::from_secs(20);
const LOOP: Flavor = Flavor::EventLoop;

#[test]
fn h01_every_body_comes_back_through_an_event_loop() {
    case("h01_every_body_comes_back_through_an_event_loop", Weight::Heavy, SOON * 4, || {
        echo::every_body_comes_back(LOOP);
    });
}

#[test]
fn clients_that_leave_an_event_loop_leave_every_slot_free() {
    let name = "clients_that_leave_an_event_loop_leave_every_slot_free";
    case(name, Weight::Heavy, SOON * 8, || disconnects::leave_at_random(LOOP));
}

#[test]
fn an_event_loop_serves_slow_clients_and_quick_ones_at_once() {
    let name = "an_event_loop_serves_slow_clients_and_quick_ones_at_once";
    case(name, Weight::Light, SOON * 2, || {
        const LENGTH: u64 = 3_000_000;
        let hub = Hub::start();
        let _worker = Worker::start(LOOP, &hub);
        let pattern = Pattern::new(0);
        let mut slow: Vec<_> = (0..8)
            .map(|_| {
                let mut client = hub.connect();
                client.wire().set_small_buffers().expect("a socket");
                client.send(&Request::get(&format!("/download/{LENGTH}")).bytes()).expect("sent");
                let head = client.read_head().expect("a head");
                (client, head)
            })
            .collect();
        // Uploads that stand in the middle, too.
        let mut halting = hub.connect();
        let request = Request::new("POST", "/echo").header("transfer-encoding", "chunked");
        halting.send(&request.head_bytes()).expect("sent");
        halting.send_chunk(b"begun").expect("sent");
        let echoed = halting.read_head().expect("a head before the body's end");
        let mut quick = hub.connect();
        for number in 0..200 {
            let response = quick.exchange(&Request::get(&format!("/hello/{number}")));
            let response = response.expect("an answer").expect(200);
            assert_eq!(response.text(), format!("hello, {number}"));
        }
        thread::scope(|scope| {
            for (client, head) in &mut slow {
                let pattern = &pattern;
                scope.spawn(move || {
                    let mut body = Vec::new();
                    client.body(head).read_to_end(&mut body).expect("a whole body");
                    assert_eq!(body.len() as u64, LENGTH);
                    pattern.check(0, &body);
                });
            }
        });
        halting.send_chunk(b" and ended").expect("sent");
        halting.send_chunk(b"").expect("sent");
        let mut body = Vec::new();
        halting.body(&echoed).read_to_end(&mut body).expect("a whole body");
        assert_eq!(body, b"begun and ended");
        hub.wait_all_free();
    });
}

#[test]
fn h05_an_event_loop_hears_of_cancellation() {
    case("h05_an_event_loop_hears_of_cancellation", Weight::Light, SOON * 2, || {
        let hub = Hub::with(&["--request-timeout", "400ms"]);
        let worker = Worker::start(LOOP, &hub);
        let mut due = hub.connect();
        due.send(&Request::get("/wait-cancelled/due").bytes()).expect("sent");
        for round in 0..10 {
            let mut client = hub.connect();
            client.send(&Request::get(&format!("/wait-cancelled/{round}")).bytes()).expect("sent");
            worker.says(&format!("waiting {round}"));
            drop(client);
            worker.says(&format!("cancelled {round}"));
        }
        assert_eq!(due.read_response().expect("an answer").problem(), "deadline");
        worker.says("cancelled due");
        hub.wait_all_free();
    });
}

#[test]
fn an_event_loop_survives_its_hub_and_drains_at_the_end() {
    let name = "an_event_loop_survives_its_hub_and_drains_at_the_end";
    case(name, Weight::Light, SOON * 3, || {
        let mut hub = Hub::start();
        let mut worker = Worker::start(LOOP, &hub);
        for _ in 0..2 {
            let mut client = hub.connect();
            client.send(&Request::get("/wait-cancelled/hub").bytes()).expect("sent");
            client.wire().set_small_buffers().expect("a socket");
            eventually("it is at work", SOON, || (hub.slots().claimed == 1).then_some(()));
            let dir = Arc::clone(hub.dir());
            hub.process.kill();
            worker.says("cancelled hub");
            hub = Hub::builder().dir(&dir).start();
            hub.wait_registered(worker.pid(), "conformance");
            let body = Pattern::new(0).take(300_000);
            let response = hub.send(Request::post("/echo", body.clone())).expect(200);
            assert!(response.body == body);
            hub.wait_all_free();
        }
        let mut halting = hub.connect();
        let request = Request::new("POST", "/echo").header("content-length", "10");
        halting.send(&request.head_bytes()).expect("sent");
        halting.send(b"12345").expect("sent");
        eventually("it is at work", SOON, || (hub.slots().claimed <= 1).then_some(()));
        worker.process.signal(Signal::TERM);
        eventually("it drains", SOON, || {
            let workers = hub.workers();
            (workers.is_empty() || workers[0].json["standing"] == "draining").then_some(())
        });
        halting.send(b"67890").expect("sent");
        let response = halting.read_response().expect("an answer");
        // A body that is collected before a slot is taken finds nobody any more.
        assert!(matches!(response.status(), 200 | 503), "{response:?}");
        assert_eq!(worker.process.wait_end(SOON).code(), Some(0));
    });
}

#[test]
fn an_idle_event_loop_makes_no_system_call() {
    case("an_idle_event_loop_makes_no_system_call", Weight::Heavy, SOON * 2, || {
        if !Trace::is_there() {
            return;
        }
        let hub = Hub::start();
        let worker = Worker::start(LOOP, &hub);
        for _ in 0..20 {
            hub.get("/hello/warm").expect(200);
        }
        hub.wait_all_free();
        let trace = Trace::attach(worker.pid(), &[]);
        thread::sleep(Duration::from_secs(2));
        let calls = trace.detach();
        let made = |line: &&str| !line.contains("<unfinished") && !line.contains("<detached");
        let made: Vec<&str> = calls.lines().filter(made).collect();
        assert!(made.len() <= 2, "more than the waits themselves: {made:#?}");
    });
}
