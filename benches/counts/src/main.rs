//! `make counts`: how many instructions one exchange takes on each side.
//!
//! Times on a busy or virtual machine move by a factor of two; counts do not move at all.
//! So they are what catches an exchange that has become more expensive. valgrind runs this
//! program with some exchanges and with twice as many, and the difference is theirs alone.
//!
//! The baseline, `benches/counts/baseline.json`, is compared with what the same compiler
//! makes; another compiler's counts are shown and not judged. After a deliberate change
//! `make counts-store` writes a new baseline, which belongs into the same commit.

mod baseline;
mod exchange;
mod valgrind;

use std::process::ExitCode;

use baseline::{Baseline, Verdict};

const USAGE: &str = "usage: slotway-counts [check | store | json]";
/// For the test script: what is needed is not here.
const SKIPPED: u8 = 77;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] | ["check"] => check(),
        ["store"] => store(),
        ["json"] => json(),
        // What valgrind runs.
        ["work", count, bytes] => match (count.parse(), bytes.parse()) {
            (Ok(count), Ok(bytes)) => exchange::work(count, bytes).map(|()| ExitCode::SUCCESS),
            _ => Err(USAGE.to_owned()),
        },
        _ => Err(USAGE.to_owned()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("counts: {error}");
        ExitCode::FAILURE
    })
}

/// What is compared: all of it, measured now. `None`: there is no valgrind.
fn measured() -> Result<Option<Baseline>, String> {
    if !valgrind::is_here() {
        return Ok(None);
    }
    let mut now = Baseline::new(env!("COUNTS_RUSTC"));
    for (name, side, bytes) in exchange::CASES {
        now.counts.insert((*name).to_owned(), valgrind::count(*side, *bytes)?);
    }
    Ok(Some(now))
}

fn skipped() -> ExitCode {
    println!("skipped: valgrind is not here (on Debian: apt install valgrind)");
    ExitCode::from(SKIPPED)
}

fn check() -> Result<ExitCode, String> {
    let Some(now) = measured()? else { return Ok(skipped()) };
    let stored = Baseline::read()?;
    let verdicts = stored.judge(&now);
    println!("instructions for one exchange\n");
    for (name, verdict) in &verdicts {
        println!("{name:<16} {verdict}");
    }
    println!();
    if !stored.is_comparable(&now) {
        println!(
            "The baseline is {}'s and this is {}: not compared. `make counts-store` makes it this \
             compiler's.",
            stored.rustc, now.rustc
        );
        return Ok(ExitCode::SUCCESS);
    }
    if verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Grown { .. })) {
        println!(
            "An exchange takes more instructions than it did. If that is meant, run `make \
             counts-store`\nand commit benches/counts/baseline.json with the change."
        );
        return Ok(ExitCode::FAILURE);
    }
    if verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Shrunk { .. })) {
        println!("Better than the baseline: `make counts-store` keeps it so.");
    }
    Ok(ExitCode::SUCCESS)
}

fn store() -> Result<ExitCode, String> {
    let Some(now) = measured()? else { return Ok(skipped()) };
    let path = now.write()?;
    println!("stored in {}", path.display());
    Ok(ExitCode::SUCCESS)
}

/// For `make bench`: the counts and the baseline's in one line.
fn json() -> Result<ExitCode, String> {
    let Some(now) = measured()? else { return Ok(skipped()) };
    let stored = Baseline::read()?;
    let comparable = stored.is_comparable(&now);
    let text = serde_json::json!({
        "counts": now.counts,
        "baseline": stored.counts,
        "comparable": comparable,
    });
    println!("{text}");
    Ok(ExitCode::SUCCESS)
}
