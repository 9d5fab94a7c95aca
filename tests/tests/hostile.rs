//! A worker that breaks the rules of its region, beside an honest one. Whatever it
//! writes, the hub ends its connection with a logged reason and nothing else happens.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use slotway_core::worker::Claim;
use slotway_tests::http::{Request, Response};
use slotway_tests::raw::{RawRegion, RawWorker, slot};
use slotway_tests::{Hub, Rng, Weight, case, eventually, proc};

const LIMIT: Duration = Duration::from_secs(60);

/// An honest worker in a thread of its own, and a client that never stops asking it.
struct Honest {
    served: Arc<AtomicU64>,
    /// The client and the worker, each with what ends it. In this order: a client that still
    /// asks needs its worker.
    threads: [(Arc<AtomicBool>, thread::JoinHandle<()>); 2],
}

impl Honest {
    fn start(hub: &Hub) -> Honest {
        let stops = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let served = Arc::new(AtomicU64::new(0));
        let worker = RawWorker::registered(&hub.control_path(), "honest", &["/honest/{n}"]);
        let halt = Arc::clone(&stops[1]);
        let serve = move || {
            while !halt.load(Ordering::Relaxed) {
                let Some(claim) = worker.claim_within(Duration::from_millis(50)) else { continue };
                let head = worker.side.request_head(&claim);
                let head = slotway_core::head::RequestHead::parse(head).expect("a head");
                let number = head.param("n").expect("a parameter").to_vec();
                worker.answer(claim, 200, &number);
            }
        };
        let (halt, count, address) = (Arc::clone(&stops[0]), Arc::clone(&served), hub.address);
        let ask = move || {
            let mut client = slotway_tests::http::Connection::open(address).expect("a hub");
            let mut number = 0_u64;
            while !halt.load(Ordering::Relaxed) {
                number += 1;
                let request = Request::get(&format!("/honest/{number}"));
                let response = client.exchange(&request).expect("an answer").expect(200);
                assert_eq!(response.text(), number.to_string());
                count.store(number, Ordering::Relaxed);
            }
        };
        let [asked, serving] = stops;
        Honest { served, threads: [(asked, thread::spawn(ask)), (serving, thread::spawn(serve))] }
    }

    /// It goes on being served.
    fn goes_on(&self) {
        let before = self.served.load(Ordering::Relaxed);
        eventually("the honest worker to go on", Duration::from_secs(10), || {
            (self.served.load(Ordering::Relaxed) > before + 10).then_some(())
        });
    }

    /// Ends it; every request had its answer.
    fn end(self) {
        for (stop, thread) in self.threads {
            stop.store(true, Ordering::Relaxed);
            thread.join().expect("every request to the honest worker has its own answer");
        }
    }
}

/// What the hub logs before the reason.
const EVICTED: &str = "worker broke the protocol";

/// Something that a worker does wrong with an exchange in its hands.
type Misdeed = fn(&RawWorker, Claim);

fn word(region: &RawRegion, claim: &Claim) -> u64 {
    region.slot(claim.slot()) + slot::WORD
}

fn put(region: &RawRegion, at: u64, value: u32) {
    region.write(at, &value.to_le_bytes());
}

/// Each must end in an eviction with a reason that holds these words.
const MISDEEDS: [(&str, Misdeed, &str); 9] = [
    (
        "a state that does not exist",
        |worker, claim| {
            let at = word(&worker.region, &claim);
            put(&worker.region, at, worker.region.u32(at) | 0b111);
        },
        "word",
    ),
    (
        "an exchange freed by the worker",
        |worker, claim| {
            let at = word(&worker.region, &claim);
            put(&worker.region, at, worker.region.u32(at) & !0b111);
        },
        "word",
    ),
    (
        "another generation",
        |worker, claim| {
            let at = word(&worker.region, &claim);
            put(&worker.region, at, worker.region.u32(at).wrapping_add(16));
        },
        "generation",
    ),
    (
        "a word of all ones",
        |worker, claim| {
            put(&worker.region, word(&worker.region, &claim), u32::MAX);
        },
        "word",
    ),
    (
        "a response head longer than its area",
        |worker, claim| {
            let header = worker.region.slot(claim.slot());
            put(&worker.region, header + slot::RESPONSE_HEAD_LENGTH, u32::MAX);
            let _ = worker.side.finish(claim);
        },
        "head",
    ),
    (
        "a response longer than its ring",
        |worker, claim| {
            worker.side.encode_head(&claim, 200, None, |_| Ok(())).expect("a short head");
            let header = worker.region.slot(claim.slot());
            put(&worker.region, header + slot::RESPONSE_TAIL, 0x7fff_ffff);
            let _ = worker.side.announce(&claim);
        },
        "stream",
    ),
    (
        "an end that does not exist",
        |worker, claim| {
            worker.side.encode_head(&claim, 200, None, |_| Ok(())).expect("a short head");
            let header = worker.region.slot(claim.slot());
            put(&worker.region, header + slot::RESPONSE_END, 77);
            let _ = worker.side.announce(&claim);
        },
        "end",
    ),
    (
        "a request consumed before it came",
        |worker, claim| {
            let header = worker.region.slot(claim.slot());
            put(&worker.region, header + slot::REQUEST_HEAD, 0x4000_0000);
            let _ = worker.side.announce(&claim);
        },
        "stream",
    ),
    (
        "a queue consumed past its end",
        |worker, claim| {
            put(&worker.region, worker.region.queue_head(), 0x4000_0000);
            drop(claim);
        },
        "queue",
    ),
];

/// Sends requests until one is in the worker's hands; gives the claim and the clients'
/// answers to come.
fn request_in_hand(hub: &Hub, worker: &RawWorker) -> (Claim, mpsc::Receiver<Option<Response>>) {
    let (answered, answers) = mpsc::channel();
    let mut client = hub.connect();
    // A body that does not fit the ring, so that the hub watches the request's stream too.
    let request = Request::post("/hostile", vec![b'x'; 300_000]).close();
    thread::spawn(move || {
        // The hub may answer before it took the whole body, and hang up.
        let sent = client.send(&request.bytes());
        let _ = answered.send(client.read_response().ok());
        drop(sent);
    });
    (worker.claim(), answers)
}

#[test]
fn whatever_a_worker_scribbles_costs_its_own_connection_only() {
    let name = "whatever_a_worker_scribbles_costs_its_own_connection_only";
    case(name, Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let honest = Honest::start(&hub);
        for (what, misdeed, reason) in MISDEEDS {
            let evictions = hub.process.count_lines(EVICTED);
            let mut worker = RawWorker::connect(&hub.control_path());
            let mut message = slotway_tests::control::register(1, "hostile", &["/hostile"]);
            message["routes"][0]["method"] = "POST".into();
            assert_eq!(worker.control.ask(&message)["kind"], "registered");
            let (claim, answers) = request_in_hand(&hub, &worker);
            misdeed(&worker, claim);
            worker.shout();
            // A queue is looked at when the next request is put in.
            let (_also, more) = (hub.connect(), extra_request(&hub));
            let said = worker.control.read_to_end();
            assert!(said.iter().any(|message| message["code"] == "violation"), "{what}: {said:?}");
            let answer = answers.recv_timeout(Duration::from_secs(20)).expect("an end");
            if let Some(response) = answer {
                assert!(matches!(response.status(), 502 | 503), "{what}: {response:?}");
            }
            let status = more.join().expect("no panic");
            assert!(matches!(status, 502..=504 | 404), "{what}: {status}");
            let logged = hub.process.wait_lines(EVICTED, evictions + 1, Duration::from_secs(10));
            assert!(logged.contains(reason), "{what}: {logged}");
            honest.goes_on();
        }
        honest.end();
        eventually("the hub has let go of every region", Duration::from_secs(10), || {
            (proc::open_regions(hub.process.pid()) == 0).then_some(())
        });
    });
}

fn extra_request(hub: &Hub) -> thread::JoinHandle<u16> {
    let mut client = hub.connect();
    thread::spawn(move || {
        let exchanged = client.exchange(&Request::post("/hostile", "more").close());
        exchanged.expect("exactly one answer").status()
    })
}

#[test]
fn answers_that_are_no_responses_are_502_and_keep_the_worker() {
    let name = "answers_that_are_no_responses_are_502_and_keep_the_worker";
    case(name, Weight::Light, LIMIT, || {
        let hub = Hub::start();
        let worker = RawWorker::registered(&hub.control_path(), "clumsy", &["/clumsy"]);
        let mut client = hub.connect();
        let request = Request::get("/clumsy");
        let bad_heads: [(&str, Misdeed); 11] = [
            ("status 0", |w, c| finish(w, c, 0, &[], Some(0))),
            ("status 99", |w, c| finish(w, c, 99, &[], Some(0))),
            ("status 100", |w, c| finish(w, c, 100, &[], Some(0))),
            ("status 199", |w, c| finish(w, c, 199, &[], Some(0))),
            ("status 1000", |w, c| finish(w, c, 1000, &[], Some(0))),
            ("a name with a space", |w, c| finish(w, c, 200, &[(b"a b", b"c")], Some(0))),
            ("an empty name", |w, c| finish(w, c, 200, &[(b"", b"c")], Some(0))),
            ("a value with a line's end", |w, c| {
                finish(w, c, 200, &[(b"x", b"y\r\nset-cookie: stolen=1")], Some(0));
            }),
            ("transfer-encoding", |w, c| {
                finish(w, c, 200, &[(b"transfer-encoding", b"chunked")], Some(0));
            }),
            ("a length that is too long", |w, c| finish(w, c, 200, &[], Some(5))),
            ("a head of random bytes", |w, c| {
                let at = w.region.response_head(c.slot());
                w.region.write(at, &[0xa5; 64]);
                let header = w.region.slot(c.slot());
                put(&w.region, header + slot::RESPONSE_HEAD_LENGTH, 64);
                w.wake(w.side.finish(c));
            }),
        ];
        for (what, answer) in bad_heads {
            client.send(&request.bytes()).expect("a hub that reads");
            answer(&worker, worker.claim());
            let response = client.read_response().expect("an answer");
            assert_eq!(response.status(), 502, "{what}: {response:?}");
            assert_eq!(response.problem(), "bad_answer", "{what}");
            assert!(response.head.one("set-cookie").is_none(), "{what}");
        }
        // No head at all.
        client.send(&request.bytes()).expect("a hub that reads");
        worker.wake(worker.side.abort(worker.claim()));
        assert_eq!(client.read_response().expect("an answer").status(), 502);
        // The same connection, the same worker, and nothing left in use.
        client.send(&request.bytes()).expect("a hub that reads");
        worker.answer(worker.claim(), 200, b"well");
        assert_eq!(client.read_response().expect("an answer").expect(200).text(), "well");
        hub.wait_all_free();
    });
}

fn finish(
    worker: &RawWorker,
    claim: Claim,
    status: u16,
    headers: &[(&[u8], &[u8])],
    length: Option<u64>,
) {
    let fields = |encoder: &mut slotway_core::head::ResponseEncoder<'_>| {
        headers.iter().try_for_each(|(name, value)| encoder.header(name, value))
    };
    worker.side.encode_head(&claim, status, length, fields).expect("a short head");
    worker.wake(worker.side.finish(claim));
}

#[test]
fn a_region_of_noise_harms_nobody_else() {
    case("a_region_of_noise_harms_nobody_else", Weight::Light, LIMIT, || {
        let hub = Hub::with(&["--request-timeout", "2s", "--wait-timeout", "1s"]);
        let honest = Honest::start(&hub);
        let mut rng = Rng::new(2);
        for _ in 0..12 {
            let worker = RawWorker::registered(&hub.control_path(), "noise", &["/noise"]);
            let clients: Vec<_> = (0..4)
                .map(|_| {
                    let mut client = hub.connect();
                    thread::spawn(move || {
                        let _ = client.exchange(&Request::get("/noise").close());
                    })
                })
                .collect();
            let claim = worker.claim();
            // Everything between the region's own header and the heads, at random.
            let (first, last) = (4096, worker.region.slot(8));
            for _ in 0..200 {
                let at = first + rng.below(last - first) / 8 * 8;
                worker.region.write(at, &rng.next_u64().to_le_bytes());
                worker.shout();
            }
            drop(claim);
            drop(worker);
            for client in clients {
                client.join().expect("no panic");
            }
            honest.goes_on();
        }
        honest.end();
    });
}

#[test]
fn the_attention_map_full_of_ones_costs_no_busy_loop() {
    case("the_attention_map_full_of_ones_costs_no_busy_loop", Weight::Heavy, LIMIT, || {
        let hub = Hub::start();
        let worker = RawWorker::registered(&hub.control_path(), "loud", &["/loud"]);
        for _ in 0..100 {
            worker.shout();
        }
        // It has looked once or twice for each and is asleep again.
        eventually("the hub to be idle", Duration::from_secs(10), || {
            let before = proc::cpu_ticks(hub.process.pid());
            thread::sleep(Duration::from_millis(500));
            (proc::cpu_ticks(hub.process.pid()) <= before + 1).then_some(())
        });
        let mut client = hub.connect();
        client.send(&Request::get("/loud").close().bytes()).expect("a hub that reads");
        worker.answer(worker.claim(), 200, b"still here");
        client.read_response().expect("an answer").expect(200);
    });
}

/// A word that no transition produces: waiting, and yet given up by the hub. It can be
/// neither answered nor taken back.
#[test]
fn a_request_that_cannot_be_taken_back_is_answered_when_its_worker_goes() {
    let name = "a_request_that_cannot_be_taken_back_is_answered_when_its_worker_goes";
    case(name, Weight::Light, LIMIT, || {
        const READY: u32 = 2;
        const CANCELLED: u32 = 8;
        let hub = Hub::start();
        let honest = Honest::start(&hub);
        for drains in [false, true] {
            let mut worker = RawWorker::registered(&hub.control_path(), "sly", &["/sly"]);
            let mut client = hub.begin("/sly");
            let at = eventually("the request to wait", LIMIT, || {
                let words = (0..worker.region.slots()).map(|index| worker.region.slot(index));
                words.map(|at| at + slot::WORD).find(|&at| worker.region.u32(at) & 7 == READY)
            });
            put(&worker.region, at, worker.region.u32(at) | CANCELLED);
            let other = drains.then(|| {
                let other = RawWorker::registered(&hub.control_path(), "sly", &["/sly"]);
                worker.control.send(&slotway_tests::control::frame(br#"{"kind":"drain"}"#));
                other
            });
            if !drains {
                drop(worker);
            }
            let response = client.read_response().expect("an answer");
            assert_eq!(response.problem(), "worker_gone");
            drop(other);
            honest.goes_on();
        }
        honest.end();
    });
}
