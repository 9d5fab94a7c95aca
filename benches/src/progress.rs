//! A progress bar on the terminal, and nothing where there is none.

use std::io::{IsTerminal, Write};

const WIDTH: usize = 24;

/// How far a measurement is.
#[derive(Debug)]
pub(crate) struct Progress {
    what: String,
    rounds: usize,
}

impl Progress {
    pub(crate) fn new(what: &str, rounds: usize) -> Progress {
        Progress { what: what.to_owned(), rounds: rounds.max(1) }
    }

    /// Shows that `round` rounds are done.
    pub(crate) fn show(&self, round: usize) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let full = WIDTH * round / self.rounds;
        let (done, left) = ("#".repeat(full), ".".repeat(WIDTH - full));
        eprint!("\r{:<44} [{done}{left}] {round}/{}", self.what, self.rounds);
        let _ = std::io::stderr().flush();
    }

    pub(crate) fn done(&self) {
        self.show(self.rounds);
        if std::io::stderr().is_terminal() {
            eprintln!();
        }
    }
}
