//! `slotway status`: one look at a hub that runs, as tables or as JSON.

pub(super) mod fetch;
pub(super) mod model;
pub(super) mod page;
pub(super) mod paint;
pub(super) mod table;
pub(super) mod tables;
pub(super) mod words;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;

use super::surface::{Failure, Surface, run as run_command};
use model::Status;

/// The flags of `slotway status`.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// One JSON object with everything that the admin surface tells.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    surface: Surface,
}

/// Looks and prints. Exit code 0: there is a hub, however it is.
pub(super) fn run(args: StatusArgs) -> ExitCode {
    run_command(async move {
        let told = fetch::once(&args.surface).await?;
        let text = if args.json {
            format!("{told}\n")
        } else {
            let status = Status::of(told)?;
            let out = io::stdout();
            let width = width(out.is_terminal());
            page::page(&status, width, out.is_terminal() && paint::wanted())
        };
        // A reader that has enough, as `head`, is a good end.
        match io::stdout().lock().write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::Broken(format!("cannot print: {error}")))
            }
            _ => Ok(()),
        }
    })
}

/// Columns that there is room for: those of `COLUMNS`, else of the terminal. Elsewhere
/// lines have no end.
fn width(terminal: bool) -> Option<usize> {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let size = || terminal.then(|| crossterm::terminal::size().ok().map(|(columns, _)| columns));
    told.or_else(|| size().flatten().map(usize::from)).filter(|columns| *columns > 0)
}

#[cfg(test)]
pub(super) mod tests;
