//! H05, H07 and workers that live but do not answer: the probe, and what follows from it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use slotway_tests::http::Request;
use slotway_tests::raw::RawWorker;
use slotway_tests::{Flavor, Hub, Weight, Worker, case, eventually, flavors};

const SOON: Duration = Duration::from_secs(30);

/// A hub that asks often. The timeout is long for a worker that is well, also on a machine
/// that is busy.
fn hub(more: &[&str]) -> Hub {
    let args = ["--probe-interval", "150ms", "--probe-timeout", "400ms", "--probe-misses", "3"];
    Hub::with(&[&args, more].concat())
}

/// The hub's number for the connection of a process.
#[track_caller]
fn connection_of(hub: &Hub, pid: u32) -> u64 {
    let workers = hub.workers();
    let known = workers.iter().find(|worker| worker.pid() == u64::from(pid));
    known.expect("it is connected").json["id"].as_u64().expect("a number")
}

#[track_caller]
fn assert_unresponsive(gone: &serde_json::Value) {
    assert_eq!((&gone["reason"], &gone["evicted"]), (&"unresponsive".into(), &true.into()));
    assert_eq!(gone["names"], serde_json::json!(["conformance"]));
    assert!(gone["detail"].as_str().expect("a sentence").contains("3 probes"), "{gone}");
}

/// Waits until a process serves through another connection than `before`, and answers.
#[track_caller]
fn comes_back(hub: &Hub, pid: u32, before: u64) {
    eventually("it comes back as a fresh instance", SOON, || {
        let workers = hub.workers();
        let is_it = |w: &&slotway_tests::WorkerInfo| {
            w.pid() == u64::from(pid) && w.json["id"] != before && w.names() == ["conformance"]
        };
        workers.iter().find(is_it).map(|_| ())
    });
    eventually("it serves", SOON, || (hub.get("/pid").text() == pid.to_string()).then_some(()));
}

flavors! {
    Heavy, 120, fn h07_a_stopped_worker_is_evicted_and_comes_back(flavor) {
        let hub = hub(&[]);
        let victim = Worker::builder(flavor, &hub).threads(2).start(&hub);
        let number = connection_of(&hub, victim.pid());
        let mut held = hub.begin("/wait-cancelled/held");
        victim.says("waiting held");
        let sibling = Worker::start(flavor, &hub);
        let (stop, tally) = (AtomicBool::new(false), Mutex::new(BTreeMap::new()));
        thread::scope(|scope| {
            for client in 0..6_u32 {
                let (hub, stop, tally) = (&hub, &stop, &tally);
                scope.spawn(move || {
                    let mut connection = hub.connect();
                    for number in (0_u32..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                        let body = format!("{client}/{number}");
                        let request = Request::post("/echo", body.clone());
                        let response = connection.exchange(&request).expect("exactly one answer");
                        match response.status() {
                            200 => assert_eq!(response.text(), body),
                            _ => assert_eq!(response.problem(), "worker_gone"),
                        }
                        *tally.lock().expect("whole").entry(response.status()).or_insert(0) += 1;
                    }
                });
            }
            let served = || tally.lock().expect("whole").get(&200).copied().unwrap_or(0);
            eventually("there is load", SOON, || (served() > 50).then_some(()));
            victim.process.stop();
            // Whoever had its request claimed waits no longer than the eviction takes.
            let response = held.read_response().expect("exactly one answer");
            assert_eq!((response.status(), response.problem().as_str()), (502, "worker_gone"));
            assert_unresponsive(&hub.wait_departed(victim.pid()));
            assert_eq!(hub.instances("conformance"), 1, "the hanging one is not listed");
            let before = served();
            eventually("the others go on", SOON, || (served() > before + 50).then_some(()));
            victim.process.go_on();
            comes_back(&hub, victim.pid(), number);
            stop.store(true, Ordering::Relaxed);
        });
        let tally = tally.into_inner().expect("whole");
        println!("under load, one of two workers stopped: {tally:?} (status: requests)");
        assert!(tally.get(&502).copied().unwrap_or(0) <= 2, "two threads had claimed: {tally:?}");
        // Its handler's late answer went nowhere.
        victim.says("cancelled held");
        assert_eq!(hub.process.count_lines("worker evicted"), 1);
        assert_eq!(hub.process.count_lines("broke the protocol"), 0);
        assert_eq!(hub.admin("/internal/workers")["departures"]["unresponsive"], 1);
        drop(sibling);
        hub.wait_all_free();
    }

    Light, 90, fn h07_what_a_stopped_worker_has_not_claimed_moves(flavor) {
        let hub = hub(&[]);
        let victim = Worker::start(flavor, &hub);
        hub.get("/pid").expect(200);
        victim.process.stop();
        let clients: Vec<_> = (0..8).map(|n| hub.begin(&format!("/hello/{n}"))).collect();
        eventually("they lie in the slots", SOON, || (hub.slots().ready == 8).then_some(()));
        let _sibling = Worker::start(flavor, &hub);
        for (n, mut client) in clients.into_iter().enumerate() {
            let response = client.read_response().expect("exactly one answer").expect(200);
            assert_eq!(response.text(), format!("hello, {n}"));
        }
        assert_unresponsive(&hub.wait_departed(victim.pid()));
        hub.wait_all_free();
    }

    Light, 60, fn h07_a_saturated_worker_that_is_well_is_not_evicted(flavor) {
        let hub = hub(&["--slots", "4"]);
        let worker = Worker::builder(flavor, &hub).threads(2).start(&hub);
        // Every thread and every slot, and some in line: three seconds, twenty probes.
        let clients: Vec<_> = (0..6).map(|_| hub.begin("/sleep/1000")).collect();
        eventually("it is saturated", SOON, || {
            let slots = hub.slots();
            assert_eq!(slots.slots, 4, "the slot for probes is not capacity");
            (slots.claimed == 2 && slots.ready == 2 && slots.waiting == 2).then_some(())
        });
        for mut client in clients {
            assert_eq!(client.read_response().expect("an answer").expect(200).text(), "slept");
        }
        assert_eq!(hub.departed(), [(); 0].map(|()| serde_json::Value::Null));
        assert_eq!(hub.workers()[0].pid(), u64::from(worker.pid()));
        hub.wait_all_free();
        let workers = hub.workers();
        assert_eq!(workers[0].json["registrations"][0]["max_concurrent"], 4);
    }

    Light, 60, fn h05_a_stuck_handler_is_no_reason_to_evict(flavor) {
        let hub = hub(&["--request-timeout", "500ms"]);
        let worker = Worker::builder(flavor, &hub).threads(2).start(&hub);
        // The client has its 504 and the handler sleeps on.
        let response = hub.get("/late/3000/stuck");
        assert_eq!((response.status(), response.problem().as_str()), (504, "deadline"));
        assert_eq!(hub.slots().abandoned, 1);
        for _ in 0..20 {
            hub.get("/hello/on").expect(200);
        }
        hub.wait_all_free();
        assert!(hub.departed().is_empty());
        assert_eq!(hub.workers()[0].pid(), u64::from(worker.pid()));
    }
}

#[test]
fn h07_an_event_loop_that_stands_still_is_evicted_and_comes_back() {
    let name = "h07_an_event_loop_that_stands_still_is_evicted_and_comes_back";
    case(name, Weight::Light, SOON * 3, || {
        let hub = hub(&[]);
        let mut worker = Worker::start(Flavor::EventLoop, &hub);
        let number = connection_of(&hub, worker.pid());
        // Streams that wait are no standing still: the loop turns.
        let _waiting: Vec<_> = (0..4).map(|n| hub.begin(&format!("/wait-cancelled/{n}"))).collect();
        let _ = worker.process.wait_lines("waiting", 4, SOON);
        thread::sleep(Duration::from_secs(1));
        assert!(hub.departed().is_empty(), "{:?}", hub.departed());
        // Its process runs, and its control thread listens; its loop does not turn.
        let response = hub.get("/block/4000");
        assert_eq!((response.status(), response.problem().as_str()), (502, "worker_gone"));
        assert_unresponsive(&hub.wait_departed(worker.pid()));
        comes_back(&hub, worker.pid(), number);
        assert!(worker.process.is_alive());
        worker.process.signal(Signal::TERM);
        assert_eq!(worker.process.wait_end(SOON).code(), Some(0));
    });
}

/// H07. All of them miss their first probe before the first of them has missed its last:
/// nobody waits for another's timeout.
#[test]
fn h07_many_that_hang_are_probed_at_once() {
    let long = std::env::var_os("SLOTWAY_TEST_LONG").is_some();
    let count = if long { 200 } else { 20 };
    case("h07_many_that_hang_are_probed_at_once", Weight::Heavy, SOON * 6, || {
        let hub = Hub::with(
            &[
                ["--probe-interval", "1s"],
                ["--probe-timeout", "1500ms"],
                ["--probe-misses", "3"],
                ["--slots", "4"],
            ]
            .concat(),
        );
        let well = Worker::builder(Flavor::Rust, &hub).name("well").prefix("/well").start(&hub);
        let builder = || Worker::builder(Flavor::C, &hub).threads(1);
        let workers: Vec<_> = (0..count).map(|_| builder().launch()).collect();
        eventually("all are there", SOON * 2, || {
            (hub.workers().iter().filter(|w| w.names() == ["conformance"]).count() == count)
                .then_some(())
        });
        for worker in &workers {
            worker.process.signal(Signal::STOP);
        }
        hub.process.wait_lines("worker evicted", count, SOON * 2);
        let lines = hub.process.lines();
        let first = |text: &str| lines.iter().position(|line| line.contains(text)).expect("one");
        let evicted_at = first("worker evicted");
        let missed_first = |line: &&String| line.contains("misses=1");
        let missed = lines[..evicted_at].iter().filter(missed_first).count();
        println!("{count} hang: {missed} had missed a probe before the first was evicted");
        assert_eq!(missed, count, "they were probed one after another");
        // Who is well was not disturbed, and those that hung come back.
        hub.get("/well/hello/there").expect(200);
        assert_eq!(hub.admin("/internal/workers")["departures"]["unresponsive"], count);
        assert!(hub.departed().iter().all(|gone| gone["pid"] != well.pid()));
        assert_eq!(hub.departed().len(), count.min(64));
        for worker in &workers {
            worker.process.signal(Signal::CONT);
        }
        eventually("all are back", SOON * 2, || {
            (hub.instances("conformance") == count as u64).then_some(())
        });
    });
}

/// The record tells apart who left, who ended and who was ended.
#[test]
fn reasons_of_leaving_are_told_apart() {
    case("reasons_of_leaving_are_told_apart", Weight::Light, SOON * 2, || {
        let hub = Hub::start();
        let reason = |pid: u32| {
            let gone = hub.wait_departed(pid);
            (gone["reason"].as_str().expect("a reason").to_owned(), gone["evicted"] == true)
        };
        let told = |reason: &str, evicted: bool| (reason.to_owned(), evicted);
        let worker = Worker::start(Flavor::C, &hub);
        worker.process.signal(Signal::TERM);
        assert_eq!(reason(worker.pid()), told("left", false));
        // Nobody fetches its status before the hub has seen it.
        let worker = Worker::start(Flavor::Rust, &hub);
        worker.process.signal(Signal::KILL);
        assert_eq!(reason(worker.pid()), told("killed", false));
        let detail = hub.wait_departed(worker.pid())["detail"].clone();
        assert_eq!(detail, "signal 9 ended the process");
        // Those that this process plays by hand.
        let raw = RawWorker::registered(&hub.control_path(), "by-hand", &["/by-hand"]);
        drop(raw);
        assert_eq!(reason(std::process::id()), told("disconnected", false));
        let mut raw = RawWorker::registered(&hub.control_path(), "rude", &["/rude"]);
        raw.control.refused(&slotway_tests::control::hello(), "out_of_order");
        eventually("it is on record", SOON, || {
            let gone = &hub.departed()[0];
            (gone["reason"] == "refused" && gone["evicted"] == true).then_some(())
        });
        let counts = hub.admin("/internal/workers")["departures"].clone();
        for (reason, count) in [("left", 1), ("killed", 1), ("disconnected", 1), ("refused", 1)] {
            assert_eq!(counts[reason], count, "{counts}");
        }
    });
}

/// A worker of another make that does not know probes gets no slot for them and is left
/// alone; one that knows them and does not answer is refused with a code of its own.
#[test]
fn only_who_knows_probes_is_probed() {
    case("only_who_knows_probes_is_probed", Weight::Light, SOON * 2, || {
        let hub = hub(&["--slots", "4"]);
        let mut old = RawWorker::registered(&hub.control_path(), "old", &["/old"]);
        let (mut new, welcome) = {
            let mut control = slotway_tests::control::Control::open(&hub.control_path());
            let mut hello = slotway_tests::control::hello();
            hello["features"] = serde_json::json!(["something-newer", "probe"]);
            let welcome = control.ask(&hello);
            (control, welcome)
        };
        assert_eq!(welcome["region"]["slots"], 5);
        assert_eq!(welcome["region"]["probe_slot"], 4);
        let refused = new.read().expect("a word");
        let reason = slotway_tests::control::refusal(&refused, "unresponsive");
        assert!(reason.contains("3 probes"), "{reason}");
        assert_eq!(new.read(), None, "and the connection ends");
        // The old one outlived that many probes.
        let mut client = hub.begin("/old");
        old.answer(old.claim(), 200, b"here");
        assert_eq!(client.read_response().expect("an answer").expect(200).text(), "here");
        let beat = old.control.ask(&serde_json::json!({ "kind": "heartbeat", "seq": 1 }));
        assert_eq!(beat["seq"], 1);
    });
}
