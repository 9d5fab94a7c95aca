//! A worker that means no good: it connects, does something that it must not, is thrown
//! out or leaves, and begins anew, until it is killed. `--hub PATH --seed N`.
//!
//! It prints a line for each of its lives: what it did, and whether the hub ended it.

mod noise;
mod scribble;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use slotway_tests::control::register;
use slotway_tests::raw::RawWorker;
use slotway_tests::{Rng, control::Control};

/// How it spends one of its lives.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// Words of the region, one after another, with calls for attention.
    Scribble,
    /// The same between and inside answers that are otherwise right.
    HalfHonest,
    /// Memory is taken away from under the hub.
    Punch,
    /// Rings and rings.
    Ring,
    /// Frames that are none.
    Frames,
    /// Registrations without end.
    Register,
}

const DEEDS: [Deed; 8] = [
    Deed::Scribble,
    Deed::Scribble,
    Deed::HalfHonest,
    Deed::HalfHonest,
    Deed::Punch,
    Deed::Ring,
    Deed::Frames,
    Deed::Register,
];

fn main() {
    let (mut hub, mut seed) = (PathBuf::new(), 1);
    let mut given = std::env::args().skip(1);
    while let (Some(flag), Some(value)) = (given.next(), given.next()) {
        match flag.as_str() {
            "--hub" => hub = value.into(),
            "--seed" => seed = value.parse().expect("a number"),
            other => panic!("no such flag: {other}"),
        }
    }
    // Its own side of the region trusts the hub, not itself: it may well trip over what it
    // wrote. That ends a life and is no news.
    std::panic::set_hook(Box::new(|_| ()));
    let mut rng = Rng::new(seed);
    loop {
        let deed = DEEDS[rng.below(DEEDS.len() as u64) as usize];
        let ended = catch_unwind(AssertUnwindSafe(|| live(deed, &hub, &mut rng)));
        let mut out = std::io::stdout().lock();
        // Nobody may be listening any more.
        let _ = writeln!(out, "life: {deed:?} {}", ended.unwrap_or("tripped"));
        if !hub.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// One life; gives how it ended.
fn live(deed: Deed, hub: &Path, rng: &mut Rng) -> &'static str {
    let how = |ended| if ended { "evicted" } else { "left" };
    match deed {
        Deed::Frames => how(noise::frames(&mut open(hub, rng), rng)),
        Deed::Register => how(noise::registrations(&mut open(hub, rng), rng)),
        Deed::Ring => how(scribble::ring(&mut worker(hub), rng)),
        Deed::Punch => how(scribble::punch(&mut worker(hub), rng)),
        Deed::Scribble => how(scribble::scribble(&mut worker(hub), rng, false)),
        Deed::HalfHonest => how(scribble::scribble(&mut worker(hub), rng, true)),
    }
}

/// A control connection, greeted or not.
fn open(hub: &Path, rng: &mut Rng) -> Control {
    let control = if rng.below(3) == 0 { Control::open(hub) } else { Control::greeted(hub).0 };
    control.set_patience(Duration::from_secs(2));
    control
}

/// A worker that serves `/hostile/{n}`.
fn worker(hub: &Path) -> RawWorker {
    let mut worker = RawWorker::connect(hub);
    worker.control.set_patience(Duration::from_secs(2));
    let mut message = register(1, "hostile", &["/hostile/{n}"]);
    message["routes"][0]["method"] = "*".into();
    assert_eq!(worker.control.ask(&message)["kind"], "registered");
    worker
}
