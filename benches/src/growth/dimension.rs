//! What grows, and a hub at each of its sizes.

use std::io;
use std::path::Path;
use std::process::Command;

use super::idle::IdleClients;
use crate::rig::{Folder, Hub, Load, Request, Server, Tally, wait_for_answer};

/// What grows while all else stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    /// Registered workers, all but one of them idle.
    Workers,
    /// Slots of the one worker's region.
    Slots,
    /// Routes of the one worker; requests go to all of them in turn.
    Routes,
    /// Idle connections of clients that have asked once.
    Connections,
}

impl Dimension {
    pub(super) const ALL: [Dimension; 4] =
        [Dimension::Workers, Dimension::Slots, Dimension::Routes, Dimension::Connections];

    /// As in the figures' names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Dimension::Workers => "workers",
            Dimension::Slots => "slots",
            Dimension::Routes => "routes",
            Dimension::Connections => "connections",
        }
    }

    /// For people.
    pub(super) fn what(self) -> &'static str {
        match self {
            Dimension::Workers => "registered workers",
            Dimension::Slots => "slots of a worker",
            Dimension::Routes => "routes",
            Dimension::Connections => "idle connections",
        }
    }

    /// The smallest first: the others are compared with it.
    pub(super) fn sizes(self) -> &'static [usize] {
        match self {
            Dimension::Workers => &[1, 10, 50, 200],
            Dimension::Slots => &[16, 64, 256, 1024, 4096],
            Dimension::Routes => &[10, 100, 1000, 10_000],
            Dimension::Connections => &[0, 100, 1000, 10_000],
        }
    }

    fn request(self, size: usize) -> Request {
        match self {
            Dimension::Routes => Request::Routes(size),
            _ => Request::Get("/hello/world"),
        }
    }
}

/// As many as the fewest slots, so that nobody waits for one.
const CONNECTIONS: u32 = 16;
const SECONDS: u32 = 1;

/// A hub with everything that one size asks for.
#[derive(Debug)]
pub(super) struct Stand {
    // In the order in which they end: a worker whose hub has gone would say so.
    _clients: IdleClients,
    _others: Vec<Server>,
    worker: Server,
    hub: Hub,
    request: Request,
}

impl Stand {
    pub(super) fn start(
        dimension: Dimension,
        size: usize,
        folder: &Folder,
        program: &Path,
    ) -> io::Result<Stand> {
        let slots = if dimension == Dimension::Slots { size } else { 256 }.to_string();
        // Idle connections are to stay, whatever the bench takes.
        let flags = ["--slots", &slots, "--header-read-timeout", "1h"];
        let hub = Hub::start(folder, &format!("{}-{size}", dimension.name()), &flags)?;
        let routes = if dimension == Dimension::Routes { size } else { 0 };
        let worker = hub.worker(Command::new(program).args(["bench", "", &routes.to_string()]))?;
        let idle = if dimension == Dimension::Workers { size - 1 } else { 0 };
        let mut others = Vec::new();
        for number in 0..idle {
            let (name, prefix) = (format!("idle-{number}"), format!("/idle/{number}"));
            others.push(hub.worker(Command::new(program).args([&name, &prefix, "0"]))?);
        }
        for number in 0..idle {
            wait_for_answer(&hub.address, &format!("/idle/{number}/hello/world"))?;
        }
        wait_for_answer(&hub.address, "/hello/world")?;
        let idle = if dimension == Dimension::Connections { size } else { 0 };
        let clients = IdleClients::connect(&hub.address, idle)?;
        let request = dimension.request(size);
        Ok(Stand { _clients: clients, _others: others, worker, hub, request })
    }

    /// The hub's resident memory in KiB, and its threads.
    pub(super) fn resident(&self) -> io::Result<(f64, f64)> {
        self.hub.server.resident()
    }

    pub(super) fn load(&self, folder: &Folder) -> io::Result<Tally> {
        let load = Load { request: self.request, connections: CONNECTIONS, seconds: SECONDS };
        load.run(folder, &self.hub.address, &[&self.hub.server, &self.worker])
    }
}
