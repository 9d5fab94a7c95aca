//! What the demo asks for, and what the answers must be.

use std::io::Read;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use slotway_tests::http::{Request, Response};
use slotway_tests::{pattern, proc};

use crate::Demo;
use crate::table::Table;

const MIB: usize = 1 << 20;
const DOWNLOAD_BYTES: u64 = 50_000_000;
/// The hub's memory may grow this much over a download; the spool alone may take 256 KiB.
const GROWTH_MAX: u64 = 16 * MIB as u64;

/// The workers and the routes that both serve under a prefix of their own.
const WORKERS: [(&str, &str); 2] = [("C", "/c"), ("Rust", "/rust")];

pub(crate) fn run(demo: &mut Demo, table: &mut Table) {
    for (worker, prefix) in WORKERS {
        hello(demo, table, worker, prefix);
    }
    for (worker, prefix) in WORKERS {
        repeated_headers(demo, table, worker, prefix);
    }
    for (worker, prefix) in WORKERS {
        echo(demo, table, worker, prefix);
    }
    for (worker, prefix) in WORKERS {
        download(demo, table, worker, prefix);
    }
    nowhere(demo, table);
    killed(demo, table);
    let pids = [demo.c.pid(), demo.rust[1].pid()];
    assert!(pids.iter().all(|&pid| proc::state(pid).is_some()), "a worker is gone");
}

fn timed(demo: &Demo, request: Request) -> (Response, Duration) {
    let begin = Instant::now();
    let response = demo.hub.send(request);
    (response, begin.elapsed())
}

fn hello(demo: &Demo, table: &mut Table, worker: &str, prefix: &str) {
    let path = format!("{prefix}/hello/Ada%20Lovelace");
    let (response, took) = timed(demo, Request::get(&path));
    let text = response.expect(200).text();
    assert_eq!(text, format!("Hello, Ada Lovelace, from {worker}!"));
    table.row(&format!("GET {path}"), worker, &format!("200 {text}"), took);
}

fn repeated_headers(demo: &Demo, table: &mut Table, worker: &str, prefix: &str) {
    let path = format!("{prefix}/tags");
    let request = Request::get(&path)
        .header("x-tag", "one")
        .header("x-tag", b"\xe9t\xe9")
        .header("x-tag", "");
    let (response, took) = timed(demo, request);
    let response = response.expect(200);
    let tags: Vec<_> = response.head.all("x-tag").collect();
    assert_eq!(tags, [&b"one"[..], b"\xe9t\xe9", b""], "repeats, order and bytes are kept");
    let answer = format!("200 {} times x-tag, in order, Latin-1 kept", tags.len());
    table.row(&format!("GET {path}, 3 times x-tag"), worker, &answer, took);
}

fn echo(demo: &Demo, table: &mut Table, worker: &str, prefix: &str) {
    let path = format!("{prefix}/echo");
    let body = pattern(0, MIB);
    let (response, took) = timed(demo, Request::post(&path, body.clone()));
    assert!(response.expect(200).body == body, "the echo is not what was sent");
    table.row(&format!("POST {path}, 1 MiB"), worker, "200 the same 1,048,576 bytes", took);
}

fn download(demo: &Demo, table: &mut Table, worker: &str, prefix: &str) {
    let path = format!("{prefix}/download/{DOWNLOAD_BYTES}");
    let hub = demo.hub.process.pid();
    let before = proc::resident_bytes(hub);
    proc::reset_peak(hub);
    let begin = Instant::now();
    let mut connection = demo.hub.connect();
    connection.send(&Request::get(&path).close().bytes()).expect("a hub that listens");
    let head = connection.read_head().expect("an answer");
    assert_eq!(head.status, 200, "{head:?}");
    let (mut body, mut total) = (connection.body(&head), 0);
    let mut piece = vec![0; 64 << 10];
    loop {
        let count = body.read(&mut piece).expect("a whole answer");
        if count == 0 {
            break;
        }
        total += count as u64;
    }
    let took = begin.elapsed();
    assert_eq!(total, DOWNLOAD_BYTES);
    let grown = proc::resident_peak_bytes(hub).saturating_sub(before);
    assert!(grown < GROWTH_MAX, "the hub grew by {grown} bytes");
    let grown = grown as f64 / MIB as f64;
    let answer = format!("200 50 MB; the hub grew by {grown:.1} MiB at most");
    table.row(&format!("GET {path}"), worker, &answer, took);
}

fn nowhere(demo: &Demo, table: &mut Table) {
    let (response, took) = timed(demo, Request::get("/nowhere"));
    let response = response.expect(404);
    let answer = format!("404 problem+json, code {}", response.problem());
    table.row("GET /nowhere", "—", &answer, took);
}

/// Kills one Rust worker while it holds a request; the other one answers the next.
fn killed(demo: &mut Demo, table: &mut Table) {
    let mut held = demo.hub.connect();
    held.send(&Request::get("/rust/hold").close().bytes()).expect("a hub that listens");
    let workers = demo.rust.each_ref().map(slotway_tests::Process::pid);
    let holder =
        slotway_tests::eventually("a worker holds the request", Duration::from_secs(10), || {
            workers.iter().position(|&pid| {
                demo.hub
                    .workers()
                    .iter()
                    .any(|worker| worker.pid() == u64::from(pid) && worker.in_flight() > 0)
            })
        });
    demo.rust.swap(0, holder);
    let begin = Instant::now();
    demo.rust[0].kill();
    let response = held.read_response().expect("exactly one answer").expect(502);
    let took = begin.elapsed();
    let answer = format!("502 problem+json, code {}", response.problem());
    table.row("GET /rust/hold, its worker killed", "Rust 1", &answer, took);

    let (response, took) = timed(demo, Request::get("/rust/pid"));
    let pid = response.expect(200).text();
    assert_eq!(pid, demo.rust[1].pid().to_string(), "the sibling answers");
    table.row(
        "GET /rust/pid, right after",
        "Rust 2",
        &format!("200 answered by process {pid}"),
        took,
    );
}

/// Ends the hub as an operator would.
pub(crate) fn end(demo: &mut Demo, table: &mut Table) {
    let begin = Instant::now();
    demo.hub.process.signal(Signal::TERM);
    let status = demo.hub.process.wait_end(Duration::from_secs(20));
    assert!(status.success(), "the hub ended with {status}");
    table.row("SIGTERM to the hub", "—", "it drains and exits with 0", begin.elapsed());
}
