//! `slotway hub`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::flags::Settings;
use super::start::{Told, start};
use crate::config::Given;

/// The flags of `slotway hub`.
#[derive(Debug, Args)]
pub(super) struct HubArgs {
    /// File with the configuration, as `slotway init` writes it. Without it there is none:
    /// no place is searched. The environment goes over the file, and flags over both.
    #[arg(long, short, env = "SLOTWAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    /// File to write the ready line to once the hub listens.
    #[arg(long, env = "SLOTWAY_READY_FILE", value_name = "PATH")]
    ready_file: Option<PathBuf>,

    /// Check the configuration and every file that it names, and end: nothing listens.
    #[arg(long)]
    check: bool,

    /// Print the configuration in effect, each value with its source, and end.
    #[arg(long, conflicts_with = "check")]
    print_config: bool,

    #[command(flatten)]
    settings: Settings,
}

impl HubArgs {
    /// The file to write the ready line to.
    pub(super) fn ready_file(&self) -> Option<&Path> {
        self.ready_file.as_deref()
    }

    /// Whether the configuration is only to be checked.
    pub(super) fn only_checks(&self) -> bool {
        self.check
    }

    /// Whether it is only to be printed.
    pub(super) fn only_prints(&self) -> bool {
        self.print_config
    }

    /// Everything that was said about the configuration.
    pub(super) fn given(&self) -> Result<Given, String> {
        self.given_in(|name| std::env::var_os(name))
    }

    /// The same, in an environment.
    pub(super) fn given_in(
        &self,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Given, String> {
        self.settings.given(self.config.clone(), environment)
    }
}

/// Runs the hub until a signal ends it.
pub(super) fn run(args: HubArgs) -> ExitCode {
    start(Told { hub: args, crew: None })
}
