//! The connection as an event loop sees it: a descriptor, `try_next`, notices.

mod support;

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use slotway::{Connection, ErrorCode, Exchange, Header, Registration};
use support::hub::timespec;
use support::{Ask, FakeHub, HubSession, WATCHDOG, eventually, options, pattern, within_watchdog};

const NONE: [Header<'static>; 0] = [];

fn connect(hub: &FakeHub) -> (Connection, HubSession) {
    let options = options(hub);
    let registration = Registration::new("test").route("*", "/{*rest}");
    let connection = thread::spawn(move || Connection::open(options, vec![registration]));
    let session = hub.accept(1);
    (connection.join().expect("no panic").expect("connected"), session)
}

fn is_readable(connection: &Connection, timeout: Duration) -> bool {
    let mut fds = [PollFd::new(connection, PollFlags::IN)];
    poll(&mut fds, Some(&timespec(timeout))).expect("polling") > 0
}

fn wait_readable(connection: &Connection) {
    assert!(is_readable(connection, WATCHDOG), "the descriptor stays silent");
}

/// Drains as the contract says; afterwards the descriptor is silent.
fn drain(connection: &Connection) -> (Vec<Exchange>, Vec<u64>) {
    let mut exchanges = Vec::new();
    while let Some(exchange) = connection.try_next().expect("connected") {
        exchanges.push(exchange);
    }
    let mut tokens = Vec::new();
    connection.take_notices(|token| tokens.push(token));
    (exchanges, tokens)
}

/// The descriptor is readable when there is an exchange, silent after draining, and one
/// wake serves many requests.
#[test]
fn the_descriptor_tells_of_exchanges() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    // The last word of connecting may still be on its way to the descriptor.
    eventually("silence", || {
        assert!(drain(&connection).0.is_empty());
        !is_readable(&connection, Duration::ZERO)
    });
    for round in 1..=10 {
        let in_flight: Vec<_> =
            (0..round).map(|n| session.publish(&Ask::new("GET", &format!("/{n}")))).collect();
        wait_readable(&connection);
        let (exchanges, _) = drain(&connection);
        assert_eq!(exchanges.len(), round);
        assert!(!is_readable(&connection, Duration::ZERO));
        for mut exchange in exchanges {
            exchange.respond(200, NONE, b"").expect("answered");
        }
        for in_flight in in_flight {
            assert_eq!(in_flight.answer().expect("alive").status, 200);
        }
    }
}

/// Bodies flow both ways through one thread that never blocks in the connection.
#[test]
fn an_event_loop_streams_both_ways() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let bodies: Vec<_> = (1..=4).map(|n| pattern(n * 200_000)).collect();
    thread::scope(|scope| {
        let clients: Vec<_> = bodies
            .iter()
            .map(|body| {
                let session = &session;
                scope.spawn(move || session.request(&Ask::new("POST", "/").body(body.clone())))
            })
            .collect();
        let mut open: HashMap<u64, Echo> = HashMap::new();
        let mut served = 0;
        while served < bodies.len() {
            let (exchanges, tokens) = drain(&connection);
            let mut moved: Vec<u64> = exchanges.iter().map(Exchange::token).collect();
            open.extend(exchanges.into_iter().map(|exchange| {
                let mut exchange = exchange;
                exchange.start(200, NONE).expect("started");
                (exchange.token(), Echo { exchange, pending: Vec::new() })
            }));
            moved.extend(tokens);
            for token in moved {
                if open.get_mut(&token).is_some_and(Echo::turn) {
                    open.remove(&token);
                    served += 1;
                }
            }
            if served < bodies.len() {
                wait_readable(&connection);
            }
        }
        for (client, body) in clients.into_iter().zip(&bodies) {
            let answer = client.join().expect("no panic");
            assert!(answer.complete && answer.body == *body);
        }
    });
}

struct Echo {
    exchange: Exchange,
    pending: Vec<u8>,
}

impl Echo {
    /// Moves what can be moved; `true` when it is over.
    fn turn(&mut self) -> bool {
        loop {
            while !self.pending.is_empty() {
                match self.exchange.try_write(&self.pending).expect("a client") {
                    Some(count) => drop(self.pending.drain(..count)),
                    None => return false,
                }
            }
            let mut buffer = [0; 5000];
            match self.exchange.try_read(&mut buffer).expect("a client") {
                Some(0) => {
                    self.exchange.finish().expect("finished");
                    return true;
                }
                Some(count) => self.pending.extend_from_slice(&buffer[..count]),
                None => return false,
            }
        }
    }
}

/// A cancellation comes as a notice.
#[test]
fn a_cancellation_is_noticed() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let in_flight = session.publish(&Ask::new("GET", "/"));
    wait_readable(&connection);
    let (mut exchanges, _) = drain(&connection);
    let exchange = exchanges.pop().expect("one");
    assert!(!exchange.poll_cancelled());
    eventually("silence", || {
        assert!(drain(&connection).1.is_empty());
        !is_readable(&connection, Duration::ZERO)
    });
    in_flight.abandon();
    wait_readable(&connection);
    let (_, tokens) = drain(&connection);
    assert_eq!(tokens, [exchange.token()]);
    assert!(exchange.poll_cancelled());
    drop(exchange);
    eventually("all slots free", || session.free_slots() == 16);
}

/// The descriptor stays the same through the hub's death: exchanges in hand get a notice,
/// and the next hub's requests come through it.
#[test]
fn the_descriptor_outlives_the_hub() {
    let hub = FakeHub::new();
    let (connection, session) = connect(&hub);
    let mut request = Ask::new("POST", "/");
    request.before = 0;
    let in_flight = session.publish(&request);
    wait_readable(&connection);
    let (mut exchanges, _) = drain(&connection);
    let mut exchange = exchanges.pop().expect("one");
    assert_eq!(exchange.try_read(&mut [0; 8]).expect("open"), None);
    drop(session);
    loop {
        wait_readable(&connection);
        let (_, tokens) = drain(&connection);
        if tokens.contains(&exchange.token()) {
            break;
        }
    }
    assert_eq!(exchange.try_read(&mut [0; 8]).expect_err("gone").code(), ErrorCode::HubGone);
    let old = exchange.token();
    drop((exchange, in_flight));

    let session = hub.accept(1);
    let in_flight = session.publish(&Ask::new("GET", "/new"));
    let mut exchange = loop {
        wait_readable(&connection);
        if let Some(exchange) = drain(&connection).0.pop() {
            break exchange;
        }
    };
    assert_ne!(exchange.token(), old, "tokens tell the sessions apart");
    exchange.respond(200, NONE, b"").expect("answered");
    assert_eq!(in_flight.answer().expect("alive").status, 200);

    // The end makes it readable for good.
    let connection = within_watchdog("shutdown", move || {
        connection.shutdown().expect("drained");
        connection
    });
    for _ in 0..2 {
        wait_readable(&connection);
        assert_eq!(connection.try_next().expect_err("closed").code(), ErrorCode::Closed);
    }
}
