//! A worker that meets something that is not a proper hub.

use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, SealFlags};
use serde_json::{Value, json};
use slotway_core::RegionSpec;
use slotway_core::map::{self, Doorbell, Mapping};
use slotway_tests::control::frame;
use slotway_tests::{Flavor, Hub, PrivateDir, Worker, flavors, proc};

const SOON: Duration = Duration::from_secs(20);
const SPEC: RegionSpec =
    RegionSpec { slots: 4, head_bytes: 4096, request_bytes: 4096, response_bytes: 4096 };

/// Something that listens where a hub should be.
struct FakeHub {
    listener: UnixListener,
    dir: Arc<PrivateDir>,
}

impl FakeHub {
    fn new() -> FakeHub {
        let dir = Arc::new(PrivateDir::new());
        let listener = UnixListener::bind(dir.join("hub.sock")).expect("a fresh directory");
        FakeHub { listener, dir }
    }

    /// Starts a worker and takes its hello.
    fn greeted(&self, flavor: Flavor) -> (Worker, UnixStream) {
        let worker = Worker::at(flavor, self.dir.join("hub.sock")).launch();
        let (mut stream, _) = self.listener.accept().expect("a worker that connects");
        stream.set_read_timeout(Some(SOON)).expect("a socket");
        let hello = read(&mut stream);
        assert_eq!(hello["kind"], "hello", "{hello}");
        assert_eq!(hello["pid"], worker.pid(), "{hello}");
        (worker, stream)
    }
}

fn read(stream: &mut UnixStream) -> Value {
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("a frame");
    let mut body = vec![0; u32::from_le_bytes(length) as usize];
    stream.read_exact(&mut body).expect("a frame");
    serde_json::from_slice(&body).expect("a worker speaks JSON")
}

fn welcome(length: u64) -> Value {
    json!({
        "kind": "welcome", "protocol": 1, "hub": "fake/0", "pid": 1,
        "region": {
            "layout_major": 1, "layout_minor": 0, "length": length, "slots": SPEC.slots,
            "head_bytes": SPEC.head_bytes, "request_bytes": SPEC.request_bytes,
            "response_bytes": SPEC.response_bytes,
        },
    })
}

/// A region's bytes after an edit, in a file with these seals.
fn forged(edit: fn(&mut Vec<u8>), seals: SealFlags) -> OwnedFd {
    let mapping = Mapping::create(SPEC).expect("a small region");
    let mut bytes = vec![0; mapping.length() as usize];
    rustix::io::pread(mapping.fd(), &mut bytes[..], 0).expect("a readable file");
    edit(&mut bytes);
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let fd = rustix::fs::memfd_create("slotway-forged", flags).expect("a memfd");
    assert_eq!(rustix::io::write(&fd, &bytes), Ok(bytes.len()));
    rustix::fs::fcntl_add_seals(&fd, seals).expect("a fresh memfd takes seals");
    fd
}

fn length_of(fd: &OwnedFd) -> u64 {
    rustix::fs::fstat(fd).expect("a file").st_size as u64
}

const SEALED: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);

type Forgery = (&'static str, fn(&mut Vec<u8>), SealFlags, &'static [&'static str]);

/// What a region can be that is none, and what the refusal names.
const FORGERIES: [Forgery; 9] = [
    ("magic", |bytes| bytes[0] = b'x', SEALED, &["xLOTWAY", "SLOTWAY"]),
    ("layout version", |bytes| bytes[8] = 9, SEALED, &["version 9", "version 1"]),
    ("feature bits", |bytes| bytes[12] = 2, SEALED, &["feature"]),
    ("rings that are not there", |bytes| bytes[12] = 1, SEALED, &["outbox_bytes", "0"]),
    ("no slots", |bytes| bytes[16..20].fill(0), SEALED, &["slots is 0"]),
    ("ring size", |bytes| bytes[24] = 1, SEALED, &["4097", "power of two"]),
    ("an offset", |bytes| bytes[128] ^= 1, SEALED, &["payload stride"]),
    ("truncated", |bytes| bytes.truncate(8192), SEALED, &["8192"]),
    ("no seals", |_| (), SealFlags::empty(), &["sealed"]),
];

/// The worker ends by itself, with an error of this code that names all this.
#[track_caller]
fn ends_with(mut worker: Worker, code: &str, words: &[&str]) {
    let said = worker.says(&format!("worker: {code} "));
    assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    assert_eq!(worker.process.wait_end(SOON).code(), Some(1), "an exit, not a crash");
}

flavors! {
    Light, 60, fn a_forged_region_is_refused_by_the_worker(flavor) {
        for (what, edit, seals, words) in FORGERIES {
            println!("{what}");
            let hub = FakeHub::new();
            let (worker, stream) = hub.greeted(flavor);
            let region = forged(edit, seals);
            let bells = [(); 2].map(|()| Doorbell::new().expect("an eventfd"));
            let fds = [region.as_fd(), bells[0].as_fd(), bells[1].as_fd()];
            let message = frame(welcome(length_of(&region)).to_string().as_bytes());
            map::send(&stream, &message, &fds).expect("room");
            ends_with(worker, "protocol", words);
        }
    }

    Light, 60, fn a_refusal_for_good_ends_the_worker(flavor) {
        for code in ["protocol_version", "not_allowed", "bad_region_spec"] {
            let hub = FakeHub::new();
            let (worker, mut stream) = hub.greeted(flavor);
            let reason = "because the test says so";
            let refused = json!({ "kind": "refused", "code": code, "reason": reason });
            stream.write_all(&frame(refused.to_string().as_bytes())).expect("room");
            ends_with(worker, "refused", &[code, reason]);
        }
    }

    Light, 60, fn a_worker_whose_routes_are_anothers_ends_with_the_reason(flavor) {
        let hub = Hub::start();
        let mut first = Worker::builder(flavor, &hub).name("first").start(&hub);
        let second = Worker::builder(flavor, &hub).name("second").launch();
        ends_with(second, "refused", &["route_conflict", "second", "first"]);
        assert!(first.process.is_alive());
        let bad = Worker::builder(flavor, &hub).name("not a name").launch();
        ends_with(bad, "invalid_argument", &["not a name", "128"]);
        let bad = Worker::builder(flavor, &hub).name("x").prefix("/{").launch();
        ends_with(bad, "invalid_argument", &["/{"]);
        hub.get("/pid").expect(200);
    }

    Light, 60, fn a_hub_that_talks_nonsense_is_left_and_tried_again(flavor) {
        let nonsense: [&[u8]; 6] = [
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            &[0; 4],
            &[0xff; 64],
            b"\x02\x00\x00\x00{}",
            b"\x04\x00\x00\x00null",
            b"",
        ];
        // Side by side, because each costs the pause before a second attempt.
        thread::scope(|scope| {
            for bytes in nonsense {
                scope.spawn(move || {
                    let fake = FakeHub::new();
                    let (mut worker, mut stream) = fake.greeted(flavor);
                    // The worker may hang up before it has read it all.
                    let _ = stream.write_all(bytes);
                    if bytes.is_empty() {
                        drop(stream);
                    } else {
                        let _ = stream.read_to_end(&mut Vec::new());
                    }
                    // It comes again, and finds a proper hub in the same place.
                    drop(fake.listener.accept().expect("a worker that tries again"));
                    let dir = Arc::clone(&fake.dir);
                    drop(fake);
                    let hub = Hub::builder().dir(&dir).start();
                    hub.wait_registered(worker.pid(), "conformance");
                    hub.get("/pid").expect(200);
                    assert!(worker.process.is_alive());
                });
            }
        });
    }

    Light, 60, fn a_hub_that_hangs_up_is_not_tried_in_a_loop(flavor) {
        let fake = FakeHub::new();
        let mut worker = Worker::at(flavor, fake.dir.join("hub.sock")).launch();
        let (first, _) = fake.listener.accept().expect("a worker that connects");
        drop(first);
        let begun = Instant::now();
        let mut attempts = 0;
        for _ in 0..2 {
            drop(fake.listener.accept().expect("a worker that tries again"));
            attempts += 1;
        }
        // 500 ms, then 1 s, each with up to half a second by chance.
        assert!(begun.elapsed() >= Duration::from_millis(1_400), "{:?}", begun.elapsed());
        assert_eq!(attempts, 2);
        assert!(proc::cpu_ticks(worker.pid()) < 30, "it does not spin");
        assert!(worker.process.is_alive());
    }
}
