//! HTTP/2 in clear text, against real workers.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use slotway::{Connection, Options, Registration};
use slotway_tests::h2::{Reason, Session, builder};
use slotway_tests::http::Request;
use slotway_tests::raw::RawWorker;
use slotway_tests::{Flavor, Hub, Pattern, Rng, Weight, Worker, case, eventually, flavors};

const SOON: Duration = Duration::from_secs(20);

fn light(name: &str, body: impl FnOnce()) {
    case(name, Weight::Light, Duration::from_secs(60), body);
}

flavors! {
    Heavy, 60, fn h01_every_body_comes_back_on_its_own_stream(flavor) {
        const STREAMS: u64 = 32;
        const REQUESTS: u64 = 3_000;
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let _other = Worker::start(flavor, &hub);
        let pattern = &Pattern::new(5);
        let session = Session::open(hub.address).expect("a hub that listens");
        let client = |number: u64| {
            let mut rng = Rng::new(number);
            for turn in (number..REQUESTS).step_by(STREAMS as usize) {
                let length = if rng.below(50) == 0 { 90_000 } else { rng.below(3_000) };
                let mut body = turn.to_le_bytes().to_vec();
                let at = turn * 7_919;
                body.extend_from_slice(pattern.slice(at, length));
                let request = session.request("POST", "/echo").header("x-id", turn.to_string());
                let response = session.exchange(request, &body).expect("an answer").expect(200);
                assert_eq!(response.head.version, "HTTP/2.0");
                if flavor != Flavor::EventLoop {
                    assert_eq!(response.head.one("x-id"), Some(&*turn.to_string()));
                }
                assert!(response.body == body, "request {turn} got another's body");
            }
        };
        thread::scope(|scope| {
            for number in 0..STREAMS {
                let client = &client;
                scope.spawn(move || client(number));
            }
        });
        hub.wait_all_free();
    }

    Light, 30, fn bodies_larger_than_rings_and_windows_are_whole(flavor) {
        let hub = Hub::with(&["--request-ring", "4096", "--response-ring", "4096"]);
        let _worker = Worker::start(flavor, &hub);
        let pattern = Pattern::new(0);
        let session = Session::open(hub.address).expect("a hub that listens");
        // The client reads nothing before it has sent everything, so the longest body has to
        // fit into its window for the answer, which is 1 MiB.
        for length in [0, 1, 4095, 4096, 16_384, 16_385, 65_535, 65_536, 1_000_000] {
            let body = pattern.take(length);
            let response = session.exchange(session.request("POST", "/echo"), &body);
            assert!(response.expect("an answer").expect(200).body == body, "{length} bytes");
            let response = session.get(&format!("/sized/{length}")).expect("an answer");
            // A head that ends its stream says so without a number.
            let stated = (length > 0).then(|| length.to_string());
            assert_eq!(response.head.one("content-length"), stated.as_deref());
            assert!(response.expect(200).body == body, "sized: {length} bytes");
        }
        hub.wait_all_free();
    }
}

#[test]
fn h05_a_reset_stream_cancels_the_workers_exchange() {
    light("h05_a_reset_stream_cancels_the_workers_exchange", || {
        let hub = Hub::start();
        let worker = RawWorker::registered(&hub.control_path(), "raw", &["/x"]);
        let session = Session::open(hub.address).expect("a hub that listens");
        let mut left = session.start(session.request("GET", "/x"), true).expect("a stream");
        let first = worker.claim();
        let kept = session.start(session.request("GET", "/x"), true).expect("a stream");
        let second = worker.claim();
        left.reset(Reason::CANCEL);
        eventually("the worker is told", SOON, || worker.side.cancelled(&first).then_some(()));
        assert!(!worker.side.cancelled(&second), "the other stream goes on");
        worker.answer(first, 200, b"too late");
        worker.answer(second, 200, b"kept");
        assert_eq!(kept.response().expect("an answer").expect(200).body, b"kept");
        hub.wait_all_free();
    });
}

#[test]
fn h05_a_connection_that_breaks_cancels_all_of_its_exchanges() {
    light("h05_a_connection_that_breaks_cancels_all_of_its_exchanges", || {
        let hub = Hub::start();
        let worker = RawWorker::registered(&hub.control_path(), "raw", &["/x"]);
        let session = Session::open(hub.address).expect("a hub that listens");
        let ask = || session.start(session.request("GET", "/x"), true).expect("a stream");
        let _streams = [ask(), ask(), ask()];
        let claims = [worker.claim(), worker.claim(), worker.claim()];
        session.hang_up();
        for claim in claims {
            eventually("the worker is told", SOON, || worker.side.cancelled(&claim).then_some(()));
            worker.answer(claim, 200, b"too late");
        }
        hub.wait_all_free();
    });
}

/// The client has its whole answer, however long the worker still has the request in hand.
#[test]
fn an_answer_of_stated_length_ends_with_its_last_byte() {
    light("an_answer_of_stated_length_ends_with_its_last_byte", || {
        let hub = Hub::start();
        let options = Options::new().hub(hub.control_path());
        let registration = Registration::new("sized").route("GET", "/x");
        let worker = Connection::open(options, vec![registration]).expect("a hub");
        let session = Session::open(hub.address).expect("a hub that listens");
        let asked = session.start(session.request("GET", "/x"), true).expect("a stream");
        let mut exchange = worker.next(Some(SOON)).expect("a hub").expect("a request");
        exchange.start(200, [(&b"content-length"[..], &b"5"[..])]).expect("a client");
        exchange.write(b"whole", Some(SOON)).expect("room");
        exchange.flush().expect("a client");
        assert_eq!(asked.response().expect("an answer").expect(200).body, b"whole");
        // Either it is still there or it is known to be over; the slot comes back in any case.
        let _ = exchange.finish();
        hub.wait_all_free();
    });
}

#[test]
fn a_hundred_streams_are_in_flight_at_once() {
    light("a_hundred_streams_are_in_flight_at_once", || {
        let hub = Hub::with(&["--slots", "128"]);
        let worker = RawWorker::registered(&hub.control_path(), "raw", &["/x"]);
        let session = Session::open(hub.address).expect("a hub that listens");
        let ask = |_| session.start(session.request("GET", "/x"), true).expect("a stream");
        let streams: Vec<_> = (0..100).map(ask).collect();
        // All of them are with the worker before the first is answered.
        let claims: Vec<_> = (0..100).map(|_| worker.claim()).collect();
        for claim in claims {
            worker.answer(claim, 200, b"together");
        }
        for stream in streams {
            assert_eq!(stream.response().expect("an answer").expect(200).body, b"together");
        }
    });
}

#[test]
fn h06_a_killed_worker_is_a_502_on_its_own_streams_only() {
    light("h06_a_killed_worker_is_a_502_on_its_own_streams_only", || {
        let hub = Hub::start();
        let mut killed = Worker::builder(Flavor::Rust, &hub).name("a").prefix("/a").start(&hub);
        let _other = Worker::builder(Flavor::Rust, &hub).name("b").prefix("/b").start(&hub);
        let session = Session::open(hub.address).expect("a hub that listens");
        let ask = |path| session.start(session.request("GET", path), true).expect("a stream");
        let doomed = ask("/a/wait-cancelled/20000");
        let well = ask("/b/sleep/300");
        eventually("the worker has it", SOON, || (hub.slots().claimed >= 2).then_some(()));
        killed.process.kill();
        let response = doomed.response().expect("an answer");
        assert_eq!((response.status(), &*response.problem()), (502, "worker_gone"));
        well.response().expect("an answer").expect(200);
        assert_eq!(session.get("/b/hello/on").expect("an answer").expect(200).text(), "hello, on");
    });
}

#[test]
fn h16_sigterm_sends_goaway_and_lets_streams_finish() {
    light("h16_sigterm_sends_goaway_and_lets_streams_finish", || {
        let mut hub = Hub::start();
        let mut worker = RawWorker::registered(&hub.control_path(), "slow", &["/slow"]);
        let idle = Session::open(hub.address).expect("a hub that listens");
        idle.get("/health").expect("an answer").expect(200);
        let session = Session::open(hub.address).expect("a hub that listens");
        let stream = session.start(session.request("GET", "/slow"), true).expect("a stream");
        let claim = worker.claim();
        hub.process.signal(Signal::TERM);
        assert_eq!(worker.control.read().expect("word of the shutdown")["kind"], "drain");
        idle.ended().expect("a GOAWAY without an error");
        worker.answer(claim, 200, b"finished");
        assert_eq!(stream.response().expect("an answer").expect(200).body, b"finished");
        session.ended().expect("a GOAWAY without an error");
        assert_eq!(hub.process.wait_end(SOON).code(), Some(0));
    });
}

#[test]
fn h20_a_client_that_opens_no_window_holds_nobody_up() {
    light("h20_a_client_that_opens_no_window_holds_nobody_up", || {
        let hub = Hub::with(&["--idle-timeout", "1s", "--spool", "64K", "--slots", "4"]);
        let _worker = Worker::start(Flavor::Rust, &hub);
        let mut small = builder();
        small.initial_window_size(10);
        let session = Session::with(hub.address, &small).expect("a hub that listens");
        let ask = || {
            let request = session.request("GET", "/download/3000000");
            session.start(request, true).expect("a stream")
        };
        let mut stalled = [ask(), ask(), ask()];
        for stream in &mut stalled {
            assert_eq!(stream.head().expect("a head").status, 200);
        }
        // One slot is left, for clients that read.
        let response = hub.send(Request::get("/hello/you"));
        assert_eq!(response.expect(200).text(), "hello, you");
        // And those that do not are reset.
        hub.wait_all_free();
        for stream in &mut stalled {
            let error = loop {
                match stream.read() {
                    Ok(bytes) => assert!(bytes.is_some(), "an answer that was cut off ended well"),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.reason(), Some(Reason::CANCEL), "{error}");
        }
        assert_eq!(session.get("/hello/on").expect("an answer").status(), 200);
    });
}

#[test]
fn one_port_speaks_both_versions() {
    light("one_port_speaks_both_versions", || {
        let hub = Hub::start();
        let _worker = Worker::start(Flavor::Rust, &hub);
        let session = Session::open(hub.address).expect("a hub that listens");
        let two = session.get("/hello/two").expect("an answer").expect(200);
        assert_eq!((two.head.version.as_str(), &*two.text()), ("HTTP/2.0", "hello, two"));
        let one = hub.get("/hello/one").expect(200);
        assert_eq!((one.head.version.as_str(), &*one.text()), ("HTTP/1.1", "hello, one"));
        // A method that begins as the preface does.
        assert_eq!(hub.send(Request::new("PROPFIND", "/echo")).status(), 200);
        assert_eq!(hub.send(Request::new("PRINT", "/echo")).status(), 200);
    });
}
