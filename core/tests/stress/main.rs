//! Compositions that are too large for a model, on real threads: several hub threads that
//! publish, withdraw, cancel, abandon and stream; worker threads that sleep on the bell and
//! an event loop beside them; a region task that sleeps on the doorbell or on the bell. Every
//! byte is compared, every exchange has one end, and in the end every slot is free.
//!
//! SLOTWAY_STRESS_SECONDS says for how long each mixture runs; 1 otherwise. A wake-up that is
//! lost is found by the watchdog: nobody sleeps with a timeout but the region task, now and
//! then, on the bell.

mod hub;
mod noise;
mod worker;

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError, mpsc};
use std::thread::{self, Thread};
use std::time::Instant;

use slotway_core::hub::{HubSide, Lease};
use slotway_core::map::{Doorbell, Mapping};
use slotway_core::worker::{HubWake, WorkerSide};
use slotway_core::{RegionSpec, Rung};

/// Few slots and short rings, so that everybody waits for everybody.
const SPEC: RegionSpec =
    RegionSpec { slots: 6, head_bytes: 4096, request_bytes: 4096, response_bytes: 4096 };

/// Who takes part.
#[derive(Debug, Clone, Copy)]
struct Mixture {
    hubs: u64,
    /// Worker threads that sleep on the bell.
    threads: u64,
    /// An event loop that polls the doorbell.
    has_loop: bool,
    /// How long workers spin before they sleep.
    spin: u32,
}

/// Both sides in one mapping: ThreadSanitizer sees no race across two.
struct Rig {
    hub: HubSide<Arc<Mapping>, Box<[Lease]>>,
    worker: WorkerSide<Arc<Mapping>>,
    hub_bell: Doorbell,
    loop_bell: Doorbell,
    /// The hub's thread that waits for a slot's exchange.
    waiters: Vec<Mutex<Option<Thread>>>,
    /// No exchange will be published any more.
    over: AtomicBool,
    /// The region task is to end.
    drained: AtomicBool,
    tally: Tally,
}

/// What has come about, each by one side's count.
#[derive(Debug, Default)]
struct Tally {
    published: AtomicU64,
    withdrawn: AtomicU64,
    answered: AtomicU64,
    abandoned: AtomicU64,
    claimed: AtomicU64,
    completed: AtomicU64,
    bytes: AtomicU64,
}

impl Tally {
    fn add(count: &AtomicU64, by: u64) {
        // Relaxed: read when every thread has ended.
        count.fetch_add(by, Ordering::Relaxed);
    }
}

impl Rig {
    fn new() -> Rig {
        let mapping = Arc::new(Mapping::create(SPEC).expect("a small region"));
        let leases = (0..SPEC.slots).map(|_| Lease::default()).collect();
        Rig {
            hub: HubSide::new(Arc::clone(&mapping), leases),
            worker: WorkerSide::new(mapping),
            hub_bell: Doorbell::new().expect("a descriptor"),
            loop_bell: Doorbell::new().expect("a descriptor"),
            waiters: (0..SPEC.slots).map(|_| Mutex::default()).collect(),
            over: AtomicBool::new(false),
            drained: AtomicBool::new(false),
            tally: Tally::default(),
        }
    }

    fn ring(&self, rung: Rung) {
        if rung.doorbell() {
            self.loop_bell.ring();
        }
    }

    fn wake(&self, wake: HubWake) {
        if wake.needed() {
            self.hub_bell.ring();
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

/// Locks without sleeping: ThreadSanitizer does not see into the standard library's way of
/// waiting, and would take what the lock keeps for a race.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    loop {
        match mutex.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::WouldBlock) => thread::yield_now(),
            Err(TryLockError::Poisoned(error)) => panic!("{error}"),
        }
    }
}

/// The byte at a position of an exchange's request; its answer has the complement.
fn byte(slot: u32, generation: u32, position: usize) -> u8 {
    let seed = (slot << 28 ^ generation).wrapping_mul(0x9e37_79b9);
    (seed ^ position as u32).wrapping_mul(0x85eb_ca6b).to_le_bytes()[3]
}

fn run(mixture: Mixture, time: Duration) {
    let rig = &Rig::new();
    thread::scope(|scope| {
        let region_task = scope.spawn(|| hub::region_task(rig));
        let mut workers: Vec<_> = (0..mixture.threads)
            .map(|_| scope.spawn(move || worker::thread(rig, mixture.spin)))
            .collect();
        if mixture.has_loop {
            workers.push(scope.spawn(|| worker::event_loop(rig)));
        }
        let end = Instant::now() + time;
        let hubs: Vec<_> = (1..=mixture.hubs)
            .map(|seed| scope.spawn(move || hub::thread(rig, seed, end)))
            .collect();
        for hub in hubs {
            hub.join().expect("a hub thread is content");
        }
        rig.over.store(true, Ordering::Release);
        rig.worker.wake_all();
        rig.loop_bell.ring();
        for worker in workers {
            worker.join().expect("a worker's thread is content");
        }
        rig.drained.store(true, Ordering::Release);
        rig.hub_bell.ring();
        region_task.join().expect("the region task is content");
    });
    let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
    let tally = &rig.tally;
    println!("{mixture:?}: {tally:?}");
    let ends = [&tally.withdrawn, &tally.answered, &tally.abandoned].map(count);
    assert_eq!(count(&tally.published), ends.iter().sum::<u64>(), "each exchange has one end");
    assert_eq!(count(&tally.claimed), count(&tally.completed));
    assert!(count(&tally.answered) > 0, "nothing was tried");
    assert_eq!(rig.hub.counts().free, SPEC.slots, "every slot came back: {:?}", rig.hub.counts());
}

fn under_watchdog(mixture: Mixture) {
    let seconds = std::env::var("SLOTWAY_STRESS_SECONDS").ok().and_then(|text| text.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(1));
    let (done, is_done) = mpsc::channel();
    let all = thread::spawn(move || {
        run(mixture, time);
        let _ = done.send(());
    });
    match is_done.recv_timeout(time + Duration::from_secs(120)) {
        Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => all.join().expect("all is well"),
        Err(mpsc::RecvTimeoutError::Timeout) => {
            // Threads that wait for each other cannot be joined.
            eprintln!("{mixture:?} hangs: a wake-up was lost");
            std::process::abort();
        }
    }
}

#[test]
fn worker_threads_that_sleep() {
    under_watchdog(Mixture { hubs: 3, threads: 3, has_loop: false, spin: 0 });
}

#[test]
fn worker_threads_that_spin() {
    under_watchdog(Mixture { hubs: 3, threads: 2, has_loop: false, spin: 200 });
}

#[test]
fn an_event_loop_alone() {
    under_watchdog(Mixture { hubs: 4, threads: 0, has_loop: true, spin: 0 });
}

#[test]
fn an_event_loop_beside_threads() {
    under_watchdog(Mixture { hubs: 4, threads: 2, has_loop: true, spin: 0 });
}

#[test]
fn one_of_each() {
    under_watchdog(Mixture { hubs: 1, threads: 1, has_loop: false, spin: 50 });
}
