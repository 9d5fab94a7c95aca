//! S04 to S08: streams that a worker owns, with workers that are killed and replaced.

use std::collections::HashSet;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use slotway_tests::http::{Connection, Request, Response};
use slotway_tests::listener::Listener;
use slotway_tests::{Flavor, Hub, Weight, Worker, case, eventually};

const SOON: Duration = Duration::from_secs(20);
const LIMIT: Duration = Duration::from_secs(60);

fn worker(hub: &Hub) -> Worker {
    Worker::start(Flavor::Rust, hub)
}

fn push(hub: &Hub, event: &Value) -> Response {
    let request = Request::local_post("/internal/sse-push", event.to_string());
    let mut admin = Connection::open_unix(&hub.admin_path()).expect("an admin socket");
    admin.exchange(&request.close()).expect("an answer")
}

#[track_caller]
fn push_to(hub: &Hub, room: &str, data: &str, clients: usize) {
    let path = format!("/sse/{room}");
    let reply = push(hub, &json!({ "path": path, "data": data })).expect(200);
    assert_eq!(reply.json(), json!({ "clients": clients }));
}

/// Waits until a number of the name's streams is this.
#[track_caller]
fn wait_count(hub: &Hub, what: &str, count: u64) {
    eventually(&format!("{what} is {count}"), SOON, || {
        let name = &hub.admin("/internal/sse")["names"]["conformance"];
        (name[what] == count).then_some(())
    });
}

/// Waits until the worker has said so many lines that begin so: its output is read by others.
#[track_caller]
fn wait_said(worker: &Worker, words: &str, count: usize) {
    eventually(&format!("the worker says {words:?} {count} times"), SOON, || {
        (said(worker, words) == count).then_some(())
    });
}

/// How often the worker said a line that begins so.
fn said(worker: &Worker, words: &str) -> usize {
    let begins = format!("worker: {words}");
    worker.process.lines().iter().filter(|line| line.starts_with(&begins)).count()
}

#[test]
fn s04_two_clients_of_one_path_and_one_that_is_cut_off() {
    case("s04_two_clients", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let worker = worker(&hub);
        let mut one = Listener::open(&hub, "/sse/a");
        let mut other = Listener::open(&hub, "/sse/a");
        let (connection, stays) = (one.ready(), other.ready());
        push_to(&hub, "a", "both", 2);
        assert_eq!((one.hears().data, other.hears().data), ("both".to_owned(), "both".to_owned()));
        drop(one);
        worker.says(&format!("worker: disconnect {connection} a"));
        push_to(&hub, "a", "left", 1);
        assert_eq!(other.hears().data, "left");
        push(&hub, &json!({ "connection": stays, "data": "alone" })).expect(200);
        assert_eq!(other.hears().data, "alone");
        drop(other);
        worker.says(&format!("worker: disconnect {stays} a"));
        assert_eq!(said(&worker, "disconnect"), 2, "each once");
        hub.wait_all_free();
    });
}

#[test]
fn s05_a_worker_refuses_with_a_status_of_its_own() {
    case("s05_refused", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let worker = worker(&hub);
        let refused = hub.get("/sse/a?refuse=402").expect(402);
        assert_eq!(
            (refused.head.one("x-why"), &*refused.body),
            (Some("asked for"), &b"refused"[..])
        );
        let accepted = Listener::open(&hub, "/sse/a");
        let pid = worker.pid().to_string();
        assert_eq!(accepted.head.one("x-worker"), Some(&*pid), "the head is the worker's");
        hub.send(Request::new("HEAD", "/sse/a")).expect(200);
        wait_count(&hub, "clients", 1);
    });
}

#[test]
fn s06_clients_outlive_a_worker_that_is_killed() {
    case("s06_killed", Weight::Heavy, LIMIT, || {
        let hub = Hub::start();
        let mut first = worker(&hub);
        let mut clients: Vec<_> = (0..200)
            .map(|at| {
                let mut client = Listener::open(&hub, &format!("/sse/{}?n={at}", at % 4));
                (client.ready(), client)
            })
            .collect();
        first.process.kill();
        wait_count(&hub, "waiting", 200);
        push_to(&hub, "1", "from elsewhere", 50);
        let second = worker(&hub);
        wait_count(&hub, "moved", 200);
        wait_count(&hub, "waiting", 0);
        for (at, (connection, _)) in clients.iter().enumerate() {
            second.says(&format!("worker: reconnect {connection} {}", at % 4));
        }
        assert_eq!(said(&second, "reconnect"), 200, "each once");
        push_to(&hub, "1", "from the second", 50);
        for (_, client) in clients.iter_mut().skip(1).step_by(4) {
            assert_eq!(client.hears().data, "from elsewhere");
            assert_eq!(client.hears().data, "from the second");
        }
        let (connection, client) = clients.swap_remove(17);
        drop(client);
        second.says(&format!("worker: disconnect {connection} 1"));
        assert_eq!(said(&second, "disconnect"), 1);
    });
}

#[test]
fn s06_clients_are_told_when_nobody_comes() {
    case("s06_nobody_comes", Weight::Light, LIMIT, || {
        let config = "listen = [\"127.0.0.1:0\"]\n[events]\ndelegated-grace = \"300ms\"\n";
        let hub = Hub::builder().config(config).start();
        let mut worker = worker(&hub);
        let mut client = Listener::open(&hub, "/sse/a");
        client.ready();
        worker.process.kill();
        let end = client.hears();
        assert_eq!((&*end.event, &*end.data), ("end", "{\"reason\":\"gone\"}"));
        assert_eq!(client.try_hears().expect("a proper end"), None);
        wait_count(&hub, "lost", 1);
    });
}

#[test]
fn h08_a_newer_generation_has_the_clients_and_loses_none() {
    case("h08_generation", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let builder = |generation| Worker::builder(Flavor::Rust, &hub).generation(generation);
        let mut old = builder(1).start(&hub);
        let mut clients: Vec<_> = (0..50).map(|_| Listener::open(&hub, "/sse/a")).collect();
        for client in &mut clients {
            client.ready();
        }
        let new = builder(2).start(&hub);
        wait_count(&hub, "moved", 50);
        assert!(old.process.wait_end(SOON).success(), "it ends by itself");
        push_to(&hub, "a", "after", 50);
        for client in &mut clients {
            assert_eq!(client.hears().data, "after");
        }
        drop(clients);
        wait_count(&hub, "told", 50);
        wait_said(&new, "reconnect", 50);
        wait_said(&new, "disconnect", 50);
        assert_eq!(said(&old, "disconnect"), 0, "they were not its own any more");
    });
}

#[test]
fn s07_the_statuses_of_a_push() {
    case("s07_statuses", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let _worker = worker(&hub);
        let mut client = Listener::open(&hub, "/sse/a");
        let connection = client.ready();
        push_to(&hub, "a", "x", 1);
        push(&hub, &json!({ "path": "/sse/b", "data": "x" })).expect(404);
        push(&hub, &json!({ "path": "/sse/a" })).expect(400);
        let bye = json!({ "connection": connection, "event": "bye", "data": "", "close": true });
        push(&hub, &bye).expect(200);
        assert_eq!((client.hears().data, client.hears().event), ("x".to_owned(), "bye".to_owned()));
        assert_eq!(client.hears().data, "{\"reason\":\"closed\"}");
        wait_count(&hub, "told", 1);
        push(&hub, &json!({ "connection": connection, "data": "x" })).expect(410);
    });
}

#[test]
fn s07_a_worker_pushes_through_its_region_to_clients_of_its_own() {
    case("s07_through_the_region", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let worker = worker(&hub);
        let other = Worker::builder(Flavor::Rust, &hub).name("other").prefix("/other").start(&hub);
        // Pushed from within the handler: it comes after the head, and is not lost.
        let mut client = Listener::open(&hub, "/sse/a?hello=hi");
        let connection = client.ready();
        assert_eq!((client.hears().data, client.hears().data), ("hi".to_owned(), "hi".to_owned()));
        wait_said(&worker, "pushed Ok(200)", 2);

        let push = |prefix: &str, to: &str, data: &str| {
            hub.send(Request::post(&format!("{prefix}/push?{to}"), data)).expect(200).text()
        };
        let alone = format!("connection={connection}");
        for number in 0..20 {
            let to = if number % 2 == 0 { "path=/sse/a" } else { &*alone };
            assert_eq!(push("", to, &number.to_string()), "200");
        }
        for number in 0..20 {
            assert_eq!(client.hears().data, number.to_string(), "in the order of the pushes");
        }
        assert_eq!(push("", "path=/sse/b", "x"), "404");
        assert_eq!(push("", "path=sse", "x"), "400");
        assert_eq!(push("", "connection=seven", "x"), "400");
        for to in ["path=/sse/a", &*alone] {
            assert_eq!(push("/other", to, "stolen"), "404", "they are not its own");
        }
        assert_eq!(push("", "path=/sse/a", "last"), "200");
        assert_eq!(client.hears().data, "last");
        drop(client);
        worker.says(&format!("worker: disconnect {connection} a"));
        assert_eq!(push("", &alone, "x"), "410");
        drop(other);
    });
}

#[test]
fn s08_a_hub_that_ends_sends_its_clients_away_over_a_while() {
    case("s08_shutdown", Weight::Light, LIMIT, || {
        let mut hub = Hub::start();
        let _worker = worker(&hub);
        let mut clients: Vec<_> =
            (0..300).map(|at| Listener::open(&hub, &format!("/sse/{}", at % 7))).collect();
        for client in &mut clients {
            client.ready();
        }
        hub.process.signal(Signal::TERM);
        let mut times = HashSet::new();
        for client in &mut clients {
            let end = client.hears();
            assert_eq!((&*end.event, &*end.data), ("end", "{\"reason\":\"shutdown\"}"));
            times.insert(end.retry.expect("it says when to come back"));
            assert_eq!(client.try_hears().expect("a proper end"), None);
        }
        assert!(times.len() > 50, "they do not come back at once: {times:?}");
        assert!(hub.process.wait_end(Duration::from_secs(10)).success(), "within the grace time");
    });
}
