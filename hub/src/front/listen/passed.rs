//! Sockets that the service manager passes: `LISTEN_FDS` and `LISTEN_FDNAMES`, as in
//! sd_listen_fds(3).

use std::env;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::sync::{Mutex, PoisonError};

use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;

use crate::error::PassedProblem;

/// A socket that listens.
#[derive(Debug)]
pub(super) enum Passed {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// What was passed to this process and not taken yet.
struct Sockets {
    fds: ListenFd,
    /// The names of those that are left, each with its index.
    names: Vec<(usize, String)>,
}

/// Read once, because reading takes them out of the environment: no child of this process
/// shall think that they are its own.
static SOCKETS: Mutex<Option<Sockets>> = Mutex::new(None);

/// The first descriptor that is passed.
const FIRST: usize = 3;

/// Takes the sockets of a name, or the only one when the name is empty.
pub(super) fn take(name: &str) -> Result<Vec<Passed>, PassedProblem> {
    let mut sockets = SOCKETS.lock().unwrap_or_else(PoisonError::into_inner);
    let Sockets { fds, names } = sockets.get_or_insert_with(Sockets::from_env);
    if fds.len() == 0 {
        return Err(PassedProblem::NothingPassed);
    }
    let known = || names.iter().map(|(_, name)| name.clone()).collect();
    let wanted: Vec<usize> =
        names.iter().filter(|(_, own)| name.is_empty() || own == name).map(|(i, _)| *i).collect();
    match wanted.len() {
        0 => return Err(PassedProblem::NoSuchName { names: known() }),
        1 => {}
        _ if name.is_empty() => return Err(PassedProblem::WhichOne { names: known() }),
        _ => {}
    }
    names.retain(|(index, _)| !wanted.contains(index));
    wanted.into_iter().map(|index| take_one(fds, index)).collect()
}

/// Finds out what a descriptor is.
fn take_one(fds: &mut ListenFd, index: usize) -> Result<Passed, PassedProblem> {
    let not_one = || PassedProblem::NotAListener { descriptor: FIRST + index };
    let socket = match fds.take_unix_listener(index) {
        Ok(Some(listener)) => Passed::Unix(listener),
        _ => match fds.take_tcp_listener(index) {
            Ok(Some(listener)) => Passed::Tcp(listener),
            _ => return Err(not_one()),
        },
    };
    // A connection (`Accept=yes`) is a stream socket as well.
    let listens = match &socket {
        Passed::Tcp(listener) => socket_acceptconn(listener.as_fd()),
        Passed::Unix(listener) => socket_acceptconn(listener.as_fd()),
    };
    if listens == Ok(true) { Ok(socket) } else { Err(not_one()) }
}

impl Sockets {
    fn from_env() -> Sockets {
        let given = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let fds = ListenFd::from_env();
        let mut given = given.split(':').filter(|name| !name.is_empty());
        // What has no name is known by its number.
        let name =
            |index: usize| given.next().map_or_else(|| (FIRST + index).to_string(), str::to_owned);
        let names = (0..fds.len()).map(name).enumerate().collect();
        Sockets { fds, names }
    }
}
