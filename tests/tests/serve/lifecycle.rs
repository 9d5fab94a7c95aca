//! Starting, ending, starting again; what is printed.

use rustix::process::Signal;
use slotway_tests::{Flavor, Hub, eventually};

use super::rig::{Rig, Row, SOON, children, command, light, shell, signal, worker};

/// Goal: a worker that is killed is back, and says how its last process ended.
#[test]
fn a_worker_that_is_killed_is_started_again() {
    light("a_worker_that_is_killed_is_started_again", || {
        for flavor in [Flavor::Rust, Flavor::C] {
            let hub = match flavor {
                // The Rust SDK is told by the environment, as every program should be.
                Flavor::Rust => command(flavor, &[]),
                _ => shell("exec \"$C\" --hub \"$SLOTWAY_HUB\"").replace(
                    "$C",
                    slotway_tests::artifacts::worker(flavor).to_str().expect("UTF-8"),
                ),
            };
            let rig = Rig::start(&worker("api", &format!("{hub}instances = 2")));
            let before = rig.wait_ready("api", 2);
            assert_eq!(rig.hub.get("/hello/you").expect(200).text(), "hello, you");
            signal(before[1], Signal::KILL);
            let after = eventually("it is back", SOON, || {
                let after = rig.wait_ready("api", 2);
                (after[1] != before[1]).then_some(after)
            });
            assert_eq!(after[0], before[0]);
            let row = rig.row("api.2");
            assert_eq!((row.restarts, row.last_exit.as_deref()), (1, Some("killed by SIGKILL")));
            assert_eq!(rig.hub.get("/hello/you").status(), 200);
            // The hub knows its connections by their instances' names.
            let labels: Vec<_> =
                rig.hub.workers().iter().map(|w| w.json["instance"].clone()).collect();
            assert!(labels.contains(&"api.1".into()) && labels.contains(&"api.2".into()));
        }
    });
}

/// Goal: a worker that hangs is killed and started again, and the other serves meanwhile.
#[test]
fn a_worker_that_hangs_is_started_again() {
    light("a_worker_that_hangs_is_started_again", || {
        let health = "[health]\ninterval = \"100ms\"\ntimeout = \"1s\"\n";
        let api = worker("api", &format!("{}instances = 2", command(Flavor::Rust, &[])));
        let rig = Rig::start(&format!("{health}{api}"));
        let before = rig.wait_ready("api", 2);
        signal(before[0], Signal::STOP);
        let row = rig.wait("another is in its place", |rows| {
            let other = |row: &&Row| {
                row.instance == "api.1" && row.state == "ready" && row.pid != Some(before[0])
            };
            rows.iter().find(other).cloned()
        });
        assert_eq!(row.last_exit.as_deref(), Some("killed by SIGKILL"));
        assert_eq!(rig.row("api.2").pid, Some(before[1]));
        rig.says("answers no probes");
        assert_eq!(rig.hub.get("/hello/you").status(), 200);
    });
}

/// Goal: a worker that ends at once is a crash loop, which is shown, and harms nobody else.
#[test]
fn a_crash_loop_is_shown_and_the_rest_is_served() {
    light("a_crash_loop_is_shown_and_the_rest_is_served", || {
        let good = worker("good", &command(Flavor::Rust, &[]));
        let bad = worker("bad", &format!("{}crash-limit = 3", shell("echo last words; exit 3")));
        let rig = Rig::start(&format!("{bad}{good}"));
        rig.wait_ready("good", 1);
        let row = rig.wait("bad is a crash loop", |rows| {
            rows.iter().find(|row| row.state == "crash loop").cloned()
        });
        assert_eq!(row.instance, "bad.1");
        assert_eq!((row.pid, row.restarts), (None, 2));
        assert_eq!(row.last_exit.as_deref(), Some("exit code 3"));
        for _ in 0..100 {
            assert_eq!(rig.hub.get("/hello/you").status(), 200);
        }
        rig.says("crash loop: exit code 3");
        // Somebody who has mended it need not wait.
        assert_eq!(rig.restart("bad")["failed"]["instance"], "bad.1");
        assert_eq!(rig.row("bad.1").restarts, 3, "it was tried at once");
    });
}

/// Goal: a command that is not there is a crash loop that says so.
#[test]
fn a_command_that_is_not_there_is_named() {
    light("a_command_that_is_not_there_is_named", || {
        let rig = Rig::start(&worker("api", "command = [\"/no/such/program\"]\ncrash-limit = 1"));
        rig.wait("a crash loop", |rows| rows.iter().find(|row| row.state == "crash loop").cloned());
        assert_eq!(rig.row("api.1").last_exit.as_deref(), Some("exit code 127"));
        let line = rig.says("cannot start \"/no/such/program\"");
        assert!(line.contains("api.1") && line.contains("stderr"), "{line}");
    });
}

/// Goal: one that runs and does not serve is stopped when its time is over.
#[test]
fn a_worker_that_never_serves_is_stopped() {
    light("a_worker_that_never_serves_is_stopped", || {
        let settings = "ready-timeout = \"300ms\"\ncrash-limit = 1\n";
        let rig = Rig::start(&worker("api", &format!("{}{settings}", shell("exec sleep 1000"))));
        let row = rig.wait("a crash loop", |rows| {
            rows.iter().find(|row| row.state == "crash loop").cloned()
        });
        let words = "did not serve in time; killed by SIGTERM";
        assert_eq!(row.last_exit.as_deref(), Some(words));
    });
}

/// Goal: a program that does not connect can be kept running as well.
#[test]
fn a_program_that_does_not_connect_need_not() {
    light("a_program_that_does_not_connect_need_not", || {
        let settings = format!("{}ready-timeout = \"none\"\n", shell("exec sleep 1000"));
        let rig = Rig::start(&worker("side", &settings));
        let before = rig.wait_ready("side", 1);
        assert_eq!(rig.restart("side")["restarted"][0], "side.1");
        assert_ne!(rig.wait_ready("side", 1), before);
    });
}

/// Goal: what is printed is in the log, line by line, with the instance's name, also where it
/// is no text and where its line has no end.
#[test]
fn what_workers_print_is_in_the_log_with_their_names() {
    light("what_workers_print_is_in_the_log_with_their_names", || {
        let script = "echo to the log; printf 'bro\\377ken\\n' >&2; \
                      head -c 20000 /dev/zero | tr '\\0' x; echo; printf 'no end'; \
                      exec \"$WORKER\"";
        let rig = Rig::start(&worker("api", &shell(script)));
        rig.wait_ready("api", 1);
        let line = rig.says("to the log");
        for part in ["worker:", "api.1", "stdout"] {
            assert!(line.contains(part), "{part}: {line}");
        }
        let line = rig.says("bro\u{fffd}ken");
        assert!(line.contains("stderr"), "{line}");
        let long = rig.hub.process.wait_lines(&"x".repeat(3000), 3, SOON);
        assert!(long.len() < 10_000, "{}", long.len());
        // Its end comes with the process's.
        signal(rig.wait_ready("api", 1)[0], Signal::KILL);
        rig.says("no end");
    });
}

/// Goal: whatever becomes an orphan is reaped; nothing is left as a zombie.
#[test]
fn nothing_is_left_as_a_zombie() {
    light("nothing_is_left_as_a_zombie", || {
        // Each has orphans of its own: one in its group, one that has left it.
        let script = "(sleep 0.01 &) ; (setsid sleep 0.2 &); sleep 0.05; exit 1";
        let settings = "instances = 4\ncrash-limit = 1000\nrestart-delay-max = \"50ms\"\n";
        let rig = Rig::start(&worker("api", &format!("{}{settings}", shell(script))));
        rig.wait("many have come and gone", |rows| {
            (rows.iter().map(|row| row.restarts).sum::<u64>() > 60).then_some(())
        });
        rig.post("/internal/scale", &serde_json::json!({"worker": "api", "instances": 0}))
            .expect(200);
        let hub = rig.hub.process.pid();
        eventually("only the guardian is there", SOON, || {
            (children(hub).len() == 1 && children(hub)[0].1 != 'Z').then_some(())
        });
        assert!(rig.rows().is_empty());
    });
}

/// Goal: a hub that keeps no workers says so, and how it would.
#[test]
fn a_hub_without_workers_says_so() {
    light("a_hub_without_workers_says_so", || {
        let hub = Hub::start();
        let get = slotway_tests::http::Request::local("/internal/supervisor").close();
        let asked = slotway_tests::http::Connection::open_unix(&hub.admin_path())
            .and_then(|mut admin| admin.exchange(&get));
        let asked = [
            asked.expect("an answer"),
            super::rig::post(&hub, "/internal/restart", &serde_json::json!({})),
            super::rig::post(&hub, "/internal/scale", &serde_json::json!({})),
        ];
        for answer in asked {
            let problem = answer.expect(404).json();
            assert_eq!(problem["code"], "no_route");
            let detail = problem["detail"].as_str().expect("words");
            assert!(detail.contains("slotway serve"), "{detail}");
        }
    });
}
