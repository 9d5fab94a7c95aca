//! R02, R10, R11: registrations of one connection, and a hub that does not do what it should.

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use slotway::{Connection, Ending, Header, Heartbeat, Options, Registration, RegistrationState};
use support::{Ask, FakeHub, HubSession, WATCHDOG, eventually, options};

const NONE: [Header<'static>; 0] = [];
const LONG: Option<Duration> = Some(WATCHDOG);

fn registration(name: &str) -> Registration {
    Registration::new(name).route("GET", "/")
}

fn connected(hub: &FakeHub, options: Options) -> (Arc<Connection>, HubSession) {
    let connecting = thread::spawn(move || Connection::open(options, vec![registration("one")]));
    let session = hub.accept(1);
    (Arc::new(connecting.join().expect("no panic").expect("connected")), session)
}

/// R11: a request of a registration that is not there is a problem to its caller, and nobody
/// else's handler sees it.
#[test]
fn r11_a_request_of_nobody_is_answered_and_given_to_no_other() {
    let hub = FakeHub::new();
    let (connection, session) = connected(&hub, options(&hub));
    for stray in [1, 7, u32::MAX] {
        let stray = session.publish(&Ask::new("GET", "/stray").to(stray, 0));
        let real = session.publish(&Ask::new("GET", "/real").to(0, 0));
        let mut exchange = connection.next(LONG).expect("up").expect("an exchange");
        assert_eq!((exchange.registration(), exchange.path()), (0, &b"/real"[..]));
        exchange.respond(200, NONE, b"real").expect("answered");
        assert_eq!(real.answer().expect("alive").text(), "real");
        let answer = stray.answer().expect("alive");
        assert_eq!(answer.status, 500);
        assert!(answer.text().contains("does not have this registration"), "{}", answer.text());
    }
    let metrics = connection.metrics();
    assert_eq!((metrics.len(), metrics[0].received, metrics[0].processed), (1, 3, 3));
    // The same for who looks without waiting.
    let stray = session.publish(&Ask::new("GET", "/stray").to(9, 0));
    eventually("the answer", || {
        assert!(connection.try_next().expect("up").is_none());
        stray.is_claimed()
    });
    assert_eq!(stray.answer().expect("alive").status, 500);
}

/// R02: a timeout has a timer of its own: it is over when it is over, not at the next beat.
#[test]
fn r02_a_heartbeats_timeout_is_not_the_next_beat() {
    let hub = FakeHub::new();
    let (interval, timeout) = (Duration::from_secs(2), Duration::from_millis(2400));
    let beat = Heartbeat { interval, timeout };
    let (connection, session) = connected(&hub, options(&hub).heartbeat(beat));
    session.shared.mute.store(true, Ordering::SeqCst);
    let begun = Instant::now();
    eventually("it is given up", || {
        connection.metrics()[0].last_disconnect == Some(Ending::HeartbeatTimeout)
    });
    let took = begun.elapsed();
    // The hub may have been heard a moment before, and the beat after the next is at 4 s.
    assert!(took > timeout - Duration::from_millis(500) && took < 2 * interval, "{took:?}");
    drop(session);
}

/// R02: a timeout that is shorter than the interval counts, from the question on; a hub that
/// answers is not given up.
#[test]
fn r02_a_timeout_shorter_than_the_interval_is_applied() {
    let hub = FakeHub::new();
    let (interval, timeout) = (Duration::from_secs(1), Duration::from_millis(200));
    let beat = Heartbeat { interval, timeout };
    let (connection, session) = connected(&hub, options(&hub).heartbeat(beat));
    let begun = Instant::now();
    eventually("a heartbeat was answered", || connection.metrics()[0].heartbeat_rtt.is_some());
    // Longer than the timeout without a word, because nobody asks.
    while begun.elapsed() < 2 * timeout {
        assert!(connection.is_connected());
        thread::sleep(Duration::from_millis(5));
    }
    session.shared.mute.store(true, Ordering::SeqCst);
    eventually("it is given up", || {
        connection.metrics()[0].last_disconnect == Some(Ending::HeartbeatTimeout)
    });
    drop(session);
}

/// Registrations come and go while the connection lives; a number is never used again.
#[test]
fn registrations_are_added_and_withdrawn() {
    let hub = FakeHub::new();
    let (connection, session) = connected(&hub, options(&hub));
    let two = connection.add(registration("two")).expect("it lives");
    assert_eq!(two, 1);
    eventually("it is live", || {
        connection.registration_state(two) == Some(RegistrationState::Live)
    });
    let in_flight = session.publish(&Ask::new("GET", "/two").to(1, 0));
    let mut exchange = connection.next(LONG).expect("up").expect("an exchange");
    assert_eq!(exchange.registration(), 1);
    exchange.respond(200, NONE, b"two").expect("answered");
    assert_eq!(in_flight.answer().expect("alive").text(), "two");
    let gone = connection.withdraw(two, LONG).expect("it is there");
    assert_eq!((gone.index, gone.processed, gone.bytes_out), (1, 1, 3));
    assert_eq!(gone.ending, Some(Ending::Withdrawn));
    assert_eq!(connection.registration_state(two), None);
    let error = connection.begin_withdraw(two).expect_err("it is gone");
    assert!(error.to_string().contains("number 1"), "{error}");
    assert_eq!(connection.add(registration("two")).expect("the name is free"), 2);
    let names: Vec<_> =
        connection.registrations().iter().map(|own| own.name().to_owned()).collect();
    assert_eq!(names, ["one", "two"]);
    // Through a hub's end too.
    drop(session);
    let session = hub.accept(2);
    let ids: Vec<_> =
        session.shared.registers.lock().expect("whole").iter().map(|own| own.id).collect();
    assert_eq!(ids, [0, 2]);
}
