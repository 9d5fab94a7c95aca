//! The clients of a stream that a worker owns: how many, how slow, and how they go.

mod common;

use std::collections::HashSet;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use common::h2::{self, Session};
use common::{Listener, Rig, Streams, push, push_to, wait_until};
use http::Method;
use http_body_util::BodyExt;
use serde_json::json;

#[test]
fn s04_all_clients_of_a_path_are_served_and_one_that_goes_disturbs_nobody() {
    let rig = Rig::new();
    let streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut listeners: Vec<_> = (0..20).map(|_| Listener::open(&rig, "/rooms/1")).collect();
    let mut other = Listener::open(&rig, "/rooms/2");
    let connections: HashSet<_> = listeners.iter().map(|one| one.connection.clone()).collect();
    assert_eq!(connections.len(), 20, "each has a number of its own");
    push_to(&rig, "/rooms/1", "one", 20);
    for (at, listener) in listeners.iter_mut().enumerate() {
        assert_eq!(listener.next().data, "one", "client {at}");
    }
    let gone = listeners.swap_remove(7);
    let connection = gone.connection.clone();
    drop(gone);
    let words: Vec<_> = (0..21).map(|_| streams.hears().word).collect();
    assert!(words.iter().all(|word| word == "connect"), "{words:?}");
    streams.hears_that("disconnect", &connection);
    push_to(&rig, "/rooms/1", "two", 19);
    for listener in &mut listeners {
        assert_eq!(listener.next().data, "two");
    }
    push_to(&rig, "/rooms/2", "three", 1);
    assert_eq!(other.next().data, "three", "nothing of the other path");
    streams.heard_all();
}

#[test]
fn s04_cleaning_up_after_a_client_never_removes_its_successor() {
    let rig = Rig::new();
    let streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut last = Listener::open(&rig, "/rooms/1");
    let mut connections = HashSet::from([last.connection.clone()]);
    streams.hears_that("connect", &last.connection);
    for round in 0..50 {
        // The successor comes while its predecessor is being cleaned up.
        let old = std::mem::replace(&mut last, Listener::open(&rig, "/rooms/1"));
        let connection = old.connection.clone();
        drop(old);
        assert!(connections.insert(last.connection.clone()), "a number is used once");
        let mut heard =
            [streams.hears(), streams.hears()].map(|heard| (heard.word, heard.connection));
        heard.sort();
        let expected = [
            ("connect".to_owned(), last.connection.clone()),
            ("disconnect".to_owned(), connection),
        ];
        assert_eq!(heard, expected, "round {round}");
        let alone = json!({ "connection": last.connection, "data": round });
        assert_eq!(push(&rig, &alone).status, 200);
        assert_eq!(last.next().data, round.to_string());
    }
    streams.heard_all();
}

#[test]
fn s04_a_client_that_does_not_read_is_slow_until_its_bound_and_then_gone() {
    let rig = Rig::with(|config| {
        config.delegated.bytes = 64 << 10;
        config.times.idle = Duration::from_millis(500);
    });
    let streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut quick = Listener::open(&rig, "/rooms/1");
    streams.hears_that("connect", &quick.connection);
    let mut slow = TcpStream::connect(rig.hub().address()).unwrap();
    slow.write_all(b"GET /rooms/1 HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    let connection = streams.hears().connection;
    let data = "x".repeat(32 << 10);
    // What the system takes for a client that does not read is some megabytes.
    wait_until("it is dropped", || {
        let reply = push(&rig, &json!({ "path": "/rooms/1", "data": data }));
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(quick.next().data.len(), data.len(), "the quick one gets everything");
        rig.admin("/internal/sse")["clients"] == 1
    });
    streams.hears_that("disconnect", &connection);
    streams.heard_all();
    push_to(&rig, "/rooms/1", "still here", 1);
    while quick.next().data != "still here" {}
    drop(slow);
}

#[test]
fn what_goes_to_one_keeps_its_place_among_what_goes_to_all() {
    let rig = Rig::new();
    let _streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut listener = Listener::open(&rig, "/rooms/1");
    let mut other = Listener::open(&rig, "/rooms/1");
    for number in 0..200 {
        let event = if number % 3 == 0 {
            json!({ "connection": listener.connection, "data": number })
        } else {
            json!({ "path": "/rooms/1", "data": number })
        };
        assert_eq!(push(&rig, &event).status, 200);
    }
    let all: Vec<_> = (0..200).map(|number: u32| number.to_string()).collect();
    assert_eq!(listener.data(200), all);
    let some: Vec<_> =
        (0..200).filter(|number| number % 3 != 0).map(|number: u32| number.to_string()).collect();
    assert_eq!(other.data(some.len()), some);
}

#[test]
fn quiet_clients_get_comments() {
    let rig = Rig::with(|config| config.events.keep_alive = Duration::from_millis(20));
    let _streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut client = rig.client();
    client.send("GET", "/rooms/1", "", b"");
    assert_eq!(client.head().status, 200);
    let mut text = String::new();
    while text.matches(":\n\n").count() < 3 {
        text.push_str(std::str::from_utf8(&client.chunk().expect("it goes on")).unwrap());
    }
}

#[test]
fn s08_a_hundred_streams_and_more_on_one_connection() {
    let rig = Rig::with(|config| config.limits.http2_streams = 256);
    let streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    h2::block_on(async {
        let session = Session::connect(rig.hub().address()).await;
        let mut bodies = Vec::new();
        for _ in 0..200 {
            let request = session.request(Method::GET, "/rooms/1").body(h2::full("")).unwrap();
            let response = session.response(request).await;
            assert_eq!(response.status(), 200);
            bodies.push(response.into_body());
        }
        push_to(&rig, "/rooms/1", "to all", 200);
        for body in &mut bodies {
            let mut text = Vec::new();
            while !text.ends_with(b"data: to all\n\n") {
                let frame = body.frame().await.expect("it goes on").unwrap();
                text.extend(frame.into_data().unwrap());
            }
        }
    });
    let mut words: Vec<_> = (0..400).map(|_| streams.hears().word).collect();
    words.sort();
    assert!(words[..200].iter().all(|word| word == "connect"));
    assert!(words[200..].iter().all(|word| word == "disconnect"));
    streams.heard_all();
}

#[test]
fn s08_a_shutdown_says_farewell_with_times_that_differ() {
    let rig = Rig::new();
    let streams = Streams::start(rig.control(), "chat", "/rooms/{room}");
    let mut listeners: Vec<_> =
        (0..200).map(|at| Listener::open(&rig, &format!("/rooms/{}", at % 3))).collect();
    let begun = std::time::Instant::now();
    rig.shutdown();
    assert!(begun.elapsed() < Duration::from_secs(10), "within the grace time");
    let mut times = HashSet::new();
    for listener in &mut listeners {
        let end = listener.next();
        assert_eq!((end.event.as_str(), &*end.data), ("end", "{\"reason\":\"shutdown\"}"));
        times.insert(end.retry.expect("it says when to come back"));
        assert_eq!(listener.try_next(), None);
    }
    assert!(times.len() > 50, "thousands are not to come back at once: {times:?}");
    drop(streams);
}
