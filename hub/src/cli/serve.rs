//! `slotway serve`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

use super::hub::HubArgs;
use super::start::{Told, refuse, start};
use crate::config::{Config, Program};
use crate::supervisor::uid_of;

/// The flags of `slotway serve`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    hub: HubArgs,

    /// How many instances of COMMAND run. May also stand at the very end. [default: 1]
    #[arg(long, value_name = "N", help_heading = "Workers")]
    instances: Option<u32>,

    /// What COMMAND is called; its instances are NAME.1, NAME.2 and so on.
    #[arg(long, value_name = "NAME", default_value = "worker", help_heading = "Workers")]
    name: String,

    /// A worker to start and keep running, besides those of the configuration's [[worker]]
    /// tables.
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

const AFTER: &str = "\
Options of slotway come before COMMAND; what comes after it is the command's. With one \
exception: a last --instances N (or --instances=N) is slotway's all the same, so that

  slotway serve python -m slotway app:app --instances 4

runs four of them. After -- everything is the command's:

  slotway serve --instances 4 -- ./worker --instances 2

SIGHUP reads the configuration anew and then restarts every worker, one instance after the \
other, without losing a request. SIGTERM or SIGINT ends the hub, then the workers.";

/// What was said about workers on the command line.
#[derive(Debug)]
pub(super) struct Crew {
    program: Option<Program>,
}

impl Crew {
    /// Adds the worker of the command line, and lets in whoever the workers run as.
    ///
    /// # Errors
    ///
    /// A worker that cannot be; none at all.
    pub(super) fn join(&self, config: &mut Config) -> Result<(), String> {
        if let Some(program) = &self.program {
            config.programs.push(program.clone());
            config.check().map_err(|faults| faults.to_string())?;
        }
        for program in &config.programs {
            let Some(user) = &program.user else { continue };
            let uid = uid_of(user).map_err(|words| format!("{}: {words}", program.name))?;
            let own = rustix::process::geteuid();
            if uid == own.as_raw() {
                continue;
            }
            if !own.is_root() {
                return Err(format!(
                    "{}: only root can start a worker as another user, here {user:?}; start \
                     slotway as root, or leave user out",
                    program.name
                ));
            }
            if !config.control.allow_uids.contains(&uid) {
                config.control.allow_uids.push(uid);
            }
        }
        if config.programs.is_empty() {
            return Err(
                "there is nothing to serve; name a command, as in slotway serve ./worker, \
                        or a file with [[worker]] tables, as in slotway serve -c slotway.toml"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// Runs the hub and its workers until a signal ends them.
pub(super) fn run(args: ServeArgs) -> ExitCode {
    let all: Vec<OsString> = std::env::args_os().collect();
    let escaped = is_escaped(&all, args.command.len());
    match crew(args.command, args.instances, args.name, escaped) {
        Ok(crew) => start(Told { hub: args.hub, crew: Some(crew) }),
        Err(words) => refuse(words),
    }
}

/// Whether the command, the last so many arguments, comes after `--`.
fn is_escaped(all: &[OsString], command: usize) -> bool {
    let before = all.len().checked_sub(command + 1);
    before.and_then(|at| all.get(at)).is_some_and(|arg| arg == "--")
}

/// The worker of the command line.
fn crew(
    command: Vec<OsString>,
    instances: Option<u32>,
    name: String,
    escaped: bool,
) -> Result<Crew, String> {
    let text = |word: OsString| {
        word.into_string().map_err(|word| format!("slotway: {} is not UTF-8", word.display()))
    };
    let mut command = command.into_iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let last = if escaped { None } else { take_instances(&mut command)? };
    let instances = match (instances, last) {
        (Some(_), Some(_)) => {
            return Err("slotway: --instances is there twice; write -- before the command if the \
                        second is its own"
                .to_owned());
        }
        (one, other) => one.or(other),
    };
    if command.is_empty() {
        return match instances {
            Some(_) => Err("slotway: --instances is for a command, and there is none; workers of \
                            a file have instances there"
                .to_owned()),
            None => Ok(Crew { program: None }),
        };
    }
    let instances = instances.unwrap_or(1);
    Ok(Crew { program: Some(Program { name, command, instances, ..Program::default() }) })
}

/// Takes a closing `--instances N` off a command.
fn take_instances(command: &mut Vec<String>) -> Result<Option<u32>, String> {
    const FLAG: &str = "--instances";
    let number = match command.as_slice() {
        [.., last] if last.starts_with("--instances=") => {
            last.split_once('=').map(|(_, number)| number.to_owned()).map(|number| (number, 1))
        }
        [.., flag, number] if flag == FLAG => Some((number.clone(), 2)),
        _ => None,
    };
    let Some((number, words)) = number else { return Ok(None) };
    command.truncate(command.len() - words);
    let wrong = || {
        format!(
            "slotway: --instances {number:?} is no number; write --instances 4, or -- before \
                 the command if it is its own"
        )
    };
    number.parse().map(Some).map_err(|_| wrong())
}

#[cfg(test)]
mod tests;
