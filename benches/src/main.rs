//! `make bench`: Slotway beside its floors and its peers, in one run.
//!
//! Every figure is the median of several rounds, and the rounds of what is compared are
//! interleaved, so that a busy moment of the machine falls on all of them.

mod core;
mod cpu;
mod http;
mod machine;
mod measure;
mod pair;
mod progress;
mod report;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use report::Report;

/// Measures Slotway beside its floors and peers.
#[derive(Debug, Parser)]
struct Cli {
    /// Rounds of each measurement; the median counts.
    #[arg(long, default_value_t = 5, global = true)]
    rounds: usize,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One exchange between two processes, beside a bare cache line and a bare futex.
    Core,
    /// HTTP through the hub and a C worker, beside plain axum.
    Http,
    /// The other process of a measurement.
    #[command(hide = true)]
    Peer {
        /// What it does.
        role: pair::Role,
        /// The number of the inherited descriptor.
        fd: i32,
        /// The processor to run on, if any.
        #[arg(long)]
        cpu: Option<usize>,
    },
}

/// A part of the whole: it adds its figures to the report.
type Part = fn(&mut Report) -> std::io::Result<()>;

/// What a command measures.
fn parts(command: Option<&Command>) -> Vec<(&'static str, Part)> {
    const CORE: (&str, Part) = ("core", core::run);
    const HTTP: (&str, Part) = ("http", http::run);
    match command {
        Some(Command::Core) => vec![CORE],
        Some(Command::Http) => vec![HTTP],
        Some(Command::Peer { .. }) => Vec::new(),
        None => vec![CORE, HTTP],
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Peer { role, fd, cpu }) = cli.command {
        return pair::peer(role, fd, cpu);
    }
    let mut report = Report::new(cli.rounds);
    let mut failed = false;
    for (name, part) in parts(cli.command.as_ref()) {
        // What the other parts measured is worth having in any case.
        if let Err(error) = part(&mut report) {
            failed = true;
            report.note(format!("{name} broke off: {error}"));
        }
    }
    report.print();
    let whole = cli.command.is_none() && !failed;
    if let Err(error) = report.write(whole) {
        eprintln!("bench: the summary cannot be written: {error}");
        failed = true;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
