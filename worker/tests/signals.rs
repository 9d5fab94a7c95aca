//! Signals end a worker's process in order. The worker is this program, run once more.

mod support;

use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use slotway::{Options, Request, Worker};
use support::{Ask, FakeHub, eventually, within_watchdog};

const HUB: &str = "SLOTWAY_TEST_HUB";

/// Not a test: the worker's process.
#[test]
fn child() {
    let Ok(hub) = std::env::var(HUB) else { return };
    let options = Options::new().hub(hub).drain_deadline(Duration::from_secs(600));
    let ended = Worker::new("child")
        .options(options)
        .threads(2)
        .get("/wait", |request: &mut Request| {
            // Until the test sends a body.
            request.body().map(<[u8]>::to_vec)
        })
        .run();
    if ended.is_err() {
        std::process::exit(1);
    }
}

struct Worked(Child);

impl Worked {
    fn start(hub: &FakeHub) -> Worked {
        let this = std::env::current_exe().expect("a program");
        let child = Command::new(this)
            .args(["--exact", "child", "--nocapture"])
            .env(HUB, hub.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        Worked(child)
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, signal).expect("it lives");
    }

    fn wait(mut self) -> ExitStatus {
        let mut child = std::mem::replace(&mut self.0, Command::new("true").spawn().expect("true"));
        within_watchdog("the worker's end", move || child.wait().expect("waited"))
    }
}

impl Drop for Worked {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// SIGTERM drains: what is in flight is answered, and the process ends well.
#[test]
fn a_signal_drains() {
    for signal in [Signal::TERM, Signal::INT] {
        let hub = FakeHub::new();
        let worker = Worked::start(&hub);
        let session = hub.accept(1);
        let mut ask = Ask::new("GET", "/wait").body(b"at last".to_vec());
        ask.before = 0;
        let in_flight = session.publish(&ask);
        eventually("the claim", || in_flight.is_claimed());
        worker.signal(signal);
        eventually("the drain", || session.shared.drains.load(Ordering::SeqCst) == 1);
        assert_eq!(in_flight.answer().expect("alive").text(), "at last");
        assert!(worker.wait().success());
    }
}

/// A second signal does not wait for the drain.
#[test]
fn a_second_signal_ends_it_now() {
    let hub = FakeHub::new();
    let worker = Worked::start(&hub);
    let session = hub.accept(1);
    let mut ask = Ask::new("GET", "/wait");
    ask.before = 0;
    let in_flight = session.publish(&ask);
    eventually("the claim", || in_flight.is_claimed());
    worker.signal(Signal::TERM);
    eventually("the drain", || session.shared.drains.load(Ordering::SeqCst) == 1);
    worker.signal(Signal::TERM);
    // Not drained, and says so.
    assert!(!worker.wait().success());
    drop(in_flight);
}

/// R07: a signal before there is a hub ends it too.
#[test]
fn r07_a_signal_ends_the_wait_for_a_hub() {
    let hub = FakeHub::new();
    let worker = Worked::start(&hub);
    // It has said hello, so it listens for signals; nobody answers.
    let mut link = hub.accept_raw();
    let _ = link.hello();
    worker.signal(Signal::TERM);
    assert!(worker.wait().success());
}
