//! Processes that die at any moment, of `kill -9`, under load.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::footprint::Footprint;
use super::load::{Load, StopOnDrop};
use super::{Plan, Tally};
use crate::{Flavor, Hub, Litter, PrivateDir, Process, Rng, Worker, eventually, proc};

const CLIENTS: u64 = 10;
const WORKERS: usize = 4;
/// Deaths between two looks at what the survivor holds.
const WORKERS_A_ROUND: u64 = 60;
const HUBS_A_ROUND: u64 = 8;

fn flavor(at: usize) -> Flavor {
    if at.is_multiple_of(2) { Flavor::C } else { Flavor::Rust }
}

/// `kill -9`, sometimes after a while of standing still.
fn kill(process: &mut Process, rng: &mut Rng, tally: &Tally, who: &str) {
    if rng.below(3) == 0 {
        process.stop();
        thread::sleep(Duration::from_micros(rng.below(15_000)));
        tally.add(&format!("{who} killed while they stood still"), 1);
    }
    process.kill();
    tally.add(&format!("{who} killed"), 1);
}

/// Workers are killed and others started, one after another; the hub survives them all.
/// Counts "workers killed".
pub fn worker_deaths(plan: &Plan, tally: &Tally) {
    let litter = Litter::now();
    let hub = Hub::with(&["--slots", "32"]);
    let start = |at: usize| Worker::builder(flavor(at), &hub).threads(8);
    let mut workers: Vec<Worker> = (0..WORKERS).map(|at| start(at).start(&hub)).collect();
    let mut rng = plan.rng(0);
    // Once without deaths, so that every part has been used.
    under_load(hub.address, plan, 1, tally, |load| load.wait_answers(300));
    hub.wait_all_free();
    let before = Footprint::of(hub.process.pid());
    let mut killed = 0;
    while plan.goes_on(killed) {
        under_load(hub.address, plan, killed, tally, |_| {
            for _ in 0..WORKERS_A_ROUND {
                thread::sleep(Duration::from_micros(rng.below(40_000)));
                let at = rng.below(WORKERS as u64) as usize;
                kill(&mut workers[at].process, &mut rng, tally, "workers");
                workers[at] = start(at).launch();
                killed += 1;
            }
        });
        for worker in &workers {
            hub.wait_registered(worker.pid(), "conformance");
        }
        hub.wait_all_free();
        before.is_back("the hub", tally);
        assert_eq!(litter.since(), [""; 0], "left in shared places");
    }
    let evicted = hub.metric(&["slotway_worker_departures", "evicted=\"yes\""]);
    assert_eq!(evicted, 0, "the dead are not evicted: {:?}", hub.departed());
    tally.add("requests moved to another worker", hub.metric(&["slotway_requests_moved"]));
    under_load(hub.address, plan, 2, tally, |load| load.wait_answers(100));
    hub.wait_all_free();
}

/// Hubs are killed and others started in their place; the workers survive them all. Counts
/// "hubs killed".
pub fn hub_deaths(plan: &Plan, tally: &Tally) {
    let dir = Arc::new(PrivateDir::new());
    let mut hub = Hub::builder().dir(&dir).args(&["--slots", "32"]).start();
    let address = hub.address;
    let start = |at: usize| Worker::builder(flavor(at), &hub).threads(8).start(&hub);
    let workers: Vec<Worker> = (0..WORKERS).map(start).collect();
    let mut rng = plan.rng(1);
    under_load(address, plan, 1, tally, |load| load.wait_answers(300));
    hub.wait_all_free();
    let before: Vec<Footprint> = workers.iter().map(|w| Footprint::of(w.pid())).collect();
    let mut killed = 0;
    while plan.goes_on(killed) {
        under_load(address, plan, killed, tally, |load| {
            for _ in 0..HUBS_A_ROUND {
                // Some live until they serve, some not so long.
                if rng.below(2) == 0 {
                    load.wait_answers(1 + rng.below(20));
                }
                thread::sleep(Duration::from_millis(rng.below(100)));
                load.another_hub();
                kill(&mut hub.process, &mut rng, tally, "hubs");
                let next = Hub::builder().dir(&dir).args(&["--slots", "32"]);
                hub = next.listen(address).start();
                load.another_hub();
                killed += 1;
            }
        });
        // A hub that did not last counts as a failed attempt, so after a row of them workers
        // wait long before the next.
        eventually("every worker to be back", Duration::from_secs(150), || {
            (hub.workers().len() == WORKERS).then_some(())
        });
        for (worker, before) in workers.iter().zip(&before) {
            hub.wait_registered(worker.pid(), "conformance");
            before.is_back("a worker", tally);
        }
        hub.wait_all_free();
        let pid = hub.process.pid();
        assert_eq!((proc::open_regions(pid), proc::mapped_regions(pid)), (WORKERS, WORKERS));
    }
    under_load(address, plan, 2, tally, |load| load.wait_answers(100));
    hub.wait_all_free();
}

/// Does something while clients ask.
fn under_load(
    address: SocketAddr,
    plan: &Plan,
    round: u64,
    tally: &Tally,
    body: impl FnOnce(&Load<'_>),
) {
    let load = Load::new(address, false, tally);
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (load, rng) = (&load, plan.rng(1000 + round * CLIENTS + number));
            scope.spawn(move || {
                // Whoever directs is not to wait for a client that has failed.
                let stop = StopOnDrop(load);
                load.client(rng);
                drop(stop);
            });
        }
        let _stop = StopOnDrop(&load);
        body(&load);
    });
}
