//! The table at the end, and the file for scripts.

use std::io::{IsTerminal, Write};
use std::path::Path;

use serde::Serialize;

use crate::machine;
use crate::measure::{median, spread};

/// Where the figures go for scripts, relative to where cargo builds.
const SUMMARY: &str = "bench/summary.json";

#[derive(Debug, Serialize)]
struct Figure {
    name: String,
    #[serde(skip)]
    what: String,
    value: f64,
    unit: String,
    reference: String,
    reference_value: f64,
    ratio: f64,
    rounds: usize,
    spread: f64,
}

/// What was measured.
#[derive(Debug)]
pub(crate) struct Report {
    rounds: usize,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn new(rounds: usize) -> Report {
        Report { rounds: rounds.max(1), figures: Vec::new() }
    }

    pub(crate) fn rounds(&self) -> usize {
        self.rounds
    }

    /// Adds a figure beside its reference; both as one value a round.
    pub(crate) fn add(
        &mut self,
        name: &str,
        what: &str,
        unit: &str,
        ours: &[f64],
        reference: &str,
        theirs: &[f64],
    ) {
        let (value, reference_value) = (median(ours.to_vec()), median(theirs.to_vec()));
        self.figures.push(Figure {
            name: name.to_owned(),
            what: what.to_owned(),
            value,
            unit: unit.to_owned(),
            reference: reference.to_owned(),
            reference_value,
            ratio: value / reference_value,
            rounds: ours.len(),
            spread: spread(ours),
        });
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        if self.figures.is_empty() {
            return;
        }
        println!("\n{}; median of {} rounds\n", machine::describe(), self.rounds);
        println!(
            "{:<36} {:>12}    {:<18} {:>12} {:>7} {:>7}",
            "what", "Slotway", "beside", "", "ratio", "spread"
        );
        for figure in &self.figures {
            let with_unit = |value: f64| match figure.unit.as_str() {
                "us" => format!("{value:.2} µs"),
                "req/s" => format!("{:.1} k/s", value / 1000.0),
                unit => format!("{value:.2} {unit}"),
            };
            println!(
                "{:<36} {:>12}    {:<18} {:>12} {:>6.2}× {:>5.0} %",
                figure.what,
                with_unit(figure.value),
                figure.reference,
                with_unit(figure.reference_value),
                figure.ratio,
                100.0 * figure.spread
            );
        }
        println!();
    }

    /// Writes `target/bench/summary.json`.
    pub(crate) fn write(&self) -> std::io::Result<()> {
        let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
        let path = Path::new(&target).join(SUMMARY);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, serde_json::to_string_pretty(&self.figures)?)?;
        println!("also in {}", path.display());
        Ok(())
    }
}

/// A progress bar on the terminal; nothing where there is none.
#[derive(Debug)]
pub(crate) struct Progress {
    what: String,
    rounds: usize,
}

impl Progress {
    pub(crate) fn new(what: &str, rounds: usize) -> Progress {
        Progress { what: what.to_owned(), rounds }
    }

    /// Shows that `round` rounds are done.
    pub(crate) fn show(&self, round: usize) {
        if std::io::stderr().is_terminal() {
            let width = 24;
            let full = width * round / self.rounds;
            eprint!(
                "\r{:<28} [{}{}] {round}/{}",
                self.what,
                "#".repeat(full),
                ".".repeat(width - full),
                self.rounds
            );
            let _ = std::io::stderr().flush();
        }
    }

    pub(crate) fn done(&self) {
        self.show(self.rounds);
        if std::io::stderr().is_terminal() {
            eprintln!();
        }
    }
}
