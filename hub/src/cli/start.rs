//! What `slotway hub` and `slotway serve` share: from the arguments to a hub that runs, until
//! a signal ends it.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use super::hub::HubArgs;
use super::log::{self, LogFilter};
use super::reload::{Next, reload};
use super::serve::Crew;
use super::{notify, runtime};
use crate::config::{Config, Loaded};
use crate::supervisor::Supervisor;
use crate::{Hub, HubError};

/// Everything that was said on the command line.
#[derive(Debug)]
pub(super) struct Told {
    /// About the hub.
    pub(super) hub: HubArgs,
    /// About workers, if any are to be started.
    pub(super) crew: Option<Crew>,
}

impl Told {
    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// What is wrong, a line for each thing.
    fn load(&self) -> Result<Loaded, String> {
        let mut loaded = self.hub.given()?.load().map_err(|mistakes| mistakes.to_string())?;
        if let Some(crew) = &self.crew {
            crew.join(&mut loaded.config)?;
        }
        Ok(loaded)
    }

    /// Reads it anew, with the files that it names.
    pub(super) fn next(&self) -> Result<Config, Vec<String>> {
        let given = self.hub.given().map_err(|words| vec![words])?;
        let lines = |mistakes: crate::config::Mistakes| {
            mistakes.iter().map(crate::config::Mistake::line).collect::<Vec<_>>()
        };
        let mut loaded = given.load().map_err(lines)?;
        if let Some(crew) = &self.crew {
            crew.join(&mut loaded.config).map_err(|words| vec![words])?;
        }
        loaded.check_files().map_err(lines)?;
        Ok(loaded.config)
    }
}

/// Runs a hub, and its workers if there are any, until a signal ends it.
pub(super) fn start(told: Told) -> ExitCode {
    let loaded = match told.load() {
        Ok(loaded) => loaded,
        Err(words) => return refuse(words),
    };
    if told.hub.only_prints() {
        let _ = io::stdout().write_all(loaded.print().as_bytes());
        return ExitCode::SUCCESS;
    }
    if let Err(mistakes) = loaded.check_files() {
        return refuse(mistakes);
    }
    if told.hub.only_checks() {
        let _ = writeln!(io::stdout(), "ok: {}", loaded.origins());
        return ExitCode::SUCCESS;
    }
    let config = loaded.config;
    let filter = match log::install(&config.log.filter, config.log.format) {
        Ok(filter) => filter,
        Err(message) => return refuse(message),
    };
    let descriptors = raise_descriptor_limit();
    let ended = runtime::build(config.threads)
        .map_err(|source| HubError::Runtime { source })
        .and_then(|runtime| runtime.block_on(serve(&Arc::new(told), config, &filter, descriptors)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _ = writeln!(io::stderr(), "slotway: {problem}");
            ExitCode::from(problem.exit_code())
        }
    }
}

/// Says what is wrong with what was asked for.
pub(super) fn refuse(words: impl Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "{words}");
    ExitCode::from(2)
}

/// Each connection and each worker takes descriptors, and the usual soft limit is there
/// for programs that use select(2). What the hard limit allows may be used. Gives the soft
/// limit that there was, for others to have.
fn raise_descriptor_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // The old limit will do.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    limit.current
}

async fn serve(
    told: &Arc<Told>,
    config: Config,
    filter: &LogFilter,
    descriptors: Option<u64>,
) -> Result<(), HubError> {
    let mut terminate = handler(SignalKind::terminate())?;
    let mut interrupt = handler(SignalKind::interrupt())?;
    let mut hangup = handler(SignalKind::hangup())?;
    // A full file system or a limit on file size must be an error, not a death.
    let _file_size = handler(SignalKind::from_raw(SIGXFSZ))?;

    let programs = config.programs.clone();
    let hub = Hub::start(config).await?;
    announce(&hub, told.hub.ready_file())?;
    let supervisor = match &told.crew {
        Some(_) => {
            // Workers may start in another directory.
            let control = std::path::absolute(hub.control_path());
            let control = control.map_err(|source| HubError::Runtime { source })?;
            Some(Supervisor::start(hub.shared(), control, descriptors, programs)?)
        }
        None => {
            if !programs.is_empty() {
                let count = programs.len();
                warn!(count, "[[worker]] is for slotway serve; slotway hub starts none of them");
            }
            None
        }
    };
    notify::ready();

    let mut watchdog = pin!(notify::watchdog());
    let which = loop {
        tokio::select! {
            which = either(&mut terminate, &mut interrupt) => break which,
            () = &mut watchdog => {}
            () = gone(supervisor.as_ref()) => return Err(HubError::Unsupervised),
            _ = hangup.recv() => {
                notify::reloading();
                let reader = Arc::clone(told);
                let next: Next = Box::new(move || reader.next());
                let read = reload(next, &hub, filter).await;
                if let (Some(programs), Some(supervisor)) = (read, &supervisor) {
                    supervisor.follow(programs).await;
                }
                notify::ready();
            }
        }
    };
    notify::stopping();
    info!(signal = which, "shutting down; a second signal ends the hub at once");
    let shutdown = async {
        if let Some(supervisor) = &supervisor {
            supervisor.freeze().await;
        }
        // First the clients have their answers, then nobody needs the workers any more.
        hub.shutdown().await;
        if let Some(supervisor) = &supervisor {
            supervisor.stop().await;
        }
    };
    tokio::select! {
        () = shutdown => Ok(()),
        which = either(&mut terminate, &mut interrupt) => Err(HubError::Interrupted { which }),
    }
}

/// Completes if there is a supervisor and it has failed.
async fn gone(supervisor: Option<&Supervisor>) {
    match supervisor {
        Some(supervisor) => supervisor.gone().await,
        None => std::future::pending().await,
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
