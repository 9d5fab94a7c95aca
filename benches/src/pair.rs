//! Two processes and a piece of memory between them: this one measures, a child of the
//! same program is its peer.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::process::{Child, Command, ExitCode};

use clap::{Args, ValueEnum};
use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};

use crate::core::cell::State;
use crate::core::{floor, unix, worker};
use crate::machine;

/// What a peer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Answers on a cache line, spinning.
    Line,
    /// Answers on a futex, sleeping.
    Futex,
    /// Echoes what comes over a socket.
    Unix,
    /// Answers exchanges, spinning for as long as it takes.
    WorkerAwake,
    /// Answers exchanges, sleeping at once.
    WorkerAsleep,
    /// Answers exchanges, spinning for as long as it pays.
    WorkerAdaptive,
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
    /// Starts a peer that inherits `fd`, on one processor if that is named.
    pub(crate) fn start(
        role: Role,
        fd: impl AsFd,
        cpu: Option<usize>,
        payload: usize,
    ) -> std::io::Result<Peer> {
        let fd = fd.as_fd().try_clone_to_owned()?;
        fcntl_setfd(&fd, fcntl_getfd(&fd)? - FdFlags::CLOEXEC)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["peer", &role.name(), &fd.as_raw_fd().to_string()]);
        command.args(["--payload", &payload.to_string()]);
        if let Some(cpu) = cpu {
            command.args(["--cpu", &cpu.to_string()]);
        }
        Ok(Peer(command.spawn()?))
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

/// What the measuring process says on the command line.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Orders {
    /// What it does.
    role: Role,
    /// The number of the inherited descriptor.
    fd: i32,
    /// The processor to run on, if any.
    #[arg(long)]
    cpu: Option<usize>,
    /// Bytes of a body.
    #[arg(long, default_value_t = 0)]
    payload: usize,
}

/// Runs as a peer until the measuring process kills it.
pub(crate) fn peer(orders: Orders) -> ExitCode {
    // SAFETY: the measuring process left this descriptor open for us, and nothing else
    // in this process knows its number.
    let fd = unsafe { OwnedFd::from_raw_fd(orders.fd) };
    // A peer must not outlive a measurement that was interrupted.
    let orphan =
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let pinned = orders.cpu.map_or(Ok(()), machine::pin);
    let result = orphan.map_err(Into::into).and(pinned).and_then(|()| match orders.role {
        Role::Line => floor::line_peer(fd),
        Role::Futex => floor::futex_peer(fd),
        Role::Unix => unix::serve(fd, orders.payload),
        Role::WorkerAwake => worker::serve(fd, State::Awake),
        Role::WorkerAsleep => worker::serve(fd, State::Asleep),
        Role::WorkerAdaptive => worker::serve(fd, State::Adaptive),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench peer: {error}");
            ExitCode::FAILURE
        }
    }
}
