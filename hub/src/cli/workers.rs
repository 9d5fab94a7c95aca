//! `slotway restart` and `slotway scale`: workers that `slotway serve` keeps running.

use std::io::{self, Write};
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use http::Method;
use http_body_util::Full;
use serde::Deserialize;
use serde_json::{Value, json};

use super::surface::{self, Failure, Surface};

/// The flags of `slotway restart`.
#[derive(Debug, Args)]
pub(super) struct RestartArgs {
    #[command(flatten)]
    surface: Surface,

    /// Return as soon as it has begun.
    #[arg(long)]
    no_wait: bool,

    /// A worker, or an instance as in api.2; every worker without.
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// The flags of `slotway scale`.
#[derive(Debug, Args)]
pub(super) struct ScaleArgs {
    #[command(flatten)]
    surface: Surface,

    /// The worker.
    #[arg(value_name = "NAME")]
    name: String,

    /// How many instances it is to have, until the configuration says another number.
    #[arg(value_name = "N")]
    instances: u32,
}

#[derive(Deserialize)]
struct Outcomes {
    workers: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    worker: String,
    restarted: Vec<String>,
    failed: Option<Reason>,
    left: Vec<String>,
}

#[derive(Deserialize)]
struct Reason {
    instance: String,
    reason: String,
}

#[derive(Deserialize)]
struct Scaled {
    worker: String,
    from: u32,
    to: u32,
}

/// Runs `slotway restart`. Exit code 1 if an instance goes on with its old process.
pub(super) fn restart(args: RestartArgs) -> ExitCode {
    surface::run(async move {
        let asked = json!({ "worker": args.name, "wait": !args.no_wait });
        let answer = post(&args.surface, "/internal/restart", &asked).await?;
        if args.no_wait {
            return Ok(());
        }
        let outcomes: Outcomes = parse(&answer)?;
        let mut failed = Vec::new();
        for outcome in outcomes.workers {
            let (worker, done) = (&outcome.worker, outcome.restarted.join(", "));
            if !done.is_empty() {
                say(&format!("{worker}: restarted {done}"));
            }
            if let Some(Reason { instance, reason }) = &outcome.failed {
                let left = match outcome.left.is_empty() {
                    true => String::new(),
                    false => format!(", and so do {}", outcome.left.join(", ")),
                };
                failed.push(format!("{instance} {reason}; the old process goes on{left}"));
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(Failure::Refused(failed.join("\n"))) }
    })
}

/// Runs `slotway scale`.
pub(super) fn scale(args: ScaleArgs) -> ExitCode {
    surface::run(async move {
        let asked = json!({ "worker": args.name, "instances": args.instances });
        let answer = post(&args.surface, "/internal/scale", &asked).await?;
        let Scaled { worker, from, to } = parse(&answer)?;
        say(&format!("{worker}: from {from} to {to}"));
        Ok(())
    })
}

async fn post(surface: &Surface, target: &str, asked: &Value) -> Result<Bytes, Failure> {
    let body = Full::new(Bytes::from(asked.to_string()));
    let answer = surface.send(Method::POST, target, Some("application/json"), body).await?;
    surface::read(answer).await
}

fn parse<'a, T: Deserialize<'a>>(answer: &'a [u8]) -> Result<T, Failure> {
    serde_json::from_slice(answer)
        .map_err(|error| Failure::Broken(format!("the hub's answer cannot be read: {error}")))
}

fn say(line: &str) {
    // Whoever closed standard output does not want to know.
    let _ = writeln!(io::stdout(), "{line}");
}
