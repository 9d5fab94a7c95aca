//! Workers that go, or ought to.

use slotway_tests::control::frame;
use slotway_tests::control::hello;
use slotway_tests::control::register;
use slotway_tests::eventually;
use std::time::Duration;

use super::{Bench, light};

#[test]
fn h06_a_crash_before_or_during_registration_leaves_nothing() {
    light("h06_a_crash_before_or_during_registration_leaves_nothing", || {
        let mut bench = Bench::new();
        let hub = bench.hub.process.pid();
        let before = slotway_tests::proc::descriptors(hub).len();
        let whole = frame(register(1, "half", &["/half"]).to_string().as_bytes());
        for round in 0..20 {
            // Gone before the hello, in the middle of it, after it, in the middle of the
            // registration, right after it.
            drop(bench.control());
            let greeting = frame(hello().to_string().as_bytes());
            let mut control = bench.control();
            control.send(&greeting[..greeting.len() / 2]);
            drop(control);
            let mut control = bench.control();
            control.send(&greeting);
            drop(control);
            let mut control = bench.greeted();
            control.send(&whole[..round * 4 % whole.len()]);
            drop(control);
            let mut control = bench.greeted();
            control.send(&whole);
            drop(control);
        }
        eventually("nothing of the dead is left", Duration::from_secs(10), || {
            let workers = bench.hub.workers();
            let open = slotway_tests::proc::open_regions(hub);
            let descriptors = slotway_tests::proc::descriptors(hub).len();
            (workers.len() == 1 && open == 1 && descriptors <= before).then_some(())
        });
        // Exactly one word of each end, whatever it was that the hub noticed first.
        let ends = || {
            let is_end = |line: &String| {
                ["worker disconnected", "worker exited"].iter().any(|end| line.contains(end))
            };
            bench.hub.process.lines().into_iter().filter(is_end).collect::<Vec<_>>()
        };
        eventually("a word of each end", Duration::from_secs(10), || {
            (ends().len() >= 100).then_some(())
        });
        let ends = ends();
        assert_eq!(ends.len(), 100, "one hundred connections ended");
        let id = |line: &String| {
            let number = line.split("worker=").nth(1).and_then(|rest| rest.split(' ').next());
            number.expect("a worker's number").to_owned()
        };
        let mut ids: Vec<String> = ends.iter().map(id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 100, "each once: {ends:?}");
        assert_ne!(bench.hub.get("/half").status(), 200);
        bench.honest_still_serves();
    });
}

#[test]
fn a_worker_that_reads_nothing_is_dropped_and_harms_nobody() {
    light("a_worker_that_reads_nothing_is_dropped_and_harms_nobody", || {
        let mut bench = Bench::new();
        let mut control = bench.greeted();
        let beats = frame(br#"{"kind":"heartbeat","seq":1}"#).repeat(1000);
        // It asks and asks and takes no answer. Sooner or later the hub hangs up.
        let (ended, gone) = std::sync::mpsc::channel();
        let flood = std::thread::spawn(move || {
            while control.try_send(&beats) {}
            let _ = ended.send(());
        });
        bench.honest_still_serves();
        gone.recv_timeout(Duration::from_secs(30)).expect("the hub hangs up");
        flood.join().expect("no panic");
        assert!(slotway_tests::proc::resident_bytes(bench.hub.process.pid()) < 256 << 20);
        bench.honest_still_serves();
    });
}
