//! The long forms of all campaigns, one after another, and their tally as a page.
//!
//! `SOAK_MINUTES` is how long they last together, 20 by default; `SLOTWAY_SEED` repeats a
//! run's choices. `--asan HUB` names a hub that is built with AddressSanitizer, which the
//! hostile workers meet as well; `--page FILE` where the tally goes; `--part N` carries out
//! this one alone, for the whole time. A promise that is broken ends the run with a message
//! and leaves the page as it was.

mod page;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use slotway_tests::campaign::{self, Plan, Tally};
use slotway_tests::{Weight, artifacts, case};

/// A campaign, and its share of the time in percent. Those without a share take the time
/// that they take.
struct Part {
    name: &'static str,
    run: fn(&Plan, &Tally),
    share: u32,
    asan: bool,
}

const fn part(name: &'static str, share: u32, run: fn(&Plan, &Tally)) -> Part {
    Part { name, run, share, asan: false }
}

const PARTS: [Part; 7] = [
    part("Workers killed at any moment", 31, campaign::worker_deaths),
    part("Hubs killed at any moment", 20, campaign::hub_deaths),
    part("Hostile workers", 20, campaign::hostile_workers),
    Part {
        asan: true,
        ..part("Hostile workers, hub with AddressSanitizer", 18, campaign::hostile_workers)
    },
    part("Ten thousand connections of a byte a second", 0, campaign::slow_connections),
    part("No descriptors left", 0, campaign::few_descriptors),
    part("Little memory", 0, campaign::little_memory),
];

/// What one part came to.
struct Outcome {
    name: &'static str,
    lasted: Duration,
    tally: Tally,
}

fn main() {
    let (mut asan, mut page, mut only) = (None, None, None);
    let mut given = std::env::args().skip(1);
    while let (Some(flag), Some(value)) = (given.next(), given.next()) {
        match flag.as_str() {
            "--asan" => asan = Some(PathBuf::from(value)),
            "--page" => page = Some(PathBuf::from(value)),
            "--part" => only = Some(value.parse::<usize>().expect("--part is a number")),
            other => panic!("no such flag: {other}"),
        }
    }
    let minutes = std::env::var("SOAK_MINUTES").ok().map_or(20.0, |text| {
        text.trim().parse::<f64>().expect("SOAK_MINUTES is a number of minutes")
    });
    let seed = campaign::seed();
    let begun = Instant::now();
    let mut outcomes = Vec::new();
    for (number, part) in PARTS.iter().enumerate() {
        if only.is_some_and(|only| only != number + 1) {
            continue;
        }
        if part.asan && !asan.as_ref().is_some_and(|hub| hub.exists()) {
            println!("[{}/{}] {}: left out, no such hub", number + 1, PARTS.len(), part.name);
            continue;
        }
        let percent = if only.is_some() { 100 } else { part.share };
        let share = Duration::from_secs_f64(minutes * 60.0 * f64::from(percent) / 100.0);
        println!("[{}/{}] {}: {} s", number + 1, PARTS.len(), part.name, share.as_secs());
        outcomes.push(carry_out(part, share, seed, asan.clone()));
    }
    let text = page::text(&outcomes, begun.elapsed(), seed);
    println!("{text}");
    if let Some(page) = page {
        std::fs::write(&page, text).expect("a page that can be written");
        println!("written to {}", page.display());
    }
}

fn carry_out(part: &'static Part, share: Duration, seed: u64, asan: Option<PathBuf>) -> Outcome {
    let mut plan = Plan::lasting(share, seed);
    if part.asan {
        plan.sanitized = true;
    }
    artifacts::use_hub(asan.filter(|_| part.asan));
    let (tally, begun) = (Tally::default(), Instant::now());
    let limit = share + Duration::from_secs(600);
    std::thread::scope(|scope| {
        let (done, is_done) = std::sync::mpsc::channel::<()>();
        let tally = &tally;
        scope.spawn(move || {
            while is_done
                .recv_timeout(Duration::from_secs(10))
                .is_err_and(|e| e == std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                println!("    {:4} s  {}", begun.elapsed().as_secs(), tally.line());
            }
        });
        case(part.name, Weight::Heavy, limit, || (part.run)(&plan, tally));
        drop(done);
    });
    println!("    {:4} s  {}", begun.elapsed().as_secs(), tally.line());
    Outcome { name: part.name, lasted: begun.elapsed(), tally }
}
