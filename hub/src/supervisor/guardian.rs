//! The guardian: a small process beside the hub that ends the workers' process groups when the
//! hub has died.
//!
//! A worker itself is killed by the system (PR_SET_PDEATHSIG); the processes that it has
//! started are not, and with the hub their supervisor is gone. The guardian is told of each
//! group when it begins and ends, through a pipe of which the hub alone has the other end. When
//! that closes, however the hub ended, it kills the groups that are left.
//!
//! A group is told to have ended before its leader is reaped, so its number cannot be another's
//! by the time that the guardian acts.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Stdio};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process_group};
use tracing::warn;

use super::system::this_program;

/// The hub's end.
#[derive(Debug)]
pub(super) struct Guardian {
    pid: u32,
    pipe: ChildStdin,
}

impl Guardian {
    /// Starts one that knows of these groups.
    pub(super) fn start(groups: impl Iterator<Item = u32>) -> io::Result<Guardian> {
        let mut child = this_program("guard")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What a terminal sends to the hub is not for it.
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        // A guardian that stands still is not to hold up the hub.
        fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
        let mut guardian = Guardian { pid: child.id(), pipe };
        for group in groups {
            guardian.begins(group)?;
        }
        Ok(guardian)
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// A group has begun.
    pub(super) fn begins(&mut self, group: u32) -> io::Result<()> {
        self.pipe.write_all(format!("+{group}\n").as_bytes())
    }

    /// It ends now.
    pub(super) fn ends(&mut self, group: u32) -> io::Result<()> {
        self.pipe.write_all(format!("-{group}\n").as_bytes())
    }
}

/// The guardian itself: listens until the hub is gone.
pub(crate) fn guard() {
    let mut groups = BTreeSet::new();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let Some((sign, number)) = line.split_at_checked(1) else { continue };
        let Ok(number) = number.parse::<i32>() else { continue };
        match sign {
            "+" => groups.insert(number),
            _ => groups.remove(&number),
        };
    }
    for group in groups.into_iter().filter_map(Pid::from_raw) {
        // One that is gone by itself is as well.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Says that there is none.
pub(super) fn missing(error: &io::Error) {
    warn!(
        %error,
        "there is no guardian: if the hub is killed, processes that workers have started stay"
    );
}
