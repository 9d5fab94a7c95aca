//! Frames and the order of messages.

use serde_json::Value;
use serde_json::json;
use slotway_tests::control::frame;
use slotway_tests::control::hello;
use slotway_tests::control::refusal;
use slotway_tests::control::register;

use super::{Bench, ends_with, light, lives};

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
