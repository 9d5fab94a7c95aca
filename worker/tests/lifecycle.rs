//! Connecting, being refused, losing the hub, draining.

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use slotway::{
    Connect, Connection, Error, ErrorCode, Header, Heartbeat, Options, RefusalCode, Registration,
    RegistrationState,
};
use slotway_core::control::{HubMessage, Refused};
use support::{Ask, FakeHub, WATCHDOG, eventually, options, within_watchdog};

const NONE: [Header<'static>; 0] = [];
const LONG: Option<Duration> = Some(WATCHDOG);

fn registrations(names: &[&str]) -> Vec<Registration> {
    names.iter().map(|name| Registration::new(*name).route("GET", "/")).collect()
}

fn connecting(
    options: Options,
    names: &'static [&'static str],
) -> thread::JoinHandle<slotway::Result<Connection>> {
    thread::spawn(move || Connection::open(options, registrations(names)))
}

fn connected(hub: &FakeHub, options: Options) -> (Arc<Connection>, support::HubSession) {
    let connecting = connecting(options, &["one"]);
    let session = hub.accept(1);
    (Arc::new(connecting.join().expect("no panic").expect("connected")), session)
}

/// What the worker says of itself reaches the hub.
#[test]
fn the_worker_introduces_itself() {
    let hub = FakeHub::new();
    let options = options(&hub).sdk("test/7").slots(4).request_bytes(8192);
    let registration =
        Registration::new("greeter").idempotent_route("GET", "/hello/{name}").max_concurrent(3);
    let connecting = thread::spawn(move || Connection::open(options, vec![registration]));
    let mut link = hub.accept_raw();
    let hello = link.hello();
    assert_eq!((hello.sdk.as_str(), hello.pid), ("test/7", std::process::id()));
    let region = hello.region.expect("asked for");
    assert_eq!(
        (region.slots, region.request_bytes, region.response_bytes),
        (Some(4), Some(8192), None)
    );
    drop(link);

    // It comes again by itself.
    let session = hub.accept(1);
    let registers = session.shared.registers.lock().expect("whole").clone();
    assert_eq!(registers[0].name, "greeter");
    assert_eq!(registers[0].max_concurrent, Some(3));
    assert!(registers[0].routes[0].idempotent);
    let connection = connecting.join().expect("no panic").expect("connected");
    assert!(connection.is_connected());
    assert_eq!(connection.registration_states(), [RegistrationState::Live]);
}

/// Each permanent refusal ends connecting with the hub's code and reason.
#[test]
fn permanent_refusals_are_errors() {
    let codes = [
        RefusalCode::BadName,
        RefusalCode::BadPattern,
        RefusalCode::RouteConflict,
        RefusalCode::DuplicateRegistration,
    ];
    for code in codes {
        let hub = FakeHub::new();
        let connecting = connecting(options(&hub), &["one"]);
        let (_session, _) = hub.accept_with(1, |_| Some((code, "because")));
        match connecting.join().expect("no panic") {
            Err(Error::Refused { registration, code: found, reason }) => {
                assert_eq!(registration.as_deref(), Some("one"));
                assert_eq!((found, reason.as_str()), (code, "because"));
            }
            other => panic!("{other:?}"),
        }
    }
    let hub = FakeHub::new();
    let connecting = connecting(options(&hub), &["one"]);
    let mut link = hub.accept_raw();
    let _ = link.hello();
    link.refuse(RefusalCode::ProtocolVersion, "too old");
    drop(link);
    let error = connecting.join().expect("no panic").expect_err("refused");
    assert!(error.to_string().contains("too old"), "{error}");
}

/// A refusal that passes is waited out.
#[test]
fn passing_refusals_are_waited_out() {
    let hub = FakeHub::new();
    let connecting = connecting(options(&hub), &["one"]);
    for code in [RefusalCode::ShuttingDown, RefusalCode::RegionUnavailable] {
        let mut link = hub.accept_raw();
        let _ = link.hello();
        link.refuse(code, "later");
    }
    let (session, _) = hub.accept_with(1, |_| Some((RefusalCode::TooManyWorkers, "later")));
    // Nothing is live, so the worker leaves by itself and comes back.
    let live = hub.accept(1);
    drop(session);
    let connection = connecting.join().expect("no panic").expect("connected");
    assert!(connection.is_connected());
    drop(live);
}

/// R05: one registration refused, the others go on, and each one's state is known.
#[test]
fn r05_the_others_go_on() {
    let hub = FakeHub::new();
    let connecting = connecting(options(&hub), &["good", "bad"]);
    let judge = |register: &slotway_core::control::Register| {
        (register.name == "bad").then_some((RefusalCode::RouteConflict, "taken"))
    };
    let (session, refused) = hub.accept_with(2, judge);
    assert!(refused);
    let connection = connecting.join().expect("no panic").expect("connected");
    eventually("both answers", || {
        !connection.registration_states().contains(&RegistrationState::Pending)
    });
    let states = connection.registration_states();
    assert_eq!(states[0], RegistrationState::Live);
    assert!(matches!(
        &states[1],
        RegistrationState::Refused { code: RefusalCode::RouteConflict, reason } if reason == "taken"
    ));
    let serving = thread::spawn(move || {
        let mut exchange = connection.next(LONG).expect("connected").expect("an exchange");
        exchange.respond(200, NONE, b"ok").expect("answered");
    });
    assert_eq!(session.get("/").text(), "ok");
    serving.join().expect("no panic");
}

/// Connecting once fails at once; connecting within a time fails after it.
#[test]
fn connecting_can_fail() {
    let nowhere = std::env::temp_dir().join(format!("slotway-nowhere-{}", std::process::id()));
    let options = Options::new().hub(&nowhere).connect(Connect::Once);
    let error = Connection::open(options.clone(), registrations(&["one"])).expect_err("no hub");
    assert_eq!(error.code(), ErrorCode::Io);
    assert!(error.to_string().contains("slotway-nowhere"), "{error}");

    let options = options.connect(Connect::Within(Duration::from_millis(20)));
    let error = Connection::open(options.clone(), registrations(&["one"])).expect_err("no hub");
    // What the last attempt met, if there was one in time.
    assert!(matches!(error.code(), ErrorCode::Io | ErrorCode::Timeout), "{error}");

    let options = options.connect(Connect::Background);
    let connection = Connection::open(options, registrations(&["one"])).expect("later");
    assert!(connection.next(Some(Duration::from_millis(1))).expect("waiting").is_none());
    assert!(connection.try_next().expect("waiting").is_none());
}

/// What is handed over is checked before it is used.
#[test]
fn a_hub_that_speaks_nonsense_is_left() {
    // A protocol that was not offered.
    let mut hub = FakeHub::new();
    hub.protocol = 99;
    let options_once = options(&hub).connect(Connect::Once);
    let connecting_once = connecting(options_once, &["one"]);
    let mut link = hub.accept_raw();
    let hello = link.hello();
    let session = hub.welcome(link, &hello);
    let error = connecting_once.join().expect("no panic").expect_err("nonsense");
    assert!(error.to_string().contains("version 99"), "{error}");
    drop(session);

    // A welcome without descriptors.
    let hub = FakeHub::new();
    let connecting_once = connecting(options(&hub).connect(Connect::Once), &["one"]);
    let mut link = hub.accept_raw();
    let _ = link.hello();
    let region = slotway_core::control::RegionInfo {
        layout_major: 1,
        layout_minor: 0,
        length: 1,
        slots: 1,
        head_bytes: 4096,
        request_bytes: 4096,
        response_bytes: 4096,
        probe_slot: None,
        outbox_bytes: None,
        inbox_bytes: None,
    };
    let welcome = slotway_core::control::Welcome {
        protocol: 1,
        hub: "x".into(),
        pid: 1,
        features: vec![],
        region,
    };
    link.write(&slotway_core::control::HubMessage::Welcome(welcome));
    let error = connecting_once.join().expect("no panic").expect_err("nonsense");
    assert_eq!(error.code(), ErrorCode::Protocol);
    assert!(error.to_string().contains("0 descriptors"), "{error}");
}

/// The hub dies: the handler that still runs keeps its region and its answer goes
/// nowhere; the threads that wait serve the next hub.
#[test]
fn the_worker_survives_its_hub() {
    let hub = FakeHub::new();
    let (connection, session) = connected(&hub, options(&hub));
    let in_flight = session.publish(&Ask::new("GET", "/old").body(b"kept".to_vec()));
    let mut old = connection.next(LONG).expect("connected").expect("an exchange");
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let connection = connection.clone();
            thread::spawn(move || {
                let mut exchange = connection.next(LONG).expect("up").expect("an exchange");
                let path = exchange.path().to_vec();
                exchange.respond(200, NONE, &path).expect("answered");
            })
        })
        .collect();
    let cancelled = {
        let raw = old.take_body().expect("not taken");
        drop(raw);
        thread::scope(|scope| {
            let old = &old;
            let waiter = scope.spawn(move || old.wait_cancelled(LONG));
            drop(session);
            waiter.join().expect("no panic")
        })
    };
    assert!(cancelled && old.cancelled());
    let new = hub.accept(1);
    assert_eq!(old.path(), b"/old");
    old.respond(200, NONE, b"too late").expect("it goes nowhere");
    for n in 0..3 {
        let path = format!("/new/{n}");
        assert_eq!(new.get(&path).text(), path);
    }
    for waiting in waiting {
        within_watchdog("a server", move || waiting.join().expect("no panic"));
    }
    drop(in_flight);
}

/// A streaming handler learns that the hub is gone.
#[test]
fn streams_end_with_the_hub() {
    let hub = FakeHub::new();
    let (connection, session) = connected(&hub, options(&hub));
    let mut request = Ask::new("POST", "/");
    request.before = 0;
    let (reading, writing) = (session.publish(&request), session.publish(&request));
    let next = || connection.next(LONG).expect("up").expect("an exchange");
    let (mut reader, mut writer) = (next(), next());
    let threads = [
        thread::spawn(move || reader.read(&mut [0; 8], None).expect_err("gone").code()),
        thread::spawn(move || {
            writer.start(200, NONE).expect("started");
            writer.write(&vec![0; 1 << 20], None).expect_err("gone").code()
        }),
    ];
    drop(session);
    for thread in threads {
        let code = within_watchdog("a stream", move || thread.join().expect("no panic"));
        assert_eq!(code, ErrorCode::HubGone);
    }
    drop((reading, writing));
}

/// Shutdown delivers what is in flight, then says closed.
#[test]
fn shutdown_drains() {
    let hub = FakeHub::new();
    let (connection, session) = connected(&hub, options(&hub));
    let in_flight = session.publish(&Ask::new("GET", "/slow"));
    let mut exchange = connection.next(LONG).expect("up").expect("an exchange");
    let shutting = {
        let connection = connection.clone();
        thread::spawn(move || connection.shutdown())
    };
    eventually("the drain", || session.shared.drains.load(Ordering::SeqCst) == 1);
    assert!(!shutting.is_finished());
    exchange.respond(200, NONE, b"delivered").expect("answered");
    assert_eq!(in_flight.answer().expect("alive").text(), "delivered");
    within_watchdog("shutdown", move || shutting.join().expect("no panic")).expect("drained");
    assert_eq!(connection.next(None).expect_err("closed").code(), ErrorCode::Closed);
    assert_eq!(connection.try_next().expect_err("closed").code(), ErrorCode::Closed);
    assert!(!connection.is_connected());
    connection.shutdown().expect("again is fine");
}

/// R07: a drain has a deadline, and a hub that says nothing does not use it up.
#[test]
fn r07_shutdown_ends_in_time() {
    // Something stays in flight.
    let hub = FakeHub::new();
    let short = options(&hub).drain_deadline(Duration::from_millis(50));
    let (connection, session) = connected(&hub, short);
    let in_flight = session.publish(&Ask::new("GET", "/never"));
    let exchange = connection.next(LONG).expect("up").expect("an exchange");
    assert_eq!(connection.shutdown().expect_err("not drained").code(), ErrorCode::Timeout);
    assert!(exchange.cancelled());
    drop((exchange, in_flight, session));

    // The hub is mute and nothing is in hand.
    let hub = FakeHub::new();
    let (connection, session) = connected(&hub, options(&hub).drain_deadline(WATCHDOG * 4));
    session.shared.mute.store(true, Ordering::SeqCst);
    within_watchdog("shutdown", move || connection.shutdown()).expect("nothing was lost");

    // The hub never answers the hello, or is not there at all.
    let hub = FakeHub::new();
    let background = options(&hub).connect(Connect::Background).drain_deadline(WATCHDOG * 4);
    let connection = Connection::open(background, registrations(&["one"])).expect("later");
    let link = hub.accept_raw();
    within_watchdog("shutdown", move || connection.shutdown()).expect("nothing was there");
    drop(link);
    let hub = FakeHub::new();
    let slow = slotway::Backoff { base: WATCHDOG * 4, cap: WATCHDOG * 4, ..Default::default() };
    let background = options(&hub).connect(Connect::Background).backoff(slow);
    let path = hub.path();
    drop(hub);
    let connection =
        Connection::open(background.hub(path), registrations(&["one"])).expect("later");
    within_watchdog("shutdown", move || connection.shutdown()).expect("nothing was there");
}

/// A hub that never answers the hello counts as failed, and so does one that goes mute.
#[test]
fn silence_is_noticed() {
    let hub = FakeHub::new();
    let impatient = options(&hub).handshake_timeout(Duration::from_millis(500));
    let connecting = connecting(impatient, &["one"]);
    let silent = hub.accept_raw();
    let session = hub.accept(1);
    drop((connecting.join().expect("no panic").expect("connected"), silent, session));

    let hub = FakeHub::new();
    let beat =
        Heartbeat { interval: Duration::from_millis(5), timeout: Duration::from_millis(200) };
    let (connection, session) = connected(&hub, options(&hub).heartbeat(beat));
    let start = Instant::now();
    session.shared.mute.store(true, Ordering::SeqCst);
    let again = hub.accept(1);
    assert!(start.elapsed() >= Duration::from_millis(150), "it was given its time");
    eventually("the new hub", || connection.is_connected());
    drop((again, session));
}

/// Dropping a connection leaves the hub at once, whatever is in hand.
#[test]
fn dropping_a_connection_closes_it() {
    let hub = FakeHub::new();
    let (connection, session) = connected(&hub, options(&hub));
    let in_flight = session.publish(&Ask::new("GET", "/"));
    let exchange = connection.next(LONG).expect("up").expect("an exchange");
    within_watchdog("the drop", move || drop(Arc::into_inner(connection)));
    assert!(exchange.cancelled());
    drop((in_flight, session));
}

/// H19: a worker that a newer one has replaced ends in order, says why, and stays away.
#[test]
fn h19_a_worker_that_is_replaced_ends_and_says_so() {
    let hub = FakeHub::new();
    let replaced = || {
        let (code, reason) = (RefusalCode::Replaced, "a newer generation serves".to_owned());
        HubMessage::Refused(Refused { id: Some(0), subscription: None, code, reason })
    };
    let (connection, session) = connected(&hub, options(&hub).generation(3));
    let waiting = {
        let connection = connection.clone();
        thread::spawn(move || connection.next(LONG).map(drop))
    };
    session.say(&replaced());
    let error = waiting.join().expect("no panic").expect_err("nothing more comes");
    assert_eq!(error.code(), ErrorCode::Closed);
    assert!(connection.wait_closed(LONG).expect("in order"), "everything was answered");
    assert!(matches!(
        &connection.registration_states()[0],
        RegistrationState::Refused { code: RefusalCode::Replaced, reason } if reason.contains("newer")
    ));
    drop(session);

    // One that never served is told so instead: it was started in vain.
    let connecting = connecting(options(&hub).generation(2), &["one"]);
    let (session, _) = hub.accept_with(1, |_| Some((RefusalCode::Replaced, "a newer one serves")));
    let error = connecting.join().expect("no panic").expect_err("refused");
    assert_eq!(error.code(), ErrorCode::Refused);
    drop(session);
}

/// Who only waits takes nothing, also through a hub's end, and hears of the shutdown.
#[test]
fn waiting_takes_nothing() {
    let hub = FakeHub::new();
    let (connection, session) = connected(&hub, options(&hub));
    assert!(!connection.wait(Some(Duration::ZERO)).expect("up"));
    let waiting = || {
        let connection = connection.clone();
        thread::spawn(move || connection.wait(LONG))
    };
    let early = waiting();
    let in_flight = session.publish(&Ask::new("GET", "/"));
    let found = within_watchdog("the wait", move || early.join().expect("no panic"));
    assert!(found.expect("up"));
    // It is still there, for whoever waits and for whoever takes it.
    assert!(!in_flight.is_claimed());
    assert!(connection.wait(LONG).expect("up"));
    let mut exchange = connection.next(LONG).expect("up").expect("an exchange");
    exchange.respond(200, NONE, b"taken").expect("answered");
    assert_eq!(in_flight.answer().expect("alive").text(), "taken");

    let through = waiting();
    drop(session);
    let session = hub.accept(1);
    let in_flight = session.publish(&Ask::new("GET", "/"));
    let found = within_watchdog("the wait", move || through.join().expect("no panic"));
    assert!(found.expect("up"));
    let mut exchange = connection.next(LONG).expect("up").expect("an exchange");
    exchange.respond(200, NONE, b"again").expect("answered");
    assert_eq!(in_flight.answer().expect("alive").text(), "again");

    let last = waiting();
    connection.shutdown().expect("drained");
    let ended = within_watchdog("the wait", move || last.join().expect("no panic"));
    assert_eq!(ended.expect_err("closed").code(), ErrorCode::Closed);
}
