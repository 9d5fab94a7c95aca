//! Task queues: who gets an activity, what becomes of it, and what nobody gets.

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use common::{Client, Reply, Request, Rig, Worker, wait_until};
use slotway_core::control::{
    FEATURE_PROBE, Hello, HubMessage, QueueOffer, RefusalCode, Register, Route, WorkerMessage,
};
use slotway_hub::config::Config;

const QUEUE: &str = "media/images";

fn rig_with(change: impl FnOnce(&mut Config)) -> Rig {
    Rig::with(|config| {
        config.queues.open = vec!["media/*".to_owned()];
        config.queues.waiting = 16;
        config.queues.timeout = Duration::from_secs(15);
        change(config);
    })
}

fn rig() -> Rig {
    rig_with(|_| {})
}

fn offer(activities: &[&str], capacity: Option<u32>) -> QueueOffer {
    let activities = activities.iter().map(|&activity| activity.to_owned()).collect();
    QueueOffer { queue: QUEUE.to_owned(), activities, capacity }
}

fn register(activities: &[&str], capacity: u32) -> Register {
    Register {
        queues: vec![offer(activities, Some(capacity))],
        ..Register::new(0, "resizer", Vec::new())
    }
}

fn worker(rig: &Rig, activities: &[&str], capacity: u32) -> Worker {
    let mut worker = Worker::connect(rig.control());
    worker.register_with(register(activities, capacity));
    worker
}

/// A call on a connection of its own, whose reply is waited for by `join`.
fn call(rig: &Rig, target: &str, body: &str) -> JoinHandle<Reply> {
    call_with(rig, target, "", body)
}

fn call_with(rig: &Rig, target: &str, headers: &'static str, body: &str) -> JoinHandle<Reply> {
    let (address, target) = (rig.hub().address(), format!("/queues/{QUEUE}/{target}"));
    let body = body.to_owned();
    thread::spawn(move || {
        Client::connect(address).request("POST", &target, headers, body.as_bytes())
    })
}

/// The activity's number, as the worker sees it.
fn id(request: &Request) -> String {
    header(request, "slotway-activity").expect("an activity has a number")
}

fn header(request: &Request, name: &str) -> Option<String> {
    let found = request.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| String::from_utf8(value.clone()).expect("text"))
}

fn queue(rig: &Rig) -> serde_json::Value {
    rig.admin("/internal/queues")["queues"][0].clone()
}

fn count(rig: &Rig, what: &str) -> u64 {
    queue(rig)[what].as_u64().unwrap_or_else(|| panic!("{what} in {}", queue(rig)))
}

/// Everything that was taken on has one outcome and nothing is in anybody's hands.
fn settled(rig: &Rig) {
    rig.wait_all_free();
    wait_until("every activity is settled", || {
        let queue = queue(rig);
        let number = |what: &str| queue[what].as_u64().expect("a number");
        let ended = number("completed") + number("failed") + number("abandoned");
        number("in_flight") == 0
            && number("waiting") == 0
            && number("accepted") + number("deferred") == ended
    });
}

fn refused(rig: &Rig, worker: &mut Worker, register: Register) -> (RefusalCode, String) {
    worker.link.send(&WorkerMessage::Register(register));
    let HubMessage::Refused(refused) = worker.link.receive() else { panic!("it was taken") };
    let _ = rig;
    (refused.code, refused.reason)
}

/// Goal: an activity is an exchange, with the index behind the routes, and its answer is the
/// reply.
#[test]
fn an_activity_is_done() {
    let rig = rig();
    let mut worker = Worker::connect(rig.control());
    worker.register_with(Register {
        queues: vec![offer(&["resize", "crop"], None)],
        ..Register::new(4, "resizer", vec![Route::new("GET", "/images")])
    });
    let reply = call_with(&rig, "crop", "content-type: image/png\r\n", "a.png");
    let request = worker.next();
    assert_eq!((&*request.method, &*request.path), ("POST", "/queues/media/images/crop"));
    assert_eq!(request.route, request.path);
    assert_eq!((request.registration, request.route_index), (4, 2));
    assert_eq!(header(&request, "content-type").as_deref(), Some("image/png"));
    assert_eq!(header(&request, "slotway-attempt").as_deref(), Some("1"));
    assert!(request.deadline_ns.is_some());
    assert_eq!(request.body(), b"a.png");
    let id = id(&request);
    request.answer(201, &[("content-type", b"text/plain"), ("x-other", b"1")], b"done");
    let reply = reply.join().expect("a reply");
    assert_eq!((reply.status, reply.text()), (201, "done"));
    assert_eq!(reply.header("content-type"), Some("text/plain"));
    assert_eq!(reply.header("slotway-activity"), Some(&*id));
    assert_eq!(reply.header("slotway-band"), Some("accept"));
    assert_eq!(reply.header("x-other"), None, "an outcome has a status, a type and a body");
    settled(&rig);
}

/// Goal: large payloads and answers flow through the rings, as far as they may.
#[test]
fn payloads_are_large_or_empty() {
    let rig = rig();
    let mut worker = worker(&rig, &["echo"], 2);
    worker.serve(2, |request| {
        let body = request.body();
        request.head(200, Some(body.len() as u64), &[]);
        assert!(request.write(&body));
        request.finish();
    });
    for length in [0, 1, 65_536, 65_537, 5 << 20] {
        let body = "x".repeat(length);
        let reply = call(&rig, "echo", &body).join().expect("a reply");
        assert_eq!((reply.status, reply.body.len()), (200, length));
    }
    let mut client = rig.client();
    let target = format!("/queues/{QUEUE}/echo");
    client.write(
        format!("POST {target} HTTP/1.1\r\nhost: test\r\ncontent-length: 5242881\r\n\r\n")
            .as_bytes(),
    );
    let reply = client.reply("POST");
    assert_eq!((reply.status, &*reply.code()), (413, "body_too_large"));
    settled(&rig);
}

/// Goal: what cannot be is refused where it is registered, and the rest goes on.
#[test]
fn q01_what_cannot_be_is_refused_at_registration() {
    let rig = rig();
    let mut worker = Worker::connect(rig.control());
    let with = |queues| Register { queues, ..Register::new(9, "bad", Vec::new()) };
    let of = |queue: &str| QueueOffer { queue: queue.to_owned(), ..offer(&["a"], None) };
    for (queues, words) in [
        (vec![offer(&["a"], Some(0))], "take at least 1"),
        (vec![offer(&[], None)], "name one"),
        (vec![offer(&["a", "a"], None)], "taken twice"),
        (vec![offer(&["a b"], None)], "\"a b\""),
        (vec![offer(&[".."], None)], "a step in a path"),
        (vec![offer(&["a"], None), offer(&["b"], None)], "there twice"),
        (vec![of("images")], "namespace/queue"),
        (vec![of("me.dia/images")], "me.dia/images"),
    ] {
        let (code, reason) = refused(&rig, &mut worker, with(queues));
        assert_eq!(code, RefusalCode::BadQueue, "{reason}");
        assert!(reason.contains(words), "{reason}");
    }
    let named = |id| Register {
        instance: Some("one".to_owned()),
        queues: vec![offer(&["a"], None)],
        ..Register::new(id, "good", Vec::new())
    };
    worker.register_with(named(0));
    let (code, reason) = refused(&rig, &mut worker, named(1));
    assert_eq!(code, RefusalCode::DuplicateRegistration, "{reason}");
}

/// Goal: who calls what is not there hears so at once, and what is there.
#[test]
fn what_nobody_takes_is_not_found() {
    let rig = rig();
    let reply = rig.client().request("POST", "/queues/media/images/resize", "", b"x");
    assert_eq!((reply.status, &*reply.code()), (404, "no_queue"));
    let _worker = worker(&rig, &["resize"], 1);
    let reply = rig.client().request("POST", "/queues/media/images/crop", "", b"x");
    assert_eq!((reply.status, &*reply.code()), (404, "no_activity"));
    assert!(reply.text().contains("resize"), "{}", reply.text());
    let reply = rig.client().get("/queues/media/images/resize");
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
    let reply = rig.client().request("POST", "/queues/media/images/resize?tries=1", "", b"x");
    assert_eq!((reply.status, &*reply.code()), (400, "bad_call"));
    // A queue that the configuration does not open is not there for clients.
    let reply = rig.client().request("POST", "/queues/other/images/resize", "", b"x");
    assert_eq!((reply.status, &*reply.code()), (404, "no_route"));
}

/// Goal: of the workers that take the type and have room, the one with the fewest gets it.
#[test]
fn q02_the_pick_looks_at_type_room_and_what_is_in_flight() {
    let rig = rig();
    let (one, two) = (worker(&rig, &["resize"], 2), worker(&rig, &["resize", "crop"], 3));
    // A crop can only be for the second, which then has more.
    let cropped = call(&rig, "crop", "");
    let crop = two.next();
    let first = call(&rig, "resize", "");
    let in_one = one.next();
    let replies: Vec<_> = (0..3).map(|_| call(&rig, "resize", "")).collect();
    // Both fill up: one more for the first, two more for the second.
    let more_one = one.next();
    let more_two = [two.next(), two.next()];
    wait_until("all have what they may", || count(&rig, "in_flight") == 5);
    // Who joins gets what comes next; what was given stays where it is.
    let three = worker(&rig, &["resize"], 1);
    let last = call(&rig, "resize", "");
    let in_three = three.next();
    for request in [crop, in_one, more_one, in_three].into_iter().chain(more_two) {
        request.answer(200, &[], b"");
    }
    for reply in replies.into_iter().chain([cropped, first, last]) {
        assert_eq!(reply.join().expect("a reply").status, 200);
    }
    settled(&rig);
}

/// Goal: a worker that dies is named, at once, and not by waiting for the deadline.
#[test]
fn q03_a_crash_is_known_at_once() {
    let rig = rig();
    let worker = worker(&rig, &["resize"], 1);
    let reply = call(&rig, "resize?timeout=1h", "x");
    let request = worker.next();
    drop(worker);
    // The watchdog ends this long before the deadline would.
    let reply = reply.join().expect("a reply");
    assert_eq!((reply.status, &*reply.code()), (502, "worker_gone"));
    assert!(request.cancelled() || reply.text().contains("ended"));
    settled(&rig);
}

/// Goal: what a worker has not claimed moves when it goes, and its caller notices nothing.
#[test]
fn q03_what_was_not_claimed_moves() {
    let rig = rig();
    let first = worker(&rig, &["resize"], 4);
    let reply = call(&rig, "resize", "x");
    wait_until("it waits in the first's hands", || rig.slots()["ready"] == 1);
    let second = worker(&rig, &["resize"], 4);
    drop(first);
    let request = second.next();
    assert_eq!(header(&request, "slotway-attempt").as_deref(), Some("1"), "nobody began it");
    assert_eq!(request.body(), b"x");
    request.answer(200, &[], b"moved");
    assert_eq!(reply.join().expect("a reply").text(), "moved");
    assert_eq!(count(&rig, "moved"), 1);
    settled(&rig);
}

/// Goal: an activity that waits while nobody is there is done when somebody comes.
#[test]
fn activities_wait_for_workers_that_restart() {
    let rig = rig();
    drop(worker(&rig, &["resize"], 1));
    wait_until("it is gone", || count(&rig, "workers") == 0);
    let reply = call(&rig, "resize", "x");
    wait_until("it waits", || count(&rig, "waiting") == 1);
    assert!(count(&rig, "oldest_wait_ms") < 20_000);
    let next = worker(&rig, &["resize"], 1);
    next.next().answer(200, &[], b"");
    let reply = reply.join().expect("a reply");
    assert_eq!((reply.status, reply.header("slotway-band")), (200, Some("defer")));
    settled(&rig);
}

/// Goal: attempts have identities. What is idempotent is begun again, with another number and
/// by another worker; the first worker's late answer settles nothing.
#[test]
fn q04_a_stale_answer_settles_no_other_attempt() {
    let rig = rig();
    let first = worker(&rig, &["resize"], 1);
    let reply = call(&rig, "resize?attempts=3&idempotent=true&backoff=1ms", "x");
    let stale = first.next();
    let number = id(&stale);
    let second = worker(&rig, &["resize"], 1);
    // Its connection ends; its memory is still there, and so is what it claimed.
    let region = first.region.clone();
    drop(first);
    let request = second.next();
    assert_eq!(id(&request), number, "the same activity");
    assert_eq!(header(&request, "slotway-attempt").as_deref(), Some("2"));
    stale.answer(200, &[], b"stale");
    request.answer(200, &[], b"fresh");
    let reply = reply.join().expect("a reply");
    assert_eq!((reply.text(), reply.header("slotway-attempts")), ("fresh", Some("2")));
    assert_eq!((count(&rig, "completed"), count(&rig, "retried")), (1, 1));
    drop(region);
    settled(&rig);
}

/// Goal: what is not idempotent is begun once, whatever attempts its caller allows.
#[test]
fn q04_what_is_not_idempotent_is_begun_once() {
    let rig = rig();
    let _second = worker(&rig, &["crop"], 1);
    let first = worker(&rig, &["resize"], 1);
    let reply = call(&rig, "resize?attempts=5", "x");
    let _claimed = first.next();
    drop(first);
    assert_eq!(reply.join().expect("a reply").code(), "worker_gone");
    assert_eq!(count(&rig, "retried"), 0);
    settled(&rig);
}

/// Goal: a worker that dies after its answer was whole has answered.
#[test]
fn q04_an_error_while_closing_discards_no_success() {
    let rig = rig();
    for _ in 0..50 {
        let worker = worker(&rig, &["resize"], 1);
        let reply = call(&rig, "resize", "x");
        worker.next().answer(200, &[], b"done");
        drop(worker);
        let reply = reply.join().expect("a reply");
        assert_eq!((reply.status, reply.text()), (200, "done"));
    }
    settled(&rig);
}

/// Goal: the bands. Capacity 4, and 16 may wait: 1 to 4 are accepted, 5 to 20 deferred with a
/// hint, 21 is rejected and reaches nobody; it recovers as it drains.
#[test]
fn q05_accept_defer_reject() {
    let rig = rig();
    let worker = worker(&rig, &["resize"], 4);
    let mut replies = Vec::new();
    for number in 1..=20 {
        replies.push(call(&rig, "resize", "x"));
        wait_until("it is taken on", || count(&rig, "in_flight") == number);
    }
    assert_eq!((count(&rig, "accepted"), count(&rig, "deferred")), (4, 16));
    let rejected = call(&rig, "resize", "x").join().expect("a reply");
    assert_eq!((rejected.status, &*rejected.code()), (503, "queue_full"));
    assert_eq!(rejected.header("retry-after"), Some("1"));
    assert_eq!(rejected.json()["retry_after_ms"], 250);
    assert_eq!(count(&rig, "rejected"), 1);
    let mut done = HashSet::new();
    for _ in 0..20 {
        let request = worker.next();
        assert!(done.insert(id(&request)), "delivered once");
        request.answer(200, &[], b"");
    }
    let replies: Vec<_> = replies.into_iter().map(|reply| reply.join().expect("a reply")).collect();
    let hints = replies.iter().filter_map(|reply| reply.header("slotway-delay-hint-ms"));
    let hints: Vec<u64> = hints.map(|hint| hint.parse().expect("a number")).collect();
    assert_eq!(hints.len(), 16);
    assert!(hints.iter().all(|hint| (25..=250).contains(hint)), "{hints:?}");
    assert!(hints.contains(&25), "the first to wait found nobody: {hints:?}");
    let again = call(&rig, "resize", "x");
    worker.next().answer(200, &[], b"");
    assert_eq!(again.join().expect("a reply").header("slotway-band"), Some("accept"));
    settled(&rig);
}

/// Goal: 4 threads with 50 calls each never exceed what may be in flight and wait.
#[test]
fn q05_a_crowd_never_exceeds_the_bound() {
    let rig = rig();
    let mut worker = worker(&rig, &["resize"], 4);
    let (now, peak) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (seen, most) = (now.clone(), peak.clone());
    worker.serve(8, move |request| {
        most.fetch_max(seen.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(1));
        seen.fetch_sub(1, Ordering::SeqCst);
        request.answer(200, &[], b"");
    });
    let crowd: Vec<_> = (0..4)
        .map(|_| {
            let address = rig.hub().address();
            thread::spawn(move || {
                let target = format!("/queues/{QUEUE}/resize");
                // Eight at a time, so that 32 want what 4 and 16 may have.
                let calls = (0..50).map(|_| {
                    let target = target.clone();
                    thread::spawn(move || {
                        let reply = Client::connect(address).request("POST", &target, "", b"x");
                        match reply.status {
                            200 => true,
                            503 => {
                                assert_eq!(reply.code(), "queue_full");
                                false
                            }
                            other => panic!("{other}"),
                        }
                    })
                });
                let calls: Vec<_> = calls.collect();
                calls.into_iter().filter_map(|call| call.join().ok()).filter(|done| *done).count()
            })
        })
        .collect();
    while !crowd.iter().all(JoinHandle::is_finished) {
        let queue = queue(&rig);
        let waiting = queue["waiting"].as_u64().expect("a number");
        assert!(waiting <= 16, "{queue}");
    }
    let done: usize = crowd.into_iter().map(|thread| thread.join().expect("no panic")).sum();
    assert!(peak.load(Ordering::SeqCst) <= 4);
    settled(&rig);
    let (taken, rejected) = (count(&rig, "completed"), count(&rig, "rejected"));
    assert_eq!((taken + rejected, taken), (200, done as u64));
}

/// Goal: a worker that says it is busy costs the caller no attempt: another has it.
#[test]
fn q06_a_worker_that_is_busy_costs_no_attempt() {
    let rig = rig();
    let busy = worker(&rig, &["resize"], 4);
    let reply = call(&rig, "resize", "x");
    let request = busy.next();
    let free = worker(&rig, &["resize"], 4);
    request.answer(503, &[("slotway-busy", b"1")], b"");
    let request = free.next();
    assert_eq!(header(&request, "slotway-attempt").as_deref(), Some("1"));
    request.answer(200, &[], b"");
    let reply = reply.join().expect("a reply");
    assert_eq!((reply.status, reply.header("slotway-attempts")), (200, Some("1")));
    // With nobody else it is asked again after a while, and no attempt is counted either.
    drop(free);
    wait_until("it is gone", || count(&rig, "workers") == 1);
    let reply = call(&rig, "resize", "x");
    busy.next().answer(503, &[("slotway-busy", b"1")], b"");
    busy.next().answer(200, &[], b"");
    assert_eq!(reply.join().expect("a reply").header("slotway-attempts"), Some("1"));
    settled(&rig);
}

/// Goal: a worker at its capacity is asked for nothing more, and answers probes.
#[test]
fn q06_a_worker_at_capacity_answers_probes() {
    let rig = rig_with(|config| {
        config.health.interval = Duration::from_millis(20);
        config.health.timeout = Duration::from_millis(500);
    });
    let hello = Hello { features: vec![FEATURE_PROBE.to_owned()], ..common::worker::Link::hello() };
    let mut worker = Worker::connect_as(rig.control(), hello);
    worker.register_with(register(&["resize"], 1));
    worker.answer_probes();
    let first = call(&rig, "resize", "x");
    let request = worker.next();
    let second = call(&rig, "resize", "x");
    wait_until("the second waits in the hub", || count(&rig, "waiting") == 1);
    thread::sleep(Duration::from_millis(200));
    let misses = rig.admin("/internal/workers")["workers"][0]["probe_misses"].clone();
    assert_eq!(misses, 0);
    assert_eq!(rig.slots()["ready"], 0, "nothing was sent beyond the capacity");
    request.answer(200, &[], b"");
    worker.next().answer(200, &[], b"");
    for reply in [first, second] {
        assert_eq!(reply.join().expect("a reply").status, 200);
    }
    settled(&rig);
}

/// Goal: answers in reverse order stay with their calls.
#[test]
fn q07_answers_in_reverse_order_stay_with_their_calls() {
    let rig = rig();
    let worker = worker(&rig, &["resize"], 8);
    let replies: Vec<_> = (0..8)
        .map(|number| {
            let reply = call(&rig, "resize", &number.to_string());
            (number, reply, worker.next())
        })
        .collect();
    for (number, reply, request) in replies.into_iter().rev() {
        let body = request.body();
        assert_eq!(body, number.to_string().as_bytes());
        request.answer(200, &[], &body);
        assert_eq!(reply.join().expect("a reply").text(), number.to_string());
    }
    settled(&rig);
}

/// Goal: a timeout ends an activity, in the line and in a worker's hands; the worker sees so.
#[test]
fn q07_timeouts_are_enforced() {
    let rig = rig();
    let worker = worker(&rig, &["resize"], 1);
    let late = call(&rig, "resize?timeout=100ms", "x");
    let request = worker.next();
    let reply = late.join().expect("a reply");
    assert_eq!((reply.status, &*reply.code()), (504, "deadline"));
    request.wait_cancelled();
    // It still has the worker's one place.
    let reply = call(&rig, "resize?timeout=50ms", "x").join().expect("a reply");
    assert_eq!((reply.status, &*reply.code()), (503, "wait_timeout"));
    request.answer(200, &[], b"late");
    settled(&rig);
    assert_eq!((count(&rig, "completed"), count(&rig, "failed")), (0, 2));
}

/// Goal: a call with the key of one that is done gets its outcome, and nothing is done again;
/// one that comes meanwhile waits for it.
#[test]
fn q07_a_key_replays_its_outcome() {
    let rig = rig();
    let worker = worker(&rig, &["resize"], 4);
    let key = "idempotency-key: k1\r\n";
    let first = call_with(&rig, "resize", key, "x");
    let request = worker.next();
    let meanwhile = call_with(&rig, "resize", key, "x");
    request.answer(200, &[("content-type", b"text/plain")], b"done");
    let first = first.join().expect("a reply");
    assert_eq!((first.text(), first.header("slotway-replayed")), ("done", None));
    let replayed = call_with(&rig, "resize", key, "x").join().expect("a reply");
    for reply in [meanwhile.join().expect("a reply"), replayed] {
        assert_eq!((reply.text(), reply.header("slotway-replayed")), ("done", Some("true")));
        assert_eq!(reply.header("slotway-activity"), first.header("slotway-activity"));
        assert_eq!(reply.header("content-type"), Some("text/plain"));
    }
    assert_eq!(count(&rig, "completed"), 1, "it was done once");
    let other = call_with(&rig, "resize", key, "y").join().expect("a reply");
    assert_eq!((other.status, &*other.code()), (422, "key_reused"));
    settled(&rig);
}

/// Goal: a caller that goes away hangs up: the worker sees so, and nothing stays behind.
#[test]
fn a_caller_that_goes_away_hangs_up() {
    let rig = rig();
    let worker = worker(&rig, &["resize"], 1);
    let mut client = rig.client();
    client.send("POST", "/queues/media/images/resize", "", b"x");
    let request = worker.next();
    drop(client);
    request.wait_cancelled();
    request.answer(200, &[], b"");
    settled(&rig);
    assert_eq!(count(&rig, "abandoned"), 1);
}

/// Goal: a choice of the program's own is followed; one that panics, chooses what is not there
/// or takes too long is reported and replaced by the hub's.
#[test]
fn q08_a_choice_that_fails_is_replaced() {
    let rig = rig();
    let step = Arc::new(AtomicU64::new(0));
    let at = step.clone();
    let choice = move |candidates: &slotway_hub::Candidates| {
        assert_eq!((&*candidates.queue, &*candidates.activity), (QUEUE, "resize"));
        match at.fetch_add(1, Ordering::SeqCst) {
            // The last of those that are there, which has the same load as the first.
            0..10 => candidates
                .workers
                .iter()
                .map(|c| c.worker)
                .enumerate()
                .max_by_key(|c| c.1)
                .map(|c| c.0),
            10 => panic!("a mistake of the program's"),
            11 => Some(99),
            12 => None,
            _ => {
                thread::sleep(Duration::from_secs(5));
                None
            }
        }
    };
    rig.hub().choose_workers(Duration::from_millis(100), choice).expect("a thread");
    assert!(rig.hub().choose_workers(Duration::from_secs(1), |_| None).is_err(), "there is one");
    let (first, second) = (worker(&rig, &["resize"], 9), worker(&rig, &["resize"], 9));
    for _ in 0..10 {
        let reply = call(&rig, "resize", "");
        second.next().answer(200, &[], b"");
        assert_eq!(reply.join().expect("a reply").status, 200);
    }
    let mut workers = [first, second];
    for worker in &mut workers {
        worker.serve(1, |request| request.answer(200, &[], b""));
    }
    for _ in 10..16 {
        assert_eq!(call(&rig, "resize", "").join().expect("a reply").status, 200);
    }
    settled(&rig);
}

/// Goal: the admin surface calls any queue.
#[test]
fn the_admin_surface_calls_any_queue() {
    let rig = Rig::new();
    let mut worker = worker(&rig, &["resize"], 1);
    worker.serve(1, |request| request.answer(200, &[], b"done"));
    let mut admin = Client::unix(rig.hub().admin_path().expect("a socket"));
    let reply = admin.request("POST", "/queues/media/images/resize", "", b"x");
    assert_eq!((reply.status, reply.text()), (200, "done"));
    let reply = rig.client().request("POST", "/queues/media/images/resize", "", b"x");
    assert_eq!((reply.status, &*reply.code()), (404, "no_route"), "clients may not");
}
