//! `slotway hub`.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

use super::flags::Settings;
use super::log::{self, LogFilter};
use super::notify;
use super::reload::reload;
use super::runtime;
use crate::config::{Config, Given};
use crate::{Hub, HubError};

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
    let given = match args.given() {
        Ok(given) => given,
        Err(words) => return refuse(words),
    };
    let loaded = match given.load() {
        Ok(loaded) => loaded,
        Err(mistakes) => return refuse(mistakes),
    };
    if args.print_config {
        let _ = io::stdout().write_all(loaded.print().as_bytes());
        return ExitCode::SUCCESS;
    }
    if let Err(mistakes) = loaded.check_files() {
        return refuse(mistakes);
    }
    if args.check {
        let _ = writeln!(io::stdout(), "ok: {}", loaded.origins());
        return ExitCode::SUCCESS;
    }
    let config = loaded.config;
    let filter = match log::install(&config.log.filter, config.log.format) {
        Ok(filter) => filter,
        Err(message) => return refuse(message),
    };
    raise_descriptor_limit();
    let ended = runtime::build(config.threads)
        .map_err(|source| HubError::Runtime { source })
        .and_then(|runtime| runtime.block_on(serve(&Arc::new(args), config, &filter)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _ = writeln!(io::stderr(), "slotway: {problem}");
            ExitCode::from(problem.exit_code())
        }
    }
}

/// Says what is wrong with what was asked for.
fn refuse(words: impl Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "{words}");
    ExitCode::from(2)
}

/// Each connection and each worker takes descriptors, and the usual soft limit is there
/// for programs that use select(2). What the hard limit allows may be used.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // The old limit will do.
        let _ = setrlimit(Resource::Nofile, raised);
    }
}

async fn serve(args: &Arc<HubArgs>, config: Config, filter: &LogFilter) -> Result<(), HubError> {
    let mut terminate = handler(SignalKind::terminate())?;
    let mut interrupt = handler(SignalKind::interrupt())?;
    let mut hangup = handler(SignalKind::hangup())?;
    // A full file system or a limit on file size must be an error, not a death.
    let _file_size = handler(SignalKind::from_raw(SIGXFSZ))?;

    let hub = Hub::start(config).await?;
    announce(&hub, args.ready_file.as_deref())?;
    notify::ready();

    let mut watchdog = pin!(notify::watchdog());
    let which = loop {
        tokio::select! {
            which = either(&mut terminate, &mut interrupt) => break which,
            () = &mut watchdog => {}
            _ = hangup.recv() => {
                notify::reloading();
                reload(args, &hub, filter).await;
                notify::ready();
            }
        }
    };
    notify::stopping();
    info!(signal = which, "shutting down; a second signal ends the hub at once");
    tokio::select! {
        () = hub.shutdown() => Ok(()),
        which = either(&mut terminate, &mut interrupt) => Err(HubError::Interrupted { which }),
    }
}

/// The signal of a write above RLIMIT_FSIZE. tokio knows it by number only.
const SIGXFSZ: i32 = rustix::process::Signal::XFSZ.as_raw();

fn handler(kind: SignalKind) -> Result<Signal, HubError> {
    signal(kind).map_err(|source| HubError::Runtime { source })
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

/// Says where the hub listens, in a line for each listener that scripts can read.
fn announce(hub: &Hub, ready_file: Option<&Path>) -> Result<(), HubError> {
    let line = |endpoint| format!("slotway: listening on {endpoint}\n");
    let mut lines: String = hub.addresses().iter().map(line).collect();
    if let Some(address) = hub.admin_address() {
        lines.push_str(&format!("slotway: dashboard on http://{address}/\n"));
    }
    // Whoever closed standard output does not want to know.
    let _ = io::stdout().write_all(lines.as_bytes());
    let Some(path) = ready_file else { return Ok(()) };
    // Written beside and renamed, so that nobody reads half a line.
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, lines)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|source| HubError::ReadyFile { path: path.to_owned(), source })
}
