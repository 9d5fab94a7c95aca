//! H08, H19: workers that are replaced while requests come, by the two ways there are: the
//! old process is told to end, or the new one is of a later generation.

use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use slotway_tests::control::{frame, refusal, register};
use slotway_tests::http::{Connection, Request};
use slotway_tests::raw::RawWorker;
use slotway_tests::{Flavor, Hub, Pattern, Weight, Worker, case, eventually, flavors};

const SOON: Duration = Duration::from_secs(30);

#[track_caller]
fn text(client: &mut Connection) -> String {
    client.read_response().expect("exactly one answer").expect(200).text()
}

/// What clients do all the time, each on one connection that is kept open.
#[derive(Debug, Clone, Copy)]
enum Habit {
    Small,
    Slow,
    Large,
    Download,
    Stream,
}

impl Habit {
    /// One request; what went wrong, if anything.
    fn once(self, client: &mut Connection, number: u64, pattern: &Pattern) -> Result<(), String> {
        let broke = |error: io::Error| format!("{self:?} {number}: {error}");
        let expected = match self {
            Habit::Small => format!("hello, {number}").into_bytes(),
            Habit::Slow => b"slept".to_vec(),
            Habit::Large => pattern.take(1 + number * 7919 % 200_000),
            Habit::Download => pattern.take(300_000),
            Habit::Stream => pattern.take(150_000),
        };
        let response = match self {
            Habit::Small => client.exchange(&Request::get(&format!("/hello/{number}"))),
            Habit::Slow => client.exchange(&Request::get("/sleep/10")),
            Habit::Large => client.exchange(&Request::post("/echo", expected.clone())),
            Habit::Download => client.exchange(&Request::get("/download/300000")),
            Habit::Stream => return stream(client, &expected).map_err(broke)?,
        };
        let response = response.map_err(broke)?;
        if response.status() != 200 {
            return Err(format!("{self:?} {number}: {} {}", response.status(), response.text()));
        }
        if response.body != expected {
            return Err(format!("{self:?} {number}: {} other bytes", response.body.len()));
        }
        Ok(())
    }
}

/// A body in chunks, the answer to each before the next.
fn stream(client: &mut Connection, body: &[u8]) -> io::Result<Result<(), String>> {
    let request = Request::new("POST", "/echo").header("transfer-encoding", "chunked");
    client.send(&request.head_bytes())?;
    let (mut chunks, mut back) = (body.chunks(30_000), Vec::new());
    client.send_chunk(chunks.next().unwrap_or_default())?;
    let head = client.read_head()?;
    if head.status != 200 {
        return Ok(Err(format!("a stream: {}", head.status)));
    }
    for chunk in chunks {
        client.send_chunk(chunk)?;
    }
    client.send_chunk(b"")?;
    client.body(&head).read_to_end(&mut back)?;
    Ok(if back == body { Ok(()) } else { Err("a stream: other bytes".to_owned()) })
}

const HABITS: [Habit; 8] = [
    Habit::Small,
    Habit::Small,
    Habit::Small,
    Habit::Slow,
    Habit::Slow,
    Habit::Large,
    Habit::Download,
    Habit::Stream,
];

/// Says stop when it is dropped.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Restarts under load: `next` starts a successor and sees the old one out.
fn roll(hub: &Hub, restarts: u64, first: Worker, next: impl Fn(u64, Worker) -> Worker) {
    let (stop, served) = (AtomicBool::new(false), AtomicU64::new(0));
    let failures = Mutex::new(Vec::new());
    let pattern = Pattern::new(0);
    // The last one stays until the clients have ended.
    let last = thread::scope(|scope| {
        for habit in HABITS {
            let (stop, served, failures, pattern) = (&stop, &served, &failures, &pattern);
            scope.spawn(move || {
                let mut client = hub.connect();
                for number in (0_u64..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                    if let Err(failure) = habit.once(&mut client, number, pattern) {
                        failures.lock().expect("whole").push(failure);
                        client = hub.connect();
                    }
                    served.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Also when something fails, or the clients would go on for ever.
        let _stop = Stop(&stop);
        let mut worker = first;
        for restart in 1..=restarts {
            let before = served.load(Ordering::Relaxed);
            worker = next(restart, worker);
            eventually("the new one serves", SOON, || {
                (served.load(Ordering::Relaxed) > before + 40).then_some(())
            });
        }
        worker
    });
    let failures = failures.into_inner().expect("whole");
    let moved = moved(hub);
    println!(
        "rolling restarts: {restarts}, requests: {}, moved: {moved}, failures: {}",
        served.load(Ordering::Relaxed),
        failures.len()
    );
    assert!(failures.is_empty(), "{failures:#?}");
    hub.wait_all_free();
    drop(last);
}

fn moved(hub: &Hub) -> u64 {
    let asked = Connection::open_unix(&hub.admin_path())
        .and_then(|mut admin| admin.exchange(&Request::local("/metrics").close()));
    let metrics = asked.expect("an admin socket that answers").expect(200).text();
    let line = metrics.lines().find(|line| line.starts_with("slotway_requests_moved_total"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("a number")
}

/// As many as the machine is given time for.
fn restarts() -> u64 {
    if std::env::var_os("SLOTWAY_TEST_LONG").is_some() { 200 } else { 50 }
}

flavors! {
    Heavy, 300, fn h08_rolling_restarts_fail_no_request(flavor) {
        let hub = Hub::start();
        let first = Worker::start(flavor, &hub);
        roll(&hub, restarts(), first, |restart, mut old| {
            let ended = if restart % 2 == 1 {
                // The operator starts a new one and ends the old one.
                let new = Worker::builder(flavor, &hub).generation(restart / 2).start(&hub);
                old.process.signal(Signal::TERM);
                let ended = old.process.wait_end(SOON);
                old = new;
                ended
            } else {
                // The new one says that it is newer; the old one ends by itself.
                let new = Worker::builder(flavor, &hub).generation(restart / 2).launch();
                let ended = old.process.wait_end(SOON);
                assert_eq!(hub.wait_departed(old.pid())["reason"], "replaced");
                old = new;
                ended
            };
            assert_eq!(ended.code(), Some(0));
            old
        });
    }

    Light, 60, fn h08_a_newer_generation_of_several_replaces_several(flavor) {
        let hub = Hub::start();
        let old: Vec<_> = (0..3).map(|_| Worker::start(flavor, &hub)).collect();
        let mut busy = hub.begin("/sleep/1000");
        eventually("it is at work", SOON, || (hub.slots().claimed == 1).then_some(()));
        let new: Vec<_> =
            (0..3).map(|_| Worker::builder(flavor, &hub).generation(5).start(&hub)).collect();
        // What was in hand is answered by whom it was given to.
        assert_eq!(text(&mut busy), "slept");
        for mut worker in old {
            assert_eq!(worker.process.wait_end(SOON).code(), Some(0));
            assert_eq!(hub.wait_departed(worker.pid())["reason"], "replaced");
        }
        // They share the load and leave each other alone; one that restarts joins them.
        assert_eq!(hub.instances("conformance"), 3);
        let _again = Worker::builder(flavor, &hub).generation(5).start(&hub);
        assert_eq!(hub.instances("conformance"), 4);
        // One of an older generation does not get in, and says so.
        let mut late = Worker::builder(flavor, &hub).generation(4).launch();
        late.process.wait_line("replaced", SOON);
        assert_ne!(late.process.wait_end(SOON).code(), Some(0));
        assert_eq!(hub.instances("conformance"), 4);
        // When the newer ones are gone the way is free again.
        drop(new);
        drop(_again);
        eventually("they are gone", SOON, || (hub.instances("conformance") == 0).then_some(()));
        let _older = Worker::builder(flavor, &hub).generation(4).start(&hub);
    }
}

#[test]
fn h19_an_instance_retires_when_its_successor_has_taken_a_slot() {
    let name = "h19_an_instance_retires_when_its_successor_has_taken_a_slot";
    case(name, Weight::Light, SOON * 2, || {
        let hub = Hub::with(&["--probe-misses", "0"]);
        let mut old = RawWorker::registered(&hub.control_path(), "rolling", &["/r/{n}"]);
        let mut claimed = hub.begin("/r/1");
        let claim = old.claim();
        let mut parked = hub.begin("/r/2");
        eventually("it lies in the slot", SOON, || (hub.slots().ready == 1).then_some(()));

        let (mut new, probe_slot) = RawWorker::of_generation(&hub.control_path(), 2);
        new.register(1, "rolling", &["/r/{n}"]);
        // It is registered, and it does nothing: the old one stays. An observation.
        thread::sleep(Duration::from_millis(200));
        assert_eq!(hub.instances("rolling"), 2);
        assert_eq!(hub.slots().ready, 1, "nothing was moved");
        new.answer_probe(probe_slot);

        assert_eq!(old.control.read().expect("a word")["kind"], "drain");
        // What the old one had not seen moves; what it had is its own.
        new.answer(new.claim(), 200, b"new");
        assert_eq!(text(&mut parked), "new");
        assert!(old.claim_within(Duration::from_millis(50)).is_none(), "only one of them had it");
        for n in 0..10 {
            let mut client = hub.begin(&format!("/r/{n}"));
            new.answer(new.claim(), 200, b"new");
            assert_eq!(text(&mut client), "new");
        }
        old.answer(claim, 200, b"old");
        assert_eq!(text(&mut claimed), "old");
        let told = old.control.read().expect("a word");
        assert!(refusal(&told, "replaced").contains("rolling"));
        assert_eq!(told["id"], 1);
        drop(old);
        assert_eq!(hub.wait_departed(std::process::id())["reason"], "replaced");
        hub.wait_all_free();
    });
}

#[test]
fn h08_a_successor_may_have_other_routes() {
    case("h08_a_successor_may_have_other_routes", Weight::Light, SOON * 2, || {
        let hub = Hub::start();
        let path = hub.control_path();
        let mut old = RawWorker::registered(&path, "app", &["/items/{id}", "/old"]);
        // A parameter is renamed, one route is gone and one is new: no conflict with itself.
        let (mut new, probe_slot) = RawWorker::of_generation(&path, 1);
        new.register(1, "app", &["/items/{key}", "/new"]);
        // Both serve until the new one has shown itself.
        let mut client = hub.begin("/old");
        old.answer(old.claim(), 200, b"old");
        assert_eq!(text(&mut client), "old");
        let mut client = hub.begin("/new");
        new.answer(new.claim(), 200, b"new");
        assert_eq!(text(&mut client), "new");
        new.answer_probe(probe_slot);
        assert_eq!(old.control.read().expect("a word")["kind"], "drain");
        assert_eq!(hub.get("/old").status(), 404);
        let mut client = hub.begin("/items/7");
        let claim = new.claim();
        let head = slotway_core::head::RequestHead::parse(new.side.request_head(&claim));
        assert_eq!(head.expect("a head").param("key"), Some(&b"7"[..]));
        new.answer(claim, 200, b"seven");
        assert_eq!(text(&mut client), "seven");
        // A route of another name is none of its business: refused, and nothing changes (H23).
        let other = RawWorker::registered(&path, "other", &["/other"]);
        let (mut greedy, _) = RawWorker::of_generation(&path, 2);
        greedy.control.refused(&register(1, "app", &["/items/{key}", "/other"]), "route_conflict");
        let mut client = hub.begin("/items/8");
        new.answer(new.claim(), 200, b"eight");
        assert_eq!(text(&mut client), "eight");
        let mut client = hub.begin("/other");
        other.answer(other.claim(), 200, b"other");
        assert_eq!(text(&mut client), "other");
    });
}

#[test]
fn h08_a_worker_that_loses_one_of_two_names_goes_on_with_the_other() {
    let name = "h08_a_worker_that_loses_one_of_two_names_goes_on_with_the_other";
    case(name, Weight::Light, SOON * 2, || {
        let hub = Hub::start();
        let mut both = RawWorker::connect(&hub.control_path());
        both.register(1, "one", &["/one"]);
        both.register(2, "two", &["/two"]);
        let (mut new, probe_slot) = RawWorker::of_generation(&hub.control_path(), 1);
        new.register(1, "one", &["/one"]);
        new.answer_probe(probe_slot);
        let told = both.control.read().expect("a word");
        refusal(&told, "replaced");
        assert_eq!(told["id"], 1);
        both.control.refused(&register(1, "one", &["/one"]), "replaced");
        let mut client = hub.begin("/two");
        both.answer(both.claim(), 200, b"two");
        assert_eq!(text(&mut client), "two");
        let mut client = hub.begin("/one");
        new.answer(new.claim(), 200, b"new");
        assert_eq!(text(&mut client), "new");
        // A second registration of who has shown itself takes over at once, too.
        new.register(2, "two", &["/two"]);
        new.answer_probe(probe_slot);
        assert_eq!(both.control.read().expect("a word")["kind"], "drain");
        refusal(&both.control.read().expect("a word"), "replaced");
        both.control.send(&frame(json!({ "kind": "drain" }).to_string().as_bytes()));
        assert_eq!(both.control.read().expect("a word")["kind"], "drained");
    });
}

#[test]
fn h08_an_event_loop_is_replaced_too() {
    case("h08_an_event_loop_is_replaced_too", Weight::Light, SOON * 2, || {
        let hub = Hub::start();
        let mut old = Worker::start(Flavor::EventLoop, &hub);
        let mut streaming = hub.connect();
        let request = Request::new("POST", "/echo").header("transfer-encoding", "chunked");
        streaming.send(&request.head_bytes()).expect("sent");
        streaming.send_chunk(b"begun, ").expect("sent");
        let head = streaming.read_head().expect("a head before the body's end");
        let new = Worker::builder(Flavor::EventLoop, &hub).generation(1).start(&hub);
        eventually("the new one serves alone", SOON, || {
            (hub.instances("conformance") == 1).then_some(())
        });
        assert_eq!(hub.get("/pid").expect(200).text(), new.pid().to_string());
        assert!(old.process.is_alive(), "it has a stream in hand");
        streaming.send_chunk(b"ended").expect("sent");
        streaming.send_chunk(b"").expect("sent");
        let mut back = String::new();
        streaming.body(&head).read_to_string(&mut back).expect("a whole body");
        assert_eq!(back, "begun, ended");
        assert_eq!(old.process.wait_end(SOON).code(), Some(0));
        assert_eq!(hub.wait_departed(old.pid())["reason"], "replaced");
    });
}

/// A generation is for those who can show that they are there.
#[test]
fn a_generation_without_probes_is_refused() {
    case("a_generation_without_probes_is_refused", Weight::Light, SOON, || {
        let hub = Hub::start();
        let mut control = slotway_tests::control::Control::open(&hub.control_path());
        let mut hello = slotway_tests::control::hello();
        hello["generation"] = json!(3);
        assert!(control.refused(&hello, "bad_message").contains("\"probe\""));
        let mut worker = Worker::builder(Flavor::Rust, &hub);
        worker = worker.generation(u64::MAX);
        let _worker = worker.start(&hub);
    });
}
