//! SIGHUP: what changes, what stays, and what a broken file does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use slotway_tests::http::{Connection, Request};
use slotway_tests::{Flavor, Hub, PrivateDir, Weight, Worker, case, eventually};

const SOON: Duration = Duration::from_secs(20);

/// A hub with a file of its own.
struct Rig {
    hub: Hub,
    file: PathBuf,
    reloads: usize,
}

impl Rig {
    fn start(text: &str, args: &[&str]) -> Rig {
        let dir = Arc::new(PrivateDir::new());
        let file = dir.join("slotway.toml");
        fs::write(&file, text).expect("a file");
        let path = file.to_str().expect("a path in UTF-8").to_owned();
        let hub = Hub::builder().dir(&dir).args(&["--config", &path]).args(args).start();
        Rig { hub, file, reloads: 0 }
    }

    /// Writes the file, and waits until the hub has read it and said so.
    fn reload(&mut self, text: &str, words: &str) {
        fs::write(&self.file, text).expect("a file");
        self.hub.process.signal(Signal::HUP);
        self.reloads += 1;
        self.hub.process.wait_lines(words, self.reloads, SOON);
    }
}

const READ: &str = "the configuration was read anew";

fn light(name: &str, body: impl FnOnce()) {
    case(name, Weight::Light, Duration::from_secs(60), body);
}

/// Goal: a new limit counts for requests that come, and the old one for those under way.
#[test]
fn a_reload_changes_limits_and_lets_requests_in_flight_finish() {
    light("a_reload_changes_limits_and_lets_requests_in_flight_finish", || {
        let mut rig = Rig::start("[timeouts]\nrequest = \"30s\"\n", &[]);
        let _worker = Worker::start(Flavor::Rust, &rig.hub);
        let mut client = rig.hub.connect();
        client.send(&Request::get("/sleep/2000").bytes()).expect("a hub that reads");
        eventually("it is claimed", SOON, || (rig.hub.slots().claimed == 1).then_some(()));

        rig.reload("[timeouts]\nrequest = \"200ms\"\n", READ);
        assert_eq!(rig.hub.get("/sleep/60000").status(), 504, "the new limit");
        let response = client.read_response().expect("an answer").expect(200);
        assert_eq!(response.text(), "slept", "the limit that it began with");
    });
}

#[test]
fn a_reload_changes_the_rules_of_routes() {
    light("a_reload_changes_the_rules_of_routes", || {
        let mut rig = Rig::start("", &[]);
        let _worker = Worker::start(Flavor::Rust, &rig.hub);
        let big = || rig.hub.send(Request::post("/echo", vec![b'x'; 1000])).status();
        assert_eq!(big(), 200);
        rig.reload("[[route]]\npattern = \"/echo\"\nbody-bytes = 999\n", READ);
        let big = || rig.hub.send(Request::post("/echo", vec![b'x'; 1000])).status();
        assert_eq!(big(), 413);
        assert_eq!(rig.hub.get("/hello/you").status(), 200);
        rig.reload("", READ);
        assert_eq!(rig.hub.send(Request::post("/echo", vec![b'x'; 1000])).status(), 200);
    });
}

#[test]
fn a_reload_changes_what_has_to_be_there() {
    light("a_reload_changes_what_has_to_be_there", || {
        let mut rig = Rig::start("", &[]);
        let _worker = Worker::start(Flavor::Rust, &rig.hub);
        assert_eq!(rig.hub.get("/ready").status(), 200);
        rig.reload("[health]\nrequire = [\"absent\"]\n", READ);
        assert_eq!(rig.hub.get("/ready").status(), 503);
        rig.reload("[health]\nrequire = [\"conformance\"]\n", READ);
        assert_eq!(rig.hub.get("/ready").status(), 200);
    });
}

/// Goal: a token that leaked is replaced without a restart.
#[test]
fn a_reload_reads_the_admin_token_anew() {
    light("a_reload_reads_the_admin_token_anew", || {
        let dir = Arc::new(PrivateDir::new());
        let token = dir.join("token");
        let write = |text: &str| {
            fs::write(&token, text).expect("a file");
            fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("a mode");
        };
        write("the-first-token-0123456789");
        // The log names the address, which is a free port.
        let path = token.to_str().expect("a path in UTF-8");
        let listen = ["--admin-listen", "127.0.0.1:0", "--admin-token-file", path];
        let hub = Hub::builder().dir(&dir).args(&listen).start();
        let line = hub.process.wait_line("the admin surface listens", SOON);
        let address = line
            .split("127.0.0.1:")
            .nth(1)
            .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u16>().ok());
        let address = (std::net::Ipv4Addr::LOCALHOST, address.expect("a port")).into();
        let status = |token: &str| {
            // By hand, because the surface answers for its own hosts only.
            let request = format!(
                "GET /internal/workers HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
                 authorization: Bearer {token}\r\n\r\n"
            );
            let mut client = Connection::open(address).expect("a surface that listens");
            client.send(request.as_bytes()).expect("sent");
            client.read_response().expect("an answer").status()
        };
        assert_eq!(status("the-first-token-0123456789"), 200);
        write("the-second-token-0123456789");
        hub.process.signal(Signal::HUP);
        hub.process.wait_lines(READ, 1, SOON);
        assert_eq!(status("the-first-token-0123456789"), 401);
        assert_eq!(status("the-second-token-0123456789"), 200);
        // One that is too short changes nothing.
        write("short");
        hub.process.signal(Signal::HUP);
        hub.process.wait_line("holds a token of 5 bytes", SOON);
        assert_eq!(status("the-second-token-0123456789"), 200);
    });
}

/// Goal: an error in the file costs nothing but a log line with its place.
#[test]
fn a_broken_file_changes_nothing_and_is_named() {
    light("a_broken_file_changes_nothing_and_is_named", || {
        let mut rig = Rig::start("[timeouts]\nrequest = \"200ms\"\n", &[]);
        let _worker = Worker::start(Flavor::Rust, &rig.hub);
        let broken = "[timeouts]\nrequest = \"30s\"\nwiat = \"1s\"\n[[listen]]\n";
        rig.reload(broken, "the configuration stays as it was");
        for words in [
            "slotway.toml:3:1: timeouts.wiat: there is no such key; write \"wait\"",
            "slotway.toml:4:1: listen[0]: there is no address",
        ] {
            assert_eq!(rig.hub.process.count_lines(words), 1, "{words}");
        }
        assert_eq!(rig.hub.get("/sleep/60000").status(), 504, "the limit that was there");
        fs::remove_file(&rig.file).expect("a file");
        rig.hub.process.signal(Signal::HUP);
        rig.hub.process.wait_line("slotway.toml: cannot be read", SOON);
        assert_eq!(rig.hub.get("/hello/you").status(), 200);
    });
}

#[test]
fn what_cannot_change_is_named_and_the_rest_applies() {
    light("what_cannot_change_is_named_and_the_rest_applies", || {
        let mut rig = Rig::start("[timeouts]\nrequest = \"30s\"\n", &[]);
        let _worker = Worker::start(Flavor::Rust, &rig.hub);
        let file = "[timeouts]\nrequest = \"200ms\"\n[limits]\nconnections = 5\n";
        rig.reload(file, READ);
        for words in [
            "limits.connections from 16384 to 5: restart the hub for that",
            "timeouts.request from \"30s\" to \"200ms\"",
        ] {
            assert_eq!(rig.hub.process.count_lines(words), 1, "{words}");
        }
        assert_eq!(rig.hub.get("/sleep/60000").status(), 504);
        // What it could not follow it says again, because it is still so.
        rig.reload(file, READ);
        assert_eq!(rig.hub.process.count_lines("connections from 16384 to 5"), 2);
        assert_eq!(rig.hub.process.count_lines("timeouts.request from"), 1);
    });
}

/// Goal: flags stay above the file, also when it is read again.
#[test]
fn flags_stay_above_the_file() {
    light("flags_stay_above_the_file", || {
        let mut rig = Rig::start("", &["--request-timeout", "200ms"]);
        let _worker = Worker::start(Flavor::Rust, &rig.hub);
        rig.reload("[timeouts]\nrequest = \"30s\"\n", READ);
        assert_eq!(rig.hub.get("/sleep/60000").status(), 504);
    });
}

#[test]
fn a_reload_changes_what_is_logged() {
    light("a_reload_changes_what_is_logged", || {
        let mut rig = Rig::start("", &[]);
        let _worker = Worker::start(Flavor::Rust, &rig.hub);
        rig.reload("[log]\naccess = true\n", READ);
        rig.hub.get("/hello/seen");
        rig.hub.process.wait_line("/hello/seen", SOON);
        fs::write(&rig.file, "[log]\naccess = true\nfilter = \"warn\"\n").expect("a file");
        rig.hub.process.signal(Signal::HUP);
        // The words that it was read are no warning; a line of the access log neither.
        eventually("the log is quiet", SOON, || {
            let before = rig.hub.process.lines().len();
            rig.hub.get("/hello/unseen");
            rig.hub.get("/hello/unseen");
            (rig.hub.process.lines().len() == before).then_some(())
        });
    });
}
