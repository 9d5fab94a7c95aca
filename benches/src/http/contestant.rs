//! Who is measured, and how each is started.

use std::io;
use std::process::Command;

use crate::report::Report;
use crate::rig::{
    Folder, Hub, Load, Server, Tally, built, c_worker, free_port, peers, wait_for_answer,
};

/// A way to have a request answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contestant {
    /// Our hub and a worker in C, one thread.
    SlotwayC,
    /// Our hub and a worker in Rust, a thread for each processor.
    SlotwayRust,
    /// axum answering by itself: what no hub can beat.
    Axum,
    /// axum in front of axum, over a Unix socket.
    Proxy,
    /// slotbus-hub and a worker of its own.
    Slotbus,
}

impl Contestant {
    pub(super) const ALL: [Contestant; 5] = [
        Contestant::SlotwayC,
        Contestant::SlotwayRust,
        Contestant::Axum,
        Contestant::Proxy,
        Contestant::Slotbus,
    ];

    pub(super) fn is_ours(self) -> bool {
        matches!(self, Contestant::SlotwayC | Contestant::SlotwayRust)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Contestant::SlotwayC => "Slotway, C",
            Contestant::SlotwayRust => "Slotway, Rust",
            Contestant::Axum => "plain axum",
            Contestant::Proxy => "axum → axum, Unix",
            Contestant::Slotbus => "slotbus-hub 0.2.1",
        }
    }
}

const SLOTBUS_VERSION: &str = "0.2.1";
const HELLO: &str = "/hello/world";

/// One contestant's address, and all of its processes in the order in which they end: a
/// worker whose hub has gone would say so.
#[derive(Debug)]
struct Standing {
    address: String,
    servers: Vec<Server>,
    /// What slotbus-hub's worker leaves behind when it is killed.
    _leftovers: Option<Leftovers>,
}

/// Files in /dev/shm that hold a name; removed when the processes are gone.
#[derive(Debug)]
struct Leftovers(String);

impl Drop for Leftovers {
    fn drop(&mut self) {
        for entry in std::fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().contains(&self.0) {
                // Somebody else's, or gone already.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

/// Where slotbus-hub's programs lie.
#[derive(Debug)]
struct SlotbusPrograms {
    hub: std::path::PathBuf,
    worker: std::path::PathBuf,
}

/// All who could be started.
#[derive(Debug)]
pub(super) struct Field<'a> {
    folder: &'a Folder,
    standing: Vec<(Contestant, Standing)>,
    slotbus: Option<SlotbusPrograms>,
}

impl<'a> Field<'a> {
    /// Builds what has to be built and starts what stands. A peer that cannot be had is
    /// noted and left out; without Slotway or plain axum there is nothing to measure.
    pub(super) fn start(folder: &'a Folder, report: &mut Report) -> io::Result<Field<'a>> {
        let mut standing = vec![
            (Contestant::SlotwayC, slotway(folder, Contestant::SlotwayC)?),
            (Contestant::SlotwayRust, slotway(folder, Contestant::SlotwayRust)?),
            (Contestant::Axum, axum()?),
        ];
        match proxy(folder) {
            Ok(proxy) => standing.push((Contestant::Proxy, proxy)),
            Err(error) => report.note(format!("axum as a proxy: {error}")),
        }
        let slotbus = slotbus_programs();
        if let Err(error) = &slotbus {
            report.note(format!("slotbus-hub: {error}"));
        }
        Ok(Field { folder, standing, slotbus: slotbus.ok() })
    }

    pub(super) fn has(&self, contestant: Contestant) -> bool {
        match contestant {
            Contestant::Slotbus => self.slotbus.is_some(),
            _ => self.standing.iter().any(|(who, _)| *who == contestant),
        }
    }

    /// Does something with a contestant's address and processes.
    pub(super) fn with<T>(
        &self,
        contestant: Contestant,
        work: impl FnOnce(&str, &[&Server]) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut fresh = None;
        let found = self.standing.iter().find(|(who, _)| *who == contestant);
        let standing = match (found, &self.slotbus) {
            (Some((_, standing)), _) => standing,
            (None, Some(programs)) => fresh.insert(slotbus(programs)?),
            (None, None) => return Err(io::Error::other("it is not there")),
        };
        work(&standing.address, &standing.servers.iter().collect::<Vec<_>>())
    }

    pub(super) fn load(&self, contestant: Contestant, load: Load) -> io::Result<Tally> {
        self.with(contestant, |address, servers| load.run(self.folder, address, servers))
    }
}

fn slotway(folder: &Folder, which: Contestant) -> io::Result<Standing> {
    let (name, mut command) = if which == Contestant::SlotwayC {
        let mut command = Command::new(c_worker(folder)?);
        command.args(["bench", "", "0"]);
        ("c", command)
    } else {
        ("rust", Command::new(built("bench-worker")?))
    };
    let hub = Hub::start(folder, name, &[])?;
    let worker = hub.worker(&mut command)?;
    wait_for_answer(&hub.address, HELLO)?;
    Ok(Standing { address: hub.address, servers: vec![worker, hub.server], _leftovers: None })
}

fn axum() -> io::Result<Standing> {
    let mut command = Command::new(built("plain-axum")?);
    let (server, address) = Server::announced(&mut command, "http://")?;
    wait_for_answer(&address, HELLO)?;
    Ok(Standing { address, servers: vec![server], _leftovers: None })
}

fn proxy(folder: &Folder) -> io::Result<Standing> {
    let program = peers::package("axum-proxy")?;
    let socket = folder.join("axum.sock");
    let mut command = Command::new(built("plain-axum")?);
    let (service, _) = Server::announced(command.arg(&socket), "listening on")?;
    let (proxy, address) = Server::announced(Command::new(program).arg(&socket), "http://")?;
    wait_for_answer(&address, HELLO)?;
    Ok(Standing { address, servers: vec![proxy, service], _leftovers: None })
}

fn slotbus_programs() -> io::Result<SlotbusPrograms> {
    Ok(SlotbusPrograms {
        hub: peers::program("slotbus-hub", SLOTBUS_VERSION)?,
        worker: peers::package("slotbus-worker")?,
    })
}

/// It takes no port 0, so a free one is found for it.
fn slotbus(programs: &SlotbusPrograms) -> io::Result<Standing> {
    let port = free_port()?.to_string();
    let address = format!("127.0.0.1:{port}");
    let quiet = ("RUST_LOG", "off");
    let mut command = Command::new(&programs.hub);
    let hub = Server::start(command.args(["--port", &port]).env(quiet.0, quiet.1))?;
    wait_for_answer(&address, "/health")?;
    let mut command = Command::new(&programs.worker);
    let url = format!("http://{address}");
    let worker = Server::start(command.arg(url).stderr(std::process::Stdio::null()))?;
    wait_for_answer(&address, HELLO)?;
    // It names its region after its worker.
    let leftovers = Leftovers(format!("hub-bench-{}", worker.pid()));
    Ok(Standing { address, servers: vec![worker, hub], _leftovers: Some(leftovers) })
}
