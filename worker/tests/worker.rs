//! Handlers on threads, against a hub in the test's process.

mod support;

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use slotway::{Error, ErrorCode, Request, Response, Running, Worker};
use support::{Ask, FakeHub, HubSession, WATCHDOG, eventually, options, pattern, within_watchdog};

fn start(hub: &FakeHub, worker: Worker, registrations: usize) -> (Running, HubSession) {
    let worker = worker.options(options(hub));
    let starting = thread::spawn(move || worker.start());
    let session = hub.accept(registrations);
    (starting.join().expect("no panic").expect("started"), session)
}

/// Requests find their handlers by registration and route.
#[test]
fn requests_find_their_handlers() {
    let hub = FakeHub::new();
    let worker = Worker::new("one")
        .threads(2)
        .get("/hello/{name}", |request: &mut Request| {
            format!("hello {}", request.param("name").unwrap_or("stranger"))
        })
        .max_concurrent(5)
        .post("/body", |request: &mut Request| request.text().map(str::to_owned))
        .idempotent()
        .also("two")
        .any("/{*rest}", |request: &mut Request| {
            let (method, path) = (request.method().to_owned(), request.path().to_owned());
            (202, format!("{method} {path} {:?}", request.query()))
        });
    let (running, session) = start(&hub, worker, 2);
    let registers = session.shared.registers.lock().expect("whole").clone();
    assert_eq!((registers[0].name.as_str(), registers[0].max_concurrent), ("one", Some(5)));
    assert!(!registers[0].routes[0].idempotent && registers[0].routes[1].idempotent);
    assert_eq!((registers[1].name.as_str(), registers[1].max_concurrent), ("two", None));

    let answer = session.request(&Ask::new("GET", "/hello/you").param("name", b"you"));
    assert_eq!((answer.status, answer.text()), (200, "hello you"));
    assert_eq!(answer.header("content-type"), Some(b"text/plain; charset=utf-8".as_slice()));
    let ask = Ask::new("POST", "/body").to(0, 1);
    assert_eq!(session.request(&ask.clone().body(b"text".to_vec())).text(), "text");
    assert_eq!(session.request(&ask.body(vec![0xff])).status, 400);
    let mut ask = Ask::new("PURGE", "/x/y").to(1, 0);
    ask.query = Some("q");
    let answer = session.request(&ask);
    assert_eq!((answer.status, answer.text()), (202, "PURGE /x/y Some(\"q\")"));
    // The hub is trusted, not believed blindly.
    assert_eq!(session.request(&Ask::new("GET", "/").to(7, 7)).status, 500);
    within_watchdog("shutdown", move || running.shutdown()).expect("drained");
}

/// H03, R08: a panic is an answer, and the worker goes on; so is an answer that cannot be
/// sent.
#[test]
fn h03_whatever_goes_wrong_is_an_answer() {
    let hub = FakeHub::new();
    let worker = Worker::new("wrong")
        .threads(1)
        .get("/panic", |_: &mut Request| -> &'static str { panic!("on purpose") })
        .get("/head", |_: &mut Request| Response::new(200).header("a", "b\r\nc: d"))
        .get("/status", |_: &mut Request| Response::new(99))
        .get("/length", |_: &mut Request| {
            Response::new(200).header("content-length", "9").body("x")
        })
        .get("/large", |_: &mut Request| Response::new(200).header("a", vec![b'x'; 200_000]))
        .get("/error", |_: &mut Request| Err::<(), _>(Error::BodyAborted))
        .get("/half", |_: &mut Request| {
            Response::stream(|out| {
                out.write_all(b"half")?;
                Err(io::Error::other("no more"))
            })
        })
        .get("/late-panic", |_: &mut Request| {
            Response::stream(|out| {
                out.write_all(b"half")?;
                panic!("on purpose")
            })
        })
        .get("/bad-stream", |_: &mut Request| Response::stream(|_| Ok(())).status(42))
        .get("/fine", |_: &mut Request| "fine");
    let (running, session) = start(&hub, worker, 1);
    let get = |route| session.request(&Ask::new("GET", "/").to(0, route));
    for (route, status, code) in [
        (0, 500, "handler_panic"),
        (1, 502, "bad_answer"),
        (2, 502, "bad_answer"),
        (3, 502, "bad_answer"),
        (4, 502, "bad_answer"),
        (5, 400, "bad_body"),
        (8, 502, "bad_answer"),
    ] {
        let answer = get(route);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(code), "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some(b"application/problem+json".as_slice()));
        assert!(answer.complete);
    }
    for route in [6, 7] {
        let answer = get(route);
        assert_eq!((answer.status, answer.text(), answer.complete), (200, "half", false));
    }
    assert_eq!(get(9).text(), "fine");
    eventually("all slots free", || session.free_slots() == 16);
    drop(running);
}

/// Bodies of any size, read in one piece, as a stream, and after the handler's return.
#[test]
fn bodies_are_read_in_every_way() {
    let hub = FakeHub::new();
    let worker = Worker::new("bodies")
        .threads(2)
        .post("/whole", |request: &mut Request| request.body().map(<[u8]>::to_vec))
        .post("/read", |request: &mut Request| {
            let mut body = Vec::new();
            request.read_to_end(&mut body).map(|_| body)
        })
        .post("/echo", |request: &mut Request| {
            let mut body = request.take_body().expect("not taken");
            Response::stream(move |out| io::copy(&mut body, out).map(drop))
        })
        .post("/limited", |request: &mut Request| {
            request.set_body_max(10);
            request.body().map(<[u8]>::to_vec)
        });
    let (running, session) = start(&hub, worker, 1);
    for length in [0, 1, 65_536, 65_537, 1_000_000] {
        let body = pattern(length);
        for route in 0..3 {
            let answer = session.request(&Ask::new("POST", "/").to(0, route).body(body.clone()));
            assert!(answer.complete && answer.body == body, "{length} bytes by route {route}");
        }
    }
    let limited = |length| session.request(&Ask::new("POST", "/").to(0, 3).body(pattern(length)));
    assert_eq!(limited(10).status, 200);
    for length in [11, 100_000] {
        assert_eq!(limited(length).status, 413);
    }
    drop(running);
}

/// A stream that waits sees its client leave, and one that writes is ended.
#[test]
fn streams_see_the_client_leave() {
    let hub = FakeHub::new();
    let (seen, sees) = mpsc::channel();
    let seen = Mutex::new(seen);
    let worker = Worker::new("stream").threads(1).get("/ticks", move |_: &mut Request| {
        let seen = seen.lock().expect("whole").clone();
        Response::stream(move |out| {
            out.write_all(b"tick")?;
            let cancelled = out.wait_cancelled(Some(WATCHDOG)) && out.cancelled();
            let error = out.write(b"tock").expect_err("nobody reads");
            seen.send((cancelled, error.kind())).expect("a test");
            Err(error)
        })
    });
    let (running, session) = start(&hub, worker, 1);
    let mut in_flight = session.publish(&Ask::new("GET", "/ticks"));
    in_flight.wait(|in_flight| in_flight.body == b"tick");
    in_flight.abandon();
    let seen = sees.recv_timeout(WATCHDOG).expect("it ends");
    assert_eq!(seen, (true, io::ErrorKind::ConnectionAborted));
    eventually("all slots free", || session.free_slots() == 16);
    drop(running);
}

/// What answers HEAD writes into the void, and an endless stream ends when the hub has
/// what it wants.
#[test]
fn head_requests_get_no_body() {
    let hub = FakeHub::new();
    let worker = Worker::new("head").threads(1).get("/endless", |_: &mut Request| {
        Response::stream(|out| {
            loop {
                out.write_all(&[0; 4096])?;
            }
        })
    });
    let (running, session) = start(&hub, worker, 1);
    let mut in_flight = session.publish(&Ask::new("HEAD", "/endless"));
    in_flight.wait(|in_flight| in_flight.is_answered());
    assert!(in_flight.body.is_empty());
    in_flight.abandon();
    eventually("all slots free", || session.free_slots() == 16);
    drop(running);
}

/// Handlers run side by side, as many as there are threads.
#[test]
fn handlers_run_side_by_side() {
    let hub = FakeHub::new();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counts = (now.clone(), most.clone());
    let worker = Worker::new("slow").threads(3).get("/", move |request: &mut Request| {
        let running = counts.0.fetch_add(1, Ordering::SeqCst) + 1;
        counts.1.fetch_max(running, Ordering::SeqCst);
        let in_time = counts.1.load(Ordering::SeqCst) < 3;
        request
            .wait_cancelled(in_time.then_some(Duration::from_millis(50)).or(Some(Duration::ZERO)));
        counts.0.fetch_sub(1, Ordering::SeqCst);
    });
    let (running, session) = start(&hub, worker, 1);
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| assert_eq!(session.get("/").status, 204));
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), 3);
    within_watchdog("shutdown", move || running.shutdown()).expect("drained");
    assert_eq!(now.load(Ordering::SeqCst), 0);
}

/// A handler may ask for the end; what is in flight is answered first.
#[test]
fn a_handler_ends_the_worker() {
    let hub = FakeHub::new();
    let handle = Arc::new(Mutex::new(None::<slotway::Handle>));
    let known = handle.clone();
    let worker = Worker::new("end").threads(2).get("/end", move |_: &mut Request| {
        known.lock().expect("whole").as_ref().expect("set").shutdown();
        "bye"
    });
    let (running, session) = start(&hub, worker, 1);
    *handle.lock().expect("whole") = Some(running.handle());
    assert_eq!(session.get("/end").text(), "bye");
    within_watchdog("the end", move || running.join()).expect("drained");
}

/// A worker serves again on the next hub.
#[test]
fn a_worker_outlives_its_hub() {
    let hub = FakeHub::new();
    let worker = Worker::new("survivor").threads(2).get("/", |_: &mut Request| "here");
    let (running, mut session) = start(&hub, worker, 1);
    for _ in 0..5 {
        assert_eq!(session.get("/").text(), "here");
        drop(session);
        session = hub.accept(1);
    }
    assert_eq!(session.get("/").text(), "here");
    drop(running);
}

/// A mistake in a worker's description shows before anything is connected.
#[test]
fn mistakes_show_at_once() {
    let workers = [
        Worker::new("no routes"),
        Worker::new("none"),
        Worker::new("bad").get("no-slash", |_: &mut Request| ()),
        Worker::new("bad").route("G ET", "/", |_: &mut Request| ()),
        Worker::new("twice")
            .get("/", |_: &mut Request| ())
            .also("twice")
            .get("/", |_: &mut Request| ()),
    ];
    for worker in workers {
        let error = worker.options(slotway::Options::new().hub("/nowhere")).start();
        assert_eq!(error.expect_err("a mistake").code(), ErrorCode::InvalidArgument);
    }
}
