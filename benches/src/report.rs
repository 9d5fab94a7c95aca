//! What was measured: collected here, printed as a table, written for scripts.
//!
//! A figure stands beside its reference, a floor or a peer that was measured in the same
//! run, or alone. `ratio` is always ours divided by the reference's: for times, memory and
//! processor time less is better, for rates (units that end in `/s`) more is.

mod figure;
mod goal;
mod summary;
mod table;

use std::io;
use std::path::PathBuf;

pub(crate) use figure::Figure;
pub(crate) use summary::{Entry, path as summary_path};

use crate::measure::{Sample, Summary};

/// What was measured in this run.
#[derive(Debug)]
pub(crate) struct Report {
    rounds: usize,
    figures: Vec<Figure>,
    tables: Vec<String>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn new(rounds: usize) -> Report {
        Report { rounds: rounds.max(1), figures: Vec::new(), tables: Vec::new(), notes: Vec::new() }
    }

    /// How many rounds each contestant runs; the rounds of what is compared are to be
    /// interleaved.
    pub(crate) fn rounds(&self) -> usize {
        self.rounds
    }

    /// Adds a figure beside its reference, which is named as people know it.
    ///
    /// `name` is for scripts (`http.hello.c32.vs_axum`), `what` for the table, `unit` is
    /// `us`, `req/s`, `KiB` or whatever else fits; rates end in `/s`.
    pub(crate) fn add(
        &mut self,
        name: &str,
        what: &str,
        unit: &str,
        ours: &[Sample],
        reference: &str,
        theirs: &[Sample],
    ) {
        let reference = (reference.to_owned(), Summary::of(theirs));
        self.push(name, what, unit, ours, Some(reference));
    }

    /// Adds a figure that stands alone.
    #[allow(dead_code, reason = "for the parts that follow")]
    pub(crate) fn add_alone(&mut self, name: &str, what: &str, unit: &str, ours: &[Sample]) {
        self.push(name, what, unit, ours, None);
    }

    fn push(
        &mut self,
        name: &str,
        what: &str,
        unit: &str,
        ours: &[Sample],
        reference: Option<(String, Summary)>,
    ) {
        self.figures.push(Figure {
            name: name.to_owned(),
            what: what.to_owned(),
            unit: unit.to_owned(),
            ours: Summary::of(ours),
            reference,
        });
    }

    /// Adds a table of a part's own, printed above the figures.
    pub(crate) fn table(&mut self, text: String) {
        self.tables.push(text);
    }

    /// Adds a line below the table: what could not be measured and why, for instance.
    pub(crate) fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        for table in &self.tables {
            println!("\n{table}");
        }
        if !self.figures.is_empty() {
            print!("{}", table::text(&self.figures, self.rounds));
        }
        for note in &self.notes {
            println!("note: {note}");
        }
        println!();
    }

    /// Where it writes: `target/bench`.
    pub(crate) fn folder(&self) -> PathBuf {
        summary::path().parent().map(PathBuf::from).unwrap_or_default()
    }

    /// Writes `target/bench/summary.json`. Figures that were measured before and not in
    /// this run stay in it, unless `whole` says that this run measured everything.
    pub(crate) fn write(&self, whole: bool) -> io::Result<()> {
        if self.figures.is_empty() {
            return Ok(());
        }
        let path = summary::path();
        summary::write(&path, &self.figures, whole)?;
        println!("also in {}", path.display());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
