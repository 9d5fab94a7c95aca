//! A conformance worker as a process.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::hub::clean;
use crate::{Flavor, Hub, Process, artifacts};

/// A running worker.
#[derive(Debug)]
pub struct Worker {
    /// The process.
    pub process: Process,
}

/// How to start a worker.
#[derive(Debug)]
pub struct WorkerBuilder {
    flavor: Flavor,
    hub: PathBuf,
    name: String,
    prefix: String,
    threads: u32,
    generation: u64,
    wrapper: Vec<String>,
}

impl WorkerBuilder {
    /// The number of its deployment; none otherwise.
    #[must_use]
    pub fn generation(mut self, generation: u64) -> WorkerBuilder {
        self.generation = generation;
        self
    }

    /// The registration's name; `conformance` otherwise.
    #[must_use]
    pub fn name(mut self, name: &str) -> WorkerBuilder {
        name.clone_into(&mut self.name);
        self
    }

    /// What every route begins with; nothing otherwise.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> WorkerBuilder {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// Handler threads; 4 otherwise.
    #[must_use]
    pub fn threads(mut self, threads: u32) -> WorkerBuilder {
        self.threads = threads;
        self
    }

    /// Starts the worker through another program.
    #[must_use]
    pub fn through(mut self, wrapper: &[&str]) -> WorkerBuilder {
        self.wrapper = wrapper.iter().map(|&arg| arg.to_owned()).collect();
        self
    }

    /// Starts it, and does not wait for anything.
    pub fn launch(self) -> Worker {
        let program = artifacts::worker(self.flavor);
        let mut command = match self.wrapper.split_first() {
            None => Command::new(program),
            Some((wrapper, args)) => {
                let mut command = Command::new(wrapper);
                command.args(args).arg(program);
                command
            }
        };
        clean(&mut command);
        command.arg("--hub").arg(&self.hub).args(["--name", &self.name]);
        command.args(["--prefix", &self.prefix, "--threads", &self.threads.to_string()]);
        if self.generation > 0 {
            command.env("SLOTWAY_GENERATION", self.generation.to_string());
        }
        let name = format!("{:?} worker {}", self.flavor, self.name);
        Worker { process: Process::start(&name, &mut command) }
    }

    /// Starts it and waits until the hub has registered it.
    pub fn start(self, hub: &Hub) -> Worker {
        let name = self.name.clone();
        let worker = self.launch();
        hub.wait_registered(worker.process.pid(), &name);
        worker
    }
}

impl Worker {
    /// How to start one.
    pub fn builder(flavor: Flavor, hub: &Hub) -> WorkerBuilder {
        Worker::at(flavor, hub.control_path())
    }

    /// How to start one for whatever listens there.
    pub fn at(flavor: Flavor, hub: PathBuf) -> WorkerBuilder {
        WorkerBuilder {
            flavor,
            hub,
            name: "conformance".to_owned(),
            prefix: String::new(),
            threads: 4,
            generation: 0,
            wrapper: Vec::new(),
        }
    }

    /// A worker with the defaults, registered.
    pub fn start(flavor: Flavor, hub: &Hub) -> Worker {
        Worker::builder(flavor, hub).start(hub)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Waits for a line that it prints.
    #[track_caller]
    pub fn says(&self, text: &str) -> String {
        self.process.wait_line(text, Duration::from_secs(20))
    }
}
