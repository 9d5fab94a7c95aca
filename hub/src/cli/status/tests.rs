use std::time::{Duration, Instant};

use serde_json::json;

use super::fetch::{Around, whole};
use super::model::{Level, Status};
use super::page::page;
use super::paint::{Paint, piece};
use super::table::fit;
use super::tables::{self, Order};
use super::words;

/// A hub with a bit of everything.
pub(in crate::cli) fn told() -> Status {
    let worker = |id: u64, pid: u32, names: &[&str], level: &str, say: &str| {
        let registrations: Vec<_> = names
            .iter()
            .map(|name| json!({ "name": name, "identity": format!("{name}.{id}"), "in_flight": 2, "rps": 7.5 }))
            .collect();
        json!({
            "id": id, "pid": pid, "sdk": "rust 0.1.0", "names": names, "level": level, "say": say,
            "slots": 96, "in_use": 4, "errors": id, "rps": 100.0 * id as f64,
            "ms": { "p50": 0.214, "p90": 1.0, "p99": 1.9 * id as f64 },
            "instance": format!("{}.{id}", names[0]), "registrations": registrations,
        })
    };
    let told = json!({
        "at_ms": 1_000_000, "rates_ms": 1000,
        "hub": {
            "version": "0.1.0", "pid": 4242, "uptime_s": 11_000, "health": "ok", "missing": [],
            "connections": 12, "in_flight": 3, "waiting": 0, "cpu": 33.6, "rss": 40_000_000,
            "rps": 1204.3, "eps": 0.0, "ms": { "p50": 0.21, "p90": 0.9, "p99": 1.9 },
        },
        "workers": [
            worker(1, 101, &["catalog"], "ok", "2 of 96 slots in use"),
            worker(2, 102, &["catalog"], "sick", "stopped answering 6 s ago; 4 requests hang"),
            worker(3, 103, &["images", "videos"], "ok", "idle"),
            worker(4, 104, &["search"], "leaving", "draining; 2 requests left"),
            // It has a row as one that waits.
            { "id": 8, "pid": 108, "sdk": "python 0.1.0", "names": [], "level": "ok", "say": "idle" },
        ],
        "departed": [{
            "id": 9, "pid": 99, "names": ["media"], "at_ms": 990_000, "level": "sick",
            "reason": "killed", "evicted": false, "detail": "signal 9 ended the process",
        }],
        "supervisor": [
            { "name": "catalog", "wanted": 2, "min": 2, "max": 2, "instances": [
                { "instance": "catalog.1", "pid": 101, "state": "ready", "since_ms": 1, "restarts": 0, "last_exit": null },
                { "instance": "catalog.2", "pid": 102, "state": "ready", "since_ms": 1, "restarts": 1, "last_exit": null },
            ] },
            { "name": "mailer", "wanted": 1, "min": 1, "max": 1, "instances": [
                { "instance": "mailer.1", "pid": null, "state": "crash loop", "since_ms": 12_000, "restarts": 10, "last_exit": "exited with code 3" },
            ] },
        ],
        "queues": [
            { "queue": "media/images", "waiting": 0, "waiting_max": 1024, "in_flight": 4, "capacity": 8, "workers": 2, "oldest_wait_ms": null, "completed": 1200, "failed": 0, "retried": 0, "rejected": 0 },
            { "queue": "media/videos", "waiting": 16, "waiting_max": 16, "in_flight": 17, "capacity": 1, "workers": 1, "oldest_wait_ms": 1500.0, "completed": 7, "failed": 2, "retried": 0, "rejected": 5 },
        ],
        "waiting_for_approval": [{ "identity": "billing.a1", "worker": 8, "pid": 108, "sdk": "python 0.1.0" }],
    });
    Status::of(told).unwrap()
}

fn names(status: &Status, order: Order) -> Vec<String> {
    let table = tables::workers(status, order);
    table.rows.iter().map(|row| row[0].text.clone()).collect()
}

#[test]
fn a_page_of_eighty_columns() {
    let page = page(&told(), Some(80), false);
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    let expected = "\
slotway 0.1.0  pid 4242  up 3 h 3 min  healthy
1204 requests/s  0 errors/s  p50 0.21 ms  p99 1.90 ms
3 in flight  0 waiting  12 connections  34 % of a core  38 MiB

NAME        PID  SLOTS  REQ/S      P50      P99  FAILED  STATE
catalog.2   102   4/96    200  0.21 ms  3.80 ms       2  sick
  sick: stopped answering 6 s ago; 4 requests hang
billing.a1  108      -      -        -        -       -  waiting for approval
  waiting for approval: slotway approve billing.a1
search.4    104   4/96    400  0.21 ms  7.60 ms       4  draining
  draining; 2 requests left
catalog.1   101   4/96    100  0.21 ms  1.90 ms       1  live
images.3    103   4/96    7.5  0.21 ms  5.70 ms       3  live
videos.3    103   4/96    7.5  0.21 ms  5.70 ms       3  live

PROGRAM  INSTANCE   FOR  RESTARTS  STATE
mailer   mailer.1  12 s        10  crash loop: exited with code 3
mailer   0 of 1       -        10  none is ready
catalog  2 of 2       -         1  ready

QUEUE         WORKERS  WAITING  OLDEST  AT WORK  DONE  FAILED  RETRIED  REJECTED
media/videos        1    16/16   1.5 s      1/1     7       2        0         5
media/images        2   0/1024       -      4/8  1200       0        0         0
";
    assert_eq!(page, expected, "\n{page}");
}

/// Where nobody looks at columns, each is there and nothing is cut.
#[test]
fn a_page_for_programs_has_everything() {
    let page = page(&told(), None, false);
    let sick = page.lines().find(|line| line.contains("catalog.2")).unwrap();
    let cells: Vec<_> = sick.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(
        cells,
        [
            "catalog.2",
            "catalog.2",
            "102",
            "4/96",
            "2",
            "200",
            "0.21 ms",
            "3.80 ms",
            "2",
            "rust 0.1.0",
            "-",
            "sick: stopped answering 6 s ago; 4 requests hang",
        ]
    );
    assert!(!page.contains(['…', '\x1b']), "{page}");
}

#[test]
fn colours_are_asked_for() {
    let coloured = page(&told(), Some(80), true);
    assert!(coloured.contains("\x1b[1;31mcrash loop: exited with code 3\x1b[0m"), "{coloured}");
    // Without them it is the same text.
    let mut bare = String::new();
    for (at, piece) in coloured.split("\x1b[").enumerate() {
        bare.push_str(if at == 0 { piece } else { piece.split_once('m').unwrap().1 });
    }
    let trimmed: Vec<_> = bare.lines().map(str::trim_end).collect();
    let plain = page(&told(), Some(80), false);
    assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
}

/// Every width shows the names and the states, and no line is longer.
#[test]
fn every_width_fits() {
    for width in 40..200 {
        let page = page(&told(), Some(width), false);
        let tables = page.lines().skip(3);
        for line in tables.filter(|line| !line.starts_with("  ")) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
        assert!(page.contains("catalog.2"), "{width}");
        assert!(page.contains("sick: stopped answering 6 s ago; 4 requests hang"), "{width}");
        assert!(page.contains("crash loop"), "{width}");
    }
}

#[test]
fn sick_ones_are_first_in_any_order() {
    let status = told();
    let first = ["catalog.2", "billing.a1", "search.4"];
    for order in [Order::Name, Order::Rate, Order::Latency, Order::InFlight, Order::Failures] {
        assert_eq!(names(&status, order)[..3], first, "{order:?}");
    }
    assert_eq!(names(&status, Order::Rate)[3..], ["catalog.1", "images.3", "videos.3"]);
    assert_eq!(names(&status, Order::Latency)[3..], ["images.3", "videos.3", "catalog.1"]);
    assert_eq!(names(&status, Order::Failures)[3..], ["images.3", "videos.3", "catalog.1"]);
}

/// A hub that is older, or newer, is shown as far as it tells something that is known.
#[test]
fn a_hub_of_another_version_is_shown_too() {
    let bare = json!({
        "hub": { "version": "9", "something": [1] },
        "workers": [{ "id": 1, "pid": null, "names": ["a"], "level": "puzzled" }],
        "more": {},
    });
    let status = Status::of(bare).unwrap();
    assert_eq!(status.workers[0].level, Level::Ok);
    let page = page(&status, Some(80), false);
    assert!(page.contains("connected, serves"), "{page}");
    assert!(!page.contains("PROGRAM") && !page.contains("QUEUE"), "{page}");
    let none = Status::of(json!({})).unwrap();
    assert!(super::page::page(&none, Some(80), false).contains("No worker is connected."));
}

/// Rates of registrations are those between two looks; a hub that does not count, or a worker
/// that was not there before, has none.
#[test]
fn rates_of_registrations_are_of_two_looks() {
    let look = |registrations, seconds| {
        let workers = json!([{ "id": 1, "registrations": registrations }, { "id": 2 }]);
        let at = Instant::now() + Duration::from_secs(seconds);
        Around::of(json!({ "workers": workers }), at)
    };
    let now = Instant::now();
    let known =
        |ended: u64| json!([{ "id": 0, "ended": ended }, { "id": 1, "ended": 5 }, { "id": 2 }]);
    let before = Around::of(json!({ "workers": [{ "id": 1, "registrations": known(100) }] }), now);
    let later = Around::of(
        json!({ "workers": [{ "id": 1, "pid": 7, "registrations": known(300) }] }),
        now + Duration::from_secs(4),
    );
    let snapshot = || {
        let snapshot = json!({ "workers": [{ "id": 1, "pid": 6 }, { "id": 2 }], "rates_ms": 1 });
        snapshot.as_object().unwrap().clone()
    };
    let told = whole(snapshot(), &later, Some(&before));
    let worker = &told["workers"][0];
    assert_eq!(worker["pid"], 6, "what a snapshot tells counts");
    assert_eq!(worker["registrations"][0]["rps"], 50.0);
    assert_eq!(worker["registrations"][1]["rps"], 0.0);
    assert_eq!(worker["registrations"][2].get("rps"), None);
    assert!(told["supervisor"].is_null() && told["queues"].is_null());
    // Nothing before, or of another kind.
    for before in [None, Some(&look(json!(null), 0)), Some(&look(json!([{}]), 0))] {
        let told = whole(snapshot(), &later, before);
        assert_eq!(told["workers"][0]["registrations"][0].get("rps"), None);
    }
    whole(snapshot(), &Around::of(json!(null), now), Some(&before));
    whole(Default::default(), &later, Some(&before));
}

/// What a worker says cannot move the cursor or change colours.
#[test]
fn control_characters_do_not_reach_the_terminal() {
    assert_eq!(piece("a\x1b[31m\nb", Paint::Plain).text, "a\u{fffd}[31m\u{fffd}b");
}

#[test]
fn texts_fit() {
    assert_eq!(fit("abc", 5, false), "abc  ");
    assert_eq!(fit("abc", 5, true), "  abc");
    assert_eq!(fit("abcdef", 4, false), "abc…");
    assert_eq!(fit("日本語", 4, false), "日… ");
    assert_eq!(fit("abc", 0, false), "");
}

#[test]
fn numbers_are_short() {
    let rates: Vec<_> = [0.0, 0.26, 9.94, 9.96, 1204.3].map(words::rate).into();
    assert_eq!(rates, ["0", "0.3", "9.9", "10", "1204"]);
    let times: Vec<_> = [None, Some(0.004), Some(9.999), Some(99.99), Some(998.0), Some(1500.0)]
        .map(words::ms)
        .into();
    assert_eq!(times, ["-", "0.00 ms", "10.0 ms", "100 ms", "998 ms", "1.5 s"]);
    let span = |seconds| words::span(std::time::Duration::from_secs(seconds));
    assert_eq!(
        [59, 61, 3599, 7260, 200_000].map(span),
        ["59 s", "1 min 1 s", "59 min", "2 h 1 min", "2 d 7 h"]
    );
    assert_eq!([1023, 40_000_000, 3 << 30].map(words::bytes), ["1023 B", "38 MiB", "3.0 GiB"]);
}
