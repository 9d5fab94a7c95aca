//! How workers left: counts by reason, and the last ones with their stories.

use std::collections::VecDeque;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Departures that are remembered; older ones are only counted.
const REMEMBERED: usize = 64;

/// Why a worker's connection ended. The names are stable: metrics and `/internal/workers`
/// show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It drained and said goodbye.
    Left,
    /// A newer generation of its names took over.
    Replaced,
    /// It closed the connection, or stopped listening to it, and lives on.
    Disconnected,
    /// Its process exited by itself.
    Exited,
    /// A signal ended its process.
    Killed,
    /// Its process ended, and how was not to be learned.
    Ended,
    /// Evicted: it answered no probe for too long.
    Unresponsive,
    /// Evicted: it wrote into its region what no correct worker writes.
    Violation,
    /// Evicted: it said what it may not, and the connection was refused.
    Refused,
    /// Evicted: the hub could not listen to it any more.
    Failed,
    /// The hub shut down.
    Shutdown,
}

impl Reason {
    /// All of them, in order.
    pub(crate) const ALL: [Reason; 11] = [
        Reason::Left,
        Reason::Replaced,
        Reason::Disconnected,
        Reason::Exited,
        Reason::Killed,
        Reason::Ended,
        Reason::Unresponsive,
        Reason::Violation,
        Reason::Refused,
        Reason::Failed,
        Reason::Shutdown,
    ];

    /// The stable name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Reason::Left => "left",
            Reason::Replaced => "replaced",
            Reason::Disconnected => "disconnected",
            Reason::Exited => "exited",
            Reason::Killed => "killed",
            Reason::Ended => "ended",
            Reason::Unresponsive => "unresponsive",
            Reason::Violation => "violation",
            Reason::Refused => "refused",
            Reason::Failed => "failed",
            Reason::Shutdown => "shutdown",
        }
    }

    /// Whether the hub ended it for something that the worker did or failed to do.
    pub(crate) fn is_eviction(self) -> bool {
        matches!(self, Reason::Unresponsive | Reason::Violation | Reason::Refused | Reason::Failed)
    }
}

/// One worker that left.
#[derive(Debug, Clone)]
pub(crate) struct Departure {
    pub(crate) at: SystemTime,
    /// The hub's number for the connection.
    pub(crate) worker: u64,
    pub(crate) pid: Option<u32>,
    /// The names that it served.
    pub(crate) names: Vec<String>,
    pub(crate) reason: Reason,
    /// A sentence for people.
    pub(crate) detail: String,
}

/// What one hub has seen.
#[derive(Debug, Default)]
pub(crate) struct Departures {
    counts: [AtomicU64; Reason::ALL.len()],
    last: Mutex<VecDeque<Departure>>,
}

impl Departures {
    pub(crate) fn add(&self, departure: Departure) {
        // Relaxed: a number for people.
        self.counts[departure.reason as usize].fetch_add(1, Ordering::Relaxed);
        let mut last = self.lock();
        if last.len() == REMEMBERED {
            last.pop_back();
        }
        last.push_front(departure);
    }

    /// How many left for each reason, since the hub began.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (Reason, u64)> {
        // Relaxed: as above.
        let count = |reason| self.counts[reason as usize].load(Ordering::Relaxed);
        Reason::ALL.into_iter().map(move |reason| (reason, count(reason)))
    }

    /// The last ones, newest first.
    pub(crate) fn last(&self) -> Vec<Departure> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Departure>> {
        // Nothing that can panic runs under the lock.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a process ended that is no child of ours. The kernel tells everybody for as long as
/// its parent has not fetched the status.
pub(crate) fn end_of(pid: Option<u32>) -> (Reason, String) {
    let stat = pid.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).ok());
    match stat.as_deref().and_then(wait_status) {
        Some(status) if status & 0x7f == 0 => {
            (Reason::Exited, format!("the process exited with code {}", status >> 8 & 0xff))
        }
        Some(status) => (Reason::Killed, format!("signal {} ended the process", status & 0x7f)),
        None => (Reason::Ended, "the process ended".to_owned()),
    }
}

/// The wait status in a line of `/proc/PID/stat`, if the process has ended (proc(5)).
fn wait_status(stat: &str) -> Option<u32> {
    // The second field is the program's name in parentheses, and may hold anything.
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    (fields.next()? == "Z").then_some(())?;
    // The state is the third field, the status the fifty-second.
    fields.nth(48)?.parse().ok()
}

#[cfg(test)]
mod tests;
