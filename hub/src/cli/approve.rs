//! `slotway approve`: says who may register, to a hub that runs.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use clap::Args;
use http::Method;
use http_body_util::{Empty, Full};
use serde::Deserialize;
use serde_json::json;

use super::surface::{Failure, Surface, read, run as run_command};

/// The flags of `slotway approve`.
#[derive(Debug, Args)]
pub(super) struct ApproveArgs {
    /// Identity to approve, as in media.resize.a1, its name for all of its instances, or a
    /// pattern as in 'media.*'. Without it, those that wait are listed.
    identity: Option<String>,

    /// Refuse it, and take back the credentials of earlier approvals.
    #[arg(long, requires = "identity")]
    refuse: bool,

    /// Say so for good: those that come later do not wait. The hub forgets it when it is
    /// restarted; what is to last longer goes into [identities] of the configuration.
    #[arg(long, requires = "identity")]
    always: bool,

    /// List those that wait.
    #[arg(long, conflicts_with = "identity")]
    list: bool,

    /// Print what the hub says, as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    surface: Surface,
}

#[derive(Deserialize)]
struct Listing {
    waiting: Vec<Waiting>,
    standing: Vec<Standing>,
}

#[derive(Deserialize)]
struct Waiting {
    identity: String,
    worker: u64,
    pid: Option<u32>,
    sdk: String,
    since_ms: u64,
}

#[derive(Deserialize)]
struct Standing {
    identity: String,
    verdict: String,
}

#[derive(Deserialize)]
struct Changed {
    settled: Vec<String>,
    revoked: usize,
}

/// Says it, or lists who waits.
pub(super) fn run(args: ApproveArgs) -> ExitCode {
    run_command(async move {
        match &args.identity {
            // `--list` is what happens without an identity, for who wants to say so.
            None => list(&args).await,
            Some(identity) => say(&args, identity).await,
        }
    })
}

async fn say(args: &ApproveArgs, identity: &str) -> Result<(), Failure> {
    let verdict = if args.refuse { "refuse" } else { "approve" };
    let body = json!({ "identity": identity, "verdict": verdict, "always": args.always });
    let body = Full::new(Bytes::from(body.to_string()));
    let json = Some("application/json");
    let answer = args.surface.send(Method::POST, "/internal/approve", json, body).await?;
    let answer = read(answer).await?;
    if args.json {
        return print(&answer);
    }
    let Changed { settled, revoked } = understand(&answer)?;
    let done = if args.refuse { "refused" } else { "approved" };
    let mut text = String::new();
    for identity in settled {
        text.push_str(&format!("{done} {identity}\n"));
    }
    if revoked > 0 {
        text.push_str(&format!("took back {revoked} credentials\n"));
    }
    if args.always {
        text.push_str(&format!("{identity} is {done} from here on\n"));
    }
    print(text.as_bytes())
}

async fn list(args: &ApproveArgs) -> Result<(), Failure> {
    let nothing = Empty::<Bytes>::new();
    let answer = args.surface.send(Method::GET, "/internal/identities", None, nothing).await?;
    let answer = read(answer).await?;
    if args.json {
        return print(&answer);
    }
    let Listing { waiting, standing } = understand(&answer)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut rows = Vec::new();
    for one in waiting {
        let pid = one.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        let seconds = (now.as_millis() as u64).saturating_sub(one.since_ms) / 1000;
        rows.push([one.identity, one.worker.to_string(), pid, one.sdk, format!("{seconds}s")]);
    }
    let mut text = String::new();
    if rows.is_empty() {
        text.push_str("nothing waits for approval\n");
    } else {
        table(&mut text, ["IDENTITY", "WORKER", "PID", "SDK", "WAITS"], &rows);
    }
    for Standing { identity, verdict } in standing {
        let word = if verdict == "approve" { "approved" } else { "refused" };
        text.push_str(&format!("{word} for good: {identity}\n"));
    }
    print(text.as_bytes())
}

fn table<const N: usize>(text: &mut String, head: [&str; N], rows: &[[String; N]]) {
    let head = head.map(str::to_owned);
    let width = |column: usize| {
        let cells = rows.iter().chain([&head]).map(|row| row[column].len());
        cells.max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    for row in [&head].into_iter().chain(rows) {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn understand<'a, T: Deserialize<'a>>(answer: &'a [u8]) -> Result<T, Failure> {
    serde_json::from_slice(answer)
        .map_err(|error| Failure::Broken(format!("the hub's answer is not understood: {error}")))
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let end = if bytes.ends_with(b"\n") || bytes.is_empty() { &b""[..] } else { b"\n" };
    out.write_all(bytes)
        .and_then(|()| out.write_all(end))
        .and_then(|()| out.flush())
        .map_err(|error| Failure::Broken(format!("standard output cannot be written: {error}")))
}
