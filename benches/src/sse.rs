//! One stream of events and many clients that read it as fast as it goes: Slotway, a plain
//! broadcast of axum, and nginx with nchan, each on one thread.
//!
//! Events are published over one connection, as fast as clients take them: no more than
//! [`WINDOW`] ahead of what they have read. A delivery is one event at one client.

mod crowd;
mod publisher;
mod servers;

use std::io;
use std::time::Duration;

use crate::measure::Sample;
use crate::progress::Progress;
use crate::report::Report;
use crate::rig::Folder;
use crate::steal;
use crowd::Crowd;
use publisher::publish_for;
use servers::{Server, all};

/// Events that are published and not read by everybody, at most.
const WINDOW: u64 = 512;
/// Bytes of an event's payload.
const PAYLOAD: usize = 64;
/// How long a round publishes.
const ROUND: Duration = Duration::from_secs(2);
const WARM_UP: Duration = Duration::from_millis(500);

/// The figures.
pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    let folder = Folder::new()?;
    for clients in [100, 1_000] {
        measure(report, &folder, clients)?;
    }
    Ok(())
}

fn measure(report: &mut Report, folder: &Folder, clients: usize) -> io::Result<()> {
    let mut servers: Vec<(Server, Crowd)> = Vec::new();
    for start in all() {
        match start(folder) {
            Ok(server) => {
                let crowd = Crowd::open(&server.address, server.path, clients)?;
                servers.push((server, crowd));
            }
            Err(error) if servers.is_empty() => return Err(error),
            Err(error) => report.note(format!("events to {clients} clients: {error}")),
        }
    }
    let title = format!("events to {clients} clients");
    let bar = Progress::new(&title, report.rounds() * servers.len());
    for (server, crowd) in &servers {
        publish_for(WARM_UP, server, crowd)?;
    }
    let mut samples = vec![Vec::new(); servers.len()];
    for round in 0..report.rounds() {
        for turn in 0..servers.len() {
            bar.show(round * servers.len() + turn);
            let place = (round + turn) % servers.len();
            let (server, crowd) = &servers[place];
            let rate = steal::undisturbed(|| publish_for(ROUND, server, crowd))?;
            samples[place].push(Sample::of(rate));
        }
    }
    bar.done();
    let Some((ours, others)) = samples.split_first() else { return Ok(()) };
    for ((server, _), theirs) in servers.iter().skip(1).zip(others) {
        let name = format!("events.sse.c{clients}.vs_{}", server.short);
        report.add(&name, &title, "deliveries/s", ours, server.label, theirs);
    }
    if others.is_empty() {
        report.add_alone(&format!("events.sse.c{clients}"), &title, "deliveries/s", ours);
    }
    Ok(())
}
