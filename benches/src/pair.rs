//! Two processes and a piece of memory between them: this one measures, a child of the
//! same program is its peer.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::process::{Child, Command, ExitCode};

use clap::ValueEnum;
use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};

use crate::core::{exchange, floor};
use crate::machine;

/// What a peer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Answers on a cache line, spinning.
    Line,
    /// Answers on a futex, sleeping.
    Futex,
    /// Answers exchanges, spinning for as long as it takes.
    WorkerAwake,
    /// Answers exchanges, sleeping at once.
    WorkerAsleep,
}

impl Role {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// A peer process; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Peer(Child);

impl Peer {
    /// Starts a peer with access to `memory`.
    pub(crate) fn start(role: Role, memory: impl AsFd, cpu: usize) -> std::io::Result<Peer> {
        let fd = memory.as_fd().try_clone_to_owned()?;
        fcntl_setfd(&fd, fcntl_getfd(&fd)? - FdFlags::CLOEXEC)?;
        let child = Command::new(std::env::current_exe()?)
            .args(["peer", &role.name(), &fd.as_raw_fd().to_string()])
            .args(["--cpu", &cpu.to_string()])
            .spawn()?;
        Ok(Peer(child))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs as a peer until the measuring process kills it.
pub(crate) fn peer(role: Role, fd: i32, cpu: Option<usize>) -> ExitCode {
    // SAFETY: the measuring process left this descriptor open for us, and nothing else
    // in this process knows its number.
    let memory = unsafe { OwnedFd::from_raw_fd(fd) };
    // A peer must not outlive a measurement that was interrupted.
    let orphan =
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let pinned = cpu.map_or(Ok(()), machine::pin);
    let result = orphan.map_err(Into::into).and(pinned).and_then(|()| match role {
        Role::Line => floor::line_peer(memory),
        Role::Futex => floor::futex_peer(memory),
        Role::WorkerAwake => exchange::worker(memory, u32::MAX),
        Role::WorkerAsleep => exchange::worker(memory, 0),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench peer: {error}");
            ExitCode::FAILURE
        }
    }
}
