//! How many files a process may have open.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The most connections that a hub and this process have, and room for everything else.
const WANTED: u64 = 12_000;

/// Raises the limit for this process and all that it starts.
pub(super) fn raise_open_files() -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= WANTED) {
        return Ok(());
    }
    // Root may raise both; others as far as the hard limit goes.
    let hard = limit.maximum.map(|maximum| maximum.max(WANTED));
    let raised = Rlimit { current: Some(WANTED), maximum: hard };
    setrlimit(Resource::Nofile, raised).map_err(|_| {
        io::Error::other(format!("{WANTED} open files are needed: ulimit -Hn {WANTED}"))
    })
}
