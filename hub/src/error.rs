//! Why a hub could not start, or did not end well.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// An error of the hub as a whole. What goes wrong with one request or one worker is
/// answered there and is never one of these.
#[derive(Debug)]
#[non_exhaustive]
pub enum HubError {
    /// The configuration cannot be; holds a sentence.
    Config(String),
    /// The address for HTTP could not be taken.
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A Unix socket could not be set up at a path.
    Socket {
        /// What it is for.
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// What stands in the way, as the end of a sentence.
        problem: SocketProblem,
    },
    /// The ready file could not be written.
    ReadyFile {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The runtime could not be set up.
    Runtime {
        /// What the system said.
        source: io::Error,
    },
    /// A second signal cut the shutdown short.
    Interrupted {
        /// The signal.
        which: &'static str,
    },
}

/// What stands in the way of a Unix socket.
#[derive(Debug)]
#[non_exhaustive]
pub enum SocketProblem {
    /// The path has more bytes than an address of a Unix socket holds.
    TooLong {
        /// Its length.
        length: usize,
    },
    /// Somebody listens there.
    InUse,
    /// There is something at the path that is no socket.
    NotASocket,
    /// The directory belongs to another user.
    ForeignDirectory {
        /// Its owner.
        owner: u32,
        /// The user that runs the hub.
        ours: u32,
    },
    /// Others may write to the directory.
    OpenDirectory {
        /// Its mode.
        mode: u32,
    },
    /// What the system said.
    Io(io::Error),
}

/// The longest path that an address of a Unix socket holds, its final zero left out.
pub const SOCKET_PATH_BYTES_MAX: usize = 107;

impl HubError {
    /// The exit code of a program that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            HubError::Config(_) => 2,
            HubError::Interrupted { .. } => 130,
            _ => 1,
        }
    }
}

impl fmt::Display for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HubError::Config(what) => f.write_str(what),
            HubError::Listen { address, source } if source.kind() == io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "cannot listen on {address}: another process has that port; \
                     choose another with --listen, or stop that process"
                )
            }
            HubError::Listen { address, source } => {
                write!(f, "cannot listen on {address}: {source}; choose another with --listen")
            }
            HubError::Socket { what, path, problem } => {
                write!(f, "cannot set up the {what} socket {}: {problem}", path.display())
            }
            HubError::ReadyFile { path, source } => {
                write!(f, "cannot write the ready file {}: {source}", path.display())
            }
            HubError::Runtime { source } => write!(f, "cannot set up the runtime: {source}"),
            HubError::Interrupted { which } => {
                write!(f, "a second signal ({which}) ended the hub before its shutdown was through")
            }
        }
    }
}

impl fmt::Display for SocketProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SocketProblem::TooLong { length } => write!(
                f,
                "the path has {length} bytes and a Unix socket's holds at most \
                 {SOCKET_PATH_BYTES_MAX}; choose a shorter one"
            ),
            SocketProblem::InUse => f.write_str(
                "another process listens there; stop that hub, or give this one a path of its own",
            ),
            SocketProblem::NotASocket => {
                f.write_str("there is a file that is not a socket; move it away")
            }
            SocketProblem::ForeignDirectory { owner, ours } => write!(
                f,
                "its directory belongs to user {owner} and the hub runs as user {ours}; \
                 choose a directory of your own"
            ),
            SocketProblem::OpenDirectory { mode } => write!(
                f,
                "its directory has mode {mode:04o}, so others could put a socket there; \
                 chmod it to 0700"
            ),
            SocketProblem::Io(source) => write!(f, "{source}"),
        }
    }
}

impl std::error::Error for HubError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            HubError::Listen { source, .. }
            | HubError::ReadyFile { source, .. }
            | HubError::Runtime { source } => Some(source),
            HubError::Socket { problem: SocketProblem::Io(source), .. } => Some(source),
            _ => None,
        }
    }
}
