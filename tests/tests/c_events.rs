//! Events and streams of workers in C: `c/events.c`, whose loops block in `poll` alone.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use slotway_tests::http::{Connection, Request};
use slotway_tests::listener::Listener;
use slotway_tests::{Hub, Process, Weight, artifacts, case, eventually};

const SOON: Duration = Duration::from_secs(20);
const LIMIT: Duration = Duration::from_secs(90);

fn start(hub: &Hub, args: &[&str]) -> Process {
    let mut command = artifacts::events();
    Process::start(args[0], command.arg(hub.control_path()).args(args))
}

/// A subscriber: its n-th pattern's events are lines that begin with n.
fn listen(hub: &Hub, patterns: &[&str]) -> Process {
    let process = start(hub, &[&["listen"], patterns].concat());
    process.wait_line("worker: ready", SOON);
    process
}

fn publish(hub: &Hub, topic: &str, count: u64, bytes: u64, batch: u64) -> Process {
    let [count, bytes, batch] = [count, bytes, batch].map(|number| number.to_string());
    start(hub, &["publish", topic, &count, &bytes, &batch, "0"])
}

/// Events by way of the admin surface.
#[track_caller]
fn emit(hub: &Hub, query: &str, data: &str) {
    let request = Request::local_post(&format!("/internal/emit?{query}"), data);
    let mut admin = Connection::open_unix(&hub.admin_path()).expect("an admin socket");
    admin.exchange(&request.close()).expect("an answer").expect(200);
}

/// What the subscriber printed of its n-th subscription, without the line's beginning.
fn lines(process: &Process, subscription: usize) -> Vec<String> {
    let begin = format!("worker: {subscription} ");
    let lines = process.lines();
    lines.iter().filter_map(|line| line.strip_prefix(&begin).map(str::to_owned)).collect()
}

/// Events that stand in those lines or were lost, by a gap's word.
fn accounted(lines: &[String]) -> u64 {
    let missed = |line: &String| {
        line.strip_prefix("gap ")
            .map(|rest| rest.split_whitespace().next().and_then(|count| count.parse::<u64>().ok()))
    };
    lines.iter().map(|line| missed(line).map_or(1, |count| count.expect("a number"))).sum()
}

/// The number of an event of `publish`, which has to be whole.
#[track_caller]
fn number_of(line: &str, bytes: u64) -> u64 {
    let payload = line.rsplit(' ').next().expect("a payload");
    let (digits, letters) = payload.split_at(10);
    let number: u64 = digits.parse().unwrap_or_else(|_| panic!("a torn event: {line}"));
    let length = if bytes <= 10 { 10 } else { 10 + number * 7919 % (bytes - 9) };
    assert_eq!(payload.len() as u64, length, "a torn event: {line}");
    let letter = char::from(b'a' + (number % 26) as u8);
    assert!(letters.chars().all(|each| each == letter), "a torn event: {line}");
    number
}

#[test]
fn b08_a_crowd_of_events_from_c_to_c_arrives_in_order() {
    case("b08_a_crowd_of_events_from_c_to_c", Weight::Heavy, LIMIT, || {
        const COUNT: u64 = 10_000;
        let hub = Hub::start();
        let listener = listen(&hub, &["crowd.*"]);
        let publisher = publish(&hub, "crowd.a", COUNT, 300, 64);
        publisher.wait_line("worker: published 10000", SOON);
        eventually("all have arrived", SOON, || {
            (accounted(&lines(&listener, 0)) >= COUNT).then_some(())
        });
        let lines = lines(&listener, 0);
        let mut last = (0, None);
        for (expected, line) in (0..).zip(&lines) {
            assert_eq!(number_of(line, 300), expected, "none is lost, none comes twice");
            let mut words = line.split(' ');
            assert_eq!(words.next(), Some("event"));
            let seq: u64 = words.next().and_then(|seq| seq.parse().ok()).expect("a number");
            assert!(seq > last.0, "{line}");
            assert!(line.contains(" crowd.a token [] [] "), "{line}");
            last = (seq, Some(line));
        }
        assert_eq!(lines.len() as u64, COUNT);
    });
}

#[test]
fn every_field_of_an_event_arrives_in_c() {
    case("every_field_of_an_event_arrives_in_c", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let mut listener = listen(&hub, &["a.*", "b"]);
        emit(&hub, "topic=a.b.c&type=told&id=7&principal=ann", "both words");
        emit(&hub, "topic=b", "");
        emit(&hub, "topic=a", "not below itself");
        emit(&hub, "topic=a.end", "x");
        listener.wait_line(" a.end message [] [] x", SOON);
        let of_a = lines(&listener, 0);
        assert_eq!(of_a.len(), 2, "{of_a:?}");
        assert!(of_a[0].ends_with(" a.b.c told [ann] [7] both words"), "{of_a:?}");
        let of_b = lines(&listener, 1);
        assert_eq!(of_b.len(), 1, "{of_b:?}");
        assert!(of_b[0].ends_with(" b message [] []"), "{of_b:?}");
        listener.signal(Signal::TERM);
        assert_eq!(listener.wait_end(SOON).code(), Some(0));
    });
}

#[test]
fn e08_a_c_subscription_that_nobody_reads_holds_up_none_and_tells_its_gap() {
    let name = "e08_a_c_subscription_that_nobody_reads_holds_up_none_and_tells_its_gap";
    case(name, Weight::Light, LIMIT, || {
        const COUNT: u64 = 2_000;
        let hub = Hub::start();
        let listener = listen(&hub, &["-", "flood.a", "flood.*"]);
        let _publisher = publish(&hub, "flood.a", COUNT, 100, 7);
        eventually("the one that is read has all", SOON, || {
            (accounted(&lines(&listener, 1)) >= COUNT).then_some(())
        });
        assert_eq!(lines(&listener, 0), [""; 0], "it is not read");
        listener.signal(Signal::USR1);
        eventually("the other accounts for all", SOON, || {
            (accounted(&lines(&listener, 0)) >= COUNT).then_some(())
        });
        let held = lines(&listener, 0);
        assert_eq!(accounted(&held), COUNT, "{held:?}");
        assert!(held.iter().any(|line| line.starts_with("gap ")), "{held:?}");
        let last = held.iter().rev().find(|line| line.starts_with("event "));
        assert_eq!(number_of(last.expect("the newest stay"), 100), COUNT - 1);
    });
}

#[test]
fn a_c_publisher_that_is_killed_leaves_whole_events_only() {
    case("a_c_publisher_that_is_killed_leaves_whole_events_only", Weight::Heavy, LIMIT, || {
        const BYTES: u64 = 9_000;
        let hub = Hub::start();
        for round in 0..5 {
            let topic = format!("killed.{round}");
            let listener = listen(&hub, &[&topic]);
            let mut publisher = publish(&hub, &topic, 0, BYTES, 1 + round * 9);
            eventually("it publishes", SOON, || (lines(&listener, 0).len() > 200).then_some(()));
            publisher.kill();
            // What it left in its outbox is published; the next event is after all of it.
            hub.wait_departed(publisher.pid());
            eventually("the last word arrives", SOON, || {
                emit(&hub, &format!("topic={topic}&type=last"), "x");
                (listener.count_lines(" last ") > 0).then_some(())
            });
            let mut next = 0;
            for line in lines(&listener, 0).iter().filter(|line| !line.contains(" last ")) {
                if line.starts_with("gap ") {
                    next += accounted(std::slice::from_ref(line));
                    continue;
                }
                assert_eq!(number_of(line, BYTES), next, "in order, each once");
                next += 1;
            }
        }
        emit(&hub, "topic=still.there", "x");
    });
}

#[test]
fn c_publishers_and_subscribers_outlive_their_hub() {
    case("c_publishers_and_subscribers_outlive_their_hub", Weight::Light, LIMIT, || {
        let mut hub = Hub::start();
        let listener = listen(&hub, &["life.*"]);
        let publisher = start(&hub, &["publish", "life.goes.on", "0", "20", "1", "1000"]);
        for round in 1..=2 {
            let seen = lines(&listener, 0).len();
            eventually("events come", SOON, || {
                (lines(&listener, 0).len() > seen + 100).then_some(())
            });
            if round == 1 {
                let dir = Arc::clone(hub.dir());
                hub.process.kill();
                hub = Hub::builder().dir(&dir).start();
            }
        }
        drop(publisher);
        let seen: Vec<u64> = lines(&listener, 0)
            .iter()
            .filter(|line| line.starts_with("event "))
            .map(|line| number_of(line, 20))
            .collect();
        assert!(seen.is_sorted_by(|one, next| one < next), "in order, none twice: {seen:?}");
    });
}

#[test]
fn a_full_outbox_is_seen_in_c_and_room_wakes_its_loop() {
    case("a_full_outbox_is_seen_in_c_and_room_wakes_its_loop", Weight::Light, LIMIT, || {
        const COUNT: u64 = 1_000;
        let hub = Hub::start();
        let listener = listen(&hub, &["full.*"]);
        let publisher = start(&hub, &["offer", "full.a", &COUNT.to_string(), "5000"]);
        publisher.wait_line("worker: ready", SOON);
        hub.process.stop();
        publisher.signal(Signal::USR1);
        publisher.wait_line("worker: full", SOON);
        assert_eq!(publisher.count_lines("worker: offered"), 0, "nobody takes them");
        hub.process.go_on();
        publisher.wait_line(&format!("worker: offered {COUNT}"), SOON);
        eventually("all have arrived", SOON, || {
            (accounted(&lines(&listener, 0)) >= COUNT).then_some(())
        });
        assert_eq!(accounted(&lines(&listener, 0)), COUNT);
        let numbers: Vec<u64> = lines(&listener, 0)
            .iter()
            .filter(|line| line.starts_with("event "))
            .map(|line| number_of(line, 5000))
            .collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    });
}

/// A worker that owns `/sse/{room}`.
fn streams(hub: &Hub) -> Process {
    let process = start(hub, &["streams"]);
    hub.wait_registered(process.pid(), "streams");
    process
}

/// Pushes through the worker; gives the status that it heard.
#[track_caller]
fn push(hub: &Hub, how: &str, whom: &str, kind: &str, data: &str) -> String {
    let target = format!("/push/{how}/{whom}{kind}");
    hub.send(Request::post(&target, data)).expect(200).text()
}

#[test]
fn s05_a_c_worker_hears_who_comes_and_refuses() {
    case("s05_a_c_worker_hears_who_comes_and_refuses", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let worker = streams(&hub);
        let refused = hub.get("/sse/a?refuse").expect(402);
        assert_eq!(refused.text(), "pay first");
        let request = Request::get("/sse/a%20b?x=1").header("x-mark", "seen");
        let mut client = Listener::with(&hub, &request);
        let connection = client.ready();
        worker.wait_line(&format!("worker: connect {connection} a b [x=1] [seen]"), SOON);
        drop(client);
        worker.wait_line(&format!("worker: disconnect {connection} a b [x=1] []"), SOON);
        assert_eq!(worker.count_lines("worker: disconnect"), 1, "once");
        hub.wait_all_free();
    });
}

#[test]
fn s07_a_c_worker_pushes_by_path_pattern_and_connection() {
    case("s07_a_c_worker_pushes_by_path_pattern_and_connection", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let worker = streams(&hub);
        let mut one = Listener::open(&hub, "/sse/a");
        let mut other = Listener::open(&hub, "/sse/a");
        let (first, _) = (one.ready(), other.ready());
        assert_eq!(push(&hub, "path", "a", "?said", "to both\nof you"), "200");
        assert_eq!(push(&hub, "pattern", "a", "", "to both again"), "200");
        assert_eq!(push(&hub, "connection", &first, "", "to one"), "200");
        for client in [&mut one, &mut other] {
            let heard = client.hears();
            assert_eq!((&*heard.event, &*heard.data), ("said", "to both\nof you"));
            assert_eq!(client.hears().data, "to both again");
        }
        assert_eq!(one.hears().data, "to one");
        assert_eq!(push(&hub, "path", "b", "", "x"), "404");
        assert_eq!(push(&hub, "connection", "1", "", "x"), "404");
        let nobody = hub.send(Request::post("/push/none/a", "x")).expect(500);
        assert!(nobody.text().contains("set one of them"), "{}", nobody.text());
        assert_eq!(push(&hub, "connection", &first, "?close", "bye"), "200");
        assert_eq!(one.hears().data, "bye");
        assert_eq!(one.hears().data, "{\"reason\":\"closed\"}");
        worker.wait_line(&format!("worker: disconnect {first} a"), SOON);
        assert_eq!(push(&hub, "connection", &first, "", "x"), "410");
    });
}

#[test]
fn s06_a_c_worker_that_comes_back_has_its_clients_again() {
    case("s06_a_c_worker_that_comes_back_has_its_clients_again", Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let mut worker = streams(&hub);
        let mut clients: Vec<_> = (0..50)
            .map(|at| {
                let mut client = Listener::open(&hub, &format!("/sse/{}", at % 3));
                (client.ready(), client)
            })
            .collect();
        worker.kill();
        let worker = streams(&hub);
        for (at, (connection, _)) in clients.iter().enumerate() {
            worker.wait_line(&format!("worker: reconnect {connection} {}", at % 3), SOON);
        }
        assert_eq!(push(&hub, "path", "1", "", "back"), "200");
        for (_, client) in clients.iter_mut().skip(1).step_by(3) {
            assert_eq!(client.hears().data, "back");
        }
        assert_eq!(worker.count_lines("worker: reconnect"), 50, "each once");
    });
}

#[test]
fn s04_a_crowd_of_tokens_from_c_reaches_a_client_in_order() {
    case("s04_a_crowd_of_tokens_from_c_reaches_a_client_in_order", Weight::Heavy, LIMIT, || {
        const COUNT: u64 = 10_000;
        let hub = Hub::start();
        let worker = streams(&hub);
        let mut client = Listener::open(&hub, "/sse/a");
        client.ready();
        hub.send(Request::post(&format!("/tokens/a/{COUNT}"), "")).expect(202);
        for expected in 0..COUNT {
            let heard = client.hears();
            let text = expected.to_string();
            assert_eq!((heard.id.as_ref(), &heard.data), (Some(&text), &text));
        }
        worker.wait_line(&format!("worker: pushed {COUNT}"), SOON);
    });
}
