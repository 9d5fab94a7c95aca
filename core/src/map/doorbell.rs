//! A doorbell: an eventfd, for the side that waits with an event loop.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

/// An eventfd that is written only while the other side has announced that it sleeps.
#[derive(Debug)]
pub struct Doorbell {
    fd: OwnedFd,
}

impl Doorbell {
    /// A new one: close-on-exec and non-blocking.
    ///
    /// # Errors
    ///
    /// The process or the system has no descriptor left.
    pub fn new() -> io::Result<Doorbell> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Doorbell { fd })
    }

    /// Makes the descriptor readable.
    #[inline]
    pub fn ring(&self) {
        // The only failure is a counter that is full, and then it is readable already.
        let _ = rustix::io::write(&self.fd, &1_u64.to_ne_bytes());
    }

    /// Makes the descriptor unreadable; gives whether it was readable.
    pub fn drain(&self) -> bool {
        let mut count = [0; 8];
        rustix::io::read(&self.fd, &mut count) != Err(Errno::AGAIN)
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
