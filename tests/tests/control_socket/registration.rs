//! Names, patterns, and what is there already.

use serde_json::json;
use slotway_tests::control::register;

use super::{Bench, light, lives};

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
