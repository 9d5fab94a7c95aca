//! A Unix socket's place in the file system: made, taken over when stale, removed.

use std::env;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use tokio::net::UnixListener;

use crate::error::{HubError, SOCKET_PATH_BYTES_MAX, SocketProblem};

/// Where a Unix socket shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlPath {
    path: PathBuf,
    /// The hub chose the directory, so it answers for who may write there.
    chosen: bool,
}

/// A socket that is bound to its path and goes with this value.
#[derive(Debug)]
pub(crate) struct BoundSocket {
    listener: UnixListener,
    path: PathBuf,
    identity: Identity,
}

/// What tells this file from a later one at the same path.
type Identity = (u64, u64);

impl ControlPath {
    /// A path that somebody named.
    pub fn given(path: PathBuf) -> ControlPath {
        ControlPath { path, chosen: false }
    }

    /// `$XDG_RUNTIME_DIR/slotway/hub.sock`, else `/tmp/slotway-$UID/hub.sock`.
    pub fn default_path() -> ControlPath {
        let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let directory = match runtime.filter(|path| path.is_absolute()) {
            Some(runtime) => runtime.join("slotway"),
            None => PathBuf::from(format!("/tmp/slotway-{}", our_uid())),
        };
        ControlPath { path: directory.join("hub.sock"), chosen: true }
    }

    /// Another socket in the same directory.
    pub fn beside(&self, file_name: &str) -> ControlPath {
        ControlPath { path: self.path.with_file_name(file_name), chosen: self.chosen }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Binds a listening socket there, mode 0600, in a directory that is made if it has to
    /// be.
    pub(crate) fn bind(&self, what: &'static str) -> Result<BoundSocket, HubError> {
        let bind = || self.try_bind(self.directory()?, 0o600);
        self.bound(what, self.check_length().and_then(|()| bind()))
    }

    /// The same for a socket that others connect to as well. Its directory has to be there:
    /// who may enter it is not for the hub to decide.
    pub(crate) fn bind_public(
        &self,
        what: &'static str,
        mode: u32,
    ) -> Result<BoundSocket, HubError> {
        let bind = || match File::open(self.parent()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(SocketProblem::NoDirectory)
            }
            directory => self.try_bind(directory?, mode),
        };
        self.bound(what, self.check_length().and_then(|()| bind()))
    }

    fn bound(
        &self,
        what: &'static str,
        bound: Result<BoundSocket, SocketProblem>,
    ) -> Result<BoundSocket, HubError> {
        bound.map_err(|problem| HubError::Socket { what, path: self.path.clone(), problem })
    }

    fn check_length(&self) -> Result<(), SocketProblem> {
        let length = self.path.as_os_str().len();
        if length > SOCKET_PATH_BYTES_MAX {
            return Err(SocketProblem::TooLong { length });
        }
        Ok(())
    }

    fn try_bind(&self, directory: File, mode: u32) -> Result<BoundSocket, SocketProblem> {
        let path = &self.path;
        // Two hubs that start at once must not take each other for stale. A lock on the
        // directory leaves nothing behind; it goes when `directory` is dropped.
        flock(&directory, FlockOperation::LockExclusive).map_err(io::Error::from)?;

        remove_stale(path)?;
        let listener = StdListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        listener.set_nonblocking(true)?;
        let identity = identity(path)?;
        Ok(BoundSocket {
            listener: UnixListener::from_std(listener)?,
            path: path.clone(),
            identity,
        })
    }

    fn parent(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    fn directory(&self) -> Result<File, SocketProblem> {
        let directory = self.parent();
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(directory)?;
        if self.chosen {
            // Not following links: in /tmp anybody could have put one here.
            check_directory(&fs::symlink_metadata(directory)?)?;
        }
        Ok(File::open(directory)?)
    }
}

fn check_directory(found: &fs::Metadata) -> Result<(), SocketProblem> {
    let ours = our_uid();
    if found.uid() != ours {
        return Err(SocketProblem::ForeignDirectory { owner: found.uid(), ours });
    }
    let mode = found.mode() & 0o7777;
    if !found.is_dir() || mode & 0o022 != 0 {
        return Err(SocketProblem::OpenDirectory { mode });
    }
    Ok(())
}

/// Removes a socket that nobody listens on; what somebody listens on stays.
fn remove_stale(path: &Path) -> Result<(), SocketProblem> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if !found.file_type().is_socket() {
        return Err(SocketProblem::NotASocket);
    }
    match probe(path) {
        Err(Errno::CONNREFUSED) => Ok(fs::remove_file(path)?),
        Err(Errno::NOENT) => Ok(()),
        // A full backlog says EAGAIN: somebody is there, only busy.
        Ok(()) | Err(Errno::AGAIN) => Err(SocketProblem::InUse),
        Err(error) => Err(SocketProblem::Io(error.into())),
    }
}

/// Connects without waiting and hangs up.
fn probe(path: &Path) -> Result<(), Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)
}

fn identity(path: &Path) -> io::Result<Identity> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// The user that runs this process.
pub(crate) fn our_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

impl BoundSocket {
    /// The listener.
    pub(crate) fn listener(&self) -> &UnixListener {
        &self.listener
    }

    /// Where it is bound.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for BoundSocket {
    fn drop(&mut self) {
        // Whoever took the path over in the meantime keeps it.
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl From<io::Error> for SocketProblem {
    fn from(error: io::Error) -> SocketProblem {
        SocketProblem::Io(error)
    }
}

#[cfg(test)]
mod tests;
