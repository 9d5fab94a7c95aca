//! A doorbell: a descriptor that becomes readable, for the side that waits with an event
//! loop.
//!
//! The hub's is an eventfd. A worker's is one end of a pair of sockets, and the hub keeps
//! the other: whether writing blocks is a property that everybody who has an eventfd can
//! change, and a worker that did, and filled the counter, would hold up the hub's thread.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, send, socketpair};

/// What an event loop polls. It is rung only while its owner has announced that it sleeps.
#[derive(Debug)]
pub struct Doorbell {
    fd: OwnedFd,
}

impl Doorbell {
    /// An eventfd, close-on-exec and non-blocking: for a side that trusts the other.
    ///
    /// # Errors
    ///
    /// The process or the system has no descriptor left.
    pub fn new() -> io::Result<Doorbell> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Doorbell { fd })
    }

    /// A doorbell to hand over to a process that is not trusted, and what rings it. Both
    /// are close-on-exec and non-blocking.
    ///
    /// # Errors
    ///
    /// The process or the system has no descriptor left.
    pub fn pair() -> io::Result<(Ringer, Doorbell)> {
        // Datagrams, because their reader is not called when the other end is closed.
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (near, far) = socketpair(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
        Ok((Ringer { socket: near }, Doorbell { fd: far }))
    }

    /// Makes the descriptor readable. For an eventfd.
    #[inline]
    pub fn ring(&self) {
        // The only failure is a counter that is full, and then it is readable already.
        let _ = rustix::io::write(&self.fd, &1_u64.to_ne_bytes());
    }

    /// Takes a ring; gives whether there was one. All rings of an eventfd are one; of a
    /// pair, one that is left makes the descriptor readable still, once too often.
    pub fn drain(&self) -> bool {
        let mut count = [0; 8];
        rustix::io::read(&self.fd, &mut count) != Err(Errno::AGAIN)
    }
}

/// Rings another process's doorbell, and never waits for that process.
#[derive(Debug)]
pub struct Ringer {
    socket: OwnedFd,
}

impl Ringer {
    /// Makes the doorbell readable.
    #[inline]
    pub fn ring(&self) {
        // Full, and then it is readable already; or the process is gone.
        let _ = send(&self.socket, &[1], SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
    }
}

impl From<OwnedFd> for Doorbell {
    /// Takes over a descriptor that came from the other side.
    fn from(fd: OwnedFd) -> Doorbell {
        Doorbell { fd }
    }
}

impl AsFd for Doorbell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl std::os::fd::AsRawFd for Doorbell {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.fd.as_raw_fd()
    }
}
