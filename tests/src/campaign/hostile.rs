//! Workers that write what they like into their regions and onto their control sockets,
//! beside workers that are honest.

use std::io::Read;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::footprint::Footprint;
use super::load::{Load, StopOnDrop};
use super::{Plan, Tally};
use crate::http::{Connection, Request};
use crate::{Flavor, Hub, Process, Rng, Worker, artifacts, proc};

const HOSTILE: u64 = 2;
const CLIENTS: u64 = 4;
/// Lives that a hostile worker lives between two looks at the hub.
const LIVES_A_ROUND: u64 = 60;
/// Bytes of the hub's own memory that it may grow by at its peak.
const PEAK_MAX: u64 = 192 << 20;

/// Hostile workers do their worst, honest ones serve and lose no request, and the hub
/// lives. Counts "lives of hostile workers" and the hub's evictions.
pub fn hostile_workers(plan: &Plan, tally: &Tally) {
    let hub = Hub::with(&["--slots", "32", "--request-timeout", "20s", "--wait-timeout", "20s"]);
    let _honest = [Flavor::C, Flavor::Rust].map(|flavor| Worker::start(flavor, &hub));
    let warm = Load::new(hub.address, true, tally);
    thread::scope(|scope| {
        let _stop = StopOnDrop(&warm);
        scope.spawn(|| warm.client(plan.rng(0)));
        warm.wait_answers(50);
    });
    hub.wait_all_free();
    let before = Footprint::of(hub.process.pid());
    let private = proc::private_bytes(hub.process.pid());
    let mut lives = 0;
    while plan.goes_on(lives) {
        let load = Load::new(hub.address, true, tally);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let (load, hub, stop) = (&load, &hub, &stop);
            let _stop = StopOnDrop(load);
            let _stop_too = SetOnDrop(stop);
            for number in 0..CLIENTS {
                let rng = plan.rng(2000 + lives + number);
                scope.spawn(move || {
                    let _stop = StopOnDrop(load);
                    load.client(rng);
                });
                let rng = plan.rng(3000 + lives + number);
                scope.spawn(move || victim(hub, rng, stop, tally));
            }
            let start = |number| start(hub, plan.rng(lives + number).next_u64());
            let hostile: Vec<Process> = (0..HOSTILE).map(start).collect();
            for one in &hostile {
                one.wait_lines("life:", LIVES_A_ROUND as usize, Duration::from_secs(120));
                let own = proc::private_bytes(hub.process.pid()).saturating_sub(private);
                tally.at_most("growth of the hub under hostile workers, KiB", own >> 10);
                assert!(plan.sanitized || own < PEAK_MAX, "the hub grew by {} KiB", own >> 10);
            }
            load.wait_answers(20);
            for one in &hostile {
                let evicted = one.count_lines("evicted") as u64;
                lives += one.count_lines("life:") as u64;
                tally.add("lives of hostile workers", one.count_lines("life:") as u64);
                tally.add("lives that the hub ended", evicted);
            }
        });
        hub.wait_all_free();
        if !plan.sanitized {
            before.is_back("the hub", tally);
        }
    }
    let evictions = ["violation", "refused", "unresponsive", "failed", "disconnected"];
    for reason in evictions {
        let label = format!("reason=\"{reason}\"");
        let count = hub.metric(&["slotway_worker_departures", &label]);
        tally.add(&format!("hostile workers gone, {reason}"), count);
    }
    assert!(hub.metric(&["slotway_worker_departures", "reason=\"violation\""]) > 0);
    let panics = hub.process.count_lines("panicked");
    assert_eq!(panics, 0, "the hub panicked");
}

fn start(hub: &Hub, seed: u64) -> Process {
    let mut command = Command::new(artifacts::target().join("slotway-hostile"));
    command.arg("--hub").arg(hub.control_path()).args(["--seed", &seed.to_string()]);
    Process::start("hostile worker", &mut command)
}

/// Asks a hostile worker. Whatever comes is fair, as long as the connection ends or speaks
/// HTTP; who waits too long leaves.
fn victim(hub: &Hub, mut rng: Rng, stop: &AtomicBool, tally: &Tally) {
    while !stop.load(Ordering::Relaxed) {
        let mut client = Connection::open(hub.address).expect("a hub that lives");
        let target = format!("/hostile/{}", rng.below(1000));
        let request = match rng.below(3) {
            0 => Request::get(&target),
            1 => Request::post(&target, vec![b'x'; rng.below(1000) as usize]),
            _ => Request::post(&target, vec![b'x'; rng.below(300_000) as usize]),
        };
        let limit = Duration::from_millis(5 + rng.below(200));
        client.wire().set_read_timeout(limit).expect("a socket");
        client.wire().set_write_timeout(limit).expect("a socket");
        let _ = client.send(&request.close().bytes());
        let name = match client.read_head() {
            Ok(head) => {
                let mut body = Vec::new();
                let whole = client.body(&head).read_to_end(&mut body).is_ok();
                if whole { format!("victims answered {}", head.status) } else { LEFT.to_owned() }
            }
            Err(error) => {
                let not_http = error.kind() == std::io::ErrorKind::InvalidData;
                assert!(!not_http, "not HTTP: {error}");
                LEFT.to_owned()
            }
        };
        tally.add(&name, 1);
    }
}

const LEFT: &str = "victims that left or were cut off";

struct SetOnDrop<'s>(&'s AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
