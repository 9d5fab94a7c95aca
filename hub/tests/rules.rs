//! What single routes have of their own: rules of the configuration, hosts, and what
//! becomes of both when the configuration changes.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use common::{Client, Rig, Worker, wait_until};
use slotway_core::End;
use slotway_core::control::{Register, Route};
use slotway_hub::Config;
use slotway_hub::config::RouteRule;

const MS: Duration = Duration::from_millis(1);

fn rule(pattern: &str) -> RouteRule {
    RouteRule { pattern: pattern.to_owned(), ..RouteRule::default() }
}

/// A hub with rules, and limits that no test waits for where no rule says otherwise.
fn ruled(rules: Vec<RouteRule>) -> Rig {
    Rig::with(|config| config.routes = rules)
}

fn of_host(method: &str, host: &str, pattern: &str) -> Route {
    let host = (!host.is_empty()).then(|| host.to_owned());
    Route { host, ..Route::new(method, pattern) }
}

fn get(client: &mut Client, host: &str, path: &str) -> common::Reply {
    client.write(format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes());
    client.reply("GET")
}

/// Goal: of the routes that have a path, the exact host's are used, then the longest
/// wildcard's, then those of every host; hosts are compared without case and port.
#[test]
fn h13_routes_of_hosts() {
    let rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    let routes = vec![
        of_host("GET", "", "/{x}"),
        of_host("GET", "*.example", "/{x}"),
        of_host("GET", "Api.Example", "/{x}"),
        of_host("GET", "*.b.example", "/only"),
    ];
    worker.register_with(Register::new(0, "hosts", routes));
    worker.serve(2, |request| {
        let index = request.route_index.to_string();
        request.answer(200, &[], index.as_bytes());
    });
    let mut client = rig.client();
    for (host, path, expected) in [
        ("api.example", "/a", "2"),
        ("API.example:8080", "/a", "2"),
        ("www.example", "/a", "1"),
        ("a.b.example", "/only", "3"),
        ("a.b.example", "/else", "1"),
        ("other", "/a", "0"),
        ("[::1]:80", "/a", "0"),
    ] {
        let reply = get(&mut client, host, path);
        assert_eq!((reply.status, reply.text()), (200, expected), "{host}{path}");
    }
    // A target in absolute form names the host whatever the header says.
    client.write(b"GET http://api.example/a HTTP/1.1\r\nhost: other\r\n\r\n");
    assert_eq!(client.reply("GET").text(), "2");
    rig.wait_all_free();
}

/// Goal: routes of different hosts belong to whoever registers them; within one host a
/// conflict names both.
#[test]
fn h13_names_conflict_within_one_host_only() {
    use slotway_core::control::{HubMessage, RefusalCode, WorkerMessage};
    let rig = Rig::new();
    let register = |name: &str, routes| {
        let mut worker = Worker::connect(rig.control());
        let register = Register::new(0, name, routes);
        worker.link.send(&WorkerMessage::Register(register));
        (worker.link.receive(), worker)
    };
    let (said, _first) = register("first", vec![of_host("GET", "a.example", "/x")]);
    assert!(matches!(said, HubMessage::Registered(_)), "{said:?}");
    let others = vec![of_host("GET", "b.example", "/x"), of_host("GET", "", "/x")];
    let (said, _second) = register("second", others);
    assert!(matches!(said, HubMessage::Registered(_)), "{said:?}");
    let (said, _third) = register("third", vec![of_host("GET", "A.EXAMPLE", "/x")]);
    let HubMessage::Refused(refused) = said else { panic!("{said:?}") };
    assert_eq!(refused.code, RefusalCode::RouteConflict);
    for part in ["\"first\"", "\"third\"", "a.example/x"] {
        assert!(refused.reason.contains(part), "{}", refused.reason);
    }
    let (said, _fourth) = register("fourth", vec![of_host("GET", "a b", "/y")]);
    let HubMessage::Refused(refused) = said else { panic!("{said:?}") };
    assert_eq!(refused.code, RefusalCode::BadHost);
    assert!(refused.reason.contains("\"a b\""), "{}", refused.reason);
}

/// Goal: a route's own limit on waiting gives 503 with Retry-After; others wait longer.
#[test]
fn h18_a_route_has_its_own_limit_on_waiting() {
    let rig = ruled(vec![RouteRule { wait: Some(30 * MS), ..rule("/quick") }]);
    let mut worker = Worker::connect(rig.control());
    let routes = vec![Route::new("GET", "/quick"), Route::new("GET", "/patient")];
    let name = "one".to_owned();
    worker.register_with(Register { max_concurrent: Some(1), ..Register::new(0, name, routes) });
    let mut holder = rig.client();
    holder.send("GET", "/patient", "", b"");
    let held = worker.next();
    let mut patient = rig.client();
    patient.send("GET", "/patient", "", b"");
    let reply = rig.get("/quick");
    assert_eq!((reply.status, &*reply.code()), (503, "wait_timeout"));
    assert_eq!(reply.header("retry-after"), Some("1"));
    let ms = reply.json()["retry_after_ms"].as_u64().unwrap();
    assert!((25..=250).contains(&ms), "{ms}");
    held.answer(200, &[], b"held");
    assert_eq!(holder.reply("GET").text(), "held");
    worker.next().answer(200, &[], b"patient");
    assert_eq!(patient.reply("GET").text(), "patient");
    rig.wait_all_free();
}

/// Goal: a route's own limit on the whole request gives 504 and the worker is told.
#[test]
fn h18_a_route_has_its_own_limit_on_the_request() {
    let rig = ruled(vec![RouteRule { request: Some(50 * MS), ..rule("/quick/{*rest}") }]);
    let mut worker = Worker::connect(rig.control());
    worker.register("one", &[("GET", "/quick/{id}"), ("GET", "/slow")]);
    let mut quick = rig.client();
    quick.send("GET", "/quick/1", "", b"");
    let late = worker.next();
    let mut slow = rig.client();
    slow.send("GET", "/slow", "", b"");
    let kept = worker.next();
    assert!(late.deadline_ns < kept.deadline_ns, "each knows its own");
    let reply = quick.reply("GET");
    assert_eq!((reply.status, &*reply.code()), (504, "deadline"));
    late.wait_cancelled();
    late.answer(200, &[], b"late");
    kept.answer(200, &[], b"slow");
    assert_eq!(slow.reply("GET").text(), "slow");
    rig.wait_all_free();
}

/// Goal: a stream is bound by the limit on standing still, never by the one on the
/// request; each route has its own.
#[test]
fn h18_a_stream_is_bound_by_standing_still_only() {
    let own =
        |pattern, idle| RouteRule { request: Some(100 * MS), idle: Some(idle), ..rule(pattern) };
    let rig = ruled(vec![own("/short", 300 * MS), own("/long", 60_000 * MS)]);
    let mut worker = Worker::connect(rig.control());
    worker.register("one", &[("GET", "/short"), ("GET", "/long")]);
    let begin = |path| {
        let mut client = rig.client();
        client.send("GET", path, "", b"");
        let request = worker.next();
        request.head(200, None, &[("content-type", b"text/event-stream")]);
        request.announce();
        assert_eq!(client.head().status, 200);
        (client, request)
    };
    let (mut long, patient) = begin("/long");
    let (mut short, stalled) = begin("/short");
    for _ in 0..8 {
        // Well beyond the limit on the request, never beyond the one on standing still.
        std::thread::sleep(50 * MS);
        assert!(stalled.write(b"tick") && patient.write(b"tick"));
        assert_eq!(short.chunk().as_deref(), Some(&b"tick"[..]));
        assert_eq!(long.chunk().as_deref(), Some(&b"tick"[..]));
    }
    assert_eq!(short.chunk(), None, "it stood still for too long");
    stalled.wait_cancelled();
    stalled.abort();
    assert!(patient.write(b"end"));
    patient.finish();
    assert_eq!(long.chunk().as_deref(), Some(&b"end"[..]));
    assert_eq!(long.chunk().as_deref(), Some(&b""[..]));
    rig.wait_all_free();
}

/// Goal: a body that is longer than its route allows is 413: by its stated length before
/// anything of it is read, else where it crosses the limit, and the worker sees it break.
#[test]
fn a_body_that_is_too_long_is_413() {
    let rig = ruled(vec![RouteRule { body_bytes: Some(100_000), ..rule("/small") }]);
    let mut worker = Worker::connect(rig.control());
    worker.register("one", &[("POST", "/small"), ("POST", "/large")]);

    let mut client = rig.client();
    let head = "content-length: 100001\r\nexpect: 100-continue\r\n";
    client.write(format!("POST /small HTTP/1.1\r\nhost: a\r\n{head}\r\n").as_bytes());
    let reply = client.reply("POST");
    assert_eq!((reply.status, &*reply.code()), (413, "body_too_large"));
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(reply.text().contains("100001") && reply.text().contains("100000"), "{}", reply.text());
    assert!(client.is_closed());

    let mut client = rig.client();
    client.send("POST", "/small", "transfer-encoding: chunked\r\n", b"");
    let chunk = |client: &mut Client, length: usize| {
        client.write(format!("{length:x}\r\n").as_bytes());
        client.write(&vec![b'x'; length]);
        client.write(b"\r\n");
    };
    chunk(&mut client, 60_000);
    let request = worker.next();
    assert!(!request.read_some().0.is_empty());
    chunk(&mut client, 40_001);
    let reply = client.reply("POST");
    assert_eq!((reply.status, &*reply.code()), (413, "body_too_large"));
    assert!(client.is_closed());
    loop {
        match request.read_some() {
            (_, End::Open) => {}
            (_, end) => break assert_eq!(end, End::Aborted),
        }
    }
    request.wait_cancelled();
    request.abort();

    // Just as long as it may be, and another route that has no such limit.
    worker.serve(1, |request| {
        let length = request.body().len().to_string();
        request.answer(200, &[], length.as_bytes());
    });
    let mut client = rig.client();
    for (path, length) in [("/small", 100_000), ("/large", 100_001)] {
        let reply = client.request("POST", path, "", &vec![b'x'; length]);
        assert_eq!((reply.status, reply.text()), (200, &*length.to_string()));
        client.send("POST", path, "transfer-encoding: chunked\r\n", b"");
        chunk(&mut client, length);
        client.write(b"0\r\n\r\n");
        let reply = client.reply("POST");
        assert_eq!((reply.status, reply.text()), (200, &*length.to_string()));
    }
    rig.wait_all_free();
}

/// Goal: an answer that has begun goes on when the request's body is too long; the worker
/// sees the body break, and the connection ends with the answer.
#[test]
fn a_body_that_is_too_long_does_not_spoil_an_answer_that_has_begun() {
    let rig = ruled(vec![RouteRule { body_bytes: Some(10_000), ..rule("/x") }]);
    let mut worker = Worker::connect(rig.control());
    worker.register("one", &[("POST", "/x")]);
    let mut client = rig.client();
    client.send("POST", "/x", "transfer-encoding: chunked\r\n", b"");
    client.write(b"4\r\nbody\r\n");
    let request = worker.next();
    assert_eq!(request.read_some().0, b"body");
    request.head(200, Some(5), &[]);
    request.announce();
    assert_eq!(client.head().status, 200);
    client.write(format!("{:x}\r\n{}\r\n", 20_000, "y".repeat(20_000)).as_bytes());
    loop {
        match request.read_some() {
            (_, End::Open) => {}
            (_, end) => break assert_eq!(end, End::Aborted),
        }
    }
    assert!(request.write(b"whole"));
    request.finish();
    let mut body = Vec::new();
    while let Some(byte) = client.byte() {
        body.push(byte);
    }
    assert_eq!(body, b"whole");
    rig.wait_all_free();
}

/// Goal: as many requests are in flight as the rule allows, over all its routes and
/// workers; the others wait in its own line, in order, and not for ever.
#[test]
fn a_rule_limits_how_many_are_in_flight() {
    let own = RouteRule {
        concurrency: Some(2),
        waiters: Some(2),
        wait: Some(60_000 * MS),
        ..rule("/limited/{*rest}")
    };
    let rig = ruled(vec![own]);
    let mut worker = Worker::connect(rig.control());
    worker.register("one", &[("GET", "/limited/a"), ("GET", "/limited/{id}"), ("GET", "/free")]);
    let send = |path: &str| {
        let mut client = rig.client();
        client.send("GET", path, "", b"");
        client
    };
    let mut clients = vec![send("/limited/a"), send("/limited/1")];
    let (first, second) = (worker.next(), worker.next());
    clients.push(send("/limited/2"));
    let waiting = |count: u64| {
        wait_until("they wait", || rig.admin("/internal/rules")["rules"][0]["waiting"] == count)
    };
    waiting(1);
    clients.push(send("/limited/3"));
    waiting(2);
    let reply = rig.get("/limited/4");
    assert_eq!((reply.status, &*reply.code()), (503, "queue_full"));
    assert_eq!(reply.json()["retry_after_ms"], 250);
    // Other routes are not held up.
    let mut free = send("/free");
    let request = worker.next();
    assert_eq!(request.path, "/free");
    request.answer(200, &[], b"");
    assert_eq!(free.reply("GET").status, 200);

    first.answer(200, &[], b"");
    let third = worker.next();
    assert_eq!(third.path, "/limited/2");
    second.answer(200, &[], b"");
    let fourth = worker.next();
    assert_eq!(fourth.path, "/limited/3");
    third.answer(200, &[], b"");
    fourth.answer(200, &[], b"");
    for mut client in clients {
        assert_eq!(client.reply("GET").status, 200);
    }
    rig.wait_all_free();
}

/// Goal: who is in flight counts until the worker is through, also when its client left.
#[test]
fn a_client_that_leaves_does_not_make_room_at_the_worker() {
    let own = RouteRule { concurrency: Some(1), wait: Some(50 * MS), ..rule("/x") };
    let rig = ruled(vec![own]);
    let mut worker = Worker::connect(rig.control());
    worker.register("one", &[("GET", "/x")]);
    let mut leaver = rig.client();
    leaver.send("GET", "/x", "", b"");
    let stuck = worker.next();
    drop(leaver);
    stuck.wait_cancelled();
    let reply = rig.get("/x");
    assert_eq!((reply.status, &*reply.code()), (503, "wait_timeout"));
    stuck.answer(200, &[], b"");
    worker.serve(1, |request| request.answer(200, &[], b"ok"));
    wait_until("there is room", || rig.get("/x").status == 200);
    rig.wait_all_free();
}

/// Goal: a claimed request is tried once more where the rule says that this does no harm,
/// whatever the worker said, and never where the rule says that it does.
#[test]
fn a_rule_decides_whether_a_lost_request_is_tried_again() {
    let own = |pattern, idempotent| RouteRule { idempotent: Some(idempotent), ..rule(pattern) };
    let rig = ruled(vec![own("/again", true), own("/once", false)]);
    let register = |worker: &mut Worker| {
        let once = Route { idempotent: true, ..Route::new("POST", "/once") };
        let routes = vec![Route::new("POST", "/again"), once, Route::new("POST", "/plain")];
        worker.register_with(Register::new(0, "one", routes));
    };
    for (path, expected) in [("/again", 200), ("/once", 502), ("/plain", 502)] {
        let mut first = Worker::connect(rig.control());
        register(&mut first);
        let mut client = rig.client();
        client.send("POST", path, "", b"body");
        let request = first.next();
        assert_eq!(request.body(), b"body");
        let mut second = Worker::connect(rig.control());
        register(&mut second);
        second.serve(1, |request| {
            let body = request.body();
            request.answer(200, &[], &body);
        });
        drop(first);
        let reply = client.reply("POST");
        assert_eq!(reply.status, expected, "{path}");
        if expected == 200 {
            assert_eq!(reply.text(), "body");
        }
    }
}

/// Goal: what cannot be sent a second time is not tried again, rule or not.
#[test]
fn a_long_body_is_not_sent_twice() {
    let rig = ruled(vec![RouteRule { idempotent: Some(true), ..rule("/x") }]);
    let mut first = Worker::connect(rig.control());
    first.register("one", &[("POST", "/x")]);
    let mut client = rig.client();
    client.send("POST", "/x", "transfer-encoding: chunked\r\n", b"");
    let request = first.next();
    // Far more than is kept.
    for _ in 0..40 {
        client.write(format!("{:x}\r\n{}\r\n", 20_000, "y".repeat(20_000)).as_bytes());
        let mut seen = 0;
        while seen < 20_000 {
            seen += request.read_some().0.len();
        }
    }
    let seen = Arc::new(AtomicU32::new(0));
    let count = seen.clone();
    let _second = Worker::start(rig.control(), "one", &[("POST", "/x")], move |request| {
        count.fetch_add(1, Ordering::Relaxed);
        request.answer(200, &[], b"");
    });
    drop(first);
    let reply = client.reply("POST");
    assert_eq!((reply.status, &*reply.code()), (502, "worker_gone"));
    assert_eq!(seen.load(Ordering::Relaxed), 0);
}

/// Goal: another configuration counts for the next request, and the line that somebody
/// stands in is still the same.
#[test]
fn rules_follow_a_new_configuration() {
    let own = |limit| RouteRule { concurrency: Some(limit), ..rule("/x") };
    let rig = ruled(vec![own(1)]);
    let mut worker = Worker::connect(rig.control());
    worker.register("one", &[("GET", "/x"), ("POST", "/y")]);
    let mut first = rig.client();
    first.send("GET", "/x", "", b"");
    let held = worker.next();
    let mut second = rig.client();
    second.send("GET", "/x", "", b"");
    wait_until("it waits", || rig.admin("/internal/rules")["rules"][0]["waiting"] == 1);
    assert_eq!(rig.slots()["claimed"], 1);

    let body = RouteRule { body_bytes: Some(3), ..rule("/y") };
    let config = Config { routes: vec![own(2), body], ..Config::default() };
    rig.hub().apply(config.clone()).unwrap();
    worker.next().answer(200, &[], b"second");
    assert_eq!(second.reply("GET").text(), "second");
    held.answer(200, &[], b"first");
    assert_eq!(first.reply("GET").text(), "first");
    assert_eq!(rig.client().request("POST", "/y", "", b"four").status, 413);

    let bad = Config { routes: vec![own(0)], ..config };
    assert!(rig.hub().apply(bad).unwrap_err().to_string().contains("route[0].concurrency"));
    assert_eq!(rig.client().request("POST", "/y", "", b"four").status, 413, "the last good one");
    rig.hub().apply(Config::default()).unwrap();
    let mut client = rig.client();
    client.send("POST", "/y", "", b"four");
    worker.next().answer(200, &[], b"");
    assert_eq!(client.reply("POST").status, 200);
    rig.wait_all_free();
}
