//! Workers that come, wait, drain, die and misbehave.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use common::worker::Link;
use common::{Rig, Worker, wait_until};
use serde_json::Value;
use slotway_core::control::{
    Drain, Hello, HubMessage, RefusalCode, RegionRequest, Register, Registered, Route, Unregister,
    WorkerMessage,
};

fn small(slots: u32) -> Option<RegionRequest> {
    Some(RegionRequest { slots: Some(slots), ..RegionRequest::default() })
}

/// Goal: a worker that dies with a request in its hands: 502 at once, never a timeout;
/// what it has not seen moves to its sibling, unseen by the client.
#[test]
fn h06_claimed_requests_get_502_and_unclaimed_ones_move() {
    let rig = Rig::new();
    let mut dying = Worker::connect(rig.control());
    dying.register("pair", &[("GET", "/x")]);
    let mut claimed = rig.client();
    claimed.send("GET", "/x", "", b"");
    let request = dying.next();
    let mut queued: Vec<_> = (0..3)
        .map(|_| {
            let mut client = rig.client();
            client.send("GET", "/x", "", b"");
            client
        })
        .collect();
    wait_until("three requests are queued", || rig.slots()["ready"] == 3);
    let _sibling = Worker::start(rig.control(), "pair", &[("GET", "/x")], |request| {
        request.answer(200, &[], b"sibling");
    });

    let start = Instant::now();
    drop(dying);
    let reply = claimed.reply("GET");
    let took = start.elapsed();
    assert_eq!((reply.status, &*reply.code()), (502, "worker_gone"));
    assert!(took < Duration::from_secs(2), "{took:?}");
    for client in &mut queued {
        assert_eq!(client.reply("GET").text(), "sibling");
    }
    drop(request);
    assert_eq!(rig.get("/health").json()["services"]["pair"], 1);
    rig.wait_all_free();
}

/// Goal: a body that was pushed already goes along when its request moves.
#[test]
fn h06_a_streamed_body_moves_with_its_request() {
    let rig = Rig::new();
    let mut dying = Worker::connect(rig.control());
    dying.register("pair", &[("POST", "/x")]);
    let mut client = rig.client();
    client.send("POST", "/x", "transfer-encoding: chunked\r\n", b"");
    client.write(b"5\r\nhello\r\n");
    wait_until("it is queued", || rig.slots()["ready"] == 1);
    let _sibling = Worker::start(rig.control(), "pair", &[("POST", "/x")], |request| {
        let body = request.body();
        request.answer(200, &[], &body);
    });
    drop(dying);
    client.write(b"7\r\n, world\r\n0\r\n\r\n");
    assert_eq!(client.reply("POST").text(), "hello, world");
    rig.wait_all_free();
}

/// Goal: a claimed request of an idempotent route is tried once more, not twice.
#[test]
fn an_idempotent_request_is_retried_once() {
    let rig = Rig::new();
    let route = Route { idempotent: true, ..Route::new("POST", "/x") };
    let register = |routes| Register::new(7, "pair", routes);
    let mut first = Worker::connect(rig.control());
    first.register_with(register(vec![route.clone()]));
    let mut client = rig.client();
    client.send("POST", "/x", "", b"body");
    let seen = first.next();
    let mut second = Worker::connect(rig.control());
    second.register_with(register(vec![route]));
    drop(first);
    let again = second.next();
    assert_eq!(again.registration, 7);
    assert_eq!(again.body(), b"body");
    drop(second);
    let reply = client.reply("POST");
    assert_eq!((reply.status, &*reply.code()), (502, "worker_gone"));
    drop((seen, again));
}

/// Goal: routes of a name that is gone say 503, not 404, and health says so at once.
#[test]
fn h24_a_name_without_an_instance_is_unavailable() {
    let rig = Rig::with(|config| config.health.require = vec!["needed".into()]);
    assert_eq!(rig.get("/health").status, 503);
    assert_eq!(rig.get("/health").json()["missing"][0], "needed");
    let worker = Worker::start(rig.control(), "needed", &[("GET", "/x")], |request| {
        request.answer(200, &[], b"");
    });
    assert_eq!(rig.get("/health").status, 200);
    drop(worker);
    wait_until("health says so", || rig.get("/health").status == 503);
    let reply = rig.get("/x");
    assert_eq!((reply.status, &*reply.code()), (503, "no_worker"));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.json()["retry_after_ms"], 250);
}

/// Goal: no slot is free: wait in line; a line that is full: 503 with a hint.
#[test]
fn h04_waiting_is_bounded_and_first_come_first_served() {
    let rig = Rig::with(|config| config.limits.waiters = 2);
    let mut worker = Worker::connect_with(rig.control(), small(1));
    worker.register("one", &[("GET", "/{n}")]);
    let send = |n: u32| {
        let mut client = rig.client();
        client.send("GET", &format!("/{n}"), "", b"");
        client
    };
    let waiting = || rig.admin("/internal/slots")["waiting"]["one"].as_u64().unwrap();
    let mut first = send(0);
    let held = worker.next();
    let mut second = send(1);
    wait_until("one waits", || waiting() == 1);
    let mut third = send(2);
    wait_until("two wait", || waiting() == 2);
    let reply = send(3).reply("GET");
    assert_eq!((reply.status, &*reply.code()), (503, "queue_full"));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.json()["retry_after_ms"], 250);

    held.answer(200, &[], b"0");
    assert_eq!(first.reply("GET").text(), "0");
    for (client, n) in [(&mut second, "/1"), (&mut third, "/2")] {
        let request = worker.next();
        assert_eq!(request.path, n);
        request.answer(200, &[], n.as_bytes());
        assert_eq!(client.reply("GET").text(), n);
    }
    rig.wait_all_free();
}

/// Goal: waiting ends with 503 after its own limit, long before the request's.
#[test]
fn h04_waiting_has_its_own_limit() {
    let rig = Rig::with(|config| config.times.wait = Duration::from_millis(50));
    let mut worker = Worker::connect_with(rig.control(), small(1));
    worker.register("one", &[("GET", "/x")]);
    let mut first = rig.client();
    first.send("GET", "/x", "", b"");
    let held = worker.next();
    let reply = rig.get("/x");
    assert_eq!((reply.status, &*reply.code()), (503, "wait_timeout"));
    held.answer(200, &[], b"");
    assert_eq!(first.reply("GET").status, 200);
}

/// Goal: max_concurrent of a registration bounds what is in flight, abandoned included.
#[test]
fn a_registration_has_no_more_in_flight_than_it_allows() {
    let rig = Rig::with(|config| config.times.request = Duration::from_secs(30));
    let mut worker = Worker::connect(rig.control());
    worker.register_with(Register {
        max_concurrent: Some(2),
        ..Register::new(1, "two", vec![Route::new("GET", "/x")])
    });
    let peak = Arc::new(AtomicU32::new(0));
    let now = Arc::new(AtomicU32::new(0));
    let (seen_now, seen_peak) = (now.clone(), peak.clone());
    worker.serve(8, move |request| {
        seen_peak.fetch_max(seen_now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(5));
        seen_now.fetch_sub(1, Ordering::SeqCst);
        request.answer(200, &[], b"");
    });
    let address = rig.hub().address();
    let clients: Vec<_> = (0..10)
        .map(|_| std::thread::spawn(move || common::Client::connect(address).get("/x").status))
        .collect();
    for client in clients {
        assert_eq!(client.join().unwrap(), 200);
    }
    assert_eq!(peak.load(Ordering::SeqCst), 2);
    rig.wait_all_free();
}

/// Goal: a client that goes away, and a deadline that passes, are seen by the worker, and
/// its late answer goes nowhere.
#[test]
fn h05_a_request_nobody_waits_for_is_cancelled() {
    let rig = Rig::with(|config| config.times.request = Duration::from_millis(100));
    let mut worker = Worker::connect_with(rig.control(), small(2));
    worker.register("x", &[("GET", "/x")]);
    let mut client = rig.client();
    client.send("GET", "/x", "", b"");
    let request = worker.next();
    drop(client);
    request.wait_cancelled();
    wait_until("it is counted as abandoned", || rig.slots()["abandoned"] == 1);

    let mut late = rig.client();
    late.send("GET", "/x", "", b"");
    let second = worker.next();
    let reply = late.reply("GET");
    assert_eq!((reply.status, &*reply.code()), (504, "deadline"));
    second.wait_cancelled();
    request.answer(200, &[], b"late");
    second.answer(200, &[], b"late");
    rig.wait_all_free();

    late.send("GET", "/x", "", b"");
    worker.next().answer(200, &[], b"fresh");
    assert_eq!(late.reply("GET").text(), "fresh");
}

/// Goal: a client that goes away in the middle of a response frees its slot.
#[test]
fn h05_a_client_gone_in_a_stream_is_cancelled() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "x", &[("GET", "/x")], |request| {
        request.head(200, None, &[]);
        request.announce();
        while request.write(&[7; 4096]) {}
        request.abort();
    });
    let mut client = rig.client();
    client.send("GET", "/x", "", b"");
    assert_eq!(client.head().status, 200);
    assert!(client.chunk().is_some());
    drop(client);
    rig.wait_all_free();
}

/// Goal: a stream outlives the request's limit and ends by the idle one.
#[test]
fn h18_a_stream_is_bound_by_the_idle_limit_only() {
    let rig = Rig::with(|config| {
        config.times.request = Duration::from_millis(100);
        config.times.idle = Duration::from_millis(300);
    });
    let _worker = Worker::start(rig.control(), "x", &[("GET", "/x")], |request| {
        request.head(200, None, &[]);
        for _ in 0..4 {
            assert!(request.write(b"tick"));
            std::thread::sleep(Duration::from_millis(60));
        }
        request.wait_cancelled();
        request.abort();
    });
    let reply = rig.get("/x");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body, b"ticktickticktick");
    assert!(!reply.complete);
    rig.wait_all_free();
}

/// Goal: two instances share the load and neither disturbs the other.
#[test]
fn h09_instances_of_one_name_share_the_load() {
    let rig = Rig::new();
    let counts = [Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0))];
    let _workers: Vec<_> = counts
        .iter()
        .map(|count| {
            let count = count.clone();
            Worker::start(rig.control(), "shared", &[("GET", "/x")], move |request| {
                count.fetch_add(1, Ordering::Relaxed);
                request.answer(200, &[], b"");
            })
        })
        .collect();
    let mut client = rig.client();
    for _ in 0..200 {
        assert_eq!(client.get("/x").status, 200);
    }
    for count in &counts {
        assert!(count.load(Ordering::Relaxed) > 50, "{counts:?}");
    }
}

/// Goal: registrations that cannot be are refused with a code and a sentence, and what was
/// accepted stays.
#[test]
fn registrations_are_refused_with_code_and_reason() {
    let rig = Rig::new();
    let _first = Worker::start(rig.control(), "first", &[("GET", "/a/{id}")], |request| {
        request.answer(200, &[], b"first");
    });
    let mut worker = Worker::connect(rig.control());
    worker.register("second", &[("GET", "/b")]);
    let mut refused = |id, name: &str, routes: &[(&str, &str)]| {
        let routes = routes.iter().map(|(method, pattern)| Route::new(method, pattern)).collect();
        let register = Register::new(id, name, routes);
        worker.link.send(&WorkerMessage::Register(register));
        match worker.link.receive() {
            HubMessage::Refused(refused) => {
                assert_eq!(refused.id, Some(id));
                (refused.code, refused.reason)
            }
            other => panic!("{other:?}"),
        }
    };
    let (code, reason) = refused(1, "third", &[("GET", "/a/{id}")]);
    assert_eq!(code, RefusalCode::RouteConflict);
    assert!(reason.contains("\"first\"") && reason.contains("\"third\""), "{reason}");
    let (code, reason) = refused(1, "third", &[("POST", "/a/{name}")]);
    assert_eq!(code, RefusalCode::RouteConflict);
    assert!(reason.contains("/a/{id}") && reason.contains("/a/{name}"), "{reason}");
    for own in ["/health", "/ready"] {
        let (code, reason) = refused(1, "third", &[("GET", own)]);
        assert_eq!(code, RefusalCode::RouteConflict);
        assert!(reason.contains("the hub's own"), "{reason}");
    }
    assert_eq!(refused(1, "a b", &[]).0, RefusalCode::BadName);
    assert_eq!(refused(1, "third", &[("G T", "/c")]).0, RefusalCode::BadMethod);
    assert_eq!(refused(1, "third", &[("GET", "c")]).0, RefusalCode::BadPattern);
    let duplicate = RefusalCode::DuplicateRegistration;
    assert_eq!(refused(0, "third", &[("GET", "/c")]).0, duplicate);
    assert_eq!(refused(1, "second", &[("GET", "/c")]).0, duplicate);
    assert_eq!(refused(1, "third", &[("GET", "/c"), ("GET", "/c")]).0, duplicate);
    assert_eq!(rig.get("/a/1").text(), "first");
    assert_eq!(rig.get("/c").status, 404);
    worker.serve(1, |request| request.answer(200, &[], b"second"));
    assert_eq!(rig.get("/b").text(), "second");
}

/// Goal: what is no message, comes too early or asks for too much is refused by name.
#[test]
fn the_control_socket_refuses_what_it_cannot_take() {
    let rig = Rig::with(|config| {
        config.workers.max = 2;
        config.times.control = Duration::from_millis(200);
    });
    let last_word = |link: &mut Link| match link.receive() {
        HubMessage::Refused(refused) => {
            assert_eq!(link.try_receive(), None, "the connection ends");
            refused.code
        }
        other => panic!("{other:?}"),
    };
    let case = |bytes: &[u8]| {
        let mut link = Link::connect(rig.control());
        link.raw(bytes);
        last_word(&mut link)
    };
    let framed = |json: &str| {
        let mut bytes = (json.len() as u32).to_le_bytes().to_vec();
        bytes.extend(json.as_bytes());
        bytes
    };
    assert_eq!(case(&[0xff; 8]), RefusalCode::BadMessage);
    assert_eq!(case(&[0; 4]), RefusalCode::BadMessage);
    assert_eq!(case(&framed("{")), RefusalCode::BadMessage);
    assert_eq!(case(&framed(r#"{"kind":"drain"}"#)), RefusalCode::OutOfOrder);
    assert_eq!(case(b""), RefusalCode::OutOfOrder);
    let old = r#"{"kind":"hello","protocol":{"min":90,"max":99},"sdk":"x","pid":1}"#;
    assert_eq!(case(&framed(old)), RefusalCode::ProtocolVersion);
    for (field, value) in [("slots", 0_u64), ("request_bytes", 5000), ("head_bytes", 1 << 31)] {
        let hello = format!(
            r#"{{"kind":"hello","protocol":{{"min":1,"max":1}},"sdk":"x","pid":1,"region":{{"{field}":{value}}}}}"#
        );
        assert_eq!(case(&framed(&hello)), RefusalCode::BadRegionSpec, "{field}");
    }
    let mut worker = Worker::connect(rig.control());
    let _other = Worker::connect(rig.control());
    assert_eq!(case(b""), RefusalCode::TooManyWorkers);

    // Unknown kinds and broken frames are refused, and the connection goes on.
    worker.link.raw(&framed(r#"{"kind":"dance","x":1}"#));
    let HubMessage::Refused(refused) = worker.link.receive() else { panic!() };
    assert_eq!(refused.code, RefusalCode::UnknownKind);
    assert!(refused.reason.contains("dance"));
    worker.link.raw(&framed("[]"));
    let HubMessage::Refused(refused) = worker.link.receive() else { panic!() };
    assert_eq!(refused.code, RefusalCode::BadMessage);
    worker.link.send(&WorkerMessage::Heartbeat { seq: 42 });
    assert_eq!(worker.link.receive(), HubMessage::Heartbeat { seq: 42 });
    worker.link.send(&WorkerMessage::Hello(Link::hello()));
    assert_eq!(last_word(&mut worker.link), RefusalCode::OutOfOrder);
}

/// Goal: a registration that is withdrawn finishes what it has, then is confirmed.
#[test]
fn unregister_is_confirmed_when_nothing_is_in_flight() {
    let rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    worker.register("x", &[("GET", "/x")]);
    let mut client = rig.client();
    client.send("GET", "/x", "", b"");
    let request = worker.next();
    worker.link.send(&WorkerMessage::Unregister(Unregister { id: 0 }));
    worker.link.send(&WorkerMessage::Heartbeat { seq: 1 });
    assert_eq!(worker.link.receive(), HubMessage::Heartbeat { seq: 1 });
    assert_eq!(rig.get("/x").status, 404);
    request.answer(200, &[], b"last");
    let gone = HubMessage::Unregistered(Registered::new(0, "x"));
    assert_eq!(worker.link.receive(), gone);
    assert_eq!(client.reply("GET").text(), "last");
    // Id and name are free again.
    worker.register("x", &[("GET", "/x")]);
}

/// Goal: a worker that drains hands what it has not seen to its sibling, keeps it when
/// there is none, and is told when it is through.
#[test]
fn h08_draining_moves_what_was_not_seen() {
    let rig = Rig::new();
    let mut old = Worker::connect(rig.control());
    old.register("x", &[("GET", "/x")]);
    let mut clients: Vec<_> = (0..2)
        .map(|_| {
            let mut client = rig.client();
            client.send("GET", "/x", "", b"");
            client
        })
        .collect();
    let claimed = old.next();
    wait_until("one is queued", || rig.slots()["ready"] == 1);
    let mut new = Worker::connect(rig.control());
    new.register("x", &[("GET", "/x")]);
    old.link.send(&WorkerMessage::Drain(Drain {}));
    new.next().answer(200, &[], b"new");
    claimed.answer(200, &[], b"old");
    assert_eq!(old.link.receive(), HubMessage::Drained);
    let mut texts: Vec<_> = clients.iter_mut().map(|client| client.reply("GET").body).collect();
    texts.sort();
    assert_eq!(texts, [b"new", b"old"]);

    // Alone, a worker that drains still answers what it was given.
    clients[0].send("GET", "/x", "", b"");
    wait_until("one is queued", || rig.slots()["ready"] == 1);
    new.link.send(&WorkerMessage::Drain(Drain {}));
    wait_until("it drains", || {
        let workers = rig.admin("/internal/workers");
        workers["workers"].as_array().unwrap().iter().all(|worker| worker["standing"] == "draining")
    });
    assert_eq!(rig.get("/x").code(), "no_worker");
    new.next().answer(200, &[], b"kept");
    assert_eq!(clients[0].reply("GET").text(), "kept");
    assert_eq!(new.link.receive(), HubMessage::Drained);
}

/// Goal: a worker that writes nonsense into its region loses its connection, and nobody
/// else notices.
#[test]
fn a_violation_ends_that_worker_alone() {
    let rig = Rig::new();
    let mut bad = Worker::connect(rig.control());
    bad.register("bad", &[("GET", "/bad")]);
    let _good = Worker::start(rig.control(), "good", &[("GET", "/good")], |request| {
        request.answer(200, &[], b"good");
    });
    let mut client = rig.client();
    client.send("GET", "/bad", "", b"");
    let request = bad.next();
    // Every word of the response's stream is nonsense, before anybody looks at it.
    let claim = request.claim.as_ref().unwrap();
    scribble(&bad, claim.slot());
    request.head(200, None, &[]);
    request.announce();
    let reply = client.reply("GET");
    assert_eq!(reply.status, 502);
    let HubMessage::Refused(refused) = bad.link.receive() else { panic!() };
    assert_eq!(refused.code, RefusalCode::Violation);
    assert_eq!(bad.link.try_receive(), None);
    assert_eq!(rig.get("/good").text(), "good");
    assert_eq!(rig.get("/bad").status, 503);
}

/// Overwrites the response's positions in a slot's header through the region's file.
fn scribble(worker: &Worker, slot: u32) {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileExt;
    let mapping = worker.region.side.get_ref();
    let file = std::fs::File::from(mapping.fd().as_fd().try_clone_to_owned().unwrap());
    let mut header = vec![0; 4096];
    file.read_exact_at(&mut header, 0).unwrap();
    let headers = slot_headers_of(&header);
    file.write_all_at(&[0xff; 8], headers + u64::from(slot) * 256 + 64 + 8).unwrap();
}

/// Where the slots' headers begin, from the region's own header.
fn slot_headers_of(header: &[u8]) -> u64 {
    let at = std::mem::offset_of!(slotway_core::RegionHeader, slot_headers);
    u64::from_le_bytes(header[at..at + 8].try_into().unwrap())
}

/// Goal: what whoever started the process calls it is shown, and it is a name.
#[test]
fn an_instance_is_shown_by_the_name_it_was_given() {
    let rig = Rig::new();
    let hello = |label: &str| Hello { instance: Some(label.to_owned()), ..Link::hello() };
    let _worker = Worker::connect_as(rig.control(), hello("api.1"));
    let _other = Worker::connect(rig.control());
    let shown = rig.admin("/internal/workers");
    let shown: Vec<_> = shown["workers"].as_array().unwrap().iter().collect();
    assert_eq!((&shown[0]["instance"], &shown[1]["instance"]), (&"api.1".into(), &Value::Null));

    let mut link = Link::connect(rig.control());
    link.send(&WorkerMessage::Hello(hello("api 1")));
    let HubMessage::Refused(refused) = link.receive() else { panic!("welcomed as \"api 1\"") };
    assert_eq!(refused.code, RefusalCode::BadName);
    assert!(refused.reason.contains("instance"), "{}", refused.reason);
}
