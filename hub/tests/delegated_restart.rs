//! The worker that owns a stream goes; its clients stay.

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::worker::Link;
use common::{Heard, Listener, Rig, Streams, Worker, push, push_to, wait_until};
use serde_json::json;
use slotway_core::control::{
    FEATURE_PROBE, Hello, HubMessage, Register, Route, Unregister, WorkerMessage,
};

fn rooms(max_concurrent: Option<u32>) -> Register {
    let routes = vec![Route { sse: true, ..Route::new("GET", "/rooms/{room}") }];
    Register { max_concurrent, ..Register::new(0, "chat", routes) }
}

/// Files that the process may have open: clients here and connections there.
fn raise_the_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

#[test]
fn s06_a_thousand_clients_are_told_to_the_next_worker_in_under_a_second() {
    raise_the_limit();
    let rig = Rig::new();
    let first = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut listeners: Vec<_> =
        (0..1000).map(|at| Listener::open(&rig, &format!("/rooms/{}?n={at}", at % 10))).collect();
    drop(first);
    wait_until("nobody has them", || {
        rig.admin("/internal/sse")["names"]["chat"]["waiting"] == 1000
    });
    push_to(&rig, "/rooms/3", "meanwhile", 100);

    let begun = Instant::now();
    let last_ns = Arc::new(AtomicU64::new(0));
    let last = last_ns.clone();
    let second = Streams::answering(rig.control(), "chat", "/rooms/{room}", move |request, _| {
        request.answer(200, &[], b"");
        last.fetch_max(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
    });
    let mut heard = HashSet::new();
    for _ in 0..1000 {
        let connect = second.hears();
        assert_eq!(connect.word, "reconnect");
        let at = listeners.iter().position(|one| one.connection == connect.connection);
        let at = at.expect("a client that is there");
        assert_eq!(connect.query, Some(format!("n={at}")), "what it came with");
        assert_eq!(connect.params, [("room".to_owned(), (at % 10).to_string().into_bytes())]);
        assert!(heard.insert(connect.connection), "each once");
    }
    second.heard_all();
    wait_until("all are its own", || rig.admin("/internal/sse")["names"]["chat"]["moved"] == 1000);
    let took = Duration::from_nanos(last_ns.load(Ordering::Relaxed));
    assert!(took < Duration::from_secs(1), "behaviour S06 says under a second: {took:?}");
    assert_eq!(rig.admin("/internal/sse")["clients"], 1000);

    push_to(&rig, "/rooms/3", "after", 100);
    for (at, listener) in listeners.iter_mut().enumerate() {
        if at % 10 == 3 {
            assert_eq!(listener.data(2), ["meanwhile", "after"]);
        }
    }
    let gone = listeners.pop().unwrap();
    let connection = gone.connection.clone();
    drop(gone);
    second.hears_that("disconnect", &connection);
    second.heard_all();
}

#[test]
fn s06_a_client_that_leaves_while_nobody_has_it_is_told_to_nobody() {
    let rig = Rig::new();
    let first = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let stays = Listener::open(&rig, "/rooms/1");
    let leaves = Listener::open(&rig, "/rooms/1");
    drop(first);
    wait_until("nobody has them", || rig.admin("/internal/sse")["names"]["chat"]["waiting"] == 2);
    drop(leaves);
    wait_until("one has left", || rig.admin("/internal/sse")["clients"] == 1);
    let second = Streams::start(rig.control(), "chat", "/rooms/{room}");
    second.hears_that("reconnect", &stays.connection);
    second.heard_all();
}

#[test]
fn s06_when_no_worker_comes_the_clients_are_told_so_and_closed() {
    let rig = Rig::with(|config| config.delegated.grace = Duration::from_millis(300));
    let first = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut listener = Listener::open(&rig, "/rooms/1");
    let begun = Instant::now();
    drop(first);
    assert_eq!(listener.reason(), "gone");
    assert!(begun.elapsed() >= Duration::from_millis(300), "not before the grace time is over");
    wait_until("nobody is there", || rig.admin("/internal/sse")["clients"] == 0);
    assert_eq!(rig.admin("/internal/sse")["names"]["chat"]["lost"], 1);
    let second = Streams::start(rig.control(), "chat", "/rooms/{room}");
    second.heard_all();
}

#[test]
fn s06_a_client_that_the_next_worker_refuses_is_told_so_and_closed() {
    let rig = Rig::new();
    let first = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut stays = Listener::open(&rig, "/rooms/1");
    let mut goes = Listener::open(&rig, "/rooms/2");
    drop(first);
    let second = Streams::answering(rig.control(), "chat", "/rooms/{room}", |request, heard| {
        let status = if heard.path == "/rooms/2" { 403 } else { 204 };
        request.answer(status, &[], b"");
    });
    assert_eq!(goes.reason(), "refused");
    let heard: HashSet<_> =
        [second.hears(), second.hears()].map(|heard| (heard.word, heard.connection)).into();
    let expected =
        [&stays, &goes].map(|one| ("reconnect".to_owned(), one.connection.clone())).into();
    assert_eq!(heard, expected);
    second.heard_all();
    push_to(&rig, "/rooms/1", "on", 1);
    assert_eq!(stays.next().data, "on");
}

#[test]
fn s06_a_worker_that_dies_with_a_client_in_its_hands_is_not_the_end_of_it() {
    let rig = Rig::new();
    let first = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut listener = Listener::open(&rig, "/rooms/1");
    drop(first);
    // It claims the client and ends.
    let mut worker = Worker::connect(rig.control());
    worker.register_with(rooms(None));
    let request = worker.next();
    assert_eq!(Heard::of(&request).word, "reconnect");
    drop(worker);
    drop(request);
    let third = Streams::start(rig.control(), "chat", "/rooms/{room}");
    third.hears_that("reconnect", &listener.connection);
    push_to(&rig, "/rooms/1", "third", 1);
    assert_eq!(listener.next().data, "third");
    third.heard_all();
}

#[test]
fn s06_a_live_instance_takes_the_clients_of_the_one_that_goes() {
    let rig = Rig::new();
    let start = || Streams::start(rig.control(), "chat", "/rooms/{room}");
    let [one, other] = [start(), start()];
    let listeners: Vec<_> = (0..40).map(|_| Listener::open(&rig, "/rooms/1")).collect();
    // Each tells what it heard after it has answered.
    let (mut of_one, mut of_other) = (HashSet::new(), 0);
    wait_until("both have told", || {
        of_one.extend(one.has_heard().map(|heard| heard.connection));
        of_other += usize::from(other.has_heard().is_some());
        of_one.len() + of_other == 40
    });
    drop(one);
    for _ in 0..of_one.len() {
        let heard = other.hears();
        assert_eq!(heard.word, "reconnect");
        assert!(of_one.remove(&heard.connection), "each once, and nobody else");
    }
    other.heard_all();
    drop(listeners);
    for _ in 0..40 {
        assert_eq!(other.hears().word, "disconnect");
    }
    other.heard_all();
}

#[test]
fn h08_a_newer_generation_takes_the_clients_over() {
    let rig = Rig::new();
    let of_generation = |generation| {
        let features = vec![FEATURE_PROBE.to_owned()];
        let hello = Hello { features, generation, ..Link::hello() };
        let mut worker = Worker::connect_as(rig.control(), hello);
        worker.answer_probes();
        Streams::serving(worker, "chat", "/rooms/{room}", |request, _| {
            request.answer(200, &[], b"");
        })
    };
    let mut old = of_generation(1);
    let mut listeners: Vec<_> = (0..50).map(|_| Listener::open(&rig, "/rooms/1")).collect();
    for listener in &listeners {
        old.hears_that("connect", &listener.connection);
    }
    let new = of_generation(2);
    let heard: HashSet<_> = (0..50)
        .map(|_| new.hears())
        .map(|heard| {
            assert_eq!(heard.word, "reconnect");
            heard.connection
        })
        .collect();
    assert_eq!(heard.len(), 50, "each once");
    assert!(matches!(old.worker.link.receive(), HubMessage::Drain(_)));
    push_to(&rig, "/rooms/1", "new", 50);
    for listener in &mut listeners {
        assert_eq!(listener.next().data, "new");
    }
    drop(listeners);
    for _ in 0..50 {
        assert_eq!(new.hears().word, "disconnect");
    }
    old.heard_all();
    new.heard_all();
}

#[test]
fn a_registration_that_is_withdrawn_gives_its_clients_up() {
    let rig = Rig::with(|config| config.delegated.grace = Duration::from_millis(100));
    let mut streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut listener = Listener::open(&rig, "/rooms/1");
    streams.hears_that("connect", &listener.connection);
    streams.worker.link.send(&WorkerMessage::Unregister(Unregister { id: 0 }));
    assert_eq!(listener.reason(), "gone");
    streams.heard_all();
}

#[test]
fn the_next_worker_hears_the_last_event_that_the_client_has() {
    let rig = Rig::new();
    let first = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let headers = "last-event-id: old\r\n";
    let open = |path: &str| Listener::with(&rig, path, headers);
    let [nothing, of_path, own] = [open("/rooms/1"), open("/rooms/2"), open("/rooms/2")];
    let events = [
        json!({ "path": "/rooms/2", "id": "10", "data": "x" }),
        json!({ "connection": own.connection, "id": "11", "data": "x" }),
        json!({ "path": "/rooms/2", "data": "without" }),
    ];
    for event in events {
        assert_eq!(push(&rig, &event).status, 200);
    }
    let late = open("/rooms/2");
    drop(first);
    let second = Streams::start(rig.control(), "chat", "/rooms/{room}");
    for _ in 0..4 {
        let heard = second.hears();
        let expected = match &heard.connection {
            id if *id == of_path.connection => "10",
            id if *id == own.connection => "11",
            id if *id == nothing.connection || *id == late.connection => "old",
            other => panic!("{other}"),
        };
        assert_eq!(heard.header("last-event-id").as_deref(), Some(expected));
        let count = heard.headers.iter().filter(|(name, _)| name == "last-event-id").count();
        assert_eq!(count, 1);
    }
}

#[test]
fn no_more_clients_at_a_time_than_a_worker_takes() {
    let rig = Rig::new();
    let first = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let listeners: Vec<_> = (0..60).map(|_| Listener::open(&rig, "/rooms/1")).collect();
    drop(first);
    let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let seen = most.clone();
    let mut worker = Worker::connect(rig.control());
    worker.serve(4, move |request| {
        seen.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(1));
        now.fetch_sub(1, Ordering::Relaxed);
        request.answer(200, &[], b"");
    });
    worker.register_with(rooms(Some(2)));
    wait_until("all have a worker", || rig.admin("/internal/sse")["names"]["chat"]["moved"] == 60);
    assert!(most.load(Ordering::Relaxed) <= 2, "{most:?}");
    drop(listeners);
}
