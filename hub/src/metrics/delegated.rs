//! What `/metrics` tells of streams that workers own.

use super::Counter;
use super::text::Text;
use crate::delegated::{Book, NameCounts};

/// A result, and where it is counted.
type Result<'r> = (&'r str, fn(&NameCounts) -> &Counter);

/// Writes it down.
pub(super) fn delegated(text: &mut Text, book: &Book) {
    let names = book.counts.all();
    let waiting = book.waiting();
    let mut family =
        text.gauge("slotway_delegated_clients", "Clients of streams that workers own.");
    for (name, counts) in &names {
        family.sample(&[("name", name)], counts.clients());
    }
    let mut family =
        text.gauge("slotway_delegated_waiting", "Clients whose worker is gone, for now.");
    for (name, _) in &names {
        family.sample(&[("name", name)], waiting.get(name).copied().unwrap_or_default());
    }
    let mut results = |name: &str, help: &str, results: [Result<'_>; 2]| {
        let mut family = text.counter(name, help);
        for (label, counts) in &names {
            for (result, of) in results {
                family.sample(&[("name", label), ("result", result)], of(counts).get());
            }
        }
    };
    results(
        "slotway_delegated_connects",
        "Clients that came to a worker's stream, by what the worker said.",
        [("accepted", |counts| &counts.connected), ("refused", |counts| &counts.refused)],
    );
    results(
        "slotway_delegated_moves",
        "Clients whose worker went, by whether another took them over.",
        [("moved", |counts| &counts.moved), ("lost", |counts| &counts.lost)],
    );
    results(
        "slotway_delegated_pushes",
        "Pushes to paths and clients.",
        [("taken", |counts| &counts.pushed), ("refused", |counts| &counts.push_refused)],
    );
    let mut family = text
        .counter("slotway_delegated_disconnects", "Clients that are gone and whose worker heard.");
    for (name, counts) in &names {
        family.sample(&[("name", name)], counts.told.get());
    }
}
