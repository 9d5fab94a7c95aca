//! Other libraries for the same thing, each in the workspace `benches/peers`, so that what
//! they depend on stays out of ours. The bench builds them; where that cannot be, it says
//! so and goes on.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::core::cell::Cell;
use crate::measure::{Effort, Sample};
use crate::report::Report;
use crate::rig;

/// A library, and how it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Peer {
    /// iceoryx2 request-response, both sides polling.
    Iceoryx2Polling,
    /// The same, with its event to wait for.
    Iceoryx2Event,
    /// slotbus, the raw exchange without its hub.
    Slotbus,
}

impl Peer {
    pub(crate) const ALL: [Peer; 3] = [Peer::Iceoryx2Polling, Peer::Iceoryx2Event, Peer::Slotbus];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Peer::Iceoryx2Polling => "iceoryx2, polling",
            Peer::Iceoryx2Event => "iceoryx2, event",
            Peer::Slotbus => "slotbus",
        }
    }

    /// In the names of figures.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Peer::Iceoryx2Polling => "iceoryx2",
            Peer::Iceoryx2Event => "iceoryx2_event",
            Peer::Slotbus => "slotbus",
        }
    }

    /// Whether a side that waits leaves its processor to the other.
    pub(crate) fn sleeps(self) -> bool {
        self != Peer::Iceoryx2Polling
    }

    /// As its program's command line names it.
    fn argument(self) -> &'static str {
        match self {
            Peer::Iceoryx2Polling => "iceoryx2-polling",
            Peer::Iceoryx2Event => "iceoryx2-event",
            Peer::Slotbus => "slotbus",
        }
    }
}

/// The program that runs them all, if it could be built.
#[derive(Debug)]
pub(crate) struct Peers {
    program: Option<PathBuf>,
    noted: HashSet<&'static str>,
}

/// What the program prints.
#[derive(Debug, Deserialize)]
struct Printed {
    value: f64,
    cpu_us: f64,
}

impl Peers {
    /// Builds the program.
    pub(crate) fn build(report: &mut Report) -> Peers {
        eprintln!("building iceoryx2 and slotbus to compare with");
        let program = rig::peers::package("ipc").inspect_err(|error| {
            report.note(format!("iceoryx2 and slotbus are missing: {error}"));
        });
        Peers { program: program.ok(), noted: HashSet::new() }
    }

    /// One round of a cell.
    pub(crate) fn round(&self, peer: Peer, cell: Cell, effort: Effort) -> io::Result<Sample> {
        let program = self.program.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(program);
        command.args(["measure", peer.argument()]);
        let mut option = |name: &str, value: usize| {
            command.args([name, &value.to_string()]);
        };
        option("--payload", cell.payload);
        option("--depth", cell.depth);
        option("--warm-up", effort.warm_up);
        option("--count", effort.count);
        option("--limit-ms", effort.limit.as_millis() as usize);
        if let Some((ours, theirs)) = cell.placement.ours().zip(cell.placement.theirs()) {
            option("--ours", ours);
            option("--theirs", theirs);
        }
        let output = command.stdin(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(failure(&output.stderr));
        }
        let printed: Printed = serde_json::from_slice(&output.stdout)?;
        Ok(Sample::new(printed.value, printed.cpu_us))
    }

    /// Says once that a library did not run through.
    pub(crate) fn gave_up(&mut self, report: &mut Report, label: &'static str, error: &io::Error) {
        if self.program.is_some() && self.noted.insert(label) {
            report.note(format!("{label} is missing in places: {error}"));
        }
    }
}

/// What a program said last.
fn failure(stderr: &[u8]) -> io::Error {
    let text = String::from_utf8_lossy(stderr);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    io::Error::other(last.unwrap_or("it ended without a word").trim().to_owned())
}
