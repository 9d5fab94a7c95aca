//! H06, H09, H10 and the death of either side.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use slotway_tests::http::Request;
use slotway_tests::{Flavor, Hub, Litter, Worker, eventually, flavors, proc};

const SOON: Duration = Duration::from_secs(20);

/// Who answers.
#[track_caller]
fn who(hub: &Hub) -> u32 {
    hub.get("/pid").expect(200).text().parse().expect("a process id")
}

/// Nothing is left of the dead: no region open or mapped in the hub beyond those of the
/// living, nothing in the file system.
#[track_caller]
fn nothing_is_left(hub: &Hub, living: usize, litter: &Litter) {
    let pid = hub.process.pid();
    eventually("the hub lets go of the region", SOON, || {
        (proc::open_regions(pid) == living && proc::mapped_regions(pid) == living).then_some(())
    });
    assert_eq!(litter.since(), [""; 0], "left in shared places");
    assert_eq!(hub.dir().entries(), ["admin.sock", "hub.sock"]);
}

flavors! {
    Heavy, 60, fn h06_a_killed_workers_request_is_answered_at_once(flavor) {
        let litter = Litter::now();
        let hub = Hub::start();
        let mut fastest = Duration::MAX;
        for round in 0..5 {
            let mut victim = Worker::builder(flavor, &hub).threads(2).start(&hub);
            let id = format!("kill-{round}");
            let mut clients = [(); 2].map(|()| hub.begin(&format!("/wait-cancelled/{id}")));
            victim.process.wait_lines(&format!("waiting {id}"), 2, SOON);
            let sibling = Worker::start(flavor, &hub);
            let begun = Instant::now();
            victim.process.kill();
            for client in &mut clients {
                let response = client.read_response().expect("exactly one answer");
                assert_eq!((response.status(), response.problem().as_str()), (502, "worker_gone"));
            }
            fastest = fastest.min(begun.elapsed());
            // At once, not soon: the client may act on its 502.
            assert_eq!(hub.instances("conformance"), 1, "the dead one is not listed");
            assert_eq!(who(&hub), sibling.pid());
            nothing_is_left(&hub, 1, &litter);
        }
        println!("killed worker: 502 to both clients within {fastest:?} at best");
        assert!(fastest < Duration::from_millis(50), "{fastest:?}");
        eventually("the last worker is gone too", SOON, || hub.workers().is_empty().then_some(()));
        nothing_is_left(&hub, 0, &litter);
        assert_eq!(hub.get("/pid").problem(), "no_worker");
    }

    Light, 60, fn h06_requests_that_no_worker_claimed_move_to_a_sibling(flavor) {
        let hub = Hub::start();
        let mut standing = Worker::start(flavor, &hub);
        assert_eq!(who(&hub), standing.pid());
        standing.process.stop();
        let bodies: Vec<Vec<u8>> = (0..12_u32).map(|n| vec![n as u8; 1000 * n as usize]).collect();
        let clients: Vec<_> = bodies
            .iter()
            .map(|body| {
                let mut client = hub.connect();
                client.send(&Request::post("/echo", body.clone()).bytes()).expect("sent");
                client
            })
            .collect();
        eventually("they lie in the slots", SOON, || (hub.slots().ready == 12).then_some(()));
        let sibling = Worker::start(flavor, &hub);
        standing.process.kill();
        for (mut client, body) in clients.into_iter().zip(bodies) {
            let response = client.read_response().expect("exactly one answer");
            assert_eq!(response.expect(200).body, body);
        }
        assert_eq!(who(&hub), sibling.pid());
        hub.wait_all_free();
    }

    Light, 60, fn h06_a_worker_that_dies_in_the_middle_of_a_request(flavor) {
        let hub = Hub::start();
        for _ in 0..5 {
            let mut worker = Worker::start(flavor, &hub);
            let response = hub.get("/die");
            assert_eq!((response.status(), response.problem().as_str()), (502, "worker_gone"));
            let status = worker.process.wait_end(SOON);
            assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
        }
        let ends = || {
            let process = &hub.process;
            process.count_lines("worker exited") + process.count_lines("worker disconnected")
        };
        eventually("one word of each end", SOON, || (ends() >= 5).then_some(()));
        hub.get("/health");
        assert_eq!(ends(), 5, "exactly one word of each end");
    }

    Light, 60, fn h06_a_response_that_had_begun_breaks_off(flavor) {
        let hub = Hub::start();
        let mut worker = Worker::start(flavor, &hub);
        let mut client = hub.connect();
        client.wire().set_small_buffers().expect("a socket");
        client.send(&Request::get("/download/50000000").bytes()).expect("sent");
        let head = client.read_head().expect("a head");
        assert_eq!(head.status, 200);
        worker.process.kill();
        let mut rest = Vec::new();
        let read = std::io::Read::read_to_end(&mut client.body(&head), &mut rest);
        assert!(read.is_err(), "a broken response must not look complete");
        assert!(rest.len() < 50_000_000);
    }

    Light, 60, fn h06_an_upload_to_a_killed_worker_ends(flavor) {
        let hub = Hub::start();
        let mut worker = Worker::start(flavor, &hub);
        let mut client = hub.connect();
        let request = Request::new("POST", "/slow-read/50").header("content-length", "50000000");
        client.send(&request.head_bytes()).expect("sent");
        client.send(slotway_tests::Pattern::new(0).slice(0, 60_000)).expect("sent");
        eventually("the worker has it", SOON, || (hub.slots().claimed == 1).then_some(()));
        worker.process.kill();
        let response = client.read_response().expect("an answer");
        assert_eq!((response.status(), response.problem().as_str()), (502, "worker_gone"));
    }

    Heavy, 60, fn h09_two_instances_share_the_load_and_neither_evicts_the_other(flavor) {
        let hub = Hub::start();
        let workers = [(); 2].map(|()| Worker::start(flavor, &hub));
        assert_eq!(hub.instances("conformance"), 2);
        let shares = thread::scope(|scope| {
            let clients = [(); 8].map(|()| {
                scope.spawn(|| {
                    let mut client = hub.connect();
                    let ask = |_| {
                        let response = client.exchange(&Request::get("/pid")).expect("an answer");
                        response.expect(200).text().parse::<u32>().expect("a process id")
                    };
                    (0..100).map(ask).collect::<Vec<u32>>()
                })
            });
            let mut shares: HashMap<u32, u32> = HashMap::new();
            for pid in clients.into_iter().flat_map(|client| client.join().expect("no panic")) {
                *shares.entry(pid).or_default() += 1;
            }
            shares
        });
        assert_eq!(shares.len(), 2, "{shares:?}");
        for worker in &workers {
            assert!(shares[&worker.pid()] >= 800 / 5, "a fair share of 800: {shares:?}");
        }
        assert_eq!(hub.instances("conformance"), 2);
        assert_eq!(hub.workers().len(), 2);
    }

    Light, 60, fn h10_two_hubs_never_touch_each_others_workers(flavor) {
        let mut hubs = [(); 2].map(|()| Hub::start());
        let workers = [0, 1].map(|at| Worker::start(flavor, &hubs[at]));
        for at in [0, 1] {
            assert_eq!(hubs[at].workers().len(), 1);
            for _ in 0..20 {
                assert_eq!(who(&hubs[at]), workers[at].pid());
            }
        }
        // One goes; the other's worker and requests notice nothing.
        let mut busy = hubs[1].begin("/sleep/700");
        hubs[0].process.kill();
        assert_eq!(busy.read_response().expect("an answer").expect(200).text(), "slept");
        assert_eq!(who(&hubs[1]), workers[1].pid());
        assert_eq!(hubs[1].workers().len(), 1, "the other's worker did not come over");
    }

    Heavy, 90, fn workers_survive_their_hub_and_serve_the_next(flavor) {
        let mut hub = Hub::start();
        let mut workers = [(); 2].map(|()| Worker::builder(flavor, &hub).threads(2).start(&hub));
        hub.get("/hello/first").expect(200);
        let open = workers.each_ref().map(|worker| proc::descriptors(worker.pid()).len());
        for _ in 0..3 {
            let mut clients = [(); 2].map(|()| hub.begin("/sleep/300"));
            eventually("they are at work", SOON, || (hub.slots().claimed == 2).then_some(()));
            let (dir, address) = (Arc::clone(hub.dir()), hub.address);
            hub.process.kill();
            for client in &mut clients {
                assert!(client.read_response().is_err(), "nobody is left to answer");
            }
            // While there is no hub they neither end nor spin: one second, at most a few
            // attempts each.
            let before = workers.each_ref().map(|worker| proc::cpu_ticks(worker.pid()));
            thread::sleep(Duration::from_secs(1));
            for (worker, before) in workers.iter_mut().zip(before) {
                assert!(worker.process.is_alive());
                let used = proc::cpu_ticks(worker.pid()) - before;
                assert!(used <= 10, "{used} ticks of 100 while there is no hub");
            }
            hub = Hub::builder().dir(&dir).listen(address).start();
            for (worker, open) in workers.iter().zip(open) {
                let pid = worker.pid();
                hub.wait_registered(pid, "conformance");
                eventually("the old region and its descriptors are let go", SOON, || {
                    let descriptors = proc::descriptors(pid).len();
                    (proc::mapped_regions(pid) == 1 && descriptors <= open).then_some(())
                });
            }
            let mut client = hub.connect();
            for number in 0..50 {
                let response = client.exchange(&Request::get(&format!("/hello/{number}")));
                assert_eq!(response.expect("an answer").expect(200).text(), format!("hello, {number}"));
            }
            hub.wait_all_free();
        }
    }

    Light, 60, fn a_worker_that_is_told_to_end_drains(flavor) {
        let hub = Hub::start();
        let mut worker = Worker::start(flavor, &hub);
        let mut busy = hub.begin("/sleep/500");
        eventually("it is at work", SOON, || (hub.slots().claimed == 1).then_some(()));
        worker.process.signal(Signal::TERM);
        assert_eq!(busy.read_response().expect("an answer").expect(200).text(), "slept");
        assert_eq!(worker.process.wait_end(SOON).code(), Some(0));
        eventually("the hub knows", SOON, || hub.workers().is_empty().then_some(()));
        assert_eq!(hub.get("/pid").problem(), "no_worker");
    }

    Light, 60, fn a_rolling_restart_loses_no_request(flavor) {
        let hub = Hub::start();
        let mut old = Worker::start(flavor, &hub);
        let (stop, served) = (AtomicBool::new(false), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut client = hub.connect();
                    while !stop.load(Ordering::Relaxed) {
                        let response = client.exchange(&Request::get("/sleep/5"));
                        // A panic here ends the scope, and so the case.
                        response.expect("exactly one answer").expect(200);
                        served.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            for _ in 0..4 {
                let before = served.load(Ordering::Relaxed);
                let new = Worker::start(flavor, &hub);
                old.process.signal(Signal::TERM);
                assert_eq!(old.process.wait_end(SOON).code(), Some(0));
                old = new;
                eventually("the new one serves", SOON, || {
                    (served.load(Ordering::Relaxed) > before + 20).then_some(())
                });
            }
            stop.store(true, Ordering::Relaxed);
        });
        hub.wait_all_free();
    }
}

/// A worker in C beside one in Rust, under one name.
#[test]
fn h09_languages_share_a_name() {
    slotway_tests::case(
        "h09_languages_share_a_name",
        slotway_tests::Weight::Light,
        SOON * 2,
        || {
            let hub = Hub::start();
            let mut rust = Worker::start(Flavor::Rust, &hub);
            let c = Worker::start(Flavor::C, &hub);
            let mut seen: Vec<u32> = (0..200).map(|_| who(&hub)).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 2);
            rust.process.kill();
            for _ in 0..20 {
                assert_eq!(who(&hub), c.pid());
            }
        },
    );
}
