//! Publishing by POST and listening by GET on the admin surface.

mod common;

use common::{Client, Reply, Rig};
use serde_json::{Value, json};

const NDJSON: &str = "content-type: application/x-ndjson\r\n";

fn admin(rig: &Rig) -> Client {
    Client::unix(rig.hub().admin_path().unwrap())
}

fn post(rig: &Rig, target: &str, headers: &str, body: &[u8]) -> Reply {
    admin(rig).request("POST", target, headers, body)
}

/// What listens, with the lines that have come and are not read yet.
struct Tail {
    client: Client,
    lines: Vec<u8>,
}

impl Tail {
    fn new(rig: &Rig, query: &str) -> Tail {
        let mut client = admin(rig);
        client.send("GET", &format!("/internal/tail?{query}"), "", b"");
        let head = client.head();
        assert_eq!(head.status, 200, "{head:?}");
        assert_eq!(head.header("content-type"), Some("application/x-ndjson"));
        Tail { client, lines: Vec::new() }
    }

    fn next(&mut self) -> Value {
        loop {
            if let Some(end) = self.lines.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.lines.drain(..=end).collect();
                return serde_json::from_slice(&line).unwrap();
            }
            self.lines.extend(self.client.chunk().expect("one more line"));
        }
    }
}

#[test]
fn an_event_whose_payload_is_the_body_arrives_byte_for_byte() {
    let rig = Rig::new();
    let mut tail = Tail::new(&rig, "topic=a.*");
    let target = "/internal/emit?topic=a.b&type=note&id=n1&principal=alice";
    let published = post(&rig, target, "", b"one\r\ntwo");
    assert_eq!(published.status, 200, "{published:?}");
    let event = tail.next();
    assert_eq!(event["seq"], published.json()["seq"]);
    assert_eq!(event["topic"], "a.b");
    assert_eq!(event["type"], "note");
    assert_eq!(event["id"], "n1");
    assert_eq!(event["principal"], "alice");
    assert_eq!(event["data"], "one\r\ntwo");
    assert!(event["at_ms"].as_u64().unwrap() > 1_600_000_000_000);

    assert_eq!(post(&rig, "/internal/emit?topic=a.b", "", b"\x00\xff").status, 200);
    assert_eq!(tail.next()["data_base64"], "AP8=");
}

#[test]
fn json_and_lists_and_lines_are_published_in_order() {
    let rig = Rig::new();
    let mut tail = Tail::new(&rig, "topic=%23");
    assert_eq!(post(&rig, "/internal/emit", "", br#"{"topic":"one","data":{"n":1}}"#).status, 200);
    let list =
        br#"[{"topic":"two"},{"topic":"..","data":"x"},{"topic":"three","must_deliver":true}]"#;
    let made = post(&rig, "/internal/emit", "", list).json();
    assert_eq!((&made["published"], &made["refused"]), (&json!(2), &json!(1)), "{made}");
    assert_eq!(made["refusals"][0]["line"], 2);
    assert_eq!(made["refusals"][0]["code"], "bad_request");

    let lines = b"{\"topic\":\"four\"}\n\nnonsense\n{\"topic\":\"five\"}";
    let made = post(&rig, "/internal/emit", NDJSON, lines).json();
    assert_eq!((&made["published"], &made["refused"]), (&json!(2), &json!(1)), "{made}");
    assert_eq!(made["refusals"][0]["line"], 3);

    let topics: Vec<_> =
        (0..5).map(|_| tail.next()["topic"].as_str().unwrap().to_owned()).collect();
    assert_eq!(topics, ["one", "two", "three", "four", "five"]);
}

#[test]
fn a_line_is_published_as_soon_as_it_is_there() {
    let rig = Rig::new();
    let mut tail = Tail::new(&rig, "topic=slow");
    let mut client = admin(&rig);
    let headers = format!("{NDJSON}transfer-encoding: chunked\r\n");
    client.send("POST", "/internal/emit", &headers, b"");
    let line = b"{\"topic\":\"slow\",\"data\":\"first\"}\n";
    client.write(format!("{:x}\r\n", line.len()).as_bytes());
    client.write(line);
    client.write(b"\r\n");
    // The request has not ended.
    assert_eq!(tail.next()["data"], "first");
    client.write(b"0\r\n\r\n");
    assert_eq!(client.reply("POST").json()["published"], 1);
}

#[test]
fn e12_what_is_too_large_or_too_much_has_a_status_of_its_own() {
    let rig = Rig::new();
    let large = vec![b'x'; (5 << 20) + 1];
    let refused = post(&rig, "/internal/emit?topic=a", "", &large);
    assert_eq!((refused.status, refused.code()), (413, "event_too_large".to_owned()));
    for target in
        ["/internal/emit?topic=a..b", "/internal/emit?topic=a&type=x%0Ay", "/internal/emit?tpic=a"]
    {
        let refused = post(&rig, target, "", b"x");
        assert_eq!(refused.status, 400, "{target}: {refused:?}");
    }
    let refused = admin(&rig).get("/internal/emit");
    assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")));
    assert_eq!(rig.admin("/internal/bus")["published"], 0);
}

#[test]
fn e11_the_bus_tells_of_its_subscribers() {
    let rig = Rig::new();
    let mut tail = Tail::new(&rig, "topic=a.*&topic=b");
    let other = Tail::new(&rig, "topic=c&principal=alice");
    for n in 0..10 {
        post(&rig, &format!("/internal/emit?topic=a.{n}"), "", b"x");
    }
    for _ in 0..10 {
        tail.next();
    }
    common::wait_until("all are counted as delivered", || {
        rig.admin("/internal/bus")["total"]["lossy"]["delivered"] == 10
    });
    let bus = rig.admin("/internal/bus");
    assert_eq!(bus["published"], 10);
    assert_eq!(bus["subscriptions"], 2);
    assert_eq!(bus["labels"]["tail"]["subscriptions"], 2);
    let patterns: Vec<_> =
        bus["subscribers"].as_array().unwrap().iter().map(|of| &of["patterns"]).collect();
    assert!(patterns.contains(&&json!(["a.*", "b"])), "{bus}");
    let metrics = admin(&rig).get("/metrics");
    let metrics = metrics.text();
    for line in [
        "slotway_events_published_total{class=\"lossy\"} 10",
        "slotway_events_delivered_total{label=\"tail\",class=\"lossy\"} 10",
        "slotway_event_subscriptions{label=\"tail\"} 2",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    // Who leaves is gone.
    drop(other);
    common::wait_until("the other has left", || rig.admin("/internal/bus")["subscriptions"] == 1);
}

#[test]
fn a_tail_begins_with_what_is_held_and_ends_with_the_hub() {
    let rig = Rig::new();
    let first = post(&rig, "/internal/emit?topic=h", "", b"0").json()["seq"].as_u64().unwrap();
    for n in 1..4 {
        post(&rig, "/internal/emit?topic=h", "", format!("{n}").as_bytes());
    }
    let mut tail = Tail::new(&rig, &format!("topic=h&after={first}"));
    for n in 1..4 {
        assert_eq!(tail.next()["data"], format!("{n}"));
    }
    let mut earlier = Tail::new(&rig, "topic=h&after=1");
    let gap = earlier.next();
    assert_eq!(gap["gap"]["missed"], Value::Null, "of an earlier run nothing is known: {gap}");
    assert_eq!(earlier.next()["data"], "0");
    let mut all = Tail::new(&rig, "topic=h&after=0");
    assert_eq!(all.next()["data"], "0");
    rig.shutdown();
    assert_eq!(tail.client.chunk(), Some(Vec::new()), "a clean end");
}

#[test]
fn another_principals_events_are_not_told() {
    let rig = Rig::new();
    let mut tail = Tail::new(&rig, "topic=p&principal=alice");
    for principal in ["bob", "alice"] {
        post(
            &rig,
            &format!("/internal/emit?topic=p&principal={principal}"),
            "",
            principal.as_bytes(),
        );
    }
    assert_eq!(tail.next()["data"], "alice");
}
