//! The hub asks whether the worker is there.

mod support;

use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use slotway::{Connection, Header, Registration};
use support::hub::timespec;
use support::{Ask, FakeHub, HubSession, WATCHDOG, eventually, options, within_watchdog};

const NONE: [Header<'static>; 0] = [];

fn connect(hub: &FakeHub) -> (Arc<Connection>, HubSession) {
    let options = options(hub).slots(2);
    let registration = Registration::new("test").route("*", "/{*rest}");
    let connection = thread::spawn(move || Connection::open(options, vec![registration]));
    let session = hub.accept(1);
    (Arc::new(connection.join().expect("no panic").expect("connected")), session)
}

fn wait_readable(connection: &Connection) {
    let mut fds = [PollFd::new(connection, PollFlags::IN)];
    assert!(poll(&mut fds, Some(&timespec(WATCHDOG))).expect("polling") > 0, "it stays silent");
}

/// What an event loop does when its descriptor is readable, and without any exchange.
fn turn(connection: &Connection) {
    assert!(connection.try_next().expect("connected").is_none());
    connection.take_notices(|_| {});
}

/// A worker that has not asked for anything yet answers: it is there.
#[test]
fn a_worker_that_does_nothing_answers() {
    within_watchdog("a worker that does nothing", || {
        let hub = FakeHub::new();
        let (_connection, session) = connect(&hub);
        for _ in 0..3 {
            session.probe().wait();
        }
    });
}

/// H07: every thread is in a handler, every slot is in use, and the worker is well.
#[test]
fn h07_a_worker_whose_threads_are_all_busy_answers() {
    within_watchdog("a busy worker", || {
        let hub = FakeHub::new();
        let (connection, session) = connect(&hub);
        let in_flight = [(); 2].map(|()| session.publish(&Ask::new("GET", "/")));
        let barrier = Arc::new(Barrier::new(3));
        let threads = [(); 2].map(|()| {
            let (connection, barrier) = (connection.clone(), barrier.clone());
            thread::spawn(move || {
                let mut exchange = connection.next(None).expect("connected").expect("one");
                barrier.wait();
                barrier.wait();
                exchange.respond(200, NONE, b"").expect("answered");
            })
        });
        barrier.wait();
        assert_eq!(session.free_slots(), 0);
        for _ in 0..3 {
            session.probe().wait();
        }
        barrier.wait();
        for (thread, in_flight) in threads.into_iter().zip(in_flight) {
            thread.join().expect("no panic");
            assert_eq!(in_flight.answer().expect("alive").status, 200);
        }
    });
}

/// A worker with an event loop answers when the loop turns, and not before.
#[test]
fn an_event_loop_answers_by_itself() {
    within_watchdog("an event loop", || {
        let hub = FakeHub::new();
        let (connection, session) = connect(&hub);
        let _ = connection.poll_fd();
        turn(&connection);
        for _ in 0..3 {
            let probe = session.probe();
            wait_readable(&connection);
            // An observation: nobody else does it meanwhile.
            thread::sleep(Duration::from_millis(20));
            assert!(!probe.is_answered(), "the loop stands still");
            turn(&connection);
            assert!(probe.is_answered());
            probe.wait();
        }
        // Nothing of a probe reaches the program.
        let in_flight = session.publish(&Ask::new("GET", "/"));
        wait_readable(&connection);
        let mut exchange = connection.try_next().expect("connected").expect("one");
        exchange.respond(200, NONE, b"").expect("answered");
        assert_eq!(in_flight.answer().expect("alive").status, 200);
        connection.take_notices(|token| panic!("a notice of {token}"));
    });
}

/// A loop that finds something to do every time still answers.
#[test]
fn an_event_loop_that_never_rests_answers() {
    within_watchdog("a loop that never rests", || {
        let hub = FakeHub::new();
        let (connection, session) = connect(&hub);
        let _ = connection.poll_fd();
        turn(&connection);
        let in_flight = [(); 2].map(|()| session.publish(&Ask::new("GET", "/")));
        let probe = session.probe();
        let mut exchange = connection.try_next().expect("connected").expect("one");
        assert!(probe.is_answered(), "with an exchange still in the queue");
        probe.wait();
        exchange.respond(200, NONE, b"").expect("answered");
        let mut exchange = connection.try_next().expect("connected").expect("another");
        exchange.respond(200, NONE, b"").expect("answered");
        for in_flight in in_flight {
            assert_eq!(in_flight.answer().expect("alive").status, 200);
        }
    });
}

/// The doorbell changes hands when an event loop begins to listen, with probes and
/// requests under way: none of either is lost.
#[test]
fn an_event_loop_takes_over_in_the_middle() {
    within_watchdog("a loop that takes over", || {
        for _ in 0..200 {
            let hub = FakeHub::new();
            let (connection, session) = connect(&hub);
            let (said, hear) = mpsc::channel();
            let looping = thread::spawn({
                let connection = connection.clone();
                move || {
                    let _ = connection.poll_fd();
                    loop {
                        match connection.try_next() {
                            Ok(Some(mut exchange)) => {
                                exchange.respond(200, NONE, b"").expect("answered");
                            }
                            Ok(None) => {
                                connection.take_notices(|_| {});
                                said.send(()).ok();
                                wait_readable(&connection);
                            }
                            Err(_) => return,
                        }
                    }
                }
            });
            let probe = session.probe();
            let in_flight = session.publish(&Ask::new("GET", "/"));
            assert_eq!(in_flight.answer().expect("alive").status, 200);
            probe.wait();
            hear.recv().expect("it turned");
            connection.close();
            eventually("the loop ends", || looping.is_finished());
            looping.join().expect("no panic");
        }
    });
}
