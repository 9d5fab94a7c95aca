//! More instances and fewer, by hand and by load; limits of an instance.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;
use slotway_tests::{Flavor, eventually};

use super::rig::{Rig, SOON, command, light, shell, wait_gone, worker};

#[test]
fn scaling_by_hand_holds_until_the_file_says_another_number() {
    light("scaling_by_hand_holds_until_the_file_says_another_number", || {
        let rig = Rig::start(&worker("api", &command(Flavor::Rust, &[])));
        let first = rig.wait_ready("api", 1);
        let answer = rig.post("/internal/scale", &json!({"worker": "api", "instances": 3}));
        assert_eq!(answer.expect(200).json(), json!({"worker": "api", "from": 1, "to": 3}));
        let three = rig.wait_ready("api", 3);
        assert_eq!(three[0], first[0]);
        rig.post("/internal/scale", &json!({"worker": "api", "instances": 2})).expect(200);
        assert_eq!(rig.wait_ready("api", 2), three[..2], "the highest number has gone");
        wait_gone(&three[2..]);
        for (asked, code) in [
            (json!({"worker": "nobody", "instances": 1}), "no_route"),
            (json!({"worker": "api", "instances": 5000}), "bad_request"),
            (json!({"worker": "api"}), "bad_request"),
            (json!({"worker": "api", "instances": 1, "more": 2}), "bad_request"),
        ] {
            let answer = rig.post("/internal/scale", &asked);
            assert_eq!(answer.json()["code"], code, "{asked}");
        }
    });
}

/// Goal: while requests wait there are more instances, up to the most; afterwards fewer, down
/// to the least.
#[test]
fn the_load_decides_between_min_and_max() {
    light("the_load_decides_between_min_and_max", || {
        let narrow = command(Flavor::Rust, &["--max-concurrent", "1", "--threads", "1"]);
        let bounds = "max = 3\nscale-up-wait = \"50ms\"\nscale-down-after = \"2s\"\n";
        let rig = Rig::start(&worker("api", &format!("{narrow}{bounds}")));
        rig.wait_ready("api", 1);
        let stop = AtomicBool::new(false);
        let address = rig.hub.address;
        let client = || {
            let mut client = slotway_tests::http::Connection::open(address).expect("a hub");
            while !stop.load(Ordering::Relaxed) {
                let request = slotway_tests::http::Request::get("/sleep/300");
                let response = client.exchange(&request).expect("an answer");
                assert_eq!(response.status(), 200, "{}", response.text());
            }
        };
        thread::scope(|scope| {
            let clients: Vec<_> = (0..6).map(|_| scope.spawn(client)).collect();
            let most = eventually("three serve", SOON, || {
                let rows = rig.rows();
                (rows.iter().filter(|row| row.state == "ready").count() == 3).then_some(rows.len())
            });
            stop.store(true, Ordering::Relaxed);
            assert_eq!(most, 3);
            clients.into_iter().for_each(|client| client.join().expect("a client"));
        });
        rig.wait_ready("api", 1);
        let status = rig.hub.admin("/internal/supervisor");
        let own = &status["workers"][0];
        assert_eq!((&own["wanted"], &own["min"], &own["max"]), (&json!(1), &json!(1), &json!(3)));
        // By hand only within the bounds.
        let answer = rig.post("/internal/scale", &json!({"worker": "api", "instances": 4}));
        assert!(answer.expect(400).text().contains("ask for 1 to 3"));
    });
}

/// Goal: after so many answers another process takes the place of one, and no request fails.
#[test]
fn an_instance_that_has_given_its_answers_is_replaced() {
    light("an_instance_that_has_given_its_answers_is_replaced", || {
        let limit = "max-requests = 200\nmax-requests-jitter = 50\n";
        let rig = Rig::start(&worker("api", &format!("{}{limit}", command(Flavor::Rust, &[]))));
        let first = rig.wait_ready("api", 1);
        for _ in 0..199 {
            assert_eq!(rig.hub.get("/hello/you").status(), 200);
        }
        assert_eq!(rig.row("api.1").restarts, 0);
        eventually("it was replaced", SOON, || {
            assert_eq!(rig.hub.get("/hello/you").status(), 200);
            (rig.row("api.1").restarts > 0).then_some(())
        });
        let line = rig.says("is replaced: it has given");
        let words = line.split("it has given ").nth(1).and_then(|rest| rest.split(' ').next());
        let given: u64 = words.and_then(|given| given.parse().ok()).expect("a number");
        assert!(given >= 200, "{line}");
        assert_ne!(rig.wait_ready("api", 1), first);
        wait_gone(&first);
    });
}

/// Goal: an instance whose processes need too much memory is replaced.
#[test]
fn an_instance_that_needs_too_much_memory_is_replaced() {
    light("an_instance_that_needs_too_much_memory_is_replaced", || {
        let dir = slotway_tests::PrivateDir::new();
        // The first keeps 200 MB in a process of its group; its successors do not. tail has
        // to keep a line that does not end.
        let script = "if mkdir first; then \
                      (head -c 200000000 /dev/zero; exec sleep 1000) | tail -n 1 & fi; \
                      exec \"$WORKER\"";
        let settings = format!("directory = {:?}\nmemory = \"150M\"\n", dir.path());
        let rig = Rig::start(&worker("api", &format!("{}{settings}", shell(script))));
        let first = rig.wait_ready("api", 1);
        let line = rig.says("is replaced: it has ");
        assert!(line.contains("bytes resident") && line.contains("api.1"), "{line}");
        wait_gone(&first);
        let second = rig.wait_ready("api", 1);
        assert_ne!(second, first);
        assert_eq!(rig.hub.get("/hello/you").status(), 200);
    });
}
