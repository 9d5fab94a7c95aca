//! The first message: protocol versions, sizes of the region, and silence.

use serde_json::json;
use slotway_tests::control::frame;
use slotway_tests::control::hello;
use slotway_tests::eventually;
use slotway_tests::raw::RawWorker;
use std::time::Duration;
use std::time::Instant;

use super::{Bench, ends_with, light};

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
