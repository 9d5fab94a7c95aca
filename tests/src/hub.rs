//! A hub as a process.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use crate::http::{Connection, Request, Response};
use crate::{PrivateDir, Process, artifacts, eventually};

/// What has to happen soon does within this time, also on a machine that is busy.
const SOON: Duration = Duration::from_secs(20);

/// A running hub with sockets of its own.
#[derive(Debug)]
pub struct Hub {
    /// The process.
    pub process: Process,
    /// Where it serves HTTP.
    pub address: SocketAddr,
    dir: Arc<PrivateDir>,
}

/// How to start a hub.
#[derive(Debug)]
pub struct HubBuilder {
    dir: Arc<PrivateDir>,
    wrapper: Vec<OsString>,
    part: &'static str,
    worker: Vec<OsString>,
    args: Vec<OsString>,
    listen: String,
    control: Option<PathBuf>,
    config: Option<String>,
    envs: Vec<(OsString, OsString)>,
}

impl Default for HubBuilder {
    fn default() -> HubBuilder {
        HubBuilder {
            dir: Arc::new(PrivateDir::new()),
            wrapper: Vec::new(),
            part: "hub",
            worker: Vec::new(),
            args: Vec::new(),
            listen: "127.0.0.1:0".to_owned(),
            control: None,
            config: None,
            envs: Vec::new(),
        }
    }
}

impl HubBuilder {
    /// Uses a directory that another hub has used or uses.
    #[must_use]
    pub fn dir(mut self, dir: &Arc<PrivateDir>) -> HubBuilder {
        self.dir = Arc::clone(dir);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> HubBuilder {
        self.args.extend(args.iter().map(OsString::from));
        self
    }

    /// Serves HTTP there and not on a free port.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> HubBuilder {
        self.listen = address.to_string();
        self
    }

    /// Has its control socket there and not in its directory.
    #[must_use]
    pub fn control(mut self, path: &str) -> HubBuilder {
        self.control = Some(path.into());
        self
    }

    /// Takes this as its `slotway.toml`, which then says where it listens.
    #[must_use]
    pub fn config(mut self, text: &str) -> HubBuilder {
        self.config = Some(text.to_owned());
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> HubBuilder {
        self.envs.push((name.into(), value.into()));
        self
    }

    /// Starts `slotway serve` with this command, or none.
    #[must_use]
    pub fn serve(mut self, command: &[&str]) -> HubBuilder {
        self.part = "serve";
        self.worker = command.iter().map(OsString::from).collect();
        self
    }

    /// Starts the hub through another program: `prlimit`, `unshare`.
    #[must_use]
    pub fn through(mut self, wrapper: &[&str]) -> HubBuilder {
        self.wrapper = wrapper.iter().map(OsString::from).collect();
        self
    }

    /// A path in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The command line.
    pub fn command(&self) -> Command {
        let program = artifacts::hub();
        let mut command = match self.wrapper.split_first() {
            None => Command::new(program),
            Some((wrapper, args)) => {
                let mut command = Command::new(wrapper);
                command.args(args).arg(program);
                command
            }
        };
        clean(&mut command);
        // Who asks for room for many events shall have it, however large they are.
        command.env("SLOTWAY_EVENTS_SUBSCRIPTION_BYTES", "64M");
        command.envs(self.envs.iter().map(|(name, value)| (name, value)));
        command.arg(self.part);
        match &self.config {
            None => command.args(["--listen", &self.listen]),
            Some(text) => {
                let path = self.dir.join("slotway.toml");
                fs::write(&path, text).expect("a directory of our own");
                command.arg("--config").arg(path)
            }
        };
        let control = self.control.clone().unwrap_or_else(|| self.dir.join("hub.sock"));
        command.arg("--control").arg(control);
        if !self.args.iter().any(|arg| arg == "--admin") {
            command.arg("--admin").arg(self.dir.join("admin.sock"));
        }
        command.args(&self.args).args(&self.worker);
        command
    }

    /// Starts it and waits until it listens.
    pub fn start(self) -> Hub {
        let process = Process::start("hub", &mut self.command());
        let line = process.wait_line("slotway: listening on http", SOON);
        let address = line.rsplit('/').next().and_then(|address| address.parse().ok());
        // A hub without a TCP address is spoken to by other means.
        let address = address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        Hub { process, address, dir: self.dir }
    }

    /// Starts it where it cannot run; waits for its end. Gives its exit code and what it
    /// said.
    pub fn start_in_vain(self) -> (Option<i32>, String) {
        let mut process = Process::start("hub", &mut self.command());
        let status = process.wait_end(SOON);
        // The pipes are read by others; what ends the output is there when they are empty.
        eventually("the hub's last words", SOON, || (!process.lines().is_empty()).then_some(()));
        (status.code(), process.lines().join("\n"))
    }
}

/// Takes out of the environment what would change a hub or a worker.
pub(crate) fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SLOTWAY_") {
            command.env_remove(name);
        }
    }
    command.env("RUST_BACKTRACE", "0").env("NO_COLOR", "1");
}

impl Hub {
    /// A hub with the default configuration.
    pub fn start() -> Hub {
        Hub::builder().start()
    }

    /// A hub with other arguments.
    pub fn with(args: &[&str]) -> Hub {
        Hub::builder().args(args).start()
    }

    /// How to start one.
    pub fn builder() -> HubBuilder {
        HubBuilder::default()
    }

    /// Its directory.
    pub fn dir(&self) -> &Arc<PrivateDir> {
        &self.dir
    }

    /// Its control socket.
    pub fn control_path(&self) -> PathBuf {
        self.dir.join("hub.sock")
    }

    /// Its admin socket.
    pub fn admin_path(&self) -> PathBuf {
        self.dir.join("admin.sock")
    }

    /// A fresh connection of a client.
    #[track_caller]
    pub fn connect(&self) -> Connection {
        Connection::open(self.address).expect("a hub that listens")
    }

    /// Sends a GET on a connection of its own and does not wait for the answer.
    #[track_caller]
    pub fn begin(&self, target: &str) -> Connection {
        let mut client = self.connect();
        client.send(&Request::get(target).bytes()).expect("a hub that reads");
        client
    }

    /// One request on a connection of its own.
    #[track_caller]
    pub fn send(&self, request: Request) -> Response {
        let exchanged = self.connect().exchange(&request.close());
        exchanged.expect("exactly one answer for every request")
    }

    /// One GET on a connection of its own.
    #[track_caller]
    pub fn get(&self, target: &str) -> Response {
        self.send(Request::get(target))
    }
}
