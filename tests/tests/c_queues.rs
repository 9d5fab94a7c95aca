//! Activities taken and called in C: the example `bindings/c/examples/queue.c`, called by
//! `c/caller.c`. Each is a process with one thread that blocks in `poll` alone, or in a call.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use slotway_tests::{Hub, Process, Weight, artifacts, case, eventually};

const SOON: Duration = Duration::from_secs(20);
const LIMIT: Duration = Duration::from_secs(90);
const QUEUE: &str = "demo/work";
/// Longer than any case: what ends before it was not waited for.
const FOR_EVER: &str = "300000";

/// A worker that takes so many activities at a time.
fn worker(hub: &Hub, capacity: u32) -> Process {
    let mut command = artifacts::c_queue_worker();
    command.env("SLOTWAY_HUB", hub.control_path()).env("CAPACITY", capacity.to_string());
    let worker = Process::start("queue", &mut command);
    worker.wait_line("ready", SOON);
    worker
}

fn caller(hub: &Hub, args: &[&str]) -> Process {
    let mut command = artifacts::c_caller();
    Process::start("caller", command.arg(hub.control_path()).args(args))
}

/// One call, of `attempts` at most.
fn call(hub: &Hub, kind: &str, payload: &str, timeout_ms: &str, attempts: &str) -> Process {
    caller(hub, &["call", QUEUE, kind, payload, timeout_ms, attempts, "-"])
}

/// Waits until the worker of that process has so many in hand.
#[track_caller]
fn wait_in_hand(hub: &Hub, pid: u32, count: u64) {
    eventually("the worker has it in hand", SOON, || {
        let workers = hub.workers();
        let own = workers.iter().find(|worker| worker.pid() == u64::from(pid))?;
        (own.in_flight() == count).then_some(())
    });
}

/// Waits for what became of a call: the line from behind `caller: `.
#[track_caller]
fn outcome(process: &Process) -> String {
    let of = |line: &String| {
        let line = line.strip_prefix("caller: ")?;
        (line.starts_with("reply ") || line.starts_with("end ")).then(|| line.to_owned())
    };
    eventually("the call has an outcome", SOON, || process.lines().iter().find_map(of))
}

#[test]
fn q07_a_thousand_calls_from_c_to_c_have_each_its_own_answer() {
    case("q07_a_thousand_calls_from_c_to_c", Weight::Heavy, LIMIT, || {
        let hub = Hub::start();
        let _workers = [worker(&hub, 3), worker(&hub, 64)];
        let caller = caller(&hub, &["many", QUEUE, "echo", "said", "3000", "1000"]);
        caller.wait_line("caller: done", LIMIT);
        caller.wait_line("caller: answered 3000 wrong 0", SOON);
        hub.wait_all_free();
    });
}

#[test]
fn q03_a_c_worker_that_is_killed_is_gone_at_once() {
    case("q03_a_c_worker_that_is_killed_is_gone_at_once", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let mut worker = worker(&hub, 4);
        let caller = call(&hub, "sleep", FOR_EVER, FOR_EVER, "1");
        wait_in_hand(&hub, worker.pid(), 1);
        worker.kill();
        let end = outcome(&caller);
        assert!(end.starts_with("end worker_gone 0 "), "{end}");
        assert!(end.contains("worker_gone"), "{end}");
    });
}

#[test]
fn q03_an_activity_that_crashes_its_c_worker_says_so_and_takes_nothing_else_down() {
    case("q03_an_activity_that_crashes_its_c_worker", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let mut first = worker(&hub, 4);
        let crash = call(&hub, "crash", "x", FOR_EVER, "1");
        let end = outcome(&crash);
        assert!(end.starts_with("end worker_gone "), "{end}");
        assert_eq!(first.wait_end(SOON).code(), Some(1));
        let _second = worker(&hub, 4);
        assert_eq!(
            outcome(&call(&hub, "echo", "still here", FOR_EVER, "1")),
            "reply 200 1 0 still here"
        );
        assert_eq!(outcome(&call(&hub, "fail", "x", FOR_EVER, "1")), "reply 500 1 0 it failed");
    });
}

#[test]
fn q04_what_is_idempotent_is_done_by_another_c_worker_once() {
    case("q04_what_is_idempotent_is_done_by_another_c_worker_once", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let mut first = worker(&hub, 4);
        let caller = call(&hub, "sleep", "1000", FOR_EVER, "3");
        wait_in_hand(&hub, first.pid(), 1);
        let second = worker(&hub, 4);
        first.kill();
        wait_in_hand(&hub, second.pid(), 1);
        assert_eq!(outcome(&caller), "reply 200 2 0 slept");
        assert_eq!(caller.count_lines("caller: reply"), 1, "one outcome");
        hub.wait_all_free();
    });
}

#[test]
fn q07_a_deadline_ends_the_call_and_the_c_worker_gives_it_up() {
    case("q07_a_deadline_ends_the_call_and_the_c_worker_gives_it_up", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let worker = worker(&hub, 1);
        let caller = call(&hub, "sleep", FOR_EVER, "2000", "1");
        wait_in_hand(&hub, worker.pid(), 1);
        let end = outcome(&caller);
        assert!(end.starts_with("end deadline 0 "), "{end}");
        // It has heard that nobody waits: there is room for one again.
        assert_eq!(outcome(&call(&hub, "count", "x", FOR_EVER, "1")), "reply 200 1 0 1");
        hub.wait_all_free();
    });
}

#[test]
fn a_c_caller_that_is_killed_hangs_up() {
    case("a_c_caller_that_is_killed_hangs_up", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let worker = worker(&hub, 1);
        let mut caller = call(&hub, "sleep", FOR_EVER, FOR_EVER, "1");
        wait_in_hand(&hub, worker.pid(), 1);
        caller.kill();
        hub.wait_all_free();
        assert_eq!(outcome(&call(&hub, "echo", "next", FOR_EVER, "1")), "reply 200 1 0 next");
    });
}

#[test]
fn q07_a_key_brings_its_outcome_again_in_c() {
    case("q07_a_key_brings_its_outcome_again_in_c", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let _worker = worker(&hub, 4);
        let keyed =
            |key: &str| outcome(&caller(&hub, &["call", QUEUE, "count", "x", FOR_EVER, "1", key]));
        assert_eq!(keyed("one"), "reply 200 1 0 1");
        assert_eq!(keyed("one"), "reply 200 1 1 1", "it was replayed");
        assert_eq!(keyed("other"), "reply 200 1 0 2", "and not done in between");
    });
}

#[test]
fn q05_a_queue_that_is_full_says_when_to_come_again_in_c() {
    case("q05_a_queue_that_is_full_says_when_to_come_again_in_c", Weight::Light, LIMIT, || {
        let hub = Hub::builder().env("SLOTWAY_QUEUES_WAITING", "16").start();
        let worker = worker(&hub, 4);
        let caller = caller(&hub, &["many", QUEUE, "sleep", "1000", "21", "21"]);
        wait_in_hand(&hub, worker.pid(), 4);
        caller.wait_line("caller: done", LIMIT);
        caller.wait_line("caller: answered 20 wrong 0", SOON);
        caller.wait_line("caller: ended queue_full 1", SOON);
        let hints = caller.wait_line("caller: hints ", SOON);
        let hint: u32 =
            hints.rsplit(' ').next().and_then(|hint| hint.parse().ok()).expect("a number");
        assert!((25..=250).contains(&hint), "{hints}");
    });
}

#[test]
fn a_c_worker_that_drains_finishes_what_it_has() {
    case("a_c_worker_that_drains_finishes_what_it_has", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let mut first = worker(&hub, 1);
        let sleeps = call(&hub, "sleep", "1000", FOR_EVER, "1");
        wait_in_hand(&hub, first.pid(), 1);
        let waits = call(&hub, "count", "x", FOR_EVER, "1");
        waits.wait_line("caller: begun", SOON);
        first.signal(Signal::TERM);
        let _second = worker(&hub, 1);
        assert_eq!(outcome(&sleeps), "reply 200 1 0 slept");
        assert_eq!(outcome(&waits), "reply 200 1 0 1", "what waited has gone to the other");
        assert_eq!(first.wait_end(SOON).code(), Some(0));
    });
}

#[test]
fn callers_and_workers_in_c_outlive_their_hub() {
    case("callers_and_workers_in_c_outlive_their_hub", Weight::Light, LIMIT, || {
        let mut hub = Hub::start();
        let _worker = worker(&hub, 4);
        let caller = caller(&hub, &["steady", QUEUE, "echo", "x"]);
        caller.wait_lines("caller: steady ", 3, SOON);
        let dir = Arc::clone(hub.dir());
        hub.process.kill();
        hub = Hub::builder().dir(&dir).start();
        let seen = caller.count_lines("caller: steady ");
        caller.wait_lines("caller: steady ", seen + 3, LIMIT);
        let lost = caller.lines().into_iter().filter(|line| line.contains("lost "));
        // At most the one that the first hub had; until the worker has come the next hub knows
        // of no such queue.
        let known = |line: &String| line.ends_with("hub_gone") || line.ends_with("no_queue");
        assert!(lost.clone().all(|line| known(&line)), "{:?}", lost.collect::<Vec<_>>());
        drop(hub);
    });
}
