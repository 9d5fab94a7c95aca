//! Exchanges through a connection, against a hub in the test's process.

mod support;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use slotway::{Connection, ErrorCode, Header, Registration};
use slotway_core::End;
use support::{Answer, Ask, FakeHub, HubSession, eventually, options, pattern, within_watchdog};

const SECOND: Option<Duration> = Some(Duration::from_secs(30));
const NONE: [Header<'static>; 0] = [];

fn connect(hub: &FakeHub) -> (Arc<Connection>, HubSession) {
    let options = options(hub);
    let registration = Registration::new("test").route("*", "/{*rest}");
    let connection = thread::spawn(move || Connection::open(options, vec![registration]));
    let session = hub.accept(1);
    let connection = connection.join().expect("no panic").expect("connected");
    (Arc::new(connection), session)
}

/// Runs `serve` on a thread while the hub asks.
fn ask(
    connection: &Arc<Connection>,
    session: &HubSession,
    ask: &Ask,
    serve: impl FnOnce(slotway::Exchange) + Send + 'static,
) -> Answer {
    let connection = connection.clone();
    let worker = thread::spawn(move || {
        let exchange = connection.next(SECOND).expect("connected").expect("an exchange");
        serve(exchange);
    });
    let answer = session.request(ask);
    worker.join().expect("the worker is content");
    answer
}

/// Everything that a request is arrives as it was sent, borrowed from the slot.
#[test]
fn a_request_arrives_as_it_was_sent() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let mut request = Ask::new("PATCH", "/a%20b/c")
        .param("rest", b"a b/c")
        .header("accept", b"x")
        .header("cookie", b"\xff\xfe")
        .header("cookie", b"two")
        .to(0, 0)
        .body(b"body".to_vec());
    request.query = Some("q=1");
    request.deadline_ns = u64::MAX;
    let answer = ask(&connection, &session, &request, |mut exchange| {
        assert_eq!(exchange.method(), "PATCH");
        assert_eq!(exchange.path(), b"/a%20b/c");
        assert_eq!(exchange.query(), Some(b"q=1".as_slice()));
        assert_eq!(exchange.param("rest"), Some(b"a b/c".as_slice()));
        assert_eq!(exchange.param("none"), None);
        let cookies: Vec<_> =
            exchange.headers().filter(|(name, _)| *name == b"cookie").map(|(_, v)| v).collect();
        assert_eq!(cookies, [b"\xff\xfe".as_slice(), b"two"]);
        assert_eq!(exchange.header("Accept"), Some(b"x".as_slice()));
        assert_eq!(exchange.content_length(), Some(4));
        assert!(exchange.time_left().is_some());
        assert_eq!(exchange.body(SECOND).expect("there"), Some(b"body".as_slice()));
        assert_eq!(exchange.body(SECOND).expect("still there"), Some(b"body".as_slice()));
        let headers = [(b"x-a".as_slice(), b"1".as_slice()), (b"x-a", b"\xff")];
        exchange.respond(201, headers, b"done").expect("answered");
        // The request went with its answer.
        assert_eq!((exchange.method(), exchange.path()), ("", b"".as_slice()));
        assert_eq!(exchange.headers().count(), 0);
    });
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers, [("x-a".into(), b"1".to_vec()), ("x-a".into(), b"\xff".to_vec())]);
    assert_eq!((answer.text(), answer.content_length), ("done", Some(4)));
    assert!(answer.complete);
}

/// H02: a second answer to one request is an error, whatever its form.
#[test]
fn h02_a_second_answer_is_an_error() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    ask(&connection, &session, &Ask::new("GET", "/"), |mut exchange| {
        exchange.respond(200, NONE, b"one").expect("the first");
        let errors = [
            exchange.respond(200, NONE, b"two").expect_err("second"),
            exchange.start(200, NONE).expect_err("second"),
            exchange.write(b"x", None).expect_err("second"),
            exchange.try_write(b"x").expect_err("second"),
            exchange.reserve(1).expect_err("second"),
            exchange.commit(0).expect_err("second"),
            exchange.complete(200, NONE).expect_err("second"),
            exchange.flush().expect_err("second"),
            exchange.finish().expect_err("second"),
            exchange.abort().expect_err("second"),
            exchange.body(None).expect_err("gone"),
            exchange.read(&mut [0], None).expect_err("gone"),
        ];
        for error in errors {
            assert_eq!(error.code(), ErrorCode::AlreadyAnswered);
        }
        assert!(!exchange.cancelled());
        assert!(!exchange.wait_cancelled(None));
    });
}

/// Bodies far larger than the rings flow both ways at once, from one thread.
#[test]
fn large_bodies_stream_both_ways() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let body = pattern(3_000_001);
    let request = Ask::new("POST", "/").body(body.clone());
    let answer = ask(&connection, &session, &request, |mut exchange| {
        assert_eq!(exchange.body(SECOND).expect("it is there"), None, "too large for one piece");
        exchange.start(200, NONE).expect("started");
        let mut buffer = vec![0; 10_007];
        loop {
            let count = exchange.read(&mut buffer, SECOND).expect("more");
            if count == 0 {
                break;
            }
            exchange.write(&buffer[..count], SECOND).expect("room");
        }
        exchange.finish().expect("finished");
    });
    assert!(answer.complete && answer.body == body);
    assert_eq!(answer.content_length, None);
}

/// A whole body that does not fit the ring is answered in one call all the same.
#[test]
fn a_large_answer_in_one_call() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let body = pattern(1 << 20);
    let sent = body.clone();
    let answer = ask(&connection, &session, &Ask::new("GET", "/"), move |mut exchange| {
        exchange.respond(200, NONE, &sent).expect("answered");
    });
    assert!(answer.complete && answer.body == body);
    assert_eq!(answer.content_length, Some(1 << 20));
}

/// The reader and the writer are two threads.
#[test]
fn the_body_is_read_by_another_thread() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let body = pattern(1_000_000);
    let request = Ask::new("POST", "/").body(body.clone());
    let answer = ask(&connection, &session, &request, |mut exchange| {
        let mut reader = exchange.take_body().expect("not taken");
        assert!(exchange.take_body().is_none());
        assert_eq!(exchange.body(None).expect_err("taken").code(), ErrorCode::OutOfOrder);
        let (pieces, incoming) = std::sync::mpsc::sync_channel::<Vec<u8>>(4);
        let reading = thread::spawn(move || {
            let mut buffer = vec![0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut buffer, SECOND) {
                pieces.send(buffer[..count].to_vec()).expect("a writer");
            }
        });
        exchange.start(200, NONE).expect("started");
        for piece in incoming {
            exchange.write(&piece, SECOND).expect("room");
        }
        exchange.finish().expect("finished");
        reading.join().expect("read");
    });
    assert!(answer.complete && answer.body == body);
}

/// A reader that waits when the answer is completed is woken and told; it never touches
/// the slot's next exchange.
#[test]
fn the_answer_ends_a_reader_that_waits() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    for _ in 0..50 {
        let mut request = Ask::new("POST", "/").body(b"abc".to_vec());
        // The body stays open until the answer is there.
        request.before = 3;
        let in_flight = session.publish(&request);
        let mut exchange = connection.next(SECOND).expect("connected").expect("an exchange");
        let mut reader = exchange.take_body().expect("not taken");
        let reading = thread::spawn(move || {
            let mut buffer = [0; 16];
            assert_eq!(reader.read(&mut buffer, SECOND).expect("what arrived"), 3);
            reader.read(&mut buffer, SECOND).expect_err("no more").code()
        });
        exchange.respond(200, NONE, b"").expect("answered");
        let code = within_watchdog("the reader", move || reading.join());
        // Either it was already waiting, or it came after the end; or it read nothing.
        if let Ok(code) = code {
            assert_eq!(code, ErrorCode::AlreadyAnswered);
        }
        assert_eq!(in_flight.answer().expect("alive").status, 200);
    }
}

/// A response is written in place and completed with its head last.
#[test]
fn an_answer_is_written_in_place() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let answer = ask(&connection, &session, &Ask::new("GET", "/"), |mut exchange| {
        let capacity = exchange.response_capacity();
        let error = exchange.reserve(capacity + 1).expect_err("no room");
        assert_eq!(error.code(), ErrorCode::TooLarge);
        exchange.reserve(5).expect("room")[..5].copy_from_slice(b"hello");
        exchange.commit(5).expect("committed");
        let error = exchange.respond(200, NONE, b"x").expect_err("a body was committed");
        assert_eq!(error.code(), ErrorCode::OutOfOrder);
        exchange.complete(200, NONE).expect("complete");
    });
    assert_eq!((answer.text(), answer.content_length), ("hello", Some(5)));
}

/// An argument that cannot be sent leaves the exchange to be answered.
#[test]
fn a_bad_head_leaves_the_exchange_open() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let answer = ask(&connection, &session, &Ask::new("GET", "/"), |mut exchange| {
        let code = |result: slotway::Result<()>| result.expect_err("bad").code();
        assert_eq!(code(exchange.respond(101, NONE, b"")), ErrorCode::InvalidHead);
        let bad = [(b"a b".as_slice(), b"".as_slice())];
        assert_eq!(code(exchange.start(200, bad)), ErrorCode::InvalidHead);
        let length = [(b"content-length".as_slice(), b"3".as_slice())];
        assert_eq!(code(exchange.respond(200, length, b"four")), ErrorCode::BodyLength);
        let large = vec![b'x'; 200_000];
        let headers = [(b"x".as_slice(), large.as_slice())];
        assert_eq!(code(exchange.respond(200, headers, b"")), ErrorCode::TooLarge);
        assert_eq!(code(exchange.write(b"x", None)), ErrorCode::OutOfOrder);
        assert_eq!(code(exchange.finish()), ErrorCode::OutOfOrder);
        exchange.respond(404, NONE, b"nothing").expect("still open");
    });
    assert_eq!((answer.status, answer.text()), (404, "nothing"));
}

/// A head of more than what the hub reserves is written all the same.
#[test]
fn a_large_head() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let value = vec![b'v'; 60_000];
    let sent = value.clone();
    let answer = ask(&connection, &session, &Ask::new("GET", "/"), move |mut exchange| {
        exchange.respond(200, [(b"x".as_slice(), sent.as_slice())], b"ok").expect("answered");
    });
    assert_eq!(answer.header("x"), Some(value.as_slice()));
}

/// A streamed body is held to its declared length.
#[test]
fn a_declared_length_is_held_to() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let length = [(b"content-length".as_slice(), b"4".as_slice())];
    let answer = ask(&connection, &session, &Ask::new("GET", "/"), move |mut exchange| {
        exchange.start(200, length).expect("started");
        let error = exchange.write(b"12345", None).expect_err("too long");
        assert_eq!(error.code(), ErrorCode::BodyLength);
        exchange.write(b"12", None).expect("short enough");
        assert_eq!(exchange.finish().expect_err("too short").code(), ErrorCode::BodyLength);
        assert!(!exchange.is_open());
    });
    assert_eq!((answer.text(), answer.content_length), ("12", Some(4)));
    assert!(!answer.complete);
    // What answers HEAD declares the length of what it does not send.
    let answer = ask(&connection, &session, &Ask::new("HEAD", "/"), move |mut exchange| {
        exchange.respond(200, length, b"").expect("answered");
    });
    assert_eq!((answer.body.len(), answer.content_length), (0, Some(4)));
    let answer = ask(&connection, &session, &Ask::new("HEAD", "/"), move |mut exchange| {
        exchange.respond(200, NONE, b"whole").expect("answered");
    });
    assert_eq!((answer.body.len(), answer.content_length), (0, Some(5)));
    let answer = ask(&connection, &session, &Ask::new("GET", "/"), move |mut exchange| {
        exchange.respond(304, NONE, b"").expect("answered");
    });
    assert_eq!((answer.status, answer.content_length), (304, None));
}

/// H03: what is dropped without an answer is answered.
#[test]
fn h03_a_dropped_exchange_is_answered() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let answer = ask(&connection, &session, &Ask::new("GET", "/"), drop);
    assert_eq!(answer.status, 500);
    assert_eq!(answer.header("content-type"), Some(b"application/problem+json".as_slice()));
    let answer = ask(&connection, &session, &Ask::new("GET", "/"), |mut exchange| {
        exchange.start(200, NONE).expect("started");
        exchange.write(b"half", None).expect("room");
    });
    assert_eq!((answer.status, answer.text()), (200, "half"));
    assert!(!answer.complete);
    eventually("all slots free", || session.free_slots() == 16);
}

/// H05: the worker sees the cancellation, in every wait, and the slot comes back.
#[test]
fn h05_cancellation_ends_every_wait() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    type Wait = fn(&mut slotway::Exchange) -> ErrorCode;
    let waits: [Wait; 3] = [
        |exchange| {
            assert!(exchange.wait_cancelled(SECOND));
            ErrorCode::Cancelled
        },
        |exchange| exchange.read(&mut [0; 9], SECOND).expect_err("cancelled").code(),
        |exchange| {
            exchange.start(200, NONE).expect("started");
            exchange.write(&vec![0; 1 << 20], SECOND).expect_err("cancelled").code()
        },
    ];
    for wait in waits {
        let mut request = Ask::new("POST", "/");
        request.before = 0;
        let in_flight = session.publish(&request);
        let mut exchange = connection.next(SECOND).expect("connected").expect("an exchange");
        assert!(!exchange.cancelled());
        assert!(!exchange.wait_cancelled(Some(Duration::from_millis(1))));
        let waiting = thread::spawn(move || wait(&mut exchange));
        in_flight.abandon();
        let code = within_watchdog("the wait", move || waiting.join().expect("no panic"));
        assert_eq!(code, ErrorCode::Cancelled);
    }
    eventually("all slots free", || session.free_slots() == 16);
}

/// A body that the client broke off is no body.
#[test]
fn a_broken_body_is_an_error() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let mut request = Ask::new("POST", "/").body(b"half".to_vec());
    request.end = End::Aborted;
    let answer = ask(&connection, &session, &request, |mut exchange| {
        assert_eq!(exchange.body(SECOND).expect_err("broken").code(), ErrorCode::BodyAborted);
        let mut buffer = [0; 8];
        assert_eq!(exchange.read(&mut buffer, SECOND).expect("what came"), 4);
        let error = exchange.read(&mut buffer, SECOND).expect_err("broken");
        assert_eq!(error.code(), ErrorCode::BodyAborted);
        exchange.respond(400, NONE, b"").expect("answered");
    });
    assert_eq!(answer.status, 400);
}

/// Timeouts are kept, and nothing is lost by them.
#[test]
fn waits_time_out() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let short = Some(Duration::from_millis(2));
    assert!(connection.next(short).expect("connected").is_none());
    assert!(connection.next(Some(Duration::ZERO)).expect("connected").is_none());
    let mut request = Ask::new("POST", "/");
    request.before = 0;
    let in_flight = session.publish(&request);
    let mut exchange = connection.next(SECOND).expect("connected").expect("an exchange");
    assert_eq!(exchange.read(&mut [0], short).expect_err("nothing").code(), ErrorCode::Timeout);
    assert_eq!(exchange.body(short).expect_err("nothing").code(), ErrorCode::Timeout);
    exchange.start(200, NONE).expect("started");
    let bytes = vec![1; 1 << 20];
    let room = exchange.response_capacity();
    assert_eq!(exchange.write_some(&bytes, short).expect("room"), room);
    let error = exchange.write_some(&bytes, short).expect_err("no room");
    assert_eq!(error.code(), ErrorCode::Timeout);
    let error = exchange.write(&bytes, short).expect_err("no room");
    assert_eq!(error.code(), ErrorCode::Timeout);
    exchange.abort().expect("aborted");
    assert!(!in_flight.answer().expect("alive").complete);
}

/// Many threads and many requests: every answer goes to its own request (H01).
#[test]
fn h01_every_answer_goes_to_its_own_request() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let servers: Vec<_> = (0..4)
        .map(|_| {
            let connection = connection.clone();
            thread::spawn(move || {
                while let Ok(Some(mut exchange)) = connection.next(SECOND) {
                    let path = exchange.path().to_vec();
                    exchange.respond(200, NONE, &path).expect("answered");
                }
            })
        })
        .collect();
    thread::scope(|scope| {
        for client in 0..8 {
            let session = &session;
            scope.spawn(move || {
                for n in 0..250 {
                    let path = format!("/{client}/{n}");
                    assert_eq!(session.get(&path).text(), path);
                }
            });
        }
    });
    connection.shutdown().expect("drained");
    for server in servers {
        within_watchdog("a server", move || server.join().expect("no panic"));
    }
}
