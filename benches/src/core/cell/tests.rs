//! Goal: figures have the names that scripts look for.

use super::{Cell, State};
use crate::machine::Placement;

#[test]
fn names_say_what_is_not_ordinary() {
    let least = Cell { placement: Placement::TwoCores(0, 1), payload: 64, depth: 1 };
    assert_eq!(least.name(State::Awake, "cacheline"), "core.awake.64B.vs_cacheline");
    let other = Cell { placement: Placement::OneCore(0), payload: 4096, depth: 16 };
    assert_eq!(other.name(State::Asleep, "unix"), "core.onecpu.asleep.4KiB.d16.vs_unix");
    let alone = Cell { payload: 64, depth: 1, ..other };
    assert_eq!(alone.name(State::Adaptive, "futex"), "core.onecpu.64B.vs_futex");
    assert_eq!(alone.name(State::Asleep, "futex"), "core.onecpu.asleep.64B.vs_futex");
    assert_eq!(other.what(State::Adaptive), "one core, adaptive, 4 KiB, depth 16");
    assert_eq!(least.what(State::Awake), "two cores, awake, 64 B, depth 1");
}

#[test]
fn every_cell_is_there_once() {
    let cells: Vec<_> = Cell::all(Placement::Unpinned).collect();
    assert_eq!(cells.len(), 9);
    assert_eq!(cells.iter().filter(|cell| cell.is_least()).count(), 1);
}
