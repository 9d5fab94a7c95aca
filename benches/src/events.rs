//! The event bus, beside astrid-events: the same topics, subscriptions and payloads, driven
//! by the same code, each round in a process of its own.

mod driver;
mod ours;

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use crate::measure::Sample;
use crate::progress::Progress;
use crate::report::Report;
use crate::rig;
use crate::steal;
use driver::Case;
use ours::Ours;

const PEER: &str = "astrid-events";

/// Its program in `benches/peers`.
const PROGRAM: &str = "astrid-bus";

/// How long a round publishes.
const LIMIT: Duration = Duration::from_millis(400);

/// What a program prints.
#[derive(Debug, Deserialize)]
struct Printed {
    value: f64,
}

/// One round in a process of its own, by the names that a peer's program understands.
#[derive(Debug, Args)]
pub(crate) struct Round {
    case: String,
    limit_ms: u64,
}

impl Round {
    pub(crate) fn run(&self) -> io::Result<()> {
        let case = Case::parse(&self.case).ok_or(io::ErrorKind::InvalidInput)?;
        let value = driver::measure::<Ours>(case, Duration::from_millis(self.limit_ms));
        println!("{{\"value\": {value}}}");
        Ok(())
    }
}

/// The figures.
pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    eprintln!("building {PEER} to compare with");
    let own = std::env::current_exe()?;
    let peer = rig::peers::package(PROGRAM)
        .inspect_err(|error| report.note(format!("{PEER} is missing: {error}")))
        .ok();
    for case in Case::ALL {
        let bar = Progress::new(what(case), report.rounds());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..report.rounds() {
            bar.show(round);
            ours.push(steal::undisturbed(|| measure(&own, &["events-round"], case))?);
            if let Some(peer) = &peer {
                theirs.push(steal::undisturbed(|| measure(peer, &[], case))?);
            }
        }
        bar.done();
        let unit = if case == Case::Wake { "us" } else { "events/s" };
        if theirs.is_empty() {
            report.add_alone(name(case), what(case), unit, &ours);
        } else {
            report.add(name(case), what(case), unit, &ours, PEER, &theirs);
        }
    }
    Ok(())
}

fn measure(program: &Path, arguments: &[&str], case: Case) -> io::Result<Sample> {
    let output = Command::new(program)
        .args(arguments)
        .args([case.argument(), LIMIT.as_millis().to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{} of {program:?} failed", case.argument())));
    }
    let printed: Printed = serde_json::from_slice(&output.stdout)?;
    Ok(Sample::of(printed.value))
}

fn name(case: Case) -> &'static str {
    match case {
        Case::Routed => "events.routed.1000x10.vs_astrid",
        Case::Broadcast(1) => "events.broadcast.c1.vs_astrid",
        Case::Broadcast(_) => "events.broadcast.vs_astrid",
        Case::Nonmatching(1_000) => "events.nonmatching.vs_astrid",
        Case::Nonmatching(_) => "events.nonmatching.10000.vs_astrid",
        Case::Budget(_) => "events.budget.vs_astrid",
        Case::Wake => "events.wake.vs_astrid",
    }
}

fn what(case: Case) -> &'static str {
    match case {
        Case::Routed => "events, 1,000 routed subscriptions, 10 match",
        Case::Broadcast(1) => "events, broadcast to 1",
        Case::Broadcast(_) => "events, broadcast to 100",
        Case::Nonmatching(1_000) => "events, routed past 1,000 others",
        Case::Nonmatching(_) => "events, routed past 10,000 others",
        Case::Budget(_) => "events, at the budget, 1,000 principals",
        Case::Wake => "wake of a parked subscriber",
    }
}
