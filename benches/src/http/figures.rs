//! From rounds to figures.

use super::Results;
use super::contestant::Contestant::{self, Axum, Proxy, Slotbus, SlotwayC, SlotwayRust};
use crate::report::Report;
use crate::rig::Quantity;

/// Which pairs become figures: the name's end, ours, theirs, the quantity. The processor
/// time of both stands beside every rate.
const PAIRS: &[(&str, Contestant, Contestant, Quantity)] = &[
    ("vs_axum", SlotwayC, Axum, Quantity::Rate),
    ("cpu", SlotwayC, Axum, Quantity::Cpu),
    ("p50", SlotwayC, Axum, Quantity::P50),
    ("vs_proxy", SlotwayC, Proxy, Quantity::Rate),
    ("vs_slotbus", SlotwayC, Slotbus, Quantity::Rate),
    ("rust.vs_axum", SlotwayRust, Axum, Quantity::Rate),
];

/// The figures of one cell, and a note about who made errors.
pub(super) fn add(report: &mut Report, results: &Results) {
    let of = |wanted: Contestant| {
        let found = results.tallies.iter().find(|(contestant, _)| *contestant == wanted);
        found.map(|(_, tallies)| tallies.as_slice()).filter(|tallies| !tallies.is_empty())
    };
    let (op, connections) = (results.cell.op, results.cell.load.connections);
    for (end, ours, theirs, quantity) in PAIRS {
        let Some((our, their)) = of(*ours).zip(of(*theirs)) else { continue };
        let worker = if *ours == SlotwayRust { ", Rust" } else { "" };
        report.add(
            &format!("http.{op}.c{connections}.{end}"),
            &format!("{}, {}{worker}", results.cell.what(), quantity.what()),
            quantity.unit(),
            &quantity.samples(our),
            theirs.name(),
            &quantity.samples(their),
        );
    }
    for (contestant, tallies) in &results.tallies {
        let errors: u64 = tallies.iter().map(|tally| tally.errors).sum();
        if errors > 0 {
            let what = results.cell.what();
            report.note(format!("{}, {what}: {errors} errors", contestant.name()));
        }
    }
}
