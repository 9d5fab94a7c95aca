//! R01, R05, R07: a runner and something that is not a proper hub.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slotway::{
    Backoff, Ending, Heartbeat, Options, RegistrationState, Report, Request, Runner, Unit,
};
use slotway_core::RegionSpec;
use slotway_core::map::{self, Doorbell, Mapping};
use slotway_tests::control::frame;
use slotway_tests::{PrivateDir, Weight, case, eventually};

const SOON: Duration = Duration::from_secs(20);
/// The bound that the list of behaviours gives for a shutdown.
const SHUTDOWN: Duration = Duration::from_secs(1);
const SPEC: RegionSpec =
    RegionSpec { slots: 256, head_bytes: 4096, request_bytes: 4096, response_bytes: 4096 };

/// Something that listens where a hub should be.
struct FakeHub {
    listener: UnixListener,
    dir: Arc<PrivateDir>,
}

/// A worker's connection to it.
struct Link {
    stream: UnixStream,
    /// Kept, so that the worker finds them where they were.
    _region: Option<(Mapping, [Doorbell; 2])>,
}

impl FakeHub {
    fn new() -> FakeHub {
        let dir = Arc::new(PrivateDir::new());
        let listener = UnixListener::bind(dir.join("hub.sock")).expect("a fresh directory");
        FakeHub { listener, dir }
    }

    fn path(&self) -> PathBuf {
        self.dir.join("hub.sock")
    }

    fn accept(&self) -> Link {
        let (stream, _) = self.listener.accept().expect("a worker that connects");
        stream.set_read_timeout(Some(SOON)).expect("a socket");
        Link { stream, _region: None }
    }

    /// The next worker, with a region.
    fn welcome(&self) -> Link {
        let mut link = self.accept();
        assert_eq!(link.read()["kind"], "hello");
        let region = Mapping::create(SPEC).expect("a region");
        let bells = [(); 2].map(|()| Doorbell::new().expect("an eventfd"));
        let welcome = json!({
            "kind": "welcome", "protocol": 1, "hub": "fake/0", "pid": 1,
            "region": {
                "layout_major": 1, "layout_minor": 0, "length": region.length(),
                "slots": SPEC.slots, "head_bytes": SPEC.head_bytes,
                "request_bytes": SPEC.request_bytes, "response_bytes": SPEC.response_bytes,
            },
        });
        let fds = [region.fd(), bells[0].as_fd(), bells[1].as_fd()];
        map::send(&link.stream, &frame(welcome.to_string().as_bytes()), &fds).expect("room");
        link._region = Some((region, bells));
        link
    }
}

impl Link {
    fn read(&mut self) -> Value {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).expect("a frame");
        let mut body = vec![0; u32::from_le_bytes(length) as usize];
        self.stream.read_exact(&mut body).expect("a frame");
        serde_json::from_slice(&body).expect("a worker speaks JSON")
    }

    /// The next message that is no heartbeat.
    fn word(&mut self) -> Value {
        loop {
            let word = self.read();
            if word["kind"] != "heartbeat" {
                return word;
            }
        }
    }

    fn say(&mut self, message: &Value) {
        self.stream.write_all(&frame(message.to_string().as_bytes())).expect("room");
    }

    /// Takes the next registration; gives it.
    fn registered(&mut self) -> Value {
        let register = self.word();
        assert_eq!(register["kind"], "register", "{register}");
        let (id, name) = (&register["id"], &register["name"]);
        self.say(&json!({ "kind": "registered", "id": id, "name": name }));
        register
    }
}

fn unit(name: &str) -> Unit {
    Unit::new(name).instance("a").get(&format!("/{name}"), |_: &mut Request| "ok")
}

/// Runs, waits until it is where it shall be, shuts down, and says how that went.
fn shut_down(runner: Runner, arrive: impl FnOnce(&slotway::RunnerHandle)) -> Report {
    let handle = runner.handle();
    let running = thread::spawn(move || runner.run());
    arrive(&handle);
    let begun = Instant::now();
    handle.shutdown();
    let report = running.join().expect("no panic").expect("it ran");
    let took = begun.elapsed();
    assert!(took < SHUTDOWN, "{took:?}");
    report
}

/// Goal: a shutdown is seen in every wait, whatever the hub does not say.
#[test]
fn r07_a_shutdown_is_seen_in_every_wait() {
    case("r07 waits", Weight::Light, Duration::from_secs(60), || {
        let hour = Duration::from_secs(3600);
        let slow = Backoff { base: hour, cap: hour, ..Backoff::default() };
        let patient = |hub: &FakeHub| {
            Options::new()
                .hub(hub.path())
                .backoff(slow)
                .handshake_timeout(hour)
                .drain_deadline(hour)
        };

        // In the backoff: nobody is there.
        let hub = FakeHub::new();
        let options = patient(&hub).hub(hub.dir.join("nobody.sock"));
        let report = shut_down(Runner::new(options).unit(unit("a")), |handle| {
            eventually("it waits", SOON, || handle.metrics()[0].backoff.map(drop));
        });
        assert_eq!(report.of("a.a").expect("it is there").reason, Ending::Shutdown);

        // Connected, and the hello is never answered.
        let mut link = None;
        shut_down(Runner::new(patient(&hub)).unit(unit("a")), |_| {
            let mut accepted = hub.accept();
            assert_eq!(accepted.read()["kind"], "hello");
            link = Some(accepted);
        });

        // The registration is never answered.
        shut_down(Runner::new(patient(&hub)).unit(unit("a")), |_| {
            let mut accepted = hub.welcome();
            assert_eq!(accepted.word()["kind"], "register");
            link = Some(accepted);
        });

        // It is live, and the hub says nothing more.
        shut_down(Runner::new(patient(&hub)).unit(unit("a")), |handle| {
            let mut accepted = hub.welcome();
            accepted.registered();
            let live = || (handle.metrics()[0].state == RegistrationState::Live).then_some(());
            eventually("it is live", SOON, live);
            link = Some(accepted);
        });

        // One was refused for now and waits for its turn, which is in an hour.
        let two = Runner::new(patient(&hub)).unit(unit("a")).unit(unit("b"));
        shut_down(two, |handle| {
            let mut accepted = hub.welcome();
            accepted.registered();
            assert_eq!(accepted.word()["kind"], "register");
            let (code, reason) = ("region_unavailable", "later");
            accepted.say(&json!({ "kind": "refused", "id": 1, "code": code, "reason": reason }));
            eventually("it waits", SOON, || handle.metrics()[1].backoff.map(drop));
            link = Some(accepted);
        });
        drop(link);
    });
}

/// Goal: a hub that accepts and closes at once does not make the attempts begin anew: the
/// waits grow.
#[test]
fn r01_a_hub_that_accepts_and_closes_resets_nothing() {
    case("r01 accept and close", Weight::Light, Duration::from_secs(60), || {
        let hub = FakeHub::new();
        let base = Duration::from_millis(20);
        let backoff = Backoff { base, jitter: Duration::ZERO, ..Backoff::default() };
        let options = Options::new().hub(hub.path()).backoff(backoff);
        let runner = Runner::new(options).unit(unit("a"));
        let handle = runner.handle();
        let running = thread::spawn(move || runner.run());
        let mut seen = Vec::new();
        for round in 0..6_u32 {
            // Sometimes the hub even registers before it closes.
            if round % 2 == 0 {
                drop(hub.accept());
            } else {
                hub.welcome().registered();
            }
            let expected = base * 2_u32.pow(round);
            eventually("the wait is longer", SOON, || {
                (handle.metrics()[0].backoff == Some(expected)).then_some(())
            });
            seen.push(expected);
        }
        assert!(seen.windows(2).all(|two| two[1] == 2 * two[0]));
        handle.shutdown();
        running.join().expect("no panic").expect("it ran");
    });
}

/// Goal: a runner that is not to come back says of each registration what ended it.
#[test]
fn r05_the_report_says_what_ended_each() {
    case("r05 reasons", Weight::Light, Duration::from_secs(60), || {
        let beat =
            Heartbeat { interval: Duration::from_secs(3600), timeout: Duration::from_millis(100) };
        let hub = FakeHub::new();
        let ends = |hurt: &dyn Fn(&mut Link)| -> Ending {
            let options = Options::new().hub(hub.path()).reconnect(false);
            let runner = Runner::new(options).heartbeat(Some(beat)).unit(unit("a")).unit(unit("b"));
            let running = thread::spawn(move || runner.run());
            let mut link = hub.welcome();
            for _ in 0..2 {
                link.registered();
            }
            hurt(&mut link);
            let report = running.join().expect("no panic").expect("it ran");
            let reasons: Vec<_> = report.registrations.into_iter().map(|own| own.reason).collect();
            assert_eq!(reasons[0], reasons[1]);
            drop(link);
            reasons[0].clone()
        };
        let closed = ends(&|link| {
            link.stream.shutdown(std::net::Shutdown::Both).expect("it is open");
        });
        assert_eq!(closed, Ending::HubClosed);
        let nonsense = ends(&|link| {
            link.stream.write_all(&[0xff; 8]).expect("room");
        });
        assert!(
            matches!(&nonsense, Ending::Protocol(what) if what.contains("4294967295")),
            "{nonsense:?}"
        );
        assert_eq!(ends(&|_| {}), Ending::HeartbeatTimeout);
        let refused = ends(&|link| {
            let (code, reason) = ("not_allowed", "go away");
            link.say(&json!({ "kind": "refused", "code": code, "reason": reason }));
        });
        assert!(matches!(&refused, Ending::Refused { reason, .. } if reason == "go away"));
        let replaced = ends(&|link| {
            for id in 0..2 {
                let (code, reason) = ("replaced", "a newer one serves");
                link.say(&json!({ "kind": "refused", "id": id, "code": code, "reason": reason }));
            }
        });
        assert_eq!(replaced, Ending::Replaced);
    });
}

/// Goal: words about registrations that are not there are nobody's, and end nothing.
#[test]
fn r11_words_about_nobody_change_nothing() {
    case("r11 words", Weight::Light, Duration::from_secs(60), || {
        let hub = FakeHub::new();
        // One that takes more stays, whatever becomes of those that it has.
        let runner = Runner::new(Options::new().hub(hub.path())).unit(unit("a")).hot_add(true);
        let handle = runner.handle();
        let running = thread::spawn(move || runner.run());
        let mut link = hub.welcome();
        link.registered();
        for word in [
            json!({ "kind": "registered", "id": 7, "name": "b" }),
            json!({ "kind": "pending", "id": 7, "reason": "who?" }),
            json!({ "kind": "refused", "id": 7, "code": "route_conflict", "reason": "who?" }),
            json!({ "kind": "unregistered", "id": 7, "name": "b" }),
            json!({ "kind": "unregistered", "id": 0, "name": "a" }),
        ] {
            link.say(&word);
        }
        // What is asked next is answered next, so all of that has been heard.
        link.say(
            &json!({ "kind": "refused", "id": 0, "code": "region_unavailable", "reason": "now" }),
        );
        eventually("the last word was heard", SOON, || {
            matches!(handle.metrics()[0].state, RegistrationState::Refused { .. }).then_some(())
        });
        assert_eq!(handle.metrics().len(), 1);
        handle.close();
        running.join().expect("no panic").expect("it ran");
    });
}
