//! The command line.

mod approve;
mod call;
mod emit;
mod flags;
mod generate;
mod hub;
mod init;
mod launch;
mod log;
mod notify;
mod reload;
mod runtime;
mod serve;
mod start;
mod status;
mod surface;
mod tail;
mod top;
mod workers;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// HTTP for worker processes, through shared memory.
#[derive(Debug, Parser)]
#[command(name = "slotway", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the hub: terminate HTTP and hand requests to the workers that connect.
    Hub(Box<hub::HubArgs>),
    /// Run the hub and its workers, and keep them running.
    Serve(Box<serve::ServeArgs>),
    /// Replace the processes of a worker, one after the other, without losing a request.
    Restart(workers::RestartArgs),
    /// Have so many instances of a worker.
    Scale(workers::ScaleArgs),
    /// Write a commented slotway.toml with every key and its default.
    Init(init::InitArgs),
    /// Publish events on the bus of a hub that runs.
    Emit(emit::EmitArgs),
    /// Print events of the bus of a hub that runs, as they come.
    Tail(tail::TailArgs),
    /// Have an activity done by a worker that takes it, and print what comes of it.
    Call(call::CallArgs),
    /// Approve or refuse registrations that wait for it, or list them.
    Approve(approve::ApproveArgs),
    /// Show the hub that runs and its workers: rates, latencies, who is sick.
    Status(status::StatusArgs),
    /// Watch the hub and its workers live.
    Top(top::TopArgs),
    /// Make manual pages and completions.
    #[command(subcommand, hide = true)]
    Generate(generate::What),
    /// Become a worker; `slotway serve` starts this.
    #[command(hide = true)]
    Launch(launch::LaunchArgs),
    /// End workers that the hub has left behind; `slotway serve` starts this.
    #[command(hide = true)]
    Guard,
}

/// Parses the arguments and runs what they ask for. Exit code 0 is a clean end, 1 a
/// failure that was reported on standard error, 2 a mistake in the arguments.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Hub(args) => hub::run(*args),
        Command::Init(args) => init::run(&args),
        Command::Emit(args) => emit::run(args),
        Command::Tail(args) => tail::run(args),
        Command::Call(args) => call::run(args),
        Command::Approve(args) => approve::run(args),
        Command::Status(args) => status::run(args),
        Command::Top(args) => top::run(args),
        Command::Generate(what) => generate::run(&what),
        Command::Serve(args) => serve::run(*args),
        Command::Restart(args) => workers::restart(args),
        Command::Scale(args) => workers::scale(args),
        Command::Launch(args) => launch::run(&args),
        Command::Guard => launch::guard(),
    }
}

#[cfg(test)]
mod tests;
