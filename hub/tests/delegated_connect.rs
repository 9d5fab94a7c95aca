//! A client comes to a stream that a worker owns: what the worker sees, and what it may say.

mod common;

use std::sync::mpsc::channel;
use std::time::Duration;

use common::{Heard, Listener, Rig, Streams, WATCHDOG, Worker, push_at, push_to, wait_until};
use serde_json::json;
use slotway_core::control::{HubMessage, RefusalCode, Register, Route, WorkerMessage};

#[test]
fn s05_the_worker_sees_parameters_query_and_headers() {
    let rig = Rig::new();
    let streams = Streams::start(rig.control(), "chat", "/rooms/{room}/events");
    let headers = "last-event-id: 41\r\ncookie: a=1\r\nslotway-sse: disconnect\r\n\
                   slotway-connection: 7\r\nSlotway-Anything: x\r\n";
    let mut listener = Listener::with(&rig, "/rooms/caf%C3%A9%2F1/events?since=3", headers);
    let heard = streams.hears();
    assert_eq!(heard.word, "connect");
    assert_eq!(heard.connection, listener.connection);
    assert_eq!(heard.path, "/rooms/caf%C3%A9%2F1/events");
    assert_eq!(heard.route, "/rooms/{room}/events");
    assert_eq!(heard.query.as_deref(), Some("since=3"));
    assert_eq!(heard.params, [("room".to_owned(), "café/1".as_bytes().to_vec())]);
    assert_eq!(heard.header("last-event-id").as_deref(), Some("41"));
    assert_eq!(heard.header("cookie").as_deref(), Some("a=1"));
    let own = heard.headers.iter().filter(|(name, _)| name.starts_with("slotway-"));
    assert_eq!(own.count(), 2, "what a client sends under these names does not arrive");
    push_to(&rig, "/rooms/café%2f1/events", "hello", 1);
    assert_eq!(listener.next().data, "hello");
    drop(listener);
    let gone = streams.hears();
    assert_eq!((&*gone.word, &gone.connection), ("disconnect", &heard.connection));
    assert_eq!(gone.params, heard.params);
    assert_eq!(gone.query, heard.query);
    assert_eq!(gone.headers.len(), 2, "only the two of the hub's: {gone:?}");
}

#[test]
fn s05_a_refusal_goes_to_the_client_as_the_worker_wrote_it() {
    let rig = Rig::new();
    let streams = Streams::answering(rig.control(), "chat", "/rooms/{room}", |request, _| {
        request.answer(402, &[("x-why", b"pay"), ("x-why", b"first")], b"not for free");
    });
    let reply = rig.get("/rooms/1");
    assert_eq!((reply.status, reply.text()), (402, "not for free"));
    let why: Vec<_> = reply.headers.iter().filter(|(name, _)| name == "x-why").collect();
    assert_eq!(why.len(), 2);
    assert_eq!(streams.hears().word, "connect");
    streams.heard_all();
    wait_until("nobody is there", || rig.admin("/internal/sse")["clients"] == 0);
    assert_eq!(rig.admin("/internal/sse")["names"]["chat"]["refused"], 1);
}

#[test]
fn s05_what_a_worker_answers_with_becomes_the_streams_head() {
    let rig = Rig::new();
    let _streams = Streams::answering(rig.control(), "chat", "/rooms/{room}", |request, _| {
        let headers: &[(&str, &[u8])] =
            &[("set-cookie", b"a=1"), ("set-cookie", b"b=2"), ("content-type", b"text/plain")];
        request.answer(201, headers, b"this is not sent");
    });
    let mut listener = Listener::open(&rig, "/rooms/1");
    let cookies = listener.head.headers.iter().filter(|(name, _)| name == "set-cookie");
    assert_eq!(cookies.count(), 2);
    assert_eq!(listener.head.header("content-length"), None);
    assert_eq!(listener.head.header("cache-control"), Some("no-store, no-transform"));
    push_to(&rig, "/rooms/1", "first", 1);
    assert_eq!(listener.next().data, "first");
}

#[test]
fn s01_what_is_pushed_while_the_worker_answers_comes_after_the_head() {
    let rig = Rig::new();
    let admin = rig.hub().admin_path().unwrap().to_owned();
    let _streams =
        Streams::answering(rig.control(), "chat", "/rooms/{room}", move |request, heard| {
            if heard.word == "connect" {
                let to_path = json!({ "path": heard.path, "data": "to the path" });
                assert_eq!(push_at(&admin, &to_path).json(), json!({ "clients": 1 }));
                let alone = json!({ "connection": heard.connection, "data": "to it alone" });
                assert_eq!(push_at(&admin, &alone).status, 200);
                assert_eq!(push_at(&admin, &to_path).status, 200);
            }
            request.answer(200, &[], b"");
        });
    let mut listener = Listener::open(&rig, "/rooms/1");
    assert_eq!(listener.data(3), ["to the path", "to it alone", "to the path"]);
}

#[test]
fn connecting_has_the_limits_of_the_route() {
    let rig = Rig::with(|config| {
        config.times.request = Duration::from_millis(300);
        config.times.wait = Duration::from_millis(200);
    });
    assert_eq!(rig.get("/rooms/1").code(), "no_route");
    let (go, gone) = channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let streams =
        Streams::answering(rig.control(), "chat", "/rooms/{room}", move |request, heard| {
            if heard.word == "connect" {
                gone.lock().unwrap().recv_timeout(WATCHDOG).unwrap();
            }
            request.answer(200, &[], b"");
        });
    let reply = rig.get("/rooms/1");
    assert_eq!((reply.status, reply.code().as_str()), (504, "deadline"));
    let connection = streams.hears().connection;
    streams.heard_all();
    // It believes to have it until it hears otherwise; and not before it is through.
    go.send(()).unwrap();
    streams.hears_that("disconnect", &connection);
    streams.heard_all();
    drop(streams);
    wait_until("the worker is gone", || rig.get("/rooms/1").status == 503);
    assert_eq!(rig.get("/rooms/1").code(), "no_worker");
}

#[test]
fn s04_a_client_that_leaves_while_its_worker_answers_is_told_of_once() {
    let rig = Rig::new();
    let (go, gone) = channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let streams =
        Streams::answering(rig.control(), "chat", "/rooms/{room}", move |request, heard| {
            if heard.word == "connect" {
                request.wait_cancelled();
                gone.lock().unwrap().recv_timeout(WATCHDOG).unwrap();
            }
            request.answer(200, &[], b"");
        });
    let mut client = rig.client();
    client.send("GET", "/rooms/1", "", b"");
    wait_until("it connects", || rig.slots()["claimed"] == 1);
    drop(client);
    wait_until("it has left", || rig.admin("/internal/sse")["clients"] == 0);
    let connection = streams.hears().connection;
    streams.heard_all();
    go.send(()).unwrap();
    streams.hears_that("disconnect", &connection);
    streams.heard_all();
    rig.wait_all_free();
}

#[test]
fn other_methods_of_the_path_are_ordinary_routes() {
    let rig = Rig::new();
    let _streams = Streams::answering(rig.control(), "chat", "/rooms/{room}", |request, heard| {
        assert_eq!(heard.word.is_empty(), request.method != "GET", "{heard:?}");
        let body = if request.method == "HEAD" { &b""[..] } else { b"posted" };
        request.answer(200, &[("x-method", request_method(heard))], body);
    });
    let mut client = rig.client();
    let head = client.request("HEAD", "/rooms/1", "", b"");
    assert_eq!(head.status, 200);
    assert_eq!(client.request("POST", "/rooms/1", "", b"x").text(), "posted");
    let options = client.request("OPTIONS", "/rooms/1", "", b"");
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS, POST"));
    assert_eq!(client.request("DELETE", "/rooms/1", "", b"").code(), "method_not_allowed");
    assert_eq!(rig.admin("/internal/sse")["clients"], 0);
    drop(Listener::open(&rig, "/rooms/1"));
}

fn request_method(heard: &Heard) -> &'static [u8] {
    if heard.word.is_empty() { b"ordinary" } else { b"stream" }
}

#[test]
fn clients_are_bounded_and_a_head_that_is_too_long_is_refused() {
    let rig = Rig::with(|config| config.delegated.clients = 2);
    let streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let first = Listener::open(&rig, "/rooms/1");
    let _second = Listener::open(&rig, "/rooms/2");
    let reply = rig.get("/rooms/3");
    assert_eq!((reply.status, reply.code().as_str()), (503, "too_many_streams"));
    assert!(reply.header("retry-after").is_some());
    drop(first);
    wait_until("one has left", || rig.admin("/internal/sse")["clients"] == 1);
    let reply = rig.client().request("GET", "/rooms/3", &cookie(20_000), b"");
    assert_eq!((reply.status, reply.code().as_str()), (431, "head_too_large"));
    drop(Listener::with(&rig, "/rooms/3", &cookie(10_000)));
    let words: Vec<_> = (0..5).map(|_| streams.hears().word).collect();
    let connects = words.iter().filter(|word| *word == "connect").count();
    assert_eq!(connects, 3, "who is refused by the hub is nobody to the worker: {words:?}");
    streams.heard_all();
}

fn cookie(bytes: usize) -> String {
    format!("cookie: {}\r\n", "x".repeat(bytes))
}

#[test]
fn clients_stay_on_routes_for_get_only() {
    let rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    let routes = vec![Route { sse: true, ..Route::new("POST", "/rooms") }];
    let register = Register::new(0, "chat", routes);
    worker.link.send(&WorkerMessage::Register(register));
    match worker.link.receive() {
        HubMessage::Refused(refused) => {
            assert_eq!(refused.code, RefusalCode::BadMethod);
            assert!(refused.reason.contains("POST /rooms"), "{}", refused.reason);
        }
        other => panic!("{other:?}"),
    }
}
