//! `slotway init`.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::config;

/// The flags of `slotway init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// File to write.
    #[arg(default_value = "slotway.toml")]
    path: PathBuf,

    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
}

/// Writes a configuration with every key, commented.
pub(super) fn run(args: &InitArgs) -> ExitCode {
    let path = args.path.display();
    let mut options = OpenOptions::new();
    options.write(true);
    match args.force {
        true => options.create(true).truncate(true),
        false => options.create_new(true),
    };
    let written = options.open(&args.path).and_then(|mut file| {
        file.write_all(config::sample().as_bytes()).and_then(|()| file.flush())
    });
    let words = match written {
        Ok(()) => {
            let _ =
                writeln!(io::stdout(), "wrote {path}; use it with: slotway hub --config {path}");
            return ExitCode::SUCCESS;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            format!("{path} is there already; name another file, or write over it with --force")
        }
        Err(error) => format!("cannot write {path}: {error}"),
    };
    let _ = writeln!(io::stderr(), "slotway: {words}");
    ExitCode::FAILURE
}
