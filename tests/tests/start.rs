//! Starting and ending a hub, and what stands in its way.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use slotway_tests::control::Control;
use slotway_tests::http::Request;
use slotway_tests::raw::RawWorker;
use slotway_tests::{Hub, PrivateDir, Weight, case, eventually};

fn light(name: &str, body: impl FnOnce()) {
    case(name, Weight::Light, Duration::from_secs(40), body);
}

/// A GET that a raw worker answers.
#[track_caller]
fn served(hub: &Hub, worker: &RawWorker, target: &str) {
    let mut client = hub.connect();
    client.send(&Request::get(target).close().bytes()).expect("a hub that reads");
    worker.answer(worker.claim(), 200, b"served");
    client.read_response().expect("an answer").expect(200);
}

#[test]
fn a_port_in_use_is_named_and_its_owner_goes_on() {
    light("a_port_in_use_is_named_and_its_owner_goes_on", || {
        let first = Hub::start();
        let worker = RawWorker::registered(&first.control_path(), "first", &["/first"]);
        let (code, said) = Hub::builder().listen(first.address).start_in_vain();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&first.address.to_string()), "names the address: {said}");
        assert!(said.contains("--listen"), "says what to do: {said}");
        served(&first, &worker, "/first");
    });
}

#[test]
fn a_control_socket_in_use_is_left_to_its_owner() {
    light("a_control_socket_in_use_is_left_to_its_owner", || {
        let first = Hub::start();
        let worker = RawWorker::registered(&first.control_path(), "first", &["/first"]);
        let (code, said) = Hub::builder().dir(first.dir()).start_in_vain();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("hub.sock"), "names the path: {said}");
        served(&first, &worker, "/first");
        let mut control = Control::greeted(&first.control_path()).0;
        let answer = control.ask(&slotway_tests::control::register(1, "later", &["/later"]));
        assert_eq!(answer["kind"], "registered", "{answer}");
        assert!(!first.workers().is_empty(), "the admin socket is still the first hub's");
    });
}

#[test]
fn a_stale_control_socket_is_taken_over() {
    light("a_stale_control_socket_is_taken_over", || {
        let mut first = Hub::start();
        let dir = Arc::clone(first.dir());
        first.process.kill();
        assert_eq!(dir.entries(), ["admin.sock", "hub.sock"], "a killed hub cannot clean up");
        let second = Hub::builder().dir(&dir).start();
        let worker = RawWorker::registered(&second.control_path(), "second", &["/second"]);
        served(&second, &worker, "/second");
    });
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    light("a_file_that_is_no_socket_is_left_alone", || {
        let dir = Arc::new(PrivateDir::new());
        fs::write(dir.join("hub.sock"), "precious").expect("a directory of our own");
        let (code, said) = Hub::builder().dir(&dir).start_in_vain();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("hub.sock"), "names the path: {said}");
        assert_eq!(fs::read(dir.join("hub.sock")).expect("it is still there"), b"precious");
    });
}

#[test]
fn a_control_socket_path_that_is_too_long_is_refused_with_both_numbers() {
    light("a_control_socket_path_that_is_too_long_is_refused_with_both_numbers", || {
        let path = format!("/tmp/{}/hub.sock", "x".repeat(120));
        let (code, said) = Hub::builder().args(&["--admin", "none"]).control(&path).start_in_vain();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("107") && said.contains(&path.len().to_string()), "{said}");
    });
}

#[test]
fn arguments_that_cannot_be_are_refused_before_anything_is_touched() {
    light("arguments_that_cannot_be_are_refused_before_anything_is_touched", || {
        let bad: [&[&str]; 7] = [
            &["--slots", "0"],
            &["--request-ring", "65537"],
            &["--response-ring", "3G"],
            &["--wait-timeout", "soon"],
            &["--require", "not/a/name"],
            &["--head-bytes", "1"],
            &["--no-such-flag"],
        ];
        for args in bad {
            let dir = Arc::new(PrivateDir::new());
            let (code, said) = Hub::builder().dir(&dir).args(args).start_in_vain();
            assert_eq!(code, Some(2), "{args:?}: {said}");
            assert!(dir.entries().is_empty(), "{args:?} left {:?}", dir.entries());
        }
    });
}

#[test]
fn the_sockets_are_for_their_owner_only_and_go_with_the_hub() {
    light("the_sockets_are_for_their_owner_only_and_go_with_the_hub", || {
        let mut hub = Hub::start();
        for path in [hub.control_path(), hub.admin_path()] {
            let mode = fs::metadata(&path).expect("a socket").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{path:?}");
        }
        hub.process.signal(Signal::TERM);
        let status = hub.process.wait_end(Duration::from_secs(20));
        assert_eq!(status.code(), Some(0));
        assert!(hub.dir().entries().is_empty(), "left {:?}", hub.dir().entries());
    });
}

#[test]
fn sigterm_lets_requests_in_flight_finish_and_takes_no_more() {
    light("sigterm_lets_requests_in_flight_finish_and_takes_no_more", || {
        let mut hub = Hub::start();
        let mut worker = RawWorker::registered(&hub.control_path(), "slow", &["/slow"]);
        let mut client = hub.connect();
        client.send(&Request::get("/slow").bytes()).expect("a hub that reads");
        let claim = worker.claim();
        hub.process.signal(Signal::TERM);
        let told = worker.control.read().expect("word of the shutdown");
        assert_eq!(told["kind"], "drain", "{told}");
        eventually("the port is closed", Duration::from_secs(10), || {
            std::net::TcpStream::connect(hub.address).is_err().then_some(())
        });
        worker.answer(claim, 200, b"finished");
        let response = client.read_response().expect("an answer").expect(200);
        assert_eq!(response.body, b"finished");
        assert_eq!(hub.process.wait_end(Duration::from_secs(20)).code(), Some(0));
    });
}

#[test]
fn h16_sigterm_with_streams_and_idle_connections_ends_within_the_grace_time() {
    light("h16_sigterm_with_streams_and_idle_connections_ends_within_the_grace_time", || {
        let mut hub = Hub::with(&["--grace", "300ms"]);
        let worker = RawWorker::registered(&hub.control_path(), "stuck", &["/stuck", "/events"]);
        let mut listener = hub.connect();
        listener.send(&Request::get("/events").bytes()).expect("a hub that reads");
        let events = worker.claim();
        let kind = |head: &mut slotway_core::head::ResponseEncoder<'_>| {
            head.header(b"content-type", b"text/event-stream")
        };
        worker.side.encode_head(&events, 200, None, kind).expect("a short head");
        assert_eq!(worker.side.write_response(&events, b"data: 1\n\n"), 9);
        worker.wake(worker.side.announce(&events));
        assert_eq!(listener.read_head().expect("a head").status, 200);
        let mut client = hub.connect();
        client.send(&Request::get("/stuck").bytes()).expect("a hub that reads");
        let claim = worker.claim();
        let mut idle = hub.connect();
        idle.exchange(&Request::get("/health")).expect("an answer").expect(200);
        hub.process.signal(Signal::TERM);
        // Far less than the request's own limit.
        assert_eq!(hub.process.wait_end(Duration::from_secs(10)).code(), Some(0));
        // The hub is gone; what the worker does now harms nobody.
        worker.answer(claim, 200, b"too late");
        worker.wake(worker.side.finish(events));
    });
}

#[test]
fn another_users_worker_is_refused() {
    light("another_users_worker_is_refused", || {
        let uid = fs::metadata("/proc/self").expect("a process").uid();
        let hub = Hub::start();
        let may_switch = std::process::Command::new("setpriv")
            .args(["--reuid=65534", "--clear-groups", "true"])
            .status()
            .is_ok_and(|status| status.success());
        if uid != 0 || !may_switch {
            eprintln!("skipped: only root with setpriv can be somebody else");
            return;
        }
        // The directory and the socket keep others out; that the hub itself does too is
        // seen once they do not.
        for (path, mode) in [(hub.dir().path(), 0o711), (&hub.control_path(), 0o777)] {
            fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("our own file");
        }
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid=65534", "--clear-groups"]);
        command.arg(slotway_tests::artifacts::stranger()).arg(hub.control_path());
        let said = command.output().expect("setpriv runs");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.contains("\"not_allowed\"") && said.contains("65534"), "{said}");
        assert!(!said.contains("welcome"), "{said}");
        assert!(hub.workers().is_empty());
    });
}

#[test]
fn a_socket_of_somebody_else_is_not_mistaken_for_stale() {
    light("a_socket_of_somebody_else_is_not_mistaken_for_stale", || {
        let dir = Arc::new(PrivateDir::new());
        let _listener = UnixListener::bind(dir.join("hub.sock")).expect("a directory of our own");
        let (code, said) = Hub::builder().dir(&dir).start_in_vain();
        assert_eq!(code, Some(1), "{said}");
        assert!(dir.join("hub.sock").exists());
    });
}
