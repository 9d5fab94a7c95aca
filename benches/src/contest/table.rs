//! What every contestant did, as a table for people.

use std::fmt::Write;

use super::Kind;
use crate::measure::Summary;
use crate::rig::{Quantity, Tally};

pub(super) fn text(title: &str, rows: &[(&Kind, Vec<Vec<Tally>>)]) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{title:<34} {:<22} {:>10} {:>8} {:>10} {:>10} {:>12}",
        "", "requests/s", "spread", "p50", "p99", "CPU/request"
    );
    for (kind, tallies) in rows {
        for (place, (contestant, tallies)) in kind.contestants.iter().zip(tallies).enumerate() {
            let of = |quantity: Quantity| Summary::of(&quantity.samples(tallies));
            let rate = of(Quantity::Rate);
            let _ = writeln!(
                out,
                "{:<34} {:<22} {:>10.0} {:>6.0} % {:>7.0} µs {:>7.0} µs {:>9.1} µs",
                if place == 0 { kind.what } else { "" },
                contestant.label,
                rate.value,
                100.0 * rate.spread,
                of(Quantity::P50).value,
                of(Quantity::P99).value,
                of(Quantity::Cpu).value,
            );
        }
    }
    out
}
