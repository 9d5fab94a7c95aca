//! `make bench`: Slotway beside its floors and its peers, in one run.
//!
//! Every figure is the median of several rounds, and the rounds of what is compared are
//! interleaved, so that a busy moment of the machine falls on all of them.

mod calls;
mod contest;
mod core;
mod counts;
mod cpu;
mod events;
mod growth;
mod http;
mod hubpath;
mod machine;
mod markdown;
mod measure;
mod node;
mod pair;
mod peers;
mod progress;
mod python;
mod report;
mod rig;
mod sse;
mod steal;

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
    /// HTTP through the hub and workers, beside plain axum, a proxy and slotbus-hub.
    Http {
        /// More combinations, and loads that last three times as long.
        #[arg(long)]
        long: bool,
    },
    /// What a request costs with more workers, slots, routes and idle clients around it.
    Growth {
        /// The plot also goes to docs/growth.svg.
        #[arg(long)]
        check_in: bool,
    },
    /// Python applications, beside Granian, uvicorn and gunicorn.
    Python,
    /// Node applications, beside node:http.
    Node,
    /// The event bus, beside astrid-events, then as `sse` does.
    Events,
    /// Streams of events to many clients, beside plain axum and nginx with nchan.
    Sse,
    /// Calls from worker to worker, beside one exchange.
    Calls,
    /// The figures of target/bench/summary.json as a table in Markdown.
    Table,
    /// Instructions for one exchange, beside the stored baseline.
    Counts,
    /// The other process of a measurement.
    #[command(hide = true)]
    Peer(pair::Orders),
    /// One round of the event bus.
    #[command(hide = true)]
    EventsRound(events::Round),
}

/// A part of the whole: it adds its figures to the report.
type Part = Box<dyn Fn(&mut Report) -> std::io::Result<()>>;

/// What a command measures.
fn parts(command: Option<&Command>) -> Vec<(&'static str, Part)> {
    let core = || -> (&str, Part) { ("core", Box::new(core::run)) };
    let hubpath = || -> (&str, Part) { ("hubpath", Box::new(hubpath::run)) };
    let http = |long| -> (&str, Part) { ("http", Box::new(move |report| http::run(report, long))) };
    let growth = |check_in| -> (&str, Part) {
        ("growth", Box::new(move |report| growth::run(report, check_in)))
    };
    let python = || -> (&str, Part) { ("python", Box::new(python::run)) };
    let node = || -> (&str, Part) { ("node", Box::new(node::run)) };
    let events = || -> (&str, Part) { ("events", Box::new(events::run)) };
    let sse = || -> (&str, Part) { ("sse", Box::new(sse::run)) };
    let calls = || -> (&str, Part) { ("calls", Box::new(calls::run)) };
    let counts = || -> (&str, Part) { ("counts", Box::new(counts::run)) };
    match command {
        Some(Command::Core) => vec![core()],
        Some(Command::Hubpath) => vec![hubpath()],
        Some(Command::Http { long }) => vec![http(*long)],
        Some(Command::Growth { check_in }) => vec![growth(*check_in)],
        Some(Command::Python) => vec![python()],
        Some(Command::Node) => vec![node()],
        Some(Command::Events) => vec![events(), sse()],
        Some(Command::Sse) => vec![sse()],
        Some(Command::Calls) => vec![calls()],
        Some(Command::Counts) => vec![counts()],
        Some(Command::Table | Command::Peer(_) | Command::EventsRound(_)) => Vec::new(),
        None => vec![
            core(),
            hubpath(),
            http(false),
            growth(false),
            python(),
            node(),
            events(),
            sse(),
            calls(),
            counts(),
        ],
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // It is worked out once, and a thread that is pinned already would find one processor
    // and never spin.
    let _ = slotway::Options::default_spin_cap();
    if let Some(Command::Peer(orders)) = cli.command {
        return pair::peer(orders);
    }
    if let Some(Command::EventsRound(round)) = &cli.command {
        return match round.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    if let Some(Command::Table) = cli.command {
        return markdown::print();
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
    steal::note(&mut report);
    report.print();
    let whole = cli.command.is_none() && !failed;
    if let Err(error) = report.write(whole) {
        eprintln!("bench: the summary cannot be written: {error}");
        failed = true;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
