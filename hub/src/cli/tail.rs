//! `slotway tail`: prints events of the bus of a hub that runs, as they come.

use std::io::{self, Write};
use std::process::ExitCode;

use bytes::{Bytes, BytesMut};
use clap::Args;
use http::Method;
use http_body_util::{BodyExt, Empty};
use serde::Deserialize;

use super::surface::{Failure, Surface, pair, run as run_command};

/// The flags of `slotway tail`.
#[derive(Debug, Args)]
pub(super) struct TailArgs {
    /// Patterns of topics: orders.* is whatever begins with orders., a.*.b has one segment
    /// in the middle, # is everything.
    #[arg(required = true)]
    patterns: Vec<String>,

    /// Only events of this principal, and those of nobody.
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,

    /// Begin with what the hub still holds after this sequence number; 0 for all of it.
    #[arg(long, value_name = "SEQUENCE")]
    after: Option<u64>,

    /// End after so many events.
    #[arg(long, short = 'n', value_name = "COUNT")]
    count: Option<u64>,

    /// One JSON object a line, with every field.
    #[arg(long, conflicts_with = "raw")]
    json: bool,

    /// Payloads alone, one a line.
    #[arg(long)]
    raw: bool,

    #[command(flatten)]
    surface: Surface,
}

/// A line of the hub's.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    topic: String,
    #[serde(default, rename = "type")]
    kind: String,
    principal: Option<String>,
    #[serde(default)]
    data: String,
    data_base64: Option<String>,
    gap: Option<Gap>,
}

#[derive(Deserialize)]
struct Gap {
    missed: Option<u64>,
}

/// Prints until the hub ends, the count is reached or the reader goes.
pub(super) fn run(args: TailArgs) -> ExitCode {
    run_command(async move {
        let mut target = "/internal/tail".to_owned();
        for pattern in &args.patterns {
            pair(&mut target, "topic", pattern);
        }
        if let Some(principal) = &args.principal {
            pair(&mut target, "principal", principal);
        }
        if let Some(after) = args.after {
            pair(&mut target, "after", &after.to_string());
        }
        let answer = args.surface.send(Method::GET, &target, None, Empty::<Bytes>::new()).await?;
        let mut body = answer.into_body();
        let (mut rest, mut printed) = (BytesMut::new(), 0);
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|error| Failure::Broken(format!("the hub ended: {error}")))?;
            rest.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
            while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
                let line = rest.split_to(end + 1);
                // A reader that has enough, as `head`, is a good end.
                let Ok(was_event) = args.print(&line[..end], &mut io::stdout().lock()) else {
                    return Ok(());
                };
                printed += u64::from(was_event);
                if args.count.is_some_and(|count| printed >= count) {
                    return Ok(());
                }
            }
        }
        Ok(())
    })
}

impl TailArgs {
    /// Prints one line. Gives whether it was an event; a gap is none.
    fn print(&self, line: &[u8], to: &mut impl Write) -> io::Result<bool> {
        let Ok(told) = serde_json::from_slice::<Line>(line) else { return Ok(false) };
        if self.json {
            to.write_all(line)?;
            to.write_all(b"\n")?;
        } else if let Some(gap) = &told.gap {
            let missed = gap.missed.map_or("events".to_owned(), |count| format!("{count} events"));
            let _ = writeln!(io::stderr(), "slotway: {missed} of this are gone");
        } else {
            self.print_event(&told, to)?;
        }
        to.flush()?;
        Ok(told.gap.is_none())
    }

    fn print_event(&self, told: &Line, to: &mut impl Write) -> io::Result<()> {
        let payload = told.payload();
        if !self.raw {
            let principal = told.principal.as_deref().unwrap_or("-");
            write!(to, "{} {} {} {principal} ", told.seq, told.topic, dash(&told.kind))?;
        }
        to.write_all(&payload)?;
        to.write_all(b"\n")
    }
}

impl Line {
    fn payload(&self) -> Vec<u8> {
        use base64::Engine;
        match &self.data_base64 {
            Some(text) => {
                base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default()
            }
            None => self.data.clone().into_bytes(),
        }
    }
}

/// An empty column would shift those after it.
fn dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
