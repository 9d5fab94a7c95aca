//! Streams that a worker owns, against a hub in the test's process: what its handlers hear
//! and what they say.

mod support;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use slotway::{Admission, Request, Stage, Worker};
use support::{Answer, Ask, FakeHub, HubSession, WATCHDOG, options, within_watchdog};

/// What a handler heard: the stage, the connection, the room, the last event's id.
type Heard = (Stage, String, String, Option<String>);

fn ask(stage: &str, connection: &str, room: &str) -> Ask {
    Ask::new("GET", "/rooms/x")
        .param("room", room.as_bytes())
        .header("slotway-sse", stage.as_bytes())
        .header("slotway-connection", connection.as_bytes())
}

/// The same questions for both kinds of worker.
fn converse(session: &HubSession, heard: &Receiver<Heard>) {
    let registers = session.shared.registers.lock().expect("whole").clone();
    let routes = &registers[0].routes;
    assert!(routes[0].sse && routes[0].method == "GET", "{routes:?}");
    assert!(!routes[1].sse);

    let next = || heard.recv_timeout(WATCHDOG).expect("it was called");
    let accepted = session.request(&ask("connect", "17", "lobby").header("last-event-id", b"4"));
    assert_eq!((accepted.status, accepted.header("x-room")), (200, Some(b"lobby".as_slice())));
    let id = || "17".to_owned();
    let four = || Some("4".to_owned());
    assert_eq!(next(), (Stage::Connect, id(), "lobby".to_owned(), four()));
    let again = session.request(&ask("reconnect", "17", "lobby"));
    assert_eq!(again.status, 200);
    assert_eq!(next(), (Stage::Reconnect, id(), "lobby".to_owned(), None));
    let Answer { status, body, .. } = session.request(&ask("connect", "18", "cellar"));
    assert_eq!((status, body), (404, b"no such room".to_vec()));
    assert_eq!(next().0, Stage::Connect);
    assert_eq!(session.request(&ask("disconnect", "17", "lobby")).status, 204);
    assert_eq!(next(), (Stage::Disconnect, id(), "lobby".to_owned(), None));
    assert_eq!(session.request(&ask("connect", "19", "panic")).status, 500);

    // A HEAD is nobody's connection.
    let described = session.request(&Ask::new("HEAD", "/rooms/x").param("room", b"lobby"));
    assert_eq!(described.header("content-type"), Some(b"text/event-stream".as_slice()));
    let ordinary = session.request(&Ask::new("POST", "/rooms/x").to(0, 1));
    assert_eq!(ordinary.text(), "None None");
    assert!(heard.try_recv().is_err(), "nobody else was called");
}

fn say(heard: &Mutex<Sender<Heard>>, words: Heard) {
    heard.lock().expect("whole").send(words).expect("the test listens");
}

fn answer(room: &str) -> Result<Admission, Admission> {
    match room {
        "lobby" => Ok(Admission::accept().header("x-room", room)),
        "panic" => panic!("on purpose"),
        _ => Err(Admission::refuse(404, "no such room")),
    }
}

#[test]
fn s05_handlers_on_threads_hear_of_clients_and_answer() {
    let hub = FakeHub::new();
    let (tell, heard) = channel();
    let tell = Arc::new(Mutex::new(tell));
    let words = |request: &Request| {
        let last = request.header("last-event-id").map(str::to_owned);
        let room = request.param("room").unwrap_or_default().to_owned();
        let connection = request.connection().expect("a client's").to_string();
        (request.stage().expect("a client's"), connection, room, last)
    };
    let gone = tell.clone();
    let worker = Worker::new("chat")
        .threads(2)
        .options(options(&hub))
        .sse(
            "/rooms/{room}",
            move |request: &mut Request| {
                let room = request.param("room").unwrap_or_default().to_owned();
                if room != "panic" {
                    say(&tell, words(request));
                }
                answer(&room)
            },
            move |request: &mut Request| say(&gone, words(request)),
        )
        .post("/rooms/{room}", |request: &mut Request| {
            format!("{:?} {:?}", request.stage(), request.connection())
        });
    let starting = thread::spawn(move || worker.start());
    let session = hub.accept(1);
    let running = starting.join().expect("no panic").expect("started");
    converse(&session, &heard);
    within_watchdog("shutdown", move || running.shutdown()).expect("drained");
}

#[cfg(feature = "tokio")]
#[test]
fn s05_handlers_on_tokio_hear_of_clients_and_answer() {
    use slotway::{AsyncRequest, AsyncWorker};

    let hub = FakeHub::new();
    let (tell, heard) = channel();
    let tell = Arc::new(Mutex::new(tell));
    let words = |request: &AsyncRequest| {
        let last = request.header("last-event-id").map(str::to_owned);
        let room = request.param("room").unwrap_or_default().to_owned();
        let connection = request.connection().expect("a client's").to_string();
        (request.stage().expect("a client's"), connection, room, last)
    };
    let gone = tell.clone();
    let worker = AsyncWorker::new("chat")
        .options(options(&hub))
        .sse(
            "/rooms/{room}",
            move |request: AsyncRequest| {
                let tell = tell.clone();
                async move {
                    tokio::task::yield_now().await;
                    let room = request.param("room").unwrap_or_default().to_owned();
                    if room != "panic" {
                        say(&tell, words(&request));
                    }
                    answer(&room)
                }
            },
            move |request: AsyncRequest| {
                say(&gone, words(&request));
                async {}
            },
        )
        .post("/rooms/{room}", |request: AsyncRequest| async move {
            format!("{:?} {:?}", request.stage(), request.connection())
        });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let starting = runtime.spawn(worker.start());
    let session = hub.accept(1);
    let running = runtime.block_on(starting).expect("no panic").expect("started");
    converse(&session, &heard);
    within_watchdog("shutdown", move || runtime.block_on(running.shutdown())).expect("drained");
}
