//! One exchange between two processes, beside what two processes cannot beat and beside
//! other libraries.
//!
//! In each placement every size and depth is measured in three states: both sides awake,
//! both asleep, and waiting adaptively as they do unless they are told otherwise.

pub(crate) mod cell;
mod contestant;
pub(crate) mod exchange;
pub(crate) mod floor;
mod paced;
pub(crate) mod unix;
pub(crate) mod worker;

use std::collections::HashMap;
use std::io;

use crate::machine::{self, Placement};
use crate::measure::Sample;
use crate::peers::Peers;
use crate::progress::Progress;
use crate::report::Report;
use crate::steal;
use cell::{Cell, State};
use contestant::Contestant;

/// The figures.
pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    let mut peers = Peers::build(report);
    let placements = machine::placements();
    if !matches!(placements.first(), Some(Placement::TwoCores(..))) {
        report.note("this process may use one processor only: nothing is measured on two");
    }
    for &placement in &placements {
        for cell in Cell::all(placement) {
            measure(report, &mut peers, cell)?;
        }
    }
    for &placement in &placements {
        paced::run(report, placement)?;
    }
    Ok(())
}

/// All contestants of a cell, round by round.
fn measure(report: &mut Report, peers: &mut Peers, cell: Cell) -> io::Result<()> {
    let mut rounds: HashMap<Contestant, Vec<Sample>> = HashMap::new();
    let title = format!("{} B, depth {}, {}", cell.payload, cell.depth, cell.placement.name());
    let bar = Progress::new(&title, report.rounds());
    let mut contestants: Vec<_> =
        Contestant::all().filter(|contestant| contestant.takes_part(cell)).collect();
    for round in 0..report.rounds() {
        bar.show(round);
        let mut gave_up = Vec::new();
        for &contestant in &contestants {
            match steal::undisturbed(|| contestant.round(cell, peers)) {
                Ok(sample) => rounds.entry(contestant).or_default().push(sample),
                Err(error) if contestant.is_foreign() => {
                    peers.gave_up(report, contestant.label(), &error);
                    gave_up.push(contestant);
                }
                Err(error) => return Err(error),
            }
        }
        // Who loses an answer once does so again, and each time costs seconds.
        contestants.retain(|contestant| !gave_up.contains(contestant));
        rounds.retain(|contestant, _| !gave_up.contains(contestant));
    }
    bar.done();
    for state in State::ALL {
        let Some(ours) = rounds.get(&Contestant::Ours(state)) else { continue };
        for &other in contestant::beside(cell, state) {
            if let Some(theirs) = rounds.get(&other) {
                let name = cell.name(state, other.short());
                report.add(&name, &cell.what(state), "us", ours, other.label(), theirs);
            }
        }
    }
    Ok(())
}
