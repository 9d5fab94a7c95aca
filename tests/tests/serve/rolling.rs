//! Replacing workers under load, and following another configuration.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use slotway_tests::http::{Connection, Request};
use slotway_tests::{Flavor, Weight, case, eventually};

use super::rig::{Rig, SOON, command, light, wait_gone, worker};

/// Clients at a time, each of which waits for its answer before it asks again.
const CLIENTS: usize = 24;

/// Sends requests without a pause while `act` runs. None may fail.
fn under_load(rig: &Rig, act: impl FnOnce()) {
    let (stop, served) = (AtomicBool::new(false), AtomicU64::new(0));
    let address = rig.hub.address;
    let client = || -> Result<(), String> {
        let mut client = Connection::open(address).map_err(|error| error.to_string())?;
        while !stop.load(Ordering::Relaxed) {
            let number = served.fetch_add(1, Ordering::Relaxed);
            let request = Request::get(&format!("/hello/{number}"));
            let response = client.exchange(&request).map_err(|error| error.to_string())?;
            let expected = format!("hello, {number}");
            if response.status() != 200 || response.text() != expected {
                return Err(format!("{} {}", response.status(), response.text()));
            }
        }
        Ok(())
    };
    let begin = Instant::now();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        // Also when it fails, or the clients would go on for ever.
        let stopping = Stop(&stop);
        act();
        drop(stopping);
        for client in clients {
            client.join().expect("a client").expect("no request fails");
        }
    });
    let (served, seconds) = (served.into_inner(), begin.elapsed().as_secs_f64());
    println!("{served} requests, {:.0}/s, none failed", served as f64 / seconds);
    assert!(served > CLIENTS as u64, "there was a load");
}

/// Says stop when it is dropped.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until every process is another one.
#[track_caller]
fn wait_replaced(rig: &Rig, name: &str, before: &[u32]) -> Vec<u32> {
    let after = eventually("every process is a new one", SOON, || {
        let after = rig.wait_ready(name, before.len());
        after.iter().all(|pid| !before.contains(pid)).then_some(after)
    });
    wait_gone(before);
    after
}

fn heavy(name: &str, body: impl FnOnce()) {
    case(name, Weight::Heavy, Duration::from_secs(300), body);
}

/// Goal: no request fails while every process is replaced, again and again.
#[test]
fn h08_a_rolling_restart_fails_no_request() {
    heavy("h08_a_rolling_restart_fails_no_request", || {
        for flavor in [Flavor::Rust, Flavor::C] {
            let hub = match flavor {
                Flavor::Rust => command(flavor, &[]),
                // Its argument is its own; the environment has the same.
                _ => super::rig::shell("exec \"$C\" --hub \"$SLOTWAY_HUB\"").replace(
                    "$C",
                    slotway_tests::artifacts::worker(flavor).to_str().expect("UTF-8"),
                ),
            };
            let rig = Rig::start(&worker("api", &format!("{hub}instances = 3")));
            let mut pids = rig.wait_ready("api", 3);
            under_load(&rig, || {
                for _ in 0..4 {
                    let outcome = rig.restart("api");
                    assert_eq!(outcome["failed"], serde_json::Value::Null, "{outcome}");
                    assert_eq!(outcome["restarted"].as_array().expect("a list").len(), 3);
                    // It has told so when it was through.
                    let after = rig.wait_ready("api", 3);
                    assert!(after.iter().all(|pid| !pids.contains(pid)), "{pids:?} {after:?}");
                    wait_gone(&pids);
                    pids = after;
                }
                for _ in 0..2 {
                    rig.hub.process.signal(Signal::HUP);
                    pids = wait_replaced(&rig, "api", &pids);
                }
            });
            rig.hub.wait_all_free();
        }
    });
}

/// Goal: SIGHUP follows the file: new workers start, others stop, what goes on is restarted by
/// the new words, and no request fails meanwhile.
#[test]
fn a_reload_follows_the_file_and_fails_no_request() {
    heavy("a_reload_follows_the_file_and_fails_no_request", || {
        let run = command(Flavor::Rust, &[]);
        let table = |name: &str, prefix: &str, more: &str| {
            let own = command(Flavor::Rust, &["--name", name, "--prefix", prefix]);
            worker(name, &format!("{own}{more}"))
        };
        let first = worker("api", &run) + &table("old", "/old", "");
        let rig = Rig::start(&first);
        let (api, old) = (rig.wait_ready("api", 1), rig.wait_ready("old", 1));
        under_load(&rig, || {
            let settings = format!("{run}instances = 2\nenvironment = {{ COLOUR = \"green\" }}\n");
            rig.write(&(worker("api", &settings) + &table("new", "/new", "")));
            rig.hub.process.signal(Signal::HUP);
            rig.wait_ready("new", 1);
            let after = rig.wait_ready("api", 2);
            assert!(!after.contains(&api[0]), "restarted");
            wait_gone(&old);
            wait_gone(&api);
            let environ = std::fs::read(format!("/proc/{}/environ", after[0])).expect("our own");
            assert!(environ.windows(12).any(|part| part == b"COLOUR=green"), "the new words");
        });
        assert_eq!(rig.hub.get("/new/hello/you").status(), 200);
        rig.wait("old is gone", |rows| (!rows.iter().any(|row| row.is_of("old"))).then_some(()));

        // A file with a mistake changes nothing and restarts nothing.
        let before = rig.wait_ready("api", 2);
        rig.write("[[worker]]\nname = \"api\"\n");
        rig.hub.process.signal(Signal::HUP);
        rig.says("the configuration stays as it was");
        assert_eq!(rig.wait_ready("api", 2), before);
    });
}

/// Goal: the worker of the command line is restarted by SIGHUP as well.
#[test]
fn the_worker_of_the_command_line_is_restarted_too() {
    light("the_worker_of_the_command_line_is_restarted_too", || {
        let program = slotway_tests::artifacts::worker(Flavor::Rust).to_str().expect("UTF-8");
        let hub = slotway_tests::Hub::builder().serve(&[program, "--threads", "2"]).start();
        let served = || {
            let workers = hub.workers();
            let one = workers.first().filter(|it| workers.len() == 1 && !it.names().is_empty());
            one.map(slotway_tests::WorkerInfo::pid)
        };
        let first = eventually("it serves", SOON, served);
        hub.process.wait_line("ready instance=\"worker.1\"", SOON);
        hub.process.signal(Signal::HUP);
        eventually("another serves", SOON, || served().filter(|pid| *pid != first));
    });
}
