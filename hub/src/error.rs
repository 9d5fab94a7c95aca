//! Why a hub could not start, or did not end well.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::config::Address;

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
        address: Address,
        /// What the system said.
        source: io::Error,
    },
    /// A socket that the service manager was to pass could not be had.
    Passed {
        /// Its name, empty for "the only one".
        name: String,
        /// What stands in the way.
        problem: PassedProblem,
    },
    /// A certificate or a key cannot be used.
    Tls {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        problem: TlsProblem,
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
    /// Whatever keeps the workers running has failed.
    Unsupervised,
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
    /// Its directory is not there.
    NoDirectory,
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

/// What stands in the way of a socket from the service manager.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassedProblem {
    /// Nothing was passed to this process, or all of it is taken.
    NothingPassed,
    /// None has that name.
    NoSuchName {
        /// Those that there are.
        names: Vec<String>,
    },
    /// No name was said, and there are several.
    WhichOne {
        /// Their names.
        names: Vec<String>,
    },
    /// It is no stream socket that listens.
    NotAListener {
        /// Its number.
        descriptor: usize,
    },
}

/// What is wrong with a certificate or a key.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsProblem {
    /// The file cannot be read, or is no PEM file.
    Unreadable(io::Error),
    /// It holds no certificate.
    NoCertificate,
    /// It holds no private key.
    NoKey,
    /// The key is not the certificate's.
    OtherKey {
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// It is of a kind that is not supported, or damaged; in rustls' words.
    Refused(String),
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
            HubError::Passed { name, problem } => {
                write!(f, "cannot listen on fd:{name}: {problem}")
            }
            HubError::Tls { path, problem } => {
                write!(f, "cannot use {}: {problem}", path.display())
            }
            HubError::Socket { what, path, problem } => {
                write!(f, "cannot set up the {what} socket {}: {problem}", path.display())
            }
            HubError::ReadyFile { path, source } => {
                write!(f, "cannot write the ready file {}: {source}", path.display())
            }
            HubError::Runtime { source } => write!(f, "cannot set up the runtime: {source}"),
            HubError::Unsupervised => f.write_str(
                "what keeps the workers running has failed, as the log says; start slotway again",
            ),
            HubError::Interrupted { which } => {
                write!(f, "a second signal ({which}) ended the hub before its shutdown was through")
            }
        }
    }
}

impl fmt::Display for PassedProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PassedProblem::NothingPassed => f.write_str(
                "no socket was passed to this process (LISTEN_FDS); start it from its .socket \
                 unit, or name an address instead",
            ),
            PassedProblem::NoSuchName { names } if names.is_empty() => {
                f.write_str("every socket that was passed is taken by another listener")
            }
            PassedProblem::NoSuchName { names } => write!(
                f,
                "no passed socket has that name; there is {}; name one of them, or set \
                 FileDescriptorName= in its .socket unit",
                names.join(", ")
            ),
            PassedProblem::WhichOne { names } => write!(
                f,
                "several sockets were passed ({}); name one, as in fd:{}",
                names.join(", "),
                names.first().map_or("NAME", String::as_str)
            ),
            PassedProblem::NotAListener { descriptor } => write!(
                f,
                "descriptor {descriptor} is no listening TCP or Unix stream socket; it needs \
                 ListenStream= and Accept=no in its .socket unit"
            ),
        }
    }
}

impl fmt::Display for TlsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsProblem::Unreadable(source) => write!(f, "{source}"),
            TlsProblem::NoCertificate => {
                f.write_str("there is no certificate in it; a PEM file has CERTIFICATE sections")
            }
            TlsProblem::NoKey => f.write_str(
                "there is no private key in it; a PEM file has a PRIVATE KEY section, not encrypted",
            ),
            TlsProblem::OtherKey { certificate } => write!(
                f,
                "it is not the key of the first certificate in {}; put the two that belong \
                 together",
                certificate.display()
            ),
            TlsProblem::Refused(words) => f.write_str(words),
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
            SocketProblem::NoDirectory => {
                f.write_str("its directory does not exist; make it, for whoever is to connect")
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
            HubError::Socket { problem: SocketProblem::Io(source), .. }
            | HubError::Tls { problem: TlsProblem::Unreadable(source), .. } => Some(source),
            _ => None,
        }
    }
}
