//! Handlers on tokio, against a hub in the test's process.

mod support;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use slotway::{AsyncRequest, AsyncRunning, AsyncWorker, ErrorCode, Response, Result};
use support::{Ask, FakeHub, HubSession, WATCHDOG, eventually, options, pattern, within_watchdog};
use tokio::io::AsyncReadExt;
use tokio::runtime::Runtime;

struct Up {
    runtime: Runtime,
    running: Option<AsyncRunning>,
    session: Option<HubSession>,
}

fn start(hub: &FakeHub, worker: AsyncWorker) -> Up {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let starting = runtime.spawn(worker.options(options(hub)).start());
    let session = Some(hub.accept(1));
    let running = runtime.block_on(starting).expect("no panic").expect("started");
    Up { runtime, running: Some(running), session }
}

impl Up {
    fn session(&self) -> &HubSession {
        self.session.as_ref().expect("up")
    }

    fn ask(&self, route: u32, body: Vec<u8>) -> support::Answer {
        self.session().request(&Ask::new("POST", "/").to(0, route).body(body))
    }
}

/// Many requests at once, on one listener: every answer goes to its own request.
#[test]
fn requests_are_answered() {
    let hub = FakeHub::new();
    let worker = AsyncWorker::new("async").any("/{*rest}", |request: AsyncRequest| async move {
        tokio::task::yield_now().await;
        format!("{} {}", request.method(), request.path())
    });
    let mut up = start(&hub, worker);
    thread::scope(|scope| {
        for client in 0..8 {
            let session = up.session();
            scope.spawn(move || {
                for n in 0..200 {
                    let path = format!("/{client}/{n}");
                    assert_eq!(session.get(&path).text(), format!("GET {path}"));
                }
            });
        }
    });
    let running = up.running.take().expect("up");
    let Up { runtime, session, .. } = up;
    within_watchdog("shutdown", move || runtime.block_on(running.shutdown())).expect("drained");
    drop(session);
}

/// Bodies larger than the rings, in every way of reading and writing them.
#[test]
fn bodies_flow_both_ways() {
    let hub = FakeHub::new();
    let worker = AsyncWorker::new("bodies")
        .post("/whole", |mut request: AsyncRequest| async move { request.body().await })
        .post("/stream", |mut request: AsyncRequest| async move {
            Response::from_stream(request.take_body().expect("not taken"))
        })
        .post("/async-read", |mut request: AsyncRequest| async move {
            let mut body = request.take_body().expect("not taken");
            Response::stream_async(move |mut out| async move {
                let mut piece = vec![0; 7000];
                loop {
                    match AsyncReadExt::read(&mut body, &mut piece).await? {
                        0 => return Ok(()),
                        count => out.write(&piece[..count]).await?,
                    }
                }
            })
        })
        .post("/threads", |mut request: AsyncRequest| async move {
            let body = request.body().await?;
            Result::<_>::Ok(Response::stream(move |out| io::Write::write_all(out, &body)))
        });
    let up = start(&hub, worker);
    for length in [0, 5, 65_536, 65_537, 2_000_000] {
        let body = pattern(length);
        for route in 0..4 {
            let answer = up.ask(route, body.clone());
            assert!(answer.complete && answer.body == body, "{length} bytes by route {route}");
        }
    }
    let answer = up.ask(0, vec![0; 16 << 20 | 1]);
    assert_eq!(answer.status, 413);
    eventually("all slots free", || up.session().free_slots() == 16);
}

/// H03: panics before, in and after the handler's future are answers.
#[test]
fn h03_whatever_goes_wrong_is_an_answer() {
    let hub = FakeHub::new();
    let worker = AsyncWorker::new("wrong")
        .post("/call", |_: AsyncRequest| -> std::future::Ready<()> { panic!("on purpose") })
        .post("/poll", |_: AsyncRequest| async move {
            tokio::task::yield_now().await;
            if true {
                panic!("on purpose");
            }
        })
        .post("/stream", |_: AsyncRequest| async move {
            Response::stream_async(|mut out| async move {
                out.write(b"half").await?;
                panic!("on purpose")
            })
        })
        .post("/error", |_: AsyncRequest| async move {
            Response::stream_async(|mut out| async move {
                out.write(b"half").await?;
                Err(io::Error::other("no more"))
            })
        })
        .post("/head", |_: AsyncRequest| async move { Response::new(200).header("a b", "") })
        .post("/bad-stream", |_: AsyncRequest| async move {
            Response::stream_async(|_| async { Ok(()) }).status(7)
        });
    let up = start(&hub, worker);
    for (route, status) in [(0, 500), (1, 500), (4, 502), (5, 502)] {
        let answer = up.ask(route, Vec::new());
        assert_eq!(answer.status, status, "route {route}: {}", answer.text());
    }
    for route in [2, 3] {
        let answer = up.ask(route, Vec::new());
        assert_eq!((answer.text(), answer.complete), ("half", false));
    }
    eventually("all slots free", || up.session().free_slots() == 16);
}

/// H05: the handler hears of the cancellation, as a future and in its streams.
#[test]
fn h05_cancellation_is_heard() {
    let hub = FakeHub::new();
    let (seen, sees) = mpsc::channel();
    let seen = Arc::new(Mutex::new(seen));
    let report = move |what: &'static str| seen.lock().expect("whole").send(what).expect("a test");
    let reports = [report.clone(), report.clone(), report];
    let [cancel, read, write] = reports;
    let worker = AsyncWorker::new("cancel")
        .post("/cancelled", move |request: AsyncRequest| {
            let report = cancel.clone();
            async move {
                request.cancelled().await;
                assert!(request.is_cancelled());
                report("cancelled");
            }
        })
        .post("/read", move |mut request: AsyncRequest| {
            let report = read.clone();
            async move {
                let error = request.body().await.expect_err("nobody sends");
                assert_eq!(error.code(), ErrorCode::Cancelled);
                report("read");
            }
        })
        .post("/write", move |_: AsyncRequest| {
            let report = write.clone();
            async move {
                Response::stream_async(move |mut out| async move {
                    let error = loop {
                        if let Err(error) = out.write(&[0; 1 << 16]).await {
                            break error;
                        }
                    };
                    report("write");
                    Err(error)
                })
            }
        });
    let up = start(&hub, worker);
    for (route, what) in [(0, "cancelled"), (1, "read"), (2, "write")] {
        let mut ask = Ask::new("POST", "/").to(0, route);
        ask.before = 0;
        let in_flight = up.session().publish(&ask);
        eventually("the claim", || in_flight.is_claimed());
        in_flight.abandon();
        assert_eq!(sees.recv_timeout(WATCHDOG).expect("heard"), what);
    }
    eventually("all slots free", || up.session().free_slots() == 16);
}

/// The hub dies under waiting handlers, and the worker serves the next one.
#[test]
fn the_worker_outlives_its_hub() {
    let hub = FakeHub::new();
    let (seen, sees) = mpsc::channel();
    let seen = Arc::new(Mutex::new(seen));
    let worker = AsyncWorker::new("survivor")
        .post("/wait", move |mut request: AsyncRequest| {
            let seen = seen.clone();
            async move {
                let code = request.body().await.expect_err("the hub is gone").code();
                seen.lock().expect("whole").send(code).expect("a test");
            }
        })
        .post("/here", |_: AsyncRequest| async { "here" });
    let mut up = start(&hub, worker);
    for _ in 0..3 {
        let mut ask = Ask::new("POST", "/");
        ask.before = 0;
        let in_flight = up.session().publish(&ask);
        eventually("the claim", || in_flight.is_claimed());
        up.session = None;
        assert_eq!(sees.recv_timeout(WATCHDOG).expect("heard"), ErrorCode::HubGone);
        drop(in_flight);
        up.session = Some(hub.accept(1));
        assert_eq!(up.ask(1, Vec::new()).text(), "here");
    }
}

/// A request may be held for longer than its answer takes; what it can still do is say so.
#[test]
fn a_request_outlives_its_answer() {
    let hub = FakeHub::new();
    let (kept, keeps) = mpsc::channel();
    let kept = Arc::new(Mutex::new(kept));
    let worker = AsyncWorker::new("keep").post("/keep", move |request: AsyncRequest| {
        kept.lock().expect("whole").send(request).expect("a test");
        async { "kept" }
    });
    let up = start(&hub, worker);
    for _ in 0..40 {
        let ask = Ask::new("POST", "/some/where").header("x", b"y");
        assert_eq!(up.session().request(&ask).text(), "kept");
        let mut request = keeps.recv_timeout(WATCHDOG).expect("sent");
        assert_eq!((request.path(), request.header("x")), ("/some/where", Some("y")));
        assert!(!request.is_cancelled());
        let error = up.runtime.block_on(request.body()).expect_err("answered");
        assert_eq!(error.code(), ErrorCode::AlreadyAnswered);
    }
    let running = up.running.expect("up");
    let handle = running.handle();
    handle.shutdown();
    let runtime = up.runtime;
    within_watchdog("shutdown", move || {
        runtime.block_on(async { tokio::time::timeout(WATCHDOG, running.join()).await })
    })
    .expect("in time")
    .expect("drained");
}

/// H07: handlers that wait, in every slot, do not keep the worker from answering the hub.
#[test]
fn h07_a_worker_whose_handlers_all_wait_answers_probes() {
    let hub = FakeHub::new();
    let go_on = Arc::new(AtomicBool::new(false));
    let handlers = go_on.clone();
    let worker = AsyncWorker::new("async").any("/{*rest}", move |_: AsyncRequest| {
        let go_on = handlers.clone();
        async move {
            while !go_on.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
            }
            "went on"
        }
    });
    let mut up = start(&hub, worker);
    let session = up.session();
    let in_flight = [(); 16].map(|()| session.publish(&Ask::new("GET", "/")));
    eventually("all are at work", || in_flight.iter().all(|ask| ask.is_claimed()));
    assert_eq!(session.free_slots(), 0);
    for _ in 0..3 {
        session.probe().wait();
    }
    go_on.store(true, Ordering::SeqCst);
    for ask in in_flight {
        assert_eq!(ask.answer().expect("alive").text(), "went on");
    }
    drop(up.running.take());
}
