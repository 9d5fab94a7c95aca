//! Descriptors that tokio watches for being readable.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Watches a descriptor.
///
/// tokio's constructor for any type is unsafe, because a type could close its descriptor
/// while it is watched, or answer with another one. `OwnedFd` does neither, so the
/// older constructor is sound here.
#[expect(deprecated, reason = "the successor is unsafe, which this crate forbids")]
pub(crate) fn watch(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, Interest::READABLE)
}
