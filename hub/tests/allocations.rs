//! How often the hub allocates for a request, and that this does not grow unseen.
//!
//! A hub in this process, whose threads are counted; client and worker are not. `make
//! allocations` says for each case which places ask, and for how much.

mod common;

use common::{Client, Request, Rig, Worker};
use slotway_counting::{Counting, count_this_thread, counts, remember_sites, sites};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Requests of a batch, and batches of a case. The cheapest counts: a body that comes in
/// more pieces than usual, because the machine is busy, costs more for each of them.
const BATCH: u64 = 20;
const BATCHES: u64 = 20;

/// One kind of request, and how many allocations of the hub it may take.
struct Case {
    name: &'static str,
    bound: u64,
    method: &'static str,
    target: &'static str,
    headers: &'static str,
    body: usize,
}

/// The bounds are what was found, hyper's share included: see `docs/allocations.md`.
const CASES: [Case; 5] = [
    Case {
        name: "GET, as load generators ask",
        bound: 3,
        method: "GET",
        target: "/hello",
        headers: "",
        body: 0,
    },
    Case {
        name: "GET, as browsers ask",
        bound: 6,
        method: "GET",
        target: "/items/17?page=2",
        headers: BROWSER,
        body: 0,
    },
    Case {
        name: "POST of 4 KiB and back",
        bound: 6,
        method: "POST",
        target: "/echo",
        headers: "",
        body: 4 << 10,
    },
    Case {
        name: "POST of 64 KiB and back",
        bound: 6,
        method: "POST",
        target: "/echo",
        headers: "",
        body: 64 << 10,
    },
    Case {
        name: "a path that nobody serves",
        bound: 9,
        method: "GET",
        target: "/nowhere",
        headers: "",
        body: 0,
    },
];

const BROWSER: &str = "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    accept-language: en-US,en;q=0.5\r\n\
    accept-encoding: gzip, deflate, br, zstd\r\n\
    cookie: session=0123456789abcdef0123456789abcdef\r\n\
    referer: http://test/items\r\n\
    sec-fetch-dest: document\r\n\
    sec-fetch-mode: navigate\r\n\
    sec-fetch-site: same-origin\r\n";

fn answer(request: Request) {
    let body = if request.method == "POST" { request.body() } else { b"Hello, world!".to_vec() };
    request.answer(200, &[("content-type", b"text/plain")], &body);
}

fn ask(client: &mut Client, case: &Case, body: &[u8]) {
    let reply = client.request(case.method, case.target, case.headers, body);
    let expected = if case.target == "/nowhere" { 404 } else { 200 };
    assert_eq!(reply.status, expected, "{}", case.name);
    assert!(case.body == 0 || reply.body == body, "{}: another body", case.name);
}

/// Invariant 4 and the fifth of the architecture: what a request costs in allocations is
/// known, and bounded here by the number that was found.
#[test]
fn a_request_allocates_no_more_than_was_found() {
    let rig = Rig::with_threads(|_| {}, count_this_thread);
    let routes = [("GET", "/hello"), ("GET", "/items/{id}"), ("POST", "/echo")];
    let _worker = Worker::start(rig.control(), "worker", &routes, answer);
    let explains = std::env::var_os("SLOTWAY_ALLOCATION_SITES").is_some();
    let mut grown = Vec::new();
    for case in &CASES {
        let body: Vec<u8> = (0..case.body).map(|at| at as u8).collect();
        let mut client = rig.client();
        // What is allocated once, for the connection, the route, a thread, comes first.
        for _ in 0..50 {
            ask(&mut client, case, &body);
        }
        if explains {
            explain(case, &mut client, &body);
        }
        let batches = (0..BATCHES).map(|_| {
            let before = counts();
            for _ in 0..BATCH {
                ask(&mut client, case, &body);
            }
            counts() - before
        });
        let found = batches.min_by_key(|found| found.allocations).expect("a batch");
        // To the nearest: now and then there is one for the connection, not for a request.
        let each = (found.allocations + BATCH / 2) / BATCH;
        println!(
            "{:<28} {:6.2} allocations, {:9.1} bytes a request; {} at most",
            case.name,
            found.allocations as f64 / BATCH as f64,
            found.bytes as f64 / BATCH as f64,
            case.bound,
        );
        if each > case.bound {
            grown.push(format!("{}: {each}, of {} at most", case.name, case.bound));
        }
    }
    assert!(
        grown.is_empty(),
        "a request takes more allocations than it did (make allocations shows where):\n{}",
        grown.join("\n")
    );
}

/// Prints who asks for memory, of ten requests.
fn explain(case: &Case, client: &mut Client, body: &[u8]) {
    remember_sites(true);
    for _ in 0..10 {
        ask(client, case, body);
    }
    // The last answer is here before the hub is through with its request.
    std::thread::sleep(std::time::Duration::from_millis(50));
    remember_sites(false);
    println!("\n== {}", case.name);
    for site in sites(7) {
        let (each, bytes) = (site.allocations as f64 / 10.0, site.bytes / site.allocations);
        println!(
            "{each:6.1} × {bytes:7} bytes  {}",
            site.frames.join("\n                        < ")
        );
    }
}
