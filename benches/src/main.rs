//! `make bench`: Slotway beside its floors and its peers, in one run.
//!
//! Every figure is the median of several rounds, and the rounds of what is compared are
//! interleaved, so that a busy moment of the machine falls on all of them.

mod exchange;
mod floor;
mod http;
mod machine;
mod measure;
mod pair;
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

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut report = Report::new(cli.rounds);
    let result = match cli.command {
        Some(Command::Peer { role, fd, cpu }) => return pair::peer(role, fd, cpu),
        Some(Command::Core) => core(&mut report),
        Some(Command::Http) => http::run(&mut report),
        None => core(&mut report).and_then(|()| http::run(&mut report)),
    };
    report.print();
    match result.and_then(|()| report.write()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn core(report: &mut Report) -> std::io::Result<()> {
    for placement in machine::placements() {
        exchange::run(report, placement)?;
    }
    Ok(())
}
