//! `slotway status` and `slotway top`: a hub as people see it.

use std::process::{Command, Output};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use slotway::{Connect, Connection, Options, Registration};
use slotway_tests::{Flavor, Hub, Pty, Weight, Worker, artifacts, case, eventually};

/// Declares cases that need no worker of a certain language.
macro_rules! cases {
    ($($seconds:literal, fn $name:ident() $body:block)*) => {$(
        #[test]
        fn $name() {
            case(stringify!($name), Weight::Light, Duration::from_secs($seconds), || $body);
        }
    )*};
}

fn slotway(hub: &Hub, args: &[&str]) -> Command {
    let mut command = Command::new(artifacts::hub());
    command.args(args).arg("--admin").arg(hub.admin_path());
    command
}

/// What `slotway status` prints to who is no terminal.
#[track_caller]
fn status(hub: &Hub, args: &[&str]) -> String {
    let mut command = slotway(hub, &["status"]);
    let Output { status, stdout, stderr } =
        command.args(args).env_remove("COLUMNS").output().expect("a program");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("text")
}

/// A hub with two workers, the second of which hangs.
fn with_a_sick_one() -> (Hub, Worker, Worker) {
    let hub = Hub::with(&[
        "--probe-interval",
        "300ms",
        "--probe-timeout",
        "300ms",
        "--probe-misses",
        "1000",
    ]);
    let well = Worker::builder(Flavor::Rust, &hub).name("a-well").prefix("/a").start(&hub);
    let sick = Worker::builder(Flavor::C, &hub).name("z-sick").prefix("/z").start(&hub);
    assert_eq!(hub.get("/a/hello/you").status(), 200);
    sick.process.stop();
    eventually("a probe is missed", Duration::from_secs(20), || {
        let pid = u64::from(sick.process.pid());
        let missed = |json: &Value| json["pid"] == pid && json["probe_misses"] != 0;
        hub.workers().iter().any(|worker| missed(&worker.json)).then_some(())
    });
    (hub, well, sick)
}

cases! {
    60, fn status_shows_who_is_sick_first() {
        let (hub, well, sick) = with_a_sick_one();
        let text = status(&hub, &[]);
        let lines: Vec<_> = text.lines().collect();
        let (name, pid) = (lines[0], hub.process.pid());
        assert!(name.starts_with("slotway ") && name.contains(&format!("pid {pid}")), "{text}");
        let head = lines.iter().position(|line| line.starts_with("NAME ")).expect("titles");
        let cells = |line: &str| -> Vec<String> {
            line.split("  ").map(|cell| cell.trim().to_owned()).filter(|c| !c.is_empty()).collect()
        };
        let titles = cells(lines[head]);
        let first = cells(lines[head + 1]);
        let second = cells(lines[head + 2]);
        assert_eq!(titles.len(), 12, "{text}");
        let of = |row: &[String], title: &str| {
            row[titles.iter().position(|known| known == title).expect(title)].clone()
        };
        assert!(of(&first, "NAME").starts_with("z-sick"), "{text}");
        assert_eq!(of(&first, "PID"), sick.process.pid().to_string());
        assert!(of(&first, "STATE").starts_with("sick: missed "), "{text}");
        assert!(of(&second, "NAME").starts_with("a-well"), "{text}");
        assert_eq!(of(&second, "PID"), well.process.pid().to_string());
        assert_eq!((&*of(&second, "STATE"), &*of(&second, "SLOTS")), ("live", "0/256"), "{text}");
        assert!(!text.contains('\x1b'), "colours for nobody: {text:?}");
        sick.process.go_on();
    }

    60, fn status_as_json_has_everything() {
        let (hub, well, sick) = with_a_sick_one();
        let told: Value = serde_json::from_str(&status(&hub, &["--json"])).expect("one object");
        assert_eq!(told["hub"]["pid"], hub.process.pid());
        assert_eq!(told["hub"]["health"], "ok");
        assert!(told["rates_ms"].as_u64().expect("a number") > 0, "rates are of some time");
        let workers = told["workers"].as_array().expect("a list");
        let pids: Vec<_> = workers.iter().map(|worker| worker["pid"].clone()).collect();
        assert_eq!(pids, [sick.process.pid(), well.process.pid()]);
        assert_eq!(workers[0]["level"], "sick");
        let known = &workers[1]["registrations"][0];
        assert_eq!((&known["name"], &known["in_flight"]), (&"a-well".into(), &0.into()));
        assert_eq!((&known["ended"], &known["rps"]), (&1.into(), &0.0.into()));
        assert_eq!(workers[1]["standing"], "live");
        assert!(told["routes"].as_array().is_some_and(|routes| !routes.is_empty()));
        // It runs under nobody.
        assert_eq!(told["supervisor"], Value::Null);
        sick.process.go_on();
    }

    60, fn status_shows_queues_and_who_waits_for_approval() {
        let config = "[[listen]]\naddress = \"127.0.0.1:0\"\n\
                      [identities]\naccept = [\"resizer\"]\napprove = [\"billing\"]\n";
        let hub = Hub::builder().config(config).start();
        let options = || {
            Options::new().hub(hub.control_path()).connect(Connect::Within(Duration::from_secs(20)))
        };
        let resizer = Registration::new("resizer").queue("media/images", ["resize", "crop"]);
        let _resizer = Connection::open(options(), vec![resizer.capacity(8)]).expect("a hub");
        let billing = Registration::new("billing").queue("bills/out", ["send"]);
        let _billing = Connection::open_in_background(options(), vec![billing]).expect("a hub");
        eventually("it waits for approval", Duration::from_secs(20), || {
            let waiting = hub.admin("/internal/identities")["waiting"].clone();
            waiting.as_array().is_some_and(|list| list.len() == 1).then_some(())
        });
        let text = status(&hub, &[]);
        let line = |begins: &str| {
            text.lines().find(|line| line.starts_with(begins)).unwrap_or_else(|| panic!("{text}"))
        };
        assert!(line("billing.").ends_with("waiting for approval: slotway approve billing.2"), "{text}");
        assert!(line("resizer.").contains(" media/images "), "{text}");
        let queue: Vec<_> = line("media/images").split_whitespace().collect();
        assert_eq!((queue[1], queue[4]), ("1", "0/8"), "{text}");
        let told: Value = serde_json::from_str(&status(&hub, &["--json"])).expect("one object");
        assert_eq!(told["waiting_for_approval"][0]["identity"], "billing.2");
        let offers = told["workers"].as_array().expect("a list").iter();
        let mut offers = offers.flat_map(|worker| worker["registrations"][0]["queues"].as_array());
        let offer = &offers.next().expect("one takes from a queue")[0];
        assert_eq!((&offer["queue"], &offer["capacity"]), (&"media/images".into(), &8.into()));
        assert_eq!(offer["activities"], serde_json::json!(["resize", "crop"]));
    }

    60, fn status_at_a_terminal_fits_and_has_colours() {
        let (hub, _well, sick) = with_a_sick_one();
        let mut coloured = Pty::start(&mut slotway(&hub, &["status"]), (80, 24), &[]);
        assert_eq!(coloured.wait_end().code(), Some(0));
        coloured.wait_for("a-well", 0);
        let shown = coloured.shown();
        assert!(shown.contains("\x1b[1;31mz-sick"), "{shown:?}");
        let mut plain = Pty::start(&mut slotway(&hub, &["status"]), (80, 24), &[("NO_COLOR", "1")]);
        assert_eq!(plain.wait_end().code(), Some(0));
        plain.wait_for("a-well", 0);
        let shown = plain.shown();
        assert!(!shown.contains('\x1b'), "{shown:?}");
        assert!(shown.lines().all(|line| line.trim_end().chars().count() <= 80), "{shown}");
        sick.process.go_on();
    }

    60, fn status_without_a_hub_says_so() {
        let hub = Hub::start();
        let mut command = slotway(&hub, &["status"]);
        drop(hub);
        let output = command.output().expect("a program");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("no hub answers on"), "{said}");
    }

    60, fn top_shows_workers_and_gives_the_terminal_back() {
        let (hub, _well, sick) = with_a_sick_one();
        let mut top = Pty::start(&mut slotway(&hub, &["top"]), (100, 30), &[]);
        top.wait_for("a-well", 0);
        top.wait_for("z-sick", 0);
        assert!(top.is_raw());
        let before = top.wait_for("healthy", 0);
        top.press("?");
        // Of words only those letters are written that are not there already.
        let before = top.wait_for("┌", before);
        top.press("?s");
        top.wait_for("requests/s", before);
        top.press("q");
        assert_eq!(top.wait_end().code(), Some(0));
        // The screen that was there before, and the cursor.
        top.wait_for("\x1b[?1049l", before);
        top.wait_for("\x1b[?25h", before);
        sick.process.go_on();
    }

    90, fn top_survives_the_hub_and_a_signal_ends_it() {
        let hub = Hub::start();
        let worker = Worker::builder(Flavor::Rust, &hub).name("comes-back").start(&hub);
        let mut top = Pty::start(&mut slotway(&hub, &["top"]), (60, 16), &[]);
        let before = top.wait_for("comes-back", 0);
        let dir = hub.dir().clone();
        drop(hub);
        let before = top.wait_for("no hub", before);
        let hub = Hub::builder().dir(&dir).start();
        hub.wait_registered(worker.process.pid(), "comes-back");
        top.wait_for("comes-back", before);
        assert!(top.is_raw());
        top.signal(Signal::TERM);
        assert_eq!(top.wait_end().code(), Some(1));
        top.wait_for("ended by SIGTERM", before);
        let shown = top.shown();
        assert!(shown.rfind("\x1b[?1049l") > shown.rfind("comes-back"), "{shown:?}");
    }

    60, fn top_wants_a_terminal() {
        let hub = Hub::start();
        let output = slotway(&hub, &["top"]).output().expect("a program");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("needs a terminal"), "{said}");
        assert!(output.stdout.is_empty());
    }
}
