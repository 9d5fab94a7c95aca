//! `make demo`: a hub, a worker in C and two in Rust, and real requests through them.
//!
//! Every line of the table is a request whose answer was compared with what it must be;
//! anything else ends the demo with the reason and a code that is not 0.

mod steps;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use slotway_tests::{Hub, Process, Watchdog};

/// The programs of a demo.
#[derive(Debug)]
struct Demo {
    hub: Hub,
    c: Process,
    rust: [Process; 2],
}

fn start(name: &str, program: &Path, hub: &Hub) -> Process {
    let mut command = Command::new(program);
    command.env("SLOTWAY_HUB", hub.control_path());
    Process::start(name, &mut command)
}

fn main() {
    let programs: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [c, rust] = programs.as_slice() else {
        eprintln!("usage: demo C-WORKER RUST-WORKER");
        std::process::exit(2);
    };
    let _watchdog = Watchdog::new("the demo", Duration::from_secs(120));
    let hub = Hub::start();
    let c = start("C worker", c, &hub);
    let rust = [start("Rust worker", rust, &hub), start("Rust worker", rust, &hub)];
    hub.wait_registered(c.pid(), "demo-c");
    for worker in &rust {
        hub.wait_registered(worker.pid(), "demo-rust");
    }
    println!("\nA hub on http://{}, one worker in C and two in Rust.\n", hub.address);
    let mut demo = Demo { hub, c, rust };
    let mut table = table::Table::new();
    steps::run(&mut demo, &mut table);
    let requests = table.rows();
    steps::end(&mut demo, &mut table);
    table.close();
    drop(demo);
    println!("{requests} requests, every answer as it must be. Nothing is left running.\n");
}
