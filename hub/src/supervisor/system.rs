//! Starting, signalling and reaping real processes.
//!
//! All of it happens on one thread, which lives as long as the hub: the signal that ends a
//! worker with the hub (PR_SET_PDEATHSIG) follows the thread that started it, and between
//! reaping a process and signalling it nothing comes in.
//!
//! A worker is started through this very program (`slotway launch`), which does what has to be
//! done between fork and exec and becomes the worker.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::unistd::{Gid, Uid, User};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, getpid, kill_process,
    kill_process_group, set_child_subreaper, wait, waitid, waitpid,
};
use tokio::net::unix::pipe::Receiver;
use tracing::{debug, warn};

use super::guardian::{self, Guardian};
use super::output::follow;
use super::process::Hands;
use crate::config::Program;

/// Variables that are the hub's own and mean nothing, or the wrong thing, to a worker.
const OWN_VARIABLES: [&str; 7] = [
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "LISTEN_PID",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "SLOTWAY_READY_FILE",
];

/// The system.
#[derive(Debug)]
pub(super) struct System {
    /// Where workers connect.
    control: PathBuf,
    /// Descriptors that a worker may have unless it raises that: the hub has raised its own.
    descriptors: Option<u64>,
    /// Those that live, or were not reaped yet.
    leaders: BTreeSet<u32>,
    guardian: Option<Guardian>,
}

/// A process of ours that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) pid: u32,
    /// How, in words.
    pub(super) exit: String,
}

/// This program, to be started once more for a part of its work.
pub(super) fn this_program(part: &str) -> Command {
    // Not by its path, where another one may lie by now.
    let mut command = Command::new("/proc/self/exe");
    command.arg0("slotway").arg(part);
    command
}

impl System {
    /// Takes over whatever becomes an orphan below this process.
    pub(super) fn new(control: PathBuf, descriptors: Option<u64>) -> System {
        if let Err(error) = set_child_subreaper(Some(getpid())) {
            warn!(%error, "processes whose parent ends are left to the system");
        }
        let mut system = System { control, descriptors, leaders: BTreeSet::new(), guardian: None };
        system.find_guardian();
        system
    }

    fn find_guardian(&mut self) {
        let started = Guardian::start(self.leaders.iter().copied());
        self.guardian = started.inspect_err(guardian::missing).ok();
    }

    fn tell_guardian(&mut self, tell: impl FnOnce(&mut Guardian) -> io::Result<()>) {
        let Some(guardian) = &mut self.guardian else { return };
        if let Err(error) = tell(guardian) {
            debug!(%error, "the guardian does not listen; there will be another");
            self.find_guardian();
        }
    }

    /// Reaps whatever has ended: workers, and orphans that have come to this process.
    pub(super) fn reap(&mut self) -> Vec<Ended> {
        let mut ended = Vec::new();
        for leader in self.leaders.clone() {
            let Some(pid) = pid_of(leader) else { continue };
            let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
            if let Ok(Some(_)) = waitid(WaitId::Pid(pid), look) {
                // While it is not reaped nobody else can have its number.
                self.tell_guardian(|guardian| guardian.ends(leader));
                let _ = kill_process_group(pid, Signal::KILL);
                if let Ok(Some((_, status))) = waitpid(Some(pid), WaitOptions::NOHANG) {
                    ended.extend(self.reaped(pid, status));
                }
            }
        }
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            ended.extend(self.reaped(pid, status));
        }
        ended
    }

    fn reaped(&mut self, pid: Pid, status: WaitStatus) -> Option<Ended> {
        let number = pid.as_raw_nonzero().get().cast_unsigned();
        if self.leaders.remove(&number) {
            // Here for one that has ended while its like were looked at.
            let _ = kill_process_group(pid, Signal::KILL);
            return Some(Ended { pid: number, exit: words(status) });
        }
        if self.guardian.as_ref().is_some_and(|guardian| guardian.pid() == number) {
            warn!(pid = number, "the guardian has ended; another takes its place");
            self.find_guardian();
        } else {
            debug!(pid = number, "an orphan has ended");
        }
        None
    }

    /// Lets the guardian go, when no worker is left.
    pub(super) fn release_guardian(&mut self) {
        let Some(guardian) = self.guardian.take() else { return };
        let Some(pid) = pid_of(guardian.pid()) else { return };
        // It has nothing to do any more, and might stand still.
        let _ = kill_process(pid, Signal::KILL);
        let _ = waitpid(Some(pid), WaitOptions::empty());
    }

    fn command(&self, program: &Program, label: &str) -> Result<Command, String> {
        let mut command = this_program("launch");
        command.arg("--parent").arg(std::process::id().to_string());
        if let Some(descriptors) = self.descriptors {
            command.arg("--descriptors").arg(descriptors.to_string());
        }
        if let Some(cpus) = &program.cpus {
            command.arg("--cpus").arg(cpus.to_string());
        }
        if let Some(directory) = &program.directory {
            command.arg("--directory").arg(directory);
        }
        if let Some(user) = &program.user {
            become_user(&mut command, user)?;
        }
        for variable in OWN_VARIABLES {
            command.env_remove(variable);
        }
        command.envs(&program.environment);
        command.env("SLOTWAY_HUB", &self.control).env("SLOTWAY_INSTANCE", label);
        command.arg("--").args(&program.command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0);
        Ok(command)
    }
}

impl Hands for System {
    fn start(&mut self, program: &Program, label: &str) -> Result<u32, String> {
        let mut child = self.command(program, label)?.spawn().map_err(|error| error.to_string())?;
        let pid = child.id();
        self.leaders.insert(pid);
        self.tell_guardian(|guardian| guardian.begins(pid));
        for (stream, pipe) in [
            ("stdout", child.stdout.take().map(OwnedFd::from)),
            ("stderr", child.stderr.take().map(OwnedFd::from)),
        ] {
            let pipe = pipe.ok_or(io::Error::from(io::ErrorKind::BrokenPipe));
            match pipe.and_then(Receiver::from_owned_fd) {
                Ok(pipe) => drop(tokio::spawn(follow(pipe, label.to_owned(), pid, stream))),
                Err(error) => warn!(instance = label, pid, stream, %error, "nobody listens"),
            }
        }
        Ok(pid)
    }

    fn signal(&mut self, pid: u32, signal: Signal) {
        let Some(pid) = pid_of(pid).filter(|_| self.leaders.contains(&pid)) else { return };
        if let Err(error) = kill_process(pid, signal) {
            warn!(pid = pid.as_raw_nonzero(), %error, "cannot be signalled");
        }
    }

    fn kill(&mut self, pid: u32) {
        let Some(pid) = pid_of(pid).filter(|_| self.leaders.contains(&pid)) else { return };
        warn!(pid = pid.as_raw_nonzero(), "did not end within its grace time; it is killed");
        let _ = kill_process_group(pid, Signal::KILL);
        // One that has not come as far as its own group.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Has the command run as another user, and know so.
fn become_user(command: &mut Command, text: &str) -> Result<(), String> {
    let user = find_user(text)?;
    let (uid, gid) = (user.uid, user.gid);
    if uid == Uid::effective() {
        return Ok(());
    }
    if !Uid::effective().is_root() {
        return Err(format!(
            "only root can start a process as another user, here {text:?}; start slotway as root, \
             or leave user out"
        ));
    }
    command.arg("--uid").arg(uid.to_string()).arg("--gid").arg(gid.to_string());
    if let Some((name, home)) = user.person {
        command.arg("--login").arg(&name);
        command.env("USER", &name).env("LOGNAME", &name).env("HOME", home);
    }
    Ok(())
}

/// A user of this system.
#[derive(Debug)]
struct Account {
    uid: Uid,
    gid: Gid,
    /// Name and home; a number that no name belongs to has none.
    person: Option<(String, PathBuf)>,
}

/// Finds a user by name or number.
fn find_user(text: &str) -> Result<Account, String> {
    let fail = |error| format!("the user {text:?} cannot be looked up: {error}");
    let of =
        |user: User| Account { uid: user.uid, gid: user.gid, person: Some((user.name, user.dir)) };
    match text.parse::<u32>() {
        Ok(number) => {
            let (uid, gid) = (Uid::from_raw(number), Gid::from_raw(number));
            let nameless = Account { uid, gid, person: None };
            Ok(User::from_uid(uid).map_err(fail)?.map_or(nameless, of))
        }
        Err(_) => match User::from_name(text).map_err(fail)? {
            Some(user) => Ok(of(user)),
            None => Err(format!("there is no user {text:?}; name one that this system knows")),
        },
    }
}

/// The number of a user, for the hub that has to let its workers in.
pub(crate) fn uid_of(text: &str) -> Result<u32, String> {
    find_user(text).map(|user| user.uid.as_raw())
}

fn pid_of(pid: u32) -> Option<Pid> {
    Pid::from_raw(pid.cast_signed())
}

/// How a process ended, in words.
fn words(status: WaitStatus) -> String {
    if let Some(signal) = status.terminating_signal() {
        return format!("killed by {}", name_of(signal));
    }
    match status.exit_status() {
        Some(code) => format!("exit code {code}"),
        None => "ended".to_owned(),
    }
}

fn name_of(signal: i32) -> String {
    match Signal::from_named_raw(signal) {
        Some(Signal::ABORT) => "SIGABRT".to_owned(),
        Some(Signal::ALARM) => "SIGALRM".to_owned(),
        Some(known) => format!("{known:?}").trim_matches('"').replace("Signal::", "SIG"),
        None => format!("signal {signal}"),
    }
}
