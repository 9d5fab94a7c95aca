//! `make bench`: Slotway beside its floors and its peers, in one run.
//!
//! Every figure is the median of several rounds, and the rounds of what is compared are
//! interleaved, so that a busy moment of the machine falls on all of them.

mod core;
mod counts;
mod cpu;
mod http;
mod hubpath;
mod machine;
mod measure;
mod pair;
mod peers;
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
    /// The hub's path without HTTP: tokio task, worker thread, and back.
    Hubpath,
    /// HTTP through the hub and a C worker, beside plain axum.
    Http,
    /// Instructions for one exchange, beside the stored baseline.
    Counts,
    /// The other process of a measurement.
    #[command(hide = true)]
    Peer(pair::Orders),
}

/// A part of the whole: it adds its figures to the report.
type Part = fn(&mut Report) -> std::io::Result<()>;

/// What a command measures.
fn parts(command: Option<&Command>) -> Vec<(&'static str, Part)> {
    const CORE: (&str, Part) = ("core", core::run);
    const HUBPATH: (&str, Part) = ("hubpath", hubpath::run);
    const COUNTS: (&str, Part) = ("counts", counts::run);
    const HTTP: (&str, Part) = ("http", http::run);
    match command {
        Some(Command::Core) => vec![CORE],
        Some(Command::Hubpath) => vec![HUBPATH],
        Some(Command::Counts) => vec![COUNTS],
        Some(Command::Http) => vec![HTTP],
        Some(Command::Peer(_)) => Vec::new(),
        None => vec![CORE, HUBPATH, HTTP, COUNTS],
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Peer(orders)) = cli.command {
        return pair::peer(orders);
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
