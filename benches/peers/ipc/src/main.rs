//! Other libraries for exchanges between processes, measured with the very code that
//! measures Slotway. The bench calls this program once for each round; it starts the
//! process at the other end itself and prints what it found as a line of JSON.

#[allow(dead_code, reason = "the other program uses the rest")]
#[path = "../../../src/cpu.rs"]
mod cpu;
mod iceoryx;
#[allow(dead_code, reason = "the other program uses the rest")]
#[path = "../../../src/measure.rs"]
mod measure;
mod server;
mod slotbus_raw;
mod watchdog;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use cpu::CpuClocks;
use measure::{Effort, Sample, p50, pace};
use server::Server;
use watchdog::Watchdog;

/// A library, and how it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Library {
    Iceoryx2Polling,
    Iceoryx2Event,
    Slotbus,
}

/// What is measured.
#[derive(Debug, Clone, Copy, Args)]
struct Case {
    library: Library,
    /// Bytes of a body, the same there and back.
    #[arg(long)]
    payload: usize,
    /// Exchanges in flight at once.
    #[arg(long)]
    depth: usize,
}

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One round.
    Measure {
        #[command(flatten)]
        case: Case,
        #[arg(long)]
        warm_up: usize,
        #[arg(long)]
        count: usize,
        #[arg(long)]
        limit_ms: u64,
        /// This process's processor, if it has to be a certain one.
        #[arg(long)]
        ours: Option<usize>,
        /// The other process's.
        #[arg(long)]
        theirs: Option<usize>,
    },
    /// The other end.
    Serve {
        #[command(flatten)]
        case: Case,
        /// What both ends call their meeting place.
        #[arg(long)]
        name: String,
        #[arg(long)]
        cpu: Option<usize>,
    },
}

/// A library's end that asks.
trait Client {
    /// Keeps up to `depth` exchanges in flight and waits until some are done; gives how
    /// many.
    fn turn(&mut self, depth: usize) -> Result<usize, Box<dyn Error>>;
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve { case, name, cpu } => pin(cpu).and_then(|()| serve(case, &name)),
        Command::Measure { case, warm_up, count, limit_ms, ours, theirs } => {
            let effort = Effort { warm_up, count, limit: Duration::from_millis(limit_ms) };
            pin(ours).and_then(|()| measure(case, effort, theirs)).map(|sample| {
                let cpu_us = sample.cpu_us.unwrap_or_default();
                println!("{{\"value\": {}, \"cpu_us\": {cpu_us}}}", sample.value);
            })
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn pin(cpu: Option<usize>) -> Result<(), Box<dyn Error>> {
    let Some(cpu) = cpu else { return Ok(()) };
    let mut set = rustix::thread::CpuSet::new();
    set.set(cpu);
    Ok(rustix::thread::sched_setaffinity(None, &set)?)
}

fn serve(case: Case, name: &str) -> Result<(), Box<dyn Error>> {
    match case.library {
        Library::Iceoryx2Polling => iceoryx::serve(case, name, false),
        Library::Iceoryx2Event => iceoryx::serve(case, name, true),
        Library::Slotbus => slotbus_raw::serve(case, name),
    }
}

fn measure(case: Case, effort: Effort, theirs: Option<usize>) -> Result<Sample, Box<dyn Error>> {
    let name = format!("slotway-bench-{}", std::process::id());
    match case.library {
        Library::Iceoryx2Polling | Library::Iceoryx2Event => {
            let events = case.library == Library::Iceoryx2Event;
            let meeting = iceoryx::Meeting::create(case, &name, events)?;
            let server = Server::start(case, &name, theirs)?;
            round(case, effort, &name, &server, meeting.client()?)
        }
        Library::Slotbus => {
            let client = slotbus_raw::Caller::new(case, &name)?;
            let server = Server::start(case, &name, theirs)?;
            round(case, effort, &name, &server, client)
        }
    }
}

fn round(
    case: Case,
    effort: Effort,
    name: &str,
    server: &Server,
    mut client: impl Client,
) -> Result<Sample, Box<dyn Error>> {
    let watchdog = Watchdog::start(name);
    let clocks = CpuClocks::own()?.and(server.pid())?;
    let mut broken = None;
    let mut turn = || {
        watchdog.alive();
        match client.turn(case.depth) {
            Ok(done) => done,
            Err(error) => {
                broken = Some(error);
                1
            }
        }
    };
    let sample = match case.depth {
        1 => p50(effort, &clocks, || {
            turn();
        }),
        _ => pace(effort, &clocks, turn),
    };
    match broken {
        Some(error) => Err(error),
        None => Ok(sample),
    }
}
