//! HTTP: Slotway with a C and with a Rust worker, beside axum answering by itself, axum as
//! a proxy to axum, and slotbus-hub.
//!
//! All servers stand from the beginning to the end, and idle while others are loaded; only
//! slotbus-hub, which loses slots, is started anew for each load. A round is one load of
//! each, and begins with another one each time.

mod census;
mod contestant;
mod figures;
mod hop;
mod matrix;

use std::io;

use crate::progress::Progress;
use crate::report::Report;
use crate::rig::{Folder, Tally};
use crate::steal;
use census::Census;
use contestant::{Contestant, Field};
use matrix::Cell;

/// What one cell's rounds gave, each contestant's in the order of the rounds.
#[derive(Debug)]
struct Results {
    cell: Cell,
    tallies: Vec<(Contestant, Vec<Tally>)>,
}

/// The figures. `long`: a wider matrix, and longer loads.
pub(crate) fn run(report: &mut Report, long: bool) -> io::Result<()> {
    let folder = Folder::new()?;
    let field = Field::start(&folder, report)?;
    take_census(&field, report)?;
    let cells = matrix::cells(long);
    let steps = cells.iter().map(|cell| cell.with.len()).sum::<usize>() * report.rounds();
    let bar = Progress::new("http", steps);
    let (mut step, mut hop) = (0, hop::Hop::default());
    let mut all: Vec<_> = cells.into_iter().map(|cell| Results::new(cell, &field)).collect();
    for round in 0..report.rounds() {
        for results in &mut all {
            for turn in 0..results.tallies.len() {
                bar.show(step);
                step += 1;
                let place = (round + turn) % results.tallies.len();
                let (contestant, tallies) = &mut results.tallies[place];
                let load = results.cell.load;
                let tally = steal::undisturbed(|| field.load(*contestant, load))?;
                if tally.errors > 0 && contestant.is_ours() {
                    let what = results.cell.what();
                    let errors = tally.errors;
                    return Err(io::Error::other(format!(
                        "{what} through Slotway, {contestant:?}: {errors} errors"
                    )));
                }
                tallies.push(tally);
            }
            if results.cell.is_hop() {
                hop.round(&results.tallies)?;
            }
        }
    }
    bar.done();
    hop.add(report);
    for results in &all {
        figures::add(report, results);
    }
    Ok(())
}

impl Results {
    fn new(cell: Cell, field: &Field<'_>) -> Results {
        let present = cell.with.iter().copied().filter(|contestant| field.has(*contestant));
        Results { tallies: present.map(|contestant| (contestant, Vec::new())).collect(), cell }
    }
}

/// Before anything is measured: is every request answered, and with its own answer?
fn take_census(field: &Field<'_>, report: &mut Report) -> io::Result<()> {
    for contestant in Contestant::ALL {
        if !field.has(contestant) {
            continue;
        }
        let census = field.with(contestant, |address, _| Census::take(address))?;
        if contestant.is_ours() && !census.is_clean() {
            return Err(io::Error::other(format!("Slotway, {contestant:?}: {census}")));
        }
        if contestant == Contestant::Slotbus || !census.is_clean() {
            report.note(format!("{}: {census}", contestant.name()));
        }
    }
    Ok(())
}
