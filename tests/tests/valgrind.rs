//! The C workers under valgrind, where it is installed.

use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use slotway_tests::http::Request;
use slotway_tests::{Flavor, Hub, Pattern, Weight, Worker, case};

const WRAPPER: [&str; 5] =
    ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--fair-sched=yes"];

fn valgrind_is_there() -> bool {
    let mut probe = Command::new("valgrind");
    probe.args(["--quiet", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    let there = probe.status().is_ok_and(|status| status.success());
    if !there {
        eprintln!("skipped: valgrind is not installed");
    }
    there
}

fn is_clean(name: &str, flavor: Flavor, use_it: impl FnOnce(&Hub)) {
    case(name, Weight::Heavy, Duration::from_secs(120), || {
        if !valgrind_is_there() {
            return;
        }
        let hub = Hub::start();
        let mut worker = Worker::builder(flavor, &hub).through(&WRAPPER).start(&hub);
        use_it(&hub);
        hub.wait_all_free();
        worker.process.signal(Signal::TERM);
        let status = worker.process.wait_end(Duration::from_secs(60));
        assert_eq!(status.code(), Some(0), "valgrind has found something: see what it said");
    });
}

fn echoes(hub: &Hub, lengths: &[u64]) {
    for &length in lengths {
        let body = Pattern::new(0).take(length);
        let response = hub.send(Request::post("/echo", body.clone())).expect(200);
        assert!(response.body == body, "{length} bytes");
    }
}

#[test]
fn a_c_worker_is_clean() {
    is_clean("a_c_worker_is_clean", Flavor::C, |hub| {
        echoes(hub, &[0, 1, 5_000, 200_000]);
        for target in ["/hello/you", "/headers", "/target/a/b?c", "/sized/70000", "/big-head/40000"]
        {
            hub.get(target).expect(200);
        }
        hub.get("/inplace/5000").expect(200);
        hub.get("/twice").expect(200);
        hub.get("/panic").expect(500);
        for kind in ["status-0", "name", "value", "head", "length"] {
            hub.get(&format!("/bad/{kind}")).expect(502);
        }
        let mut leaver = hub.connect();
        leaver.send(&Request::get("/download/5000000").bytes()).expect("sent");
        leaver.read_head().expect("a head");
    });
}

#[test]
fn a_c_event_loop_is_clean() {
    is_clean("a_c_event_loop_is_clean", Flavor::EventLoop, |hub| {
        echoes(hub, &[0, 1, 5_000, 200_000]);
        hub.get("/download/500000").expect(200);
        hub.get("/hello/you").expect(200);
        let mut leaver = hub.connect();
        leaver.send(&Request::get("/wait-cancelled/x").bytes()).expect("sent");
        let mut other = hub.connect();
        other.send(&Request::get("/download/5000000").bytes()).expect("sent");
        other.read_head().expect("a head");
    });
}
