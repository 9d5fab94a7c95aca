//! H11: memory, descriptors or file sizes run out. A registration is refused or a request
//! answered 503; nobody dies, least of all by SIGBUS.

use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::json;
use slotway_tests::control::{Control, frame, hello, refusal};
use slotway_tests::http::Request;
use slotway_tests::{Hub, Pattern, Trace, Weight, Worker, case, eventually, flavors, proc};

const SOON: Duration = Duration::from_secs(20);
const MIB: u64 = 1 << 20;

/// Has strace fail whatever would reserve memory in a region.
const NO_MEMORY: [&str; 4] = ["-e", "trace=fallocate", "-e", "inject=fallocate:error=ENOSPC"];

/// Sets a soft limit of a running process; gives the one before.
fn limit(pid: u32, resource: Resource, soft: Option<u64>) -> Option<u64> {
    let maximum = getrlimit(resource).maximum;
    let pid = Pid::from_raw(i32::try_from(pid).expect("a process id"));
    let before = prlimit(pid, resource, Rlimit { current: soft, maximum });
    before.expect("a process of our own").current
}

/// The hub refuses a region for want of something, and goes on.
#[track_caller]
fn region_refused(hub: &Hub) -> String {
    let mut control = Control::open(&hub.control_path());
    let mut message = hello();
    message["region"] = json!({ "slots": 4096 });
    control.send(&frame(message.to_string().as_bytes()));
    let said = control.read_to_end();
    assert_eq!(said.len(), 1, "one refusal, then the end: {said:?}");
    refusal(&said[0], "region_unavailable")
}

#[track_caller]
fn region_granted(hub: &Hub) {
    let mut control = Control::open(&hub.control_path());
    let mut message = hello();
    message["region"] = json!({ "slots": 4096 });
    assert_eq!(control.ask(&message)["kind"], "welcome");
}

/// Serves a first request, so that whatever is set up late is there.
#[track_caller]
fn serves(hub: &Hub) {
    assert_eq!(hub.get("/hello/there").expect(200).text(), "hello, there");
}

/// More at a time than one slot holds, and each its own.
#[track_caller]
fn many_at_once(hub: &Hub) {
    let pattern = Pattern::new(0);
    thread::scope(|scope| {
        for number in 0..8 {
            let body = [vec![number], pattern.take(MIB)].concat();
            scope.spawn(move || {
                let response = hub.send(Request::post("/echo", body.clone())).expect(200);
                assert!(response.body == body);
            });
        }
    });
    hub.wait_all_free();
}

flavors! {
    Light, 60, fn h11_no_address_space_for_a_region(flavor) {
        let hub = Hub::start();
        let mut worker = Worker::start(flavor, &hub);
        serves(&hub);
        let used = proc::virtual_bytes(hub.process.pid());
        // Enough for whatever a request needs, not for a region of 1.5 GiB.
        let before = limit(hub.process.pid(), Resource::As, Some(used + 512 * MIB));
        let reason = region_refused(&hub);
        assert!(reason.contains("mapping"), "names the step: {reason}");
        serves(&hub);
        limit(hub.process.pid(), Resource::As, before);
        region_granted(&hub);
        assert!(worker.process.is_alive());
    }

    Light, 60, fn h11_no_file_may_be_that_large(flavor) {
        let hub = Hub::start();
        let mut worker = Worker::start(flavor, &hub);
        serves(&hub);
        // Growing a file beyond the limit also raises SIGXFSZ, which would be a death.
        let before = limit(hub.process.pid(), Resource::Fsize, Some(MIB));
        let reason = region_refused(&hub);
        assert!(reason.contains("sizing"), "names the step: {reason}");
        serves(&hub);
        limit(hub.process.pid(), Resource::Fsize, before);
        region_granted(&hub);
        assert!(worker.process.is_alive());
    }

    Light, 60, fn h11_no_descriptor_is_left(flavor) {
        let hub = Hub::start();
        let mut worker = Worker::start(flavor, &hub);
        let mut client = hub.connect();
        client.exchange(&Request::get("/hello/first")).expect("an answer").expect(200);
        // One more connection, but not the descriptors of a region.
        let open = proc::descriptors(hub.process.pid()).len() as u64;
        let before = limit(hub.process.pid(), Resource::Nofile, Some(open + 2));
        region_refused(&hub);
        client.exchange(&Request::get("/hello/second")).expect("an answer").expect(200);
        limit(hub.process.pid(), Resource::Nofile, before);
        eventually("the hub takes workers again", SOON, || {
            let mut control = Control::open(&hub.control_path());
            (control.ask(&hello())["kind"] == "welcome").then_some(())
        });
        serves(&hub);
        assert!(worker.process.is_alive());
    }

    Heavy, 60, fn h11_no_memory_for_any_slot_is_503(flavor) {
        if !Trace::is_there() {
            return;
        }
        let hub = Hub::start();
        let mut worker = Worker::start(flavor, &hub);
        let trace = Trace::attach(hub.process.pid(), &NO_MEMORY);
        for _ in 0..3 {
            let refused = hub.get("/hello/there");
            assert_eq!((refused.status(), refused.problem().as_str()), (503, "no_memory"));
            assert_eq!(refused.head.one("retry-after"), Some("1"));
            assert_eq!(hub.get("/health").status(), 503, "nothing could go through now");
        }
        assert!(trace.detach().contains("ENOSPC"));
        // Memory is back; the client that comes again as it was told is served.
        eventually("requests are served", SOON, || {
            (hub.get("/hello/there").status() == 200).then_some(())
        });
        many_at_once(&hub);
        assert!(worker.process.is_alive());
    }

    Heavy, 60, fn h11_no_memory_for_one_more_slot_waits_for_those_there_are(flavor) {
        if !Trace::is_there() {
            return;
        }
        let hub = Hub::with(&["--wait-timeout", "400ms"]);
        let mut worker = Worker::builder(flavor, &hub).threads(2).start(&hub);
        serves(&hub);
        let trace = Trace::attach(hub.process.pid(), &NO_MEMORY);
        let mut busy = hub.connect();
        busy.send(&Request::get("/sleep/1500").bytes()).expect("sent");
        eventually("the first slot is in use", SOON, || (hub.slots().claimed == 1).then_some(()));
        let refused = hub.get("/hello/there");
        assert_eq!((refused.status(), refused.problem().as_str()), (503, "wait_timeout"));
        assert_eq!(refused.head.one("retry-after"), Some("1"));
        assert_eq!(busy.read_response().expect("an answer").expect(200).text(), "slept");
        // The slot whose memory is there goes on being used.
        for _ in 0..20 {
            serves(&hub);
        }
        assert!(trace.detach().contains("ENOSPC"));
        many_at_once(&hub);
        assert!(worker.process.is_alive());
    }

    Heavy, 60, fn h11_no_memory_for_a_long_head_harms_no_worker(flavor) {
        if !Trace::is_there() {
            return;
        }
        let hub = Hub::start();
        let mut worker = Worker::start(flavor, &hub);
        serves(&hub);
        let trace = Trace::attach(worker.pid(), &NO_MEMORY);
        let refused = hub.get("/big-head/60000");
        assert!(matches!(refused.status(), 502 | 503), "{refused:?}");
        serves(&hub);
        trace.detach();
        hub.get("/big-head/60000").expect(200);
        assert!(worker.process.is_alive());
        hub.wait_all_free();
    }

    Heavy, 60, fn h11_a_full_dev_shm_does_not_matter(flavor) {
        // A mount namespace of their own, with a /dev/shm that has not one byte left.
        const FULL: &str = "mount -t tmpfs -o size=64k tmpfs /dev/shm && \
            { cat /dev/zero > /dev/shm/full 2>/dev/null; exec \"$@\"; }";
        let wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-c", FULL, "sh"];
        let mut probe = std::process::Command::new(wrapper[0]);
        let may = probe.args(&wrapper[1..]).arg("true").status().is_ok_and(|s| s.success());
        if !may {
            eprintln!("skipped: no mount namespace may be made here");
            return;
        }
        let hub = Hub::builder().through(&wrapper).start();
        let mut worker = Worker::builder(flavor, &hub).through(&wrapper).start(&hub);
        many_at_once(&hub);
        hub.wait_all_free();
        assert!(worker.process.is_alive());
    }
}

#[test]
fn a_hub_serves_as_many_workers_as_it_may() {
    case("a_hub_serves_as_many_workers_as_it_may", Weight::Light, SOON * 2, || {
        let hub = Hub::with(&["--workers", "2"]);
        let path = hub.control_path();
        let kept = [(); 2].map(|()| Control::greeted(&path).0);
        let mut third = Control::open(&path);
        let said = third.read_to_end();
        assert_eq!(said.len(), 1, "{said:?}");
        refusal(&said[0], "too_many_workers");
        drop(kept);
        eventually("there is room again", SOON, || {
            let mut control = Control::open(&path);
            control.try_send(&frame(hello().to_string().as_bytes()));
            (control.read()?["kind"] == "welcome").then_some(())
        });
    });
}
