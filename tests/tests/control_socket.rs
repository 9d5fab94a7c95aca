//! What may go wrong on the control socket, sent byte by byte. Every refusal has a stable
//! code and a sentence, and harms nothing that was accepted before.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slotway_tests::control::{Control, frame, hello, refusal, register};
use slotway_tests::raw::RawWorker;
use slotway_tests::{Hub, Weight, case, eventually};

const LIMIT: Duration = Duration::from_secs(40);

fn light(name: &str, body: impl FnOnce()) {
    case(name, Weight::Light, LIMIT, body);
}

/// A hub, and a worker of an accepted registration that must go on serving.
struct Bench {
    hub: Hub,
    honest: RawWorker,
}

impl Bench {
    fn new() -> Bench {
        let hub = Hub::start();
        let honest = RawWorker::registered(&hub.control_path(), "honest", &["/honest"]);
        Bench { hub, honest }
    }

    fn control(&self) -> Control {
        Control::open(&self.hub.control_path())
    }

    fn greeted(&self) -> Control {
        Control::greeted(&self.hub.control_path()).0
    }

    /// What was accepted before still works: HTTP through the honest worker, and its
    /// control connection.
    #[track_caller]
    fn honest_still_serves(&mut self) {
        let mut client = self.hub.connect();
        let request = slotway_tests::http::Request::get("/honest").close();
        client.send(&request.bytes()).expect("a hub that reads");
        let claim = self.honest.claim();
        self.honest.answer(claim, 200, b"still here");
        let response = client.read_response().expect("an answer").expect(200);
        assert_eq!(response.body, b"still here");
        let pong = self.honest.control.ask(&json!({ "kind": "heartbeat", "seq": 7 }));
        assert_eq!(pong, json!({ "kind": "heartbeat", "seq": 7 }));
    }
}

/// The connection lives: a heartbeat is answered.
#[track_caller]
fn lives(control: &mut Control) {
    let pong = control.ask(&json!({ "kind": "heartbeat", "seq": 1 }));
    assert_eq!(pong["kind"], "heartbeat", "{pong}");
}

/// The hub refuses the connection with `code` and ends it.
#[track_caller]
fn ends_with(control: &mut Control, code: &str) -> String {
    let said = control.read_to_end();
    let [refused] = &said[..] else { panic!("one refusal, then the end: {said:?}") };
    assert!(refused.get("id").is_none(), "{refused}");
    refusal(refused, code)
}

#[test]
fn a_frame_without_boundaries_ends_its_connection() {
    light("a_frame_without_boundaries_ends_its_connection", || {
        let mut bench = Bench::new();
        for length in [0_u32, (4 << 20) + 1, u32::MAX] {
            // Before the hello and after it.
            for mut control in [bench.control(), bench.greeted()] {
                control.send(&length.to_le_bytes());
                let reason = ends_with(&mut control, "bad_message");
                assert!(reason.contains(&length.to_string()), "names the length: {reason}");
            }
        }
        bench.honest_still_serves();
    });
}

#[test]
fn a_frame_that_is_no_message_is_refused_and_the_connection_lives() {
    light("a_frame_that_is_no_message_is_refused_and_the_connection_lives", || {
        let mut bench = Bench::new();
        let mut control = bench.greeted();
        let bodies: [&[u8]; 9] = [
            b"x",
            b"{",
            b"\xff\xfe",
            b"[]",
            b"null",
            b"{}",
            br#"{"kind":7}"#,
            br#"{"kind":"register","id":"one","name":"a","routes":[]}"#,
            br#"{"kind":"register","id":1,"name":"a"}"#,
        ];
        for body in bodies {
            control.send(&frame(body));
            let answer = control.read().expect("a refusal");
            refusal(&answer, "bad_message");
            lives(&mut control);
        }
        // Nesting without end must not exhaust a stack.
        control.send(&frame(&vec![b'['; 1 << 20]));
        refusal(&control.read().expect("a refusal"), "bad_message");
        lives(&mut control);
        let answer = control.ask(&register(1, "late", &["/late"]));
        assert_eq!(answer["kind"], "registered", "{answer}");
        bench.honest_still_serves();
    });
}

#[test]
fn an_unknown_kind_is_refused_by_name() {
    light("an_unknown_kind_is_refused_by_name", || {
        let mut bench = Bench::new();
        let mut control = bench.greeted();
        let reason = control.refused(&json!({ "kind": "levitate" }), "unknown_kind");
        assert!(reason.contains("levitate"), "{reason}");
        let endless = "x".repeat(100_000);
        let reason = control.refused(&json!({ "kind": endless }), "unknown_kind");
        assert!(reason.len() < 1000, "a hostile kind fills no log: {} bytes", reason.len());
        lives(&mut control);
        bench.honest_still_serves();
    });
}

#[test]
fn unknown_fields_are_ignored() {
    light("unknown_fields_are_ignored", || {
        let bench = Bench::new();
        let mut control = bench.control();
        let mut message = hello();
        message["later"] = json!({ "anything": [1, 2] });
        assert_eq!(control.ask(&message)["kind"], "welcome");
        let mut message = register(1, "new", &["/new"]);
        message["later"] = json!(true);
        assert_eq!(control.ask(&message)["kind"], "registered");
    });
}

#[test]
fn messages_may_come_in_pieces_or_all_at_once() {
    light("messages_may_come_in_pieces_or_all_at_once", || {
        let bench = Bench::new();
        let mut control = bench.control();
        let mut all = frame(hello().to_string().as_bytes());
        all.extend(frame(register(1, "pieces", &["/pieces"]).to_string().as_bytes()));
        all.extend(frame(br#"{"kind":"heartbeat","seq":5}"#));
        let (first, second) = all.split_at(40);
        for byte in first {
            control.send(&[*byte]);
        }
        control.send(second);
        let kinds: Vec<Value> =
            (0..3).map(|_| control.read().expect("an answer")["kind"].clone()).collect();
        assert_eq!(kinds, ["welcome", "registered", "heartbeat"]);
    });
}

#[test]
fn another_protocol_version_is_refused_with_both_ranges() {
    light("another_protocol_version_is_refused_with_both_ranges", || {
        let mut bench = Bench::new();
        for (min, max) in [(2, 9), (0, 0), (5, 1)] {
            let mut control = bench.control();
            let mut message = hello();
            message["protocol"] = json!({ "min": min, "max": max });
            control.send(&frame(message.to_string().as_bytes()));
            let reason = ends_with(&mut control, "protocol_version");
            assert!(reason.contains(&max.to_string()) && reason.contains('1'), "{reason}");
        }
        let mut control = bench.control();
        let mut message = hello();
        message["protocol"] = json!({ "min": 1, "max": 99 });
        assert_eq!(control.ask(&message)["protocol"], 1, "the newest that both speak");
        bench.honest_still_serves();
    });
}

#[test]
fn a_region_that_cannot_be_is_refused_with_the_rule() {
    light("a_region_that_cannot_be_is_refused_with_the_rule", || {
        let mut bench = Bench::new();
        let asks = [
            (json!({ "slots": 0 }), "slots is 0"),
            (json!({ "slots": 1_000_000 }), "slots is 1000000"),
            (json!({ "head_bytes": 0 }), "head_bytes is 0"),
            (json!({ "head_bytes": 5000 }), "head_bytes is 5000"),
            (json!({ "request_bytes": 0 }), "request_bytes is 0"),
            (json!({ "request_bytes": 65_537 }), "request_bytes is 65537"),
            (json!({ "response_bytes": 12_288 }), "response_bytes is 12288"),
            (json!({ "response_bytes": u32::MAX }), "response_bytes is 4294967295"),
            (json!({ "slots": 16_384, "request_bytes": 16 << 20 }), ""),
        ];
        for (region, words) in asks {
            let mut control = bench.control();
            let mut message = hello();
            message["region"] = region.clone();
            control.send(&frame(message.to_string().as_bytes()));
            let reason = ends_with(&mut control, "bad_region_spec");
            assert!(reason.contains(words), "{region}: {reason}");
        }
        // A number that no u32 holds is no message at all.
        let mut control = bench.control();
        let mut message = hello();
        message["region"] = json!({ "slots": -1 });
        let reason = control.refused(&message, "bad_message");
        assert!(!reason.is_empty());
        bench.honest_still_serves();
    });
}

#[test]
fn a_region_of_a_workers_own_choice_is_made() {
    light("a_region_of_a_workers_own_choice_is_made", || {
        let bench = Bench::new();
        let mut control = bench.control();
        let mut message = hello();
        message["region"] = json!({ "slots": 3, "request_bytes": 4096, "response_bytes": 8192 });
        let welcome = control.ask(&message);
        let region = &welcome["region"];
        assert_eq!((&region["slots"], &region["request_bytes"]), (&json!(3), &json!(4096)));
        assert_eq!(region["response_bytes"], 8192);
        let worker = RawWorker::with(control);
        assert_eq!(worker.region.length(), region["length"].as_u64().expect("a length"));
    });
}

#[test]
fn messages_at_the_wrong_time_are_refused() {
    light("messages_at_the_wrong_time_are_refused", || {
        let mut bench = Bench::new();
        let mut control = bench.greeted();
        control.send(&frame(hello().to_string().as_bytes()));
        ends_with(&mut control, "out_of_order");
        for message in [
            register(1, "early", &["/early"]),
            json!({ "kind": "unregister", "id": 1 }),
            json!({ "kind": "drain" }),
            json!({ "kind": "heartbeat", "seq": 1 }),
        ] {
            let mut control = bench.control();
            let answer = control.ask(&message);
            refusal(&answer, "out_of_order");
        }
        assert_eq!(bench.hub.get("/early").status(), 404, "it was not registered");
        bench.honest_still_serves();
    });
}

#[test]
fn h12_a_bad_name_is_refused_with_the_rule() {
    light("h12_a_bad_name_is_refused_with_the_rule", || {
        let mut bench = Bench::new();
        let mut control = bench.greeted();
        let long = "n".repeat(129);
        for name in ["", "a/b", "a b", "../../etc", "ä", "a\u{0}b", &long] {
            let message = register(1, name, &["/named"]);
            let reason = control.refused(&message, "bad_name");
            assert!(reason.contains("128"), "the rule: {reason}");
        }
        let longest = "n".repeat(128);
        for (id, name) in ["A.b_c-9", &longest].into_iter().enumerate() {
            let pattern = format!("/named/{id}");
            let answer = control.ask(&register(id as u32 + 1, name, &[&pattern]));
            assert_eq!(answer["kind"], "registered", "{answer}");
            assert_eq!(answer["name"], name);
        }
        bench.honest_still_serves();
    });
}

#[test]
fn a_pattern_that_does_not_parse_is_refused() {
    light("a_pattern_that_does_not_parse_is_refused", || {
        let mut bench = Bench::new();
        let mut control = bench.greeted();
        for pattern in [
            "",
            "x",
            "/{",
            "/}",
            "/{}",
            "/{a",
            "/a{b}c/{",
            "/{a}/{a}",
            "/{*rest}/more",
            "/ ",
            "/a?b",
            "/a#b",
            "/{a b}",
            "/{1}",
            "/ä",
            "/\u{0}",
            "/{*}",
        ] {
            let reason = control.refused(&register(1, "patterns", &[pattern]), "bad_pattern");
            let quoted = format!("{pattern:?}");
            assert!(reason.contains(&quoted) || reason.contains(pattern), "{pattern}: {reason}");
        }
        let long = format!("/{}", "x".repeat(5000));
        control.refused(&register(1, "patterns", &[&long]), "bad_pattern");
        let mut method = register(1, "patterns", &["/ok"]);
        for bad in ["", "GET POST", "GÉT", "G\r\nX"] {
            method["routes"][0]["method"] = json!(bad);
            control.refused(&method, "bad_method");
        }
        // All or nothing: the good route of a refused set is not open.
        control.refused(&register(1, "patterns", &["/good", "bad"]), "bad_pattern");
        assert_eq!(bench.hub.get("/good").status(), 404);
        lives(&mut control);
        bench.honest_still_serves();
    });
}

#[test]
fn a_conflicting_pattern_is_refused_and_names_the_other() {
    light("a_conflicting_pattern_is_refused_and_names_the_other", || {
        let mut bench = Bench::new();
        let mut control = bench.greeted();
        let reason = control.refused(&register(1, "thief", &["/honest"]), "route_conflict");
        assert!(reason.contains("honest"), "says whose it is: {reason}");
        let answer = control.ask(&register(1, "owner", &["/x/{id}"]));
        assert_eq!(answer["kind"], "registered");
        let mut other = bench.greeted();
        other.refused(&register(1, "other", &["/x/{name}"]), "route_conflict");
        // Another method of the same pattern takes nothing away.
        let mut message = register(1, "other", &["/x/{id}"]);
        message["routes"][0]["method"] = json!("PUT");
        assert_eq!(other.ask(&message)["kind"], "registered");
        // Under the same name it is another instance.
        let mut sibling = bench.greeted();
        assert_eq!(sibling.ask(&register(1, "owner", &["/x/{id}"]))["kind"], "registered");
        bench.honest_still_serves();
    });
}

#[test]
fn a_registration_is_accepted_once() {
    light("a_registration_is_accepted_once", || {
        let mut bench = Bench::new();
        let mut control = bench.greeted();
        assert_eq!(control.ask(&register(1, "first", &["/first"]))["kind"], "registered");
        let same_id = register(1, "second", &["/second"]);
        control.refused(&same_id, "duplicate_registration");
        let same_name = register(2, "first", &["/other"]);
        control.refused(&same_name, "duplicate_registration");
        let same_route = register(3, "third", &["/third", "/third"]);
        control.refused(&same_route, "duplicate_registration");
        assert_eq!(bench.hub.get("/second").status(), 404);
        // What was withdrawn may come again.
        let answer = control.ask(&json!({ "kind": "unregister", "id": 1 }));
        assert_eq!(answer["kind"], "unregistered", "{answer}");
        assert_eq!(control.ask(&register(1, "first", &["/first"]))["kind"], "registered");
        let answer = control.ask(&json!({ "kind": "unregister", "id": 99 }));
        assert_eq!(answer["kind"], "refused", "{answer}");
        lives(&mut control);
        bench.honest_still_serves();
    });
}

#[test]
fn a_connection_that_says_nothing_is_closed() {
    light("a_connection_that_says_nothing_is_closed", || {
        let mut bench = Bench::new();
        let begun = Instant::now();
        let mut silent = bench.control();
        let mut halting = bench.control();
        halting.send(&[9]);
        let said = silent.read_to_end();
        assert!(said.iter().all(|message| message["kind"] != "welcome"), "{said:?}");
        halting.read_to_end();
        assert!(begun.elapsed() > Duration::from_millis(100), "not at once either");
        bench.honest_still_serves();
    });
}

#[test]
fn descriptors_from_a_worker_are_not_kept() {
    light("descriptors_from_a_worker_are_not_kept", || {
        use std::os::fd::AsFd;
        let bench = Bench::new();
        let hub = bench.hub.process.pid();
        let before = slotway_tests::proc::descriptors(hub).len();
        let stream = std::os::unix::net::UnixStream::connect(bench.hub.control_path());
        let stream = stream.expect("a hub that listens");
        let bytes = frame(hello().to_string().as_bytes());
        let gift = [stream.as_fd(); 5];
        slotway_core::map::send(&stream, &bytes, &gift).expect("room");
        drop(stream);
        eventually("the hub has what it had", Duration::from_secs(5), || {
            (slotway_tests::proc::descriptors(hub).len() <= before).then_some(())
        });
    });
}

#[test]
fn h06_a_crash_before_or_during_registration_leaves_nothing() {
    light("h06_a_crash_before_or_during_registration_leaves_nothing", || {
        let mut bench = Bench::new();
        let hub = bench.hub.process.pid();
        let before = slotway_tests::proc::descriptors(hub).len();
        let whole = frame(register(1, "half", &["/half"]).to_string().as_bytes());
        for round in 0..20 {
            // Gone before the hello, in the middle of it, after it, in the middle of the
            // registration, right after it.
            drop(bench.control());
            let greeting = frame(hello().to_string().as_bytes());
            let mut control = bench.control();
            control.send(&greeting[..greeting.len() / 2]);
            drop(control);
            let mut control = bench.control();
            control.send(&greeting);
            drop(control);
            let mut control = bench.greeted();
            control.send(&whole[..round * 4 % whole.len()]);
            drop(control);
            let mut control = bench.greeted();
            control.send(&whole);
            drop(control);
        }
        eventually("nothing of the dead is left", Duration::from_secs(10), || {
            let workers = bench.hub.workers();
            let open = slotway_tests::proc::open_regions(hub);
            let descriptors = slotway_tests::proc::descriptors(hub).len();
            (workers.len() == 1 && open == 1 && descriptors <= before).then_some(())
        });
        // Exactly one word of each end, whatever it was that the hub noticed first.
        let mut ends: Vec<String> = bench.hub.process.lines();
        ends.retain(|line| line.contains("worker disconnected") || line.contains("worker exited"));
        assert_eq!(ends.len(), 100, "one hundred connections ended");
        let id = |line: &String| {
            let number = line.split("worker=").nth(1).and_then(|rest| rest.split(' ').next());
            number.expect("a worker's number").to_owned()
        };
        let mut ids: Vec<String> = ends.iter().map(id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 100, "each once: {ends:?}");
        assert_ne!(bench.hub.get("/half").status(), 200);
        bench.honest_still_serves();
    });
}

#[test]
fn a_worker_that_reads_nothing_is_dropped_and_harms_nobody() {
    light("a_worker_that_reads_nothing_is_dropped_and_harms_nobody", || {
        let mut bench = Bench::new();
        let mut control = bench.greeted();
        let beats = frame(br#"{"kind":"heartbeat","seq":1}"#).repeat(1000);
        // It asks and asks and takes no answer. Sooner or later the hub hangs up.
        let (ended, gone) = std::sync::mpsc::channel();
        let flood = std::thread::spawn(move || {
            while control.try_send(&beats) {}
            let _ = ended.send(());
        });
        bench.honest_still_serves();
        gone.recv_timeout(Duration::from_secs(30)).expect("the hub hangs up");
        flood.join().expect("no panic");
        assert!(slotway_tests::proc::resident_bytes(bench.hub.process.pid()) < 256 << 20);
        bench.honest_still_serves();
    });
}
