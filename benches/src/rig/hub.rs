//! A hub of ours.

use std::io;
use std::process::Command;

use super::{Folder, Server, built};

/// A running hub, on a port and a control socket of its own.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) server: Server,
    pub(crate) address: String,
    control: String,
}

impl Hub {
    /// Starts one. `name` tells it from the other hubs of this run.
    pub(crate) fn start(folder: &Folder, name: &str, flags: &[&str]) -> io::Result<Hub> {
        let control = folder.join(&format!("{name}.sock"));
        let mut command = Command::new(built("slotway")?);
        command
            .args(["hub", "--listen", "127.0.0.1:0", "--admin", "none", "--control", &control])
            .args(["--log", "warn"])
            .args(flags);
        let (server, address) = Server::announced(&mut command, "http://")?;
        Ok(Hub { server, address, control })
    }

    /// Where its workers connect.
    pub(crate) fn control(&self) -> &str {
        &self.control
    }

    /// Starts a worker of it that starts processes of its own.
    pub(crate) fn family(&self, command: &mut Command) -> io::Result<Server> {
        Server::family(command.env("SLOTWAY_HUB", &self.control))
    }

    /// Starts a worker of it.
    pub(crate) fn worker(&self, command: &mut Command) -> io::Result<Server> {
        Server::start(command.env("SLOTWAY_HUB", &self.control))
    }
}
