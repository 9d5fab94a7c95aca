//! The two parts of `slotway serve` that are processes of their own: what becomes a worker,
//! and the guardian.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::Args;
use nix::unistd::{Gid, Uid, initgroups, setgid, setgroups, setuid};
use rustix::process::{
    Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit,
};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::config::Cpus;
use crate::supervisor;

/// What a worker is to have.
#[derive(Debug, Args)]
pub(super) struct LaunchArgs {
    /// The hub.
    #[arg(long)]
    parent: i32,

    /// The soft limit on descriptors.
    #[arg(long)]
    descriptors: Option<u64>,

    /// The processors to run on.
    #[arg(long, value_parser = cpus)]
    cpus: Option<Cpus>,

    /// The directory to start in.
    #[arg(long)]
    directory: Option<PathBuf>,

    /// The user to become.
    #[arg(long, requires = "gid")]
    uid: Option<u32>,

    /// Its group.
    #[arg(long)]
    gid: Option<u32>,

    /// Its name, by which it has further groups.
    #[arg(long)]
    login: Option<String>,

    /// The worker.
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

fn cpus(text: &str) -> Result<Cpus, String> {
    text.parse().map_err(|()| format!("{text:?} is no list of processors"))
}

/// Becomes the worker. Exit code 127 if there is none, 126 if it cannot be had, as a shell's.
pub(super) fn run(args: &LaunchArgs) -> ExitCode {
    let error = match prepare(args) {
        Ok(Some(mut command)) => {
            let error = command.exec();
            (format!("cannot start {:?}: {error}", command.get_program()), error.kind())
        }
        // The hub has died meanwhile, and wants no worker.
        Ok(None) => return ExitCode::FAILURE,
        Err((words, kind)) => (words, kind),
    };
    let _ = writeln!(io::stderr(), "slotway: {}", error.0);
    ExitCode::from(if error.1 == io::ErrorKind::NotFound { 127 } else { 126 })
}

type Failed = (String, io::ErrorKind);

/// Does everything that has to be done between fork and exec.
fn prepare(args: &LaunchArgs) -> Result<Option<Command>, Failed> {
    let fail = |what: String| move |error: io::Error| (format!("{what}: {error}"), error.kind());
    if let Some(descriptors) = args.descriptors {
        let limit = Rlimit { current: Some(descriptors), ..getrlimit(Resource::Nofile) };
        let what = "cannot limit descriptors".to_owned();
        setrlimit(Resource::Nofile, limit).map_err(|error| fail(what)(error.into()))?;
    }
    if let Some(cpus) = &args.cpus {
        let mut set = CpuSet::new();
        cpus.numbers().iter().for_each(|number| set.set(usize::from(*number)));
        let what = format!("cannot run on the processors {cpus}");
        sched_setaffinity(None, &set).map_err(|error| fail(what)(error.into()))?;
    }
    if let (Some(uid), Some(gid)) = (args.uid, args.gid) {
        let become_user =
            become_user(Uid::from_raw(uid), Gid::from_raw(gid), args.login.as_deref());
        become_user.map_err(|error| fail(format!("cannot become user {uid}"))(error.into()))?;
    }
    // After the change of the user, which would undo it.
    let what = "cannot be tied to the hub".to_owned();
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| fail(what)(error.into()))?;
    if getppid().is_none_or(|parent| parent.as_raw_nonzero().get() != args.parent) {
        return Ok(None);
    }
    if let Some(directory) = &args.directory {
        let what = format!("cannot start in {}", directory.display());
        env::set_current_dir(directory).map_err(fail(what))?;
    }
    let (program, arguments) = match args.command.split_first() {
        Some((program, arguments)) => (program, arguments),
        None => return Err(("there is no command".to_owned(), io::ErrorKind::NotFound)),
    };
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(Some(command))
}

fn become_user(uid: Uid, gid: Gid, login: Option<&str>) -> Result<(), nix::Error> {
    match login.and_then(|login| std::ffi::CString::new(login).ok()) {
        Some(login) => initgroups(&login, gid)?,
        None => setgroups(&[])?,
    }
    setgid(gid)?;
    setuid(uid)
}

/// Waits until the hub is gone, and ends what it has left behind.
pub(super) fn guard() -> ExitCode {
    // It is told apart from the hub in a list of processes.
    let _ = fs::write("/proc/self/comm", "slotway-guard");
    supervisor::guard();
    ExitCode::SUCCESS
}
