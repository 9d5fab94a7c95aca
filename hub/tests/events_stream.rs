//! Streams of events to browsers: how they begin, what they carry, how they end.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::h2::{Session, block_on};
use common::{Client, Rig, Source, wait_until};
use http::Method;
use http_body_util::BodyExt;
use slotway_hub::Config;
use slotway_hub::bus::Draft;
use slotway_hub::config::{Channel, Cors, Envelope, Lag};

/// A hub that opens everything to everybody.
fn open(change: impl FnOnce(&mut Config)) -> Rig {
    Rig::with(|config| {
        config.events.path = Some("/events".to_owned());
        config.events.topics = vec!["#".to_owned()];
        change(config);
    })
}

fn publish(rig: &Rig, topic: &str, kind: &str, payload: &str) -> u64 {
    let draft = Draft::new(topic.to_owned()).kind(kind.to_owned()).payload(payload.to_owned());
    rig.hub().bus().publish(draft).unwrap().seq
}

fn source(rig: &Rig, query: &str) -> Source {
    Source::open(rig.hub().address(), &format!("/events?{query}"), "").ready()
}

fn metric(rig: &Rig, name: &str) -> u64 {
    let mut client = Client::unix(rig.hub().admin_path().unwrap());
    let reply = client.get("/metrics");
    let text = reply.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name}\n{text}")).parse().unwrap()
}

/// Goal: S01, nothing published after the head is missed; the head comes before any event,
/// with `ready`, an id and a time to come back after.
#[test]
fn s01_nothing_after_the_head_is_missed() {
    let rig = open(|_| {});
    let before = publish(&rig, "a.b", "message", "before");
    let address = rig.hub().address();
    let mut sources = Vec::new();
    for number in 0..50 {
        let mut source = Source::open(address, "/events?topic=a.*&topic=c", "");
        // Its head is there, so it hears this.
        publish(&rig, "a.b", "state", &format!("{number}"));
        let ready = source.expect("ready");
        assert_eq!((ready.retry, &*ready.data), (Some(2000), r#"{"topics":["a.*","c"]}"#));
        assert!(ready.id.parse::<u64>().unwrap() >= before);
        sources.push(source);
    }
    publish(&rig, "x", "message", "for nobody");
    let last = publish(&rig, "c", "message", "last");
    for (number, source) in sources.iter_mut().enumerate() {
        assert_eq!(source.status, 200);
        assert_eq!(source.header("content-type"), Some("text/event-stream"));
        assert_eq!(source.header("content-encoding"), None);
        assert!(source.header("cache-control").unwrap().contains("no-store"));
        // Perhaps the one or other from before it asked, then everything.
        let first: usize = source.expect("state").data.parse().unwrap();
        assert!(first <= number);
        for next in first + 1..50 {
            let event = source.expect("state");
            assert_eq!(event.data, next.to_string());
        }
        let event = source.expect("message");
        assert_eq!((event.data.as_str(), event.id), ("last", last.to_string()));
    }
    assert_eq!(metric(&rig, "slotway_streams_open{origin=\"bus\"}"), 50);
    drop(sources);
    wait_until("nobody listens", || metric(&rig, "slotway_streams_open{origin=\"bus\"}") == 0);
    assert_eq!(metric(&rig, "slotway_streams_ended_total{origin=\"bus\",reason=\"left\"}"), 50);
    // The last one each, at least.
    assert!(metric(&rig, "slotway_stream_events_total{origin=\"bus\"}") > 50);
}

/// Goal: S01, what is quiet is kept alive by comments.
#[test]
fn s01_comments_keep_a_quiet_stream_alive() {
    let rig = open(|config| config.events.keep_alive = Duration::from_millis(50));
    let mut source = source(&rig, "topic=a");
    let start = Instant::now();
    let bus = rig.hub().bus().clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(400));
        bus.publish(Draft::new("a")).unwrap();
    });
    source.expect("message");
    let most = start.elapsed().as_millis() as usize / 50 + 1;
    assert!((2..=most).contains(&source.comments), "{} of {most}", source.comments);
}

/// Goal: payloads with any ends of lines, and types with odd ones, come through whole.
#[test]
fn payloads_of_any_form_are_one_event_each() {
    let rig = open(|_| {});
    let mut source = source(&rig, "topic=a");
    for (payload, data) in [
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("\n\ndata: forged\n\n", "\n\ndata: forged\n\n"),
        ("", ""),
        (" lead", " lead"),
    ] {
        publish(&rig, "a", "ü:x", payload);
        let event = source.expect("ü:x");
        assert_eq!(event.data, data);
    }
    rig.hub().bus().publish(Draft::new("a").payload(b"a\xffb".to_vec())).unwrap();
    assert_eq!(source.expect("message").data, "a\u{fffd}b");
    // What would end a line is refused where it is published.
    for bad in ["a\nb", "a\rb", "a\0b"] {
        let bus = rig.hub().bus();
        bus.publish(Draft::new("a").kind(bad)).unwrap_err();
        bus.publish(Draft::new("a").id(bad)).unwrap_err();
    }
}

/// Goal: who listens to several topics can tell them apart.
#[test]
fn an_envelope_says_the_topic() {
    let rig = open(|config| {
        config.channels = vec![Channel {
            name: "all".to_owned(),
            topics: vec!["#".to_owned()],
            envelope: Some(Envelope::Json),
            ..Channel::default()
        }];
    });
    let mut plain = source(&rig, "topic=a.*");
    let mut asked = source(&rig, "topic=a.*&envelope=json");
    let address = rig.hub().address();
    let mut channel = Source::open(address, "/events/all", "").ready();
    let draft = Draft::new("a.b").kind("state").id("own").payload(r#"{ "x": [1] }"#);
    rig.hub().bus().publish(draft).unwrap();
    let second = publish(&rig, "a.c", "message", "text");
    assert_eq!(plain.expect("state").data, r#"{ "x": [1] }"#);
    assert_eq!(plain.expect("message").data, "text");
    for source in [&mut asked, &mut channel] {
        let first = r#"{"topic":"a.b","type":"state","id":"own","data":{ "x": [1] }}"#;
        assert_eq!(source.expect("state").data, first);
        let text = format!(r#"{{"topic":"a.c","type":"message","id":"{second}","text":"text"}}"#);
        assert_eq!(source.expect("message").data, text);
    }
}

#[test]
fn what_cannot_be_asked_for_is_a_problem() {
    let rig = open(|config| {
        config.events.topics = vec!["news.*".to_owned(), "a".to_owned()];
        config.events.patterns = 2;
        config.channels = vec![Channel {
            name: "hidden.one".to_owned(),
            topics: vec!["hidden".to_owned()],
            ..Channel::default()
        }];
    });
    for (method, path, status, code) in [
        ("GET", "/events", 400, "bad_request"),
        ("GET", "/events?topic=a..b", 400, "bad_request"),
        ("GET", "/events?topic=a&topic=news.b&topic=news.c", 400, "bad_request"),
        ("GET", "/events?topic=hidden", 403, "topic_forbidden"),
        ("GET", "/events?topic=a&topic=%23", 403, "topic_forbidden"),
        ("GET", "/events?topic=*", 403, "topic_forbidden"),
        ("GET", "/events/none", 404, "no_route"),
        ("GET", "/events/hidden.one?topic=a", 400, "bad_request"),
        ("GET", "/events/hidden.one/x", 404, "no_route"),
        ("GET", "/events/", 404, "no_route"),
        ("GET", "/eventsx", 404, "no_route"),
        ("POST", "/events?topic=a", 405, "method_not_allowed"),
    ] {
        let reply = rig.client().request(method, path, "", b"");
        assert_eq!((reply.status, &*reply.code()), (status, code), "{method} {path}");
    }
    let reply = rig.client().request("HEAD", "/events?topic=a", "", b"");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/event-stream")));
    let reply = rig.client().request("OPTIONS", "/events", "", b"");
    assert_eq!((reply.status, reply.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
    Source::open(rig.hub().address(), "/events/hidden.one", "").ready();
    // Nothing is open unless a path says so.
    let closed = Rig::new();
    assert_eq!(closed.get("/events?topic=a").status, 404);
}

#[test]
fn streams_are_counted_against_their_limits() {
    let rig = open(|config| {
        config.events.clients = 3;
        config.events.per_client = Some(2);
        config.forwarded.trust = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let ask = |ip: &str| {
        let headers = format!("x-forwarded-for: {ip}\r\n");
        Source::open(rig.hub().address(), "/events?topic=a", &headers)
    };
    let (one, two) = (ask("192.0.2.1").ready(), ask("192.0.2.1").ready());
    let third = ask("192.0.2.1");
    assert_eq!(third.status, 429);
    assert!(third.body().contains("too_many_requests"));
    let other = ask("192.0.2.2").ready();
    let fourth = ask("192.0.2.2");
    assert_eq!((fourth.status, fourth.header("retry-after")), (503, Some("1")));
    assert!(fourth.body().contains("too_many_streams"));
    drop(one);
    wait_until("there is room again", || ask("192.0.2.1").status == 200);
    drop((two, other));
}

/// Goal: pages of another origin may listen where CORS lets them, and ask before they do.
#[test]
fn another_origin_may_listen_where_cors_lets_it() {
    let rig = open(|config| {
        config.cors = Some(Cors {
            origins: vec!["https://app.example".to_owned()],
            headers: vec!["authorization".to_owned()],
            ..Cors::default()
        });
    });
    let address = rig.hub().address();
    let source = Source::open(address, "/events?topic=a", "origin: https://app.example\r\n");
    assert_eq!(source.header("access-control-allow-origin"), Some("https://app.example"));
    source.ready();
    let other = Source::open(address, "/events?topic=a", "origin: https://evil.example\r\n");
    assert_eq!(other.header("access-control-allow-origin"), None);
    let asks = "origin: https://app.example\r\naccess-control-request-method: GET\r\n";
    let reply = rig.client().request("OPTIONS", "/events?topic=a", asks, b"");
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-headers"), Some("authorization"));
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET, HEAD, OPTIONS"));
}

/// Goal: where responses are compressed, streams of events are not held back by it.
#[test]
fn a_stream_is_not_compressed() {
    let rig = open(|config| {
        config.compression.enabled = true;
        config.compression.min_bytes = 0;
    });
    let headers = "accept-encoding: gzip, br, zstd\r\n";
    let source = Source::open(rig.hub().address(), "/events?topic=a", headers);
    assert_eq!(source.header("content-encoding"), None);
    let mut source = source.ready();
    publish(&rig, "a", "message", "x");
    assert_eq!(source.expect("message").data, "x");
}

/// Goal: HTTP/1.0 has no chunks; the stream ends with its connection.
#[test]
fn http_1_0_gets_a_stream_without_chunks() {
    let rig = open(|_| {});
    let mut stream = TcpStream::connect(rig.hub().address()).unwrap();
    stream.set_read_timeout(Some(common::WATCHDOG)).unwrap();
    stream.write_all(b"GET /events?topic=a HTTP/1.0\r\n\r\n").unwrap();
    let mut seen = Vec::new();
    let mut until = |words: &[u8]| {
        while !seen.windows(words.len()).any(|window| window == words) {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).unwrap();
            assert!(count > 0, "{:?}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&bytes[..count]);
        }
        String::from_utf8(seen.clone()).unwrap()
    };
    until(b"event: ready\n");
    publish(&rig, "a", "message", "x");
    let all = until(b"data: x\n\n");
    assert!(!all.to_ascii_lowercase().contains("transfer-encoding"), "{all}");
}

/// Goal: S04, who reads too slowly is told of a gap where that is wanted, and gets on.
#[test]
fn s04_a_slow_client_may_be_told_of_a_gap() {
    let rig = open(|config| {
        config.events.lag = Lag::Gap;
        config.events.feed_bytes = 64 << 10;
    });
    let (mut slow, mut quick) = (source(&rig, "topic=a"), source(&rig, "topic=a"));
    let payload = "x".repeat(60_000);
    let last = 500;
    for number in 1..=last {
        publish(&rig, "a", &number.to_string(), &payload);
        quick.expect(&number.to_string());
    }
    let mut expected = 1;
    let mut gaps = 0;
    while expected <= last {
        let event = slow.next().unwrap();
        if event.kind == "gap" {
            let gap: serde_json::Value = serde_json::from_str(&event.data).unwrap();
            assert_eq!(gap["reason"], "lag");
            expected += gap["missed"].as_u64().unwrap();
            gaps += 1;
        } else {
            assert_eq!(event.kind, expected.to_string());
            expected += 1;
        }
    }
    assert!(gaps > 0);
    let missed = metric(&rig, "slotway_stream_events_missed_total{origin=\"bus\"}");
    assert!(missed > 0);
}

/// Goal: S04, one who never reads is ended, harms nobody, and costs a bounded number of bytes.
#[test]
fn s04_a_client_that_never_reads_is_dropped() {
    let rig = open(|config| {
        config.events.feed_bytes = 1 << 20;
        config.times.idle = Duration::from_millis(300);
    });
    let mut quick = source(&rig, "topic=a");
    let stuck = source(&rig, "topic=a");
    let payload = "x".repeat(60_000);
    let mut number = 0_u64;
    wait_until("the one that does not read is dropped", || {
        for _ in 0..20 {
            number += 1;
            publish(&rig, "a", &number.to_string(), &payload);
            quick.expect(&number.to_string());
        }
        metric(&rig, "slotway_streams_open{origin=\"bus\"}") == 1
    });
    let ended = |reason: &str| {
        metric(&rig, &format!("slotway_streams_ended_total{{origin=\"bus\",reason=\"{reason}\"}}"))
    };
    assert_eq!(ended("stalled") + ended("lagged"), 1, "whichever was first");
    assert!(metric(&rig, "slotway_stream_feed_bytes") < 2 << 20);
    drop(stuck);
}

/// Goal: S08, a shutdown with many streams tells them, spreads them over a time, and is
/// through within the grace time.
#[test]
fn s08_a_shutdown_tells_everybody_and_ends() {
    let mut rig = open(|config| config.events.retry_spread = Duration::from_secs(20));
    let mut sources: Vec<_> = (0..300).map(|_| source(&rig, "topic=a")).collect();
    publish(&rig, "a", "message", "last");
    let shutdown = rig.start_shutdown();
    let mut times = Vec::new();
    for source in &mut sources {
        assert_eq!(source.expect("message").data, "last");
        let end = source.expect("end");
        assert_eq!(end.data, r#"{"reason":"shutdown"}"#);
        times.push(end.retry.unwrap());
        assert_eq!(source.next(), None);
    }
    let start = Instant::now();
    shutdown.join().unwrap();
    assert!(start.elapsed() < Duration::from_secs(10), "within the grace time");
    assert!(times.iter().all(|time| (2000..=22_000).contains(time)), "{times:?}");
    assert!(times.iter().max().unwrap() - times.iter().min().unwrap() > 10_000, "{times:?}");
}

/// Goal: S08, more than a hundred streams on one connection of HTTP/2 get everything.
#[test]
fn s08_many_streams_on_one_connection() {
    let rig = open(|config| config.limits.http2_streams = 300);
    block_on(async {
        let session = Session::connect(rig.hub().address()).await;
        let mut bodies = Vec::new();
        for number in 0..250 {
            let path = format!("/events?topic=a.*&topic=own.{}", number % 5);
            let request = session.request(Method::GET, &path).body(common::h2::full("")).unwrap();
            let response = session.response(request).await;
            assert_eq!(response.status(), 200);
            bodies.push(response.into_body());
        }
        for number in 0..100 {
            publish(&rig, "a.b", "message", &format!("{number:03}"));
        }
        for body in &mut bodies {
            let mut text = String::new();
            while !text.contains("data: 099\n\n") {
                let frame = body.frame().await.unwrap().unwrap();
                text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
            }
            let data: Vec<_> =
                text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            assert!(data[0].starts_with("{\"topics\""));
            let expected: Vec<_> = (0..100).map(|number| format!("{number:03}")).collect();
            assert_eq!(&data[1..], expected);
        }
        let open = tokio::task::spawn_blocking(move || {
            let open = metric(&rig, "slotway_streams_open{origin=\"bus\"}");
            (rig, open)
        });
        let (rig, open) = open.await.unwrap();
        assert_eq!(open, 250);
        drop(bodies);
        drop(session);
        tokio::task::spawn_blocking(move || {
            wait_until("all are gone", || {
                metric(&rig, "slotway_streams_open{origin=\"bus\"}") == 0
            });
            drop(rig);
        })
        .await
        .unwrap();
    });
}
