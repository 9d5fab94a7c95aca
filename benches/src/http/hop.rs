//! What the hop to a worker adds at one connection, in round trips of a bare futex.

use std::io;

use super::contestant::Contestant;
use crate::core::cell::Cell;
use crate::core::floor::futex_round;
use crate::machine::Placement;
use crate::measure::{Effort, Sample};
use crate::report::Report;
use crate::rig::Tally;
use crate::steal;

const EFFORT: Effort =
    Effort { warm_up: 1_000, count: 20_000, limit: std::time::Duration::from_millis(500) };

/// Both processes may run where they like, as the servers may.
const FUTEX: Cell = Cell { placement: Placement::Unpinned, payload: 0, depth: 1 };

/// The rounds of both.
#[derive(Debug, Default)]
pub(super) struct Hop {
    added: Vec<Sample>,
    futex: Vec<Sample>,
}

impl Hop {
    /// Takes one round: the latest of the two servers, and a bare futex.
    pub(super) fn round(&mut self, tallies: &[(Contestant, Vec<Tally>)]) -> io::Result<()> {
        let latest = |wanted: Contestant| {
            let (_, tallies) = tallies.iter().find(|(contestant, _)| *contestant == wanted)?;
            tallies.last()
        };
        let both = latest(Contestant::SlotwayC).zip(latest(Contestant::Axum));
        let Some((ours, axum)) = both else { return Ok(()) };
        self.added.push(Sample::new(ours.p50_us - axum.p50_us, ours.cpu_us - axum.cpu_us));
        self.futex.push(steal::undisturbed(|| futex_round(FUTEX, EFFORT))?);
        Ok(())
    }

    pub(super) fn add(&self, report: &mut Report) {
        report.add(
            "http.hello.c1.hop",
            "GET hello, 1 conn., p50 minus axum's",
            "us",
            &self.added,
            "futex round trip",
            &self.futex,
        );
    }
}
