//! One kind of application after another, each on several servers.
//!
//! The servers of one kind stand together and are loaded in turn; they end before the next
//! kind's begin.

mod table;

use std::io;
use std::process::Command;

use crate::progress::Progress;
use crate::report::Report;
use crate::rig::{Folder, Hub, Load, Quantity, Server, Tally, wait_for_answer};
use crate::steal;

/// One server with the application on it.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) address: String,
    /// All processes whose time counts, in the order in which they end.
    pub(crate) servers: Vec<Server>,
}

/// Starts a server, in a folder for its sockets.
pub(crate) type Start = Box<dyn Fn(&Folder) -> io::Result<Standing>>;

/// Who runs an application.
pub(crate) struct Contestant {
    /// In the figures' names.
    pub(crate) short: &'static str,
    /// For people.
    pub(crate) label: &'static str,
    pub(crate) start: Start,
}

/// An application, and who runs it: Slotway first.
pub(crate) struct Kind {
    /// As the figures' names begin: `python.asgi`.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) what: &'static str,
    pub(crate) load: Load,
    /// What the figures without a quantity in their name compare.
    pub(crate) leading: Quantity,
    pub(crate) contestants: Vec<Contestant>,
}

/// What every application answers as soon as it serves.
const READY: &str = "/";

/// How long the load lasts of which nothing is counted.
const WARM_UP_SECONDS: u32 = 1;

impl Contestant {
    /// Slotway: a hub of its own, and the worker that `command` starts.
    pub(crate) fn slotway(command: impl Fn() -> Command + 'static) -> Contestant {
        let start: Start = Box::new(move |folder: &Folder| {
            let hub = Hub::start(folder, "hub", &[])?;
            let worker = hub.family(&mut command())?;
            Ok(Standing { address: hub.address, servers: vec![worker, hub.server] })
        });
        Contestant { short: "slotway", label: "Slotway", start }
    }
}

/// Measures all kinds. `title` is for the progress bar and the table.
pub(crate) fn run(report: &mut Report, title: &str, kinds: &[Kind]) -> io::Result<()> {
    let folder = Folder::new()?;
    let rounds = report.rounds();
    let steps = rounds * kinds.iter().map(|kind| kind.contestants.len()).sum::<usize>();
    let bar = Progress::new(title, steps);
    let mut step = 0;
    let mut rows = Vec::new();
    for kind in kinds {
        let tallies = measure(kind, &folder, rounds, || {
            bar.show(step);
            step += 1;
        })?;
        add_figures(report, kind, &tallies);
        rows.push((kind, tallies));
    }
    bar.done();
    report.table(table::text(title, &rows));
    Ok(())
}

/// The rounds of one kind, each contestant's together.
fn measure(
    kind: &Kind,
    folder: &Folder,
    rounds: usize,
    mut before: impl FnMut(),
) -> io::Result<Vec<Vec<Tally>>> {
    let standings = kind.contestants.iter().map(|contestant| {
        let failed = |error| io::Error::other(format!("{}: {error}", contestant.label));
        let standing = (contestant.start)(folder).map_err(failed)?;
        wait_for_answer(&standing.address, READY).map_err(failed)?;
        Ok(standing)
    });
    let standings: Vec<Standing> = standings.collect::<io::Result<_>>()?;
    let load = |place: usize, load: Load| -> io::Result<Tally> {
        let standing: &Standing = &standings[place];
        load.run(folder, &standing.address, &standing.servers.iter().collect::<Vec<_>>())
    };
    for place in 0..standings.len() {
        load(place, Load { seconds: WARM_UP_SECONDS, ..kind.load })?;
    }
    let mut tallies = vec![Vec::new(); standings.len()];
    for round in 0..rounds {
        for turn in 0..standings.len() {
            before();
            let place = (round + turn) % standings.len();
            let tally = steal::undisturbed(|| load(place, kind.load))?;
            // Others may fail some requests, and the note says so.
            if tally.errors > 0 && place == 0 {
                return Err(io::Error::other(format!("{}: {} errors", kind.what, tally.errors)));
            }
            tallies[place].push(tally);
        }
    }
    Ok(tallies)
}

/// Slotway beside each of the others, and a note about who made errors.
fn add_figures(report: &mut Report, kind: &Kind, tallies: &[Vec<Tally>]) {
    let Some((ours, others)) = tallies.split_first() else { return };
    for (contestant, theirs) in kind.contestants.iter().skip(1).zip(others) {
        let errors: u64 = theirs.iter().map(|tally| tally.errors).sum();
        if errors > 0 {
            report.note(format!("{}, {}: {errors} errors", kind.what, contestant.label));
        }
        for quantity in [Quantity::Rate, Quantity::P50, Quantity::P99, Quantity::Cpu] {
            let infix = if quantity == kind.leading { "" } else { quantity.infix() };
            report.add(
                &format!("{}{infix}.vs_{}", kind.name, contestant.short),
                &format!("{}, {}", kind.what, quantity.what()),
                quantity.unit(),
                &quantity.samples(ours),
                contestant.label,
                &quantity.samples(theirs),
            );
        }
    }
}
