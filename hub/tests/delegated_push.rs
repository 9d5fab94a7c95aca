//! Pushing to the clients of a stream that a worker owns, from outside the worker.

mod common;

use common::{Client, Event, Listener, Rig, Streams, Worker, push, push_to, wait_until};
use serde_json::json;
use slotway_core::control::{Register, Route};

#[test]
fn s07_a_push_to_a_path_says_how_many_get_it() {
    let rig = Rig::new();
    let _streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut one = Listener::open(&rig, "/rooms/1");
    let mut other = Listener::open(&rig, "/rooms/1");
    let event =
        json!({ "path": "/rooms/1", "event": "said", "id": "7", "data": "a\r\nb", "retry_ms": 90 });
    assert_eq!(push(&rig, &event).json(), json!({ "clients": 2 }));
    let expected = Event {
        event: "said".to_owned(),
        id: Some("7".to_owned()),
        retry: Some(90),
        data: "a\nb".to_owned(),
    };
    assert_eq!(one.next(), expected);
    assert_eq!(other.next(), expected);
    // What is no text is sent as JSON.
    push(&rig, &json!({ "path": "/rooms/1", "data": { "n": [1, null] } }));
    assert_eq!(one.next().data, "{\"n\":[1,null]}");
}

#[test]
fn s07_whom_nobody_knows_is_404() {
    let rig = Rig::new();
    let _streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let listener = Listener::open(&rig, "/rooms/1");
    for to in [
        json!({ "path": "/rooms/2", "data": "x" }),
        json!({ "path": "/rooms/1/", "data": "x" }),
        json!({ "path": "/rooms/1", "worker": "other", "data": "x" }),
        json!({ "pattern": "/rooms/{room}", "params": { "room": "2" }, "data": "x" }),
        json!({ "pattern": "/halls/{room}", "data": "x" }),
        json!({ "connection": 1, "data": "x" }),
        json!({ "connection": listener.connection, "worker": "other", "data": "x" }),
        json!({ "connection": 9_007_199_254_740_991_u64, "data": "x" }),
    ] {
        let reply = push(&rig, &to);
        assert_eq!((reply.status, reply.code().as_str()), (404, "no_clients"), "{to}");
    }
}

#[test]
fn s07_who_leaves_or_has_left_is_410() {
    let rig = Rig::new();
    let streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut listener = Listener::open(&rig, "/rooms/1");
    streams.hears_that("connect", &listener.connection);
    let close =
        json!({ "connection": listener.connection, "event": "bye", "data": "", "close": true });
    assert_eq!(push(&rig, &close).json(), json!({ "clients": 1 }));
    assert_eq!(listener.next().event, "bye", "the event comes first");
    assert_eq!(listener.reason(), "closed");
    streams.hears_that("disconnect", &listener.connection);
    let reply = push(&rig, &json!({ "connection": listener.connection, "data": "x" }));
    assert_eq!((reply.status, reply.code().as_str()), (410, "stream_closing"));
    streams.heard_all();
}

#[test]
fn s07_a_path_that_ends_is_410_until_its_clients_are_gone_and_begins_anew_for_the_next() {
    let rig = Rig::with(|config| config.delegated.bytes = 64 << 20);
    let streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut old = Listener::open(&rig, "/rooms/1");
    streams.hears_that("connect", &old.connection);
    // More than the system takes for a client that does not read: it stays for as long.
    let mut stuck = rig.client();
    stuck.send("GET", "/rooms/1", "", b"");
    let connection = streams.hears().connection;
    let data = "x".repeat(1 << 20);
    for _ in 0..24 {
        push_to(&rig, "/rooms/1", &data, 2);
        assert_eq!(old.next().data.len(), data.len());
    }
    let close = push(&rig, &json!({ "path": "/rooms/1", "close": true }));
    assert_eq!(close.json(), json!({ "clients": 2 }));
    assert_eq!(old.reason(), "closed");
    streams.hears_that("disconnect", &old.connection);
    for to in [json!({ "path": "/rooms/1" }), json!({ "pattern": "/rooms/{room}" })] {
        let mut event = to.clone();
        event["data"] = json!("late");
        let reply = push(&rig, &event);
        assert_eq!((reply.status, reply.code().as_str()), (410, "stream_closing"), "{to}");
    }
    let mut new = Listener::open(&rig, "/rooms/1");
    streams.hears_that("connect", &new.connection);
    push_to(&rig, "/rooms/1", "anew", 1);
    assert_eq!(new.next().data, "anew");
    drop(stuck);
    streams.hears_that("disconnect", &connection);
    push_to(&rig, "/rooms/1", "still", 1);
    assert_eq!(new.next().data, "still", "who came after is not cleaned up with who went");
    streams.heard_all();
}

#[test]
fn s07_what_there_is_no_room_for_is_429() {
    let rig = Rig::with(|config| config.delegated.bytes = 4096);
    let _streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    // It does not read, so that what is for it alone waits.
    let mut client = rig.client();
    client.send("GET", "/rooms/1", "", b"");
    wait_until("it is there", || rig.admin("/internal/sse")["names"]["chat"]["connected"] == 1);
    let head = client.head();
    assert_eq!(head.status, 200);
    let ready = String::from_utf8(client.chunk().unwrap()).unwrap();
    let connection = ready.split('"').nth(3).unwrap();
    let data = "x".repeat(4000);
    let mut taken = 0;
    let refused = loop {
        let reply = push(&rig, &json!({ "connection": connection, "data": data }));
        if reply.status != 200 {
            break reply;
        }
        taken += 1;
        assert!(taken < 10_000, "there is room for everything");
    };
    assert_eq!((refused.status, refused.code().as_str()), (429, "stream_full"));
    // Everything that was taken comes, and nothing else.
    let mut text = String::new();
    while text.matches("data: ").count() < taken {
        text.push_str(std::str::from_utf8(&client.chunk().unwrap()).unwrap());
    }
    wait_until("there is room again", || {
        push(&rig, &json!({ "connection": connection, "data": "x" })).status == 200
    });
}

#[test]
fn s07_what_cannot_be_is_400() {
    let rig = Rig::with(|config| config.delegated.bytes = 4096);
    let _streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut listener = Listener::open(&rig, "/rooms/1");
    for (body, why) in [
        (json!({ "data": "x" }), "one of path, pattern"),
        (json!({ "path": "/rooms/1", "connection": 1, "data": "x" }), "one of path, pattern"),
        (json!({ "path": "rooms/1", "data": "x" }), "begin with '/'"),
        (json!({ "path": "/rooms/1", "params": { "room": "1" }, "data": "x" }), "pattern"),
        (json!({ "path": "/rooms/1" }), "neither an event nor an end"),
        (json!({ "path": "/rooms/1", "retry_ms": 5 }), "goes with an event"),
        (json!({ "path": "/rooms/1", "event": "a\nb", "data": "x" }), "one line"),
        (json!({ "path": "/rooms/1", "id": "a\rb", "data": "x" }), "one line"),
        (json!({ "path": "/rooms/1", "id": "a\u{0}b", "data": "x" }), "one line"),
        (json!({ "pattern": "/rooms/{room", "data": "x" }), "brace"),
        (json!({ "pattern": "/rooms/{room}", "params": { "hall": "1" }, "data": "x" }), "hall"),
        (json!({ "connection": "seven", "data": "x" }), "not a number"),
        (json!({ "connection": -7, "data": "x" }), "not what can be pushed"),
        (json!({ "path": "/rooms/1", "date": "x" }), "date"),
        (json!("/rooms/1"), "not what can be pushed"),
    ] {
        let reply = push(&rig, &body);
        assert_eq!((reply.status, reply.code().as_str()), (400, "bad_request"), "{body}");
        assert!(reply.text().contains(why), "{body}: {}", reply.text());
    }
    let mut admin = Client::unix(rig.hub().admin_path().unwrap());
    assert_eq!(admin.request("POST", "/internal/sse-push", "", b"{").code(), "bad_request");
    let get = admin.request("GET", "/internal/sse-push", "", b"");
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
    let long = json!({ "path": "/rooms/1", "data": "x".repeat(5000) });
    let reply = push(&rig, &long);
    assert_eq!((reply.status, reply.code().as_str()), (413, "body_too_large"));
    push_to(&rig, "/rooms/1", "good", 1);
    assert_eq!(listener.next().data, "good", "nothing of all that arrived");
}

#[test]
fn a_pattern_reaches_the_paths_whose_parameters_match() {
    let rig = Rig::new();
    let _streams = Streams::start(rig.control(), "chat", "/{house}/rooms/{room}");
    let mut listeners = ["/a/rooms/1", "/a/rooms/2", "/b/rooms/1", "/b/rooms/caf%C3%A9%20%2F"]
        .map(|path| Listener::open(&rig, path));
    for (params, data, clients) in [
        (json!({}), "all", 4),
        (json!({ "house": "a" }), "of a", 2),
        (json!({ "room": "1" }), "ones", 2),
        (json!({ "house": "b", "room": "café /" }), "one", 1),
    ] {
        // Another name for a parameter is the same pattern.
        let event = json!({ "pattern": "/{house}/rooms/{room}", "params": params, "data": data });
        assert_eq!(push(&rig, &event).json(), json!({ "clients": clients }), "{params}");
    }
    let last = json!({ "pattern": "/{x}/rooms/{y}", "params": { "x": "a" }, "data": "renamed" });
    assert_eq!(push(&rig, &last).json(), json!({ "clients": 2 }));
    assert_eq!(listeners[0].data(4), ["all", "of a", "ones", "renamed"]);
    assert_eq!(listeners[1].data(3), ["all", "of a", "renamed"]);
    assert_eq!(listeners[2].data(2), ["all", "ones"]);
    assert_eq!(listeners[3].data(2), ["all", "one"]);
}

#[test]
fn the_same_path_of_two_hosts_is_two() {
    let rig = Rig::new();
    let serve = |name: &str, host: &str| {
        let mut worker = Worker::connect(rig.control());
        worker.serve(1, |request| request.answer(200, &[], b""));
        let host = Some(host.to_owned());
        let routes = vec![Route { sse: true, host, ..Route::new("GET", "/events") }];
        worker.register_with(Register::new(0, name, routes));
        worker
    };
    let _workers = [serve("a", "a.example"), serve("b", "b.example")];
    let mut on_a = Listener::with(&rig, "/events", "host: a.example\r\n");
    let mut on_b = Listener::with(&rig, "/events", "host: b.example\r\n");
    let both = push(&rig, &json!({ "path": "/events", "data": "x" }));
    assert_eq!(both.status, 400, "whose clients is not said: {both:?}");
    for (worker, data) in [("a", "to a"), ("b", "to b")] {
        let event = json!({ "path": "/events", "worker": worker, "data": data });
        assert_eq!(push(&rig, &event).json(), json!({ "clients": 1 }));
    }
    assert_eq!(on_a.next().data, "to a");
    assert_eq!(on_b.next().data, "to b");
}
