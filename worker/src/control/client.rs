//! Messages over the socket, and waiting for them together with everything else that the
//! control thread waits for.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use slotway_core::control::{Decoder, FrameError, HubMessage, WELCOME_FDS, WorkerMessage, encode};
use slotway_core::map::{Doorbell, receive, send};

use crate::error::{Error, Result};

/// One connection to the hub's socket.
#[derive(Debug)]
pub(super) struct Client {
    socket: OwnedFd,
    decoder: Decoder,
    unsent: Vec<u8>,
    fds: Vec<OwnedFd>,
    ended: bool,
}

impl Client {
    /// Connects, without ever waiting.
    pub(super) fn connect(path: &Path) -> Result<Client> {
        let failed =
            |errno: Errno| Error::io(format!("connecting to the hub at {}", path.display()), errno);
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
            .map_err(|errno| Error::io("creating a socket", errno))?;
        let address = SocketAddrUnix::new(path).map_err(failed)?;
        // A full backlog is an error like any other: the next attempt finds it emptier.
        rustix::io::retry_on_intr(|| connect(&socket, &address)).map_err(failed)?;
        let decoder = Decoder::new();
        Ok(Client { socket, decoder, unsent: Vec::new(), fds: Vec::new(), ended: false })
    }

    /// Puts a message on its way; [`wait`](Self::wait) sends what the socket does not
    /// take now.
    pub(super) fn send(&mut self, message: &WorkerMessage) -> Result<()> {
        let frame = encode(message).map_err(|error| Error::InvalidArgument(error.to_string()))?;
        self.unsent.extend_from_slice(&frame);
        self.push()
    }

    fn push(&mut self) -> Result<()> {
        while !self.unsent.is_empty() {
            match send(&self.socket, &self.unsent, &[]) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The hub may have said why before it closed: read on to the end.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
                    ) =>
                {
                    self.unsent.clear();
                }
                Err(error) => return Err(Error::io("sending to the hub", error)),
            }
        }
        Ok(())
    }

    /// The next message that has arrived. `None`: none has.
    pub(super) fn message(&mut self) -> Result<Option<HubMessage>> {
        loop {
            match self.decoder.message() {
                Ok(Some(message)) => return Ok(Some(message)),
                Ok(None) => {}
                // A newer hub's word that this build need not know.
                Err(FrameError::UnknownKind(kind)) => {
                    tracing::warn!(%kind, "the hub sent a message of an unknown kind");
                    continue;
                }
                Err(error) => return Err(Error::Protocol(error.to_string())),
            }
            if self.ended {
                return Err(Error::HubGone);
            }
            if !self.pull()? {
                return Ok(None);
            }
        }
    }

    /// Takes what has arrived on the socket. `false`: nothing.
    fn pull(&mut self) -> Result<bool> {
        let mut buffer = [0; 4096];
        match receive(&self.socket, &mut buffer, &mut self.fds) {
            Ok(0) => {
                self.ended = true;
                Ok(true)
            }
            Ok(count) => {
                self.decoder.feed(&buffer[..count]);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                self.ended = true;
                Ok(true)
            }
            Err(error) => Err(Error::io("receiving from the hub", error)),
        }
    }

    /// The descriptors that came with a welcome.
    pub(super) fn take_fds(&mut self) -> Result<[OwnedFd; WELCOME_FDS]> {
        let found = self.fds.len();
        std::mem::take(&mut self.fds).try_into().map_err(|_| {
            Error::Protocol(format!(
                "the welcome came with {found} descriptors; it carries {WELCOME_FDS}"
            ))
        })
    }

    /// Waits until something may have arrived, the bell rings, the worker's doorbell rings
    /// if there is one to listen to, or `until`.
    pub(super) fn wait(
        &mut self,
        bell: &Doorbell,
        doorbell: Option<&Doorbell>,
        until: Option<Instant>,
    ) -> Result<()> {
        let mut interest = PollFlags::IN;
        if !self.unsent.is_empty() {
            interest |= PollFlags::OUT;
        }
        let watch = |fd| PollFd::from_borrowed_fd(fd, PollFlags::IN);
        let mut fds = [
            PollFd::from_borrowed_fd(self.socket.as_fd(), interest),
            watch(bell.as_fd()),
            watch(doorbell.unwrap_or(bell).as_fd()),
        ];
        sleep(&mut fds, until)?;
        bell.drain();
        self.push()
    }
}

/// Sleeps until the bell rings or `until`.
pub(super) fn pause(bell: &Doorbell, until: Instant) -> Result<()> {
    sleep(&mut [PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN)], Some(until))?;
    bell.drain();
    Ok(())
}

fn sleep(fds: &mut [PollFd<'_>], until: Option<Instant>) -> Result<()> {
    let timeout = until.map(|until| {
        let left = until.saturating_duration_since(Instant::now());
        Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() }
    });
    match poll(fds, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(Error::io("waiting for the hub", errno)),
    }
}
