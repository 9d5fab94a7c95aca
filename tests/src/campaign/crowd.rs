//! More of everything than there is: connections that say one byte a second, descriptors
//! that run out, memory that does. The hub refuses what it must and serves the rest, and
//! serves everybody when the pressure goes.

use std::io::Write;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

use super::{Plan, Tally};
use crate::http::{Connection, Request};
use crate::{Flavor, Hub, Pattern, Worker, eventually, proc};

const SOON: Duration = Duration::from_secs(30);
const MIB: u64 = 1 << 20;
/// What a connection with a head under way may cost the hub.
const BYTES_A_CONNECTION: u64 = 24 << 10;

/// Sets a soft limit of a running process; gives the one before.
fn limit(pid: u32, resource: Resource, soft: Option<u64>) -> Option<u64> {
    let maximum = getrlimit(resource).maximum;
    let pid = Pid::from_raw(i32::try_from(pid).expect("a process id"));
    let before = prlimit(pid, resource, Rlimit { current: soft, maximum });
    before.expect("a process of our own").current
}

/// Lets this process, and the hubs that it starts, have as many descriptors as may be.
fn many_descriptors() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[track_caller]
fn serves(hub: &Hub, tally: &Tally) {
    let begun = Instant::now();
    assert_eq!(hub.get("/hello/there").expect(200).text(), "hello, there");
    tally.add("answered 200", 1);
    tally.at_most("longest answer beside a crowd, ms", begun.elapsed().as_millis() as u64);
}

/// Thousands of connections that send their heads byte by byte, one a second. Others are
/// served meanwhile; the slow ones are cut off when their time is over.
pub fn slow_connections(plan: &Plan, tally: &Tally) {
    let wanted = if plan.is_long() { 10_000 } else { 1_000 };
    // Descriptors for this side's ends, and some for everything else.
    let count = wanted.min(many_descriptors().saturating_sub(500)) as usize;
    let seconds = if plan.is_long() { "20s" } else { "3s" };
    let hub = Hub::with(&["--header-read-timeout", seconds, "--connections", "16000"]);
    let _worker = Worker::start(Flavor::C, &hub);
    serves(&hub, tally);
    let before = proc::resident_bytes(hub.process.pid());
    let mut slow: Vec<Connection> = Vec::with_capacity(count);
    for _ in 0..count {
        let mut client = hub.connect();
        client.send(b"GET /slow HTTP/1.1\r\nhost: a\r\nx: ").expect("a hub that reads");
        slow.push(client);
    }
    tally.at_most("slow connections at a time", count as u64);
    while !slow.is_empty() {
        let begun = Instant::now();
        serves(&hub, tally);
        slow.retain_mut(|client| client.wire().write_all(b"x").is_ok());
        let growth = proc::resident_bytes(hub.process.pid()).saturating_sub(before);
        tally.at_most("growth of the hub under a crowd, KiB", growth >> 10);
        assert!(growth < 16 * MIB + count as u64 * BYTES_A_CONNECTION, "{} KiB", growth >> 10);
        // One byte a second is what this is about.
        std::thread::sleep(Duration::from_secs(1).saturating_sub(begun.elapsed()));
    }
    tally.add("slow connections cut off", count as u64);
    serves(&hub, tally);
    hub.wait_all_free();
}

/// More connections than the hub has descriptors. Those that it has are served; the others
/// wait, and are served when there is room.
pub fn few_descriptors(plan: &Plan, tally: &Tally) {
    let hub = Hub::start();
    let mut worker = Worker::start(Flavor::C, &hub);
    serves(&hub, tally);
    let pid = hub.process.pid();
    let rounds = if plan.is_long() { 10 } else { 2 };
    for _ in 0..rounds {
        let open = proc::descriptors(pid).len() as u64;
        let before = limit(pid, Resource::Nofile, Some(open + 20));
        let mut kept = hub.connect();
        kept.exchange(&Request::get("/hello/kept")).expect("an answer").expect(200);
        // The kernel takes them; the hub cannot.
        let crowd: Vec<Connection> = (0..200).map(|_| hub.begin("/hello/crowd")).collect();
        for _ in 0..20 {
            kept.exchange(&Request::get("/hello/kept")).expect("an answer").expect(200);
        }
        limit(pid, Resource::Nofile, before);
        for mut client in crowd {
            let response = client.read_response().expect("an answer, once there is room");
            assert_eq!(response.expect(200).text(), "hello, crowd");
            tally.add("answered 200", 1);
        }
        drop(kept);
        eventually("the descriptors to be given back", SOON, || {
            (proc::descriptors(pid).len() as u64 <= open + 1).then_some(())
        });
        tally.add("times that descriptors ran out", 1);
    }
    assert!(worker.process.is_alive());
    serves(&hub, tally);
    hub.wait_all_free();
}

/// Bodies, heads and slow readers of many times the address space that the hub may still
/// take: it needs no more than its configuration says.
pub fn little_memory(plan: &Plan, tally: &Tally) {
    let args = ["--slots", "32", "--spool-total", "8M", "--connections", "400"];
    let hub = Hub::with(&args);
    let mut worker = Worker::builder(Flavor::C, &hub).threads(32).start(&hub);
    let pattern = Pattern::new(0);
    let body = pattern.take(4 * MIB);
    // Once before, so that every thread has its heap.
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| hub.send(Request::post("/echo", body.clone())).expect(200));
        }
    });
    let pid = hub.process.pid();
    let before = limit(pid, Resource::As, Some(proc::virtual_bytes(pid) + 192 * MIB));
    let rounds = if plan.is_long() { 10 } else { 1 };
    let flood = format!("GET /a HTTP/1.1\r\nhost: a\r\n{}", "x: y\r\n".repeat(50_000));
    for _ in 0..rounds {
        let readers: Vec<Connection> = (0..20)
            .map(|_| {
                let mut client = hub.connect();
                client.wire().set_small_buffers().expect("a socket");
                client.send(&Request::get("/download/100000000").bytes()).expect("sent");
                client
            })
            .collect();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let response = hub.send(Request::post("/echo", body.clone())).expect(200);
                    assert!(response.body == body);
                    tally.add("answered 200", 1);
                });
                scope.spawn(|| {
                    let mut client = hub.connect();
                    let _ = client.wire().write_all(flood.as_bytes());
                    let refused = client.read_response().expect("an answer");
                    assert_eq!(refused.problem(), "head_too_large");
                    tally.add("answered 431 head_too_large", 1);
                });
            }
        });
        serves(&hub, tally);
        drop(readers);
        hub.wait_all_free();
        tally.add("rounds with little memory", 1);
    }
    limit(pid, Resource::As, before);
    assert!(worker.process.is_alive());
    serves(&hub, tally);
}
