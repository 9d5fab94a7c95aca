//! `slotway generate`: manual pages, completions and the page in `docs`, for `make install`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Subcommand};
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;

use super::Cli;
use crate::config;

/// What to make.
#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Manual pages, in man1 and man5 of a directory.
    Man {
        /// The directory, as /usr/local/share/man.
        directory: PathBuf,
    },
    /// Completions for bash, zsh and fish, where they look for them in a directory.
    Completions {
        /// The directory, as /usr/local/share.
        directory: PathBuf,
    },
    /// docs/configuration.md, on standard output.
    Markdown,
}

/// Makes it.
pub(super) fn run(what: &What) -> ExitCode {
    let (made, place) = match what {
        What::Man { directory } => (man(directory), directory.as_path()),
        What::Completions { directory } => (completions(directory), directory.as_path()),
        What::Markdown => {
            let page = config::markdown();
            (io::stdout().write_all(page.as_bytes()), Path::new("standard output"))
        }
    };
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "slotway: cannot write to {}: {error}", place.display());
            ExitCode::FAILURE
        }
    }
}

fn man(directory: &Path) -> io::Result<()> {
    let (first, fifth) = (directory.join("man1"), directory.join("man5"));
    fs::create_dir_all(&first)?;
    fs::create_dir_all(&fifth)?;
    let mut cli = Cli::command();
    cli.build();
    let mut commands = vec![("slotway".to_owned(), cli.clone())];
    for command in cli.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("slotway-{}", command.get_name());
        if command.get_name() != "help" {
            commands.push((name, command.clone()));
        }
    }
    for (name, command) in commands {
        let mut page = Vec::new();
        let title: &'static str = String::leak(name.clone());
        Man::new(command.name(title)).render(&mut page)?;
        fs::write(first.join(format!("{name}.1")), page)?;
    }
    fs::write(fifth.join("slotway.toml.5"), config::page())
}

fn completions(directory: &Path) -> io::Result<()> {
    for (shell, place) in [
        (Shell::Bash, "bash-completion/completions"),
        (Shell::Zsh, "zsh/site-functions"),
        (Shell::Fish, "fish/vendor_completions.d"),
    ] {
        let place = directory.join(place);
        fs::create_dir_all(&place)?;
        let path = generate_to(shell, &mut Cli::command(), "slotway", &place)?;
        // bash looks for the name of the program alone.
        if shell == Shell::Bash {
            fs::rename(path, place.join("slotway"))?;
        }
    }
    Ok(())
}
