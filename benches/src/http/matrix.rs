//! What is measured against what.

use super::contestant::Contestant::{self, Axum, Proxy, Slotbus, SlotwayC, SlotwayRust};
use crate::rig::{Load, Request};

/// Who is to show what under one load.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// As in the figures' names: `hello`, `echo64k`.
    pub(super) op: &'static str,
    pub(super) load: Load,
    pub(super) with: Vec<Contestant>,
}

const HELLO: (&str, Request) = ("hello", Request::Get("/hello/world"));
const ECHO_4K: (&str, Request) = ("echo4k", Request::Echo(4 << 10));
const ECHO_64K: (&str, Request) = ("echo64k", Request::Echo(64 << 10));
const ECHO_1M: (&str, Request) = ("echo1m", Request::Echo(1 << 20));

const ALL: &[Contestant] = &[SlotwayC, SlotwayRust, Axum, Proxy, Slotbus];
const FAST: &[Contestant] = &[SlotwayC, SlotwayRust, Axum, Proxy];

/// The cells in the order in which they are measured. The short form leaves out what says
/// little, and lets those with a goal run longer.
pub(super) fn cells(long: bool) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut add = |(op, request): (&'static str, Request), connections, seconds, with: &[_]| {
        let seconds = if long { 3 * seconds } else { seconds };
        let load = Load { request, connections, seconds };
        cells.push(Cell { op, load, with: with.to_vec() });
    };
    add(HELLO, 1, 2, ALL);
    add(HELLO, 32, 2, ALL);
    add(HELLO, 256, 1, ALL);
    add(ECHO_4K, 1, 1, FAST);
    add(ECHO_4K, 32, 1, ALL);
    add(ECHO_4K, 256, 1, FAST);
    add(ECHO_64K, 1, 1, FAST);
    add(ECHO_64K, 16, 1, &[SlotwayC, Slotbus]);
    add(ECHO_64K, 32, 2, FAST);
    add(ECHO_64K, 256, 1, FAST);
    add(ECHO_1M, 1, 1, FAST);
    add(ECHO_1M, 32, 1, FAST);
    if long {
        add(HELLO, 16, 1, ALL);
        add(ECHO_4K, 16, 1, ALL);
        add(ECHO_64K, 1, 1, &[SlotwayC, Slotbus]);
        add(ECHO_1M, 1, 1, &[SlotwayC, Slotbus]);
        add(ECHO_1M, 256, 1, FAST);
    }
    cells
}

impl Cell {
    /// For people: `GET hello, 32 conn.`
    pub(super) fn what(&self) -> String {
        let request = match self.op {
            "hello" => "GET hello",
            "echo4k" => "POST echo 4 KiB",
            "echo64k" => "POST echo 64 KiB",
            _ => "POST echo 1 MiB",
        };
        format!("{request}, {} conn.", self.load.connections)
    }

    /// Whether the price of the hop to a worker is read off this cell.
    pub(super) fn is_hop(&self) -> bool {
        self.op == "hello" && self.load.connections == 1
    }
}
