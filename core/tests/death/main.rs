//! Death at any instruction: one side of a region runs one instruction at a time, in a
//! process of its own, and is killed between any two of them. What the other side finds
//! is what the module pages promise: an exchange that was answered is whole, one that
//! nobody claimed can move, one that was in the dead one's hands is lost and no other; and
//! nothing panics, hangs or is a violation.
//!
//! Of one that is dead only the region is left, and most instructions do not write to it.
//! So the child is first run through once, and each instruction is found that changes a
//! word outside the bodies' rings. Then, for each of those, a fresh child is killed right
//! after it; and others are killed after instructions at even distances. With
//! `SLOTWAY_TEST_LONG=1` it is every single instruction.
//!
//! A process can also stand still anywhere, for as long as it likes: the same points are
//! used to let the other side do everything it can, or give up on everything, before the
//! child goes on. Then nothing may be lost at all, wake-ups included.

#![cfg(target_arch = "x86_64")]

mod hub;
mod publisher;
mod rig;
mod stepped;
mod trace;
mod worker;

use core::time::Duration;
use std::sync::mpsc;
use std::thread;

/// What the forks share, one test at a time: no fork of one holds what another counts.
static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Runs a test under a watchdog, alone; afterwards no mapping and no descriptor is left.
fn alone(body: impl FnOnce()) {
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (done, is_done) = mpsc::channel::<()>();
    thread::spawn(move || {
        let waited = is_done.recv_timeout(Duration::from_secs(1200));
        if waited == Err(mpsc::RecvTimeoutError::Timeout) {
            eprintln!("watchdog: somebody waits for the dead");
            std::process::exit(101);
        }
    });
    let before = held();
    one_processor();
    body();
    assert_eq!(held(), before, "regions mapped, descriptors open");
    drop(done);
}

/// Keeps this thread and its children to one processor: who steps and who is stepped run
/// in turn, and waking another processor takes many times as long.
fn one_processor() {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let may = sched_getaffinity(None).expect("a thread");
    let first = (0..CpuSet::MAX_CPU).find(|&cpu| may.is_set(cpu)).expect("a processor");
    let mut one = CpuSet::new();
    one.set(first);
    sched_setaffinity(None, &one).expect("one of those there are");
}

/// Regions that are mapped here and descriptors that are open.
fn held() -> (usize, usize) {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("a process");
    let open = std::fs::read_dir("/proc/self/fd").expect("a process").count();
    (maps.lines().filter(|line| line.contains("memfd:slotway")).count(), open)
}
