//! How a queue takes what comes: at once, after a wait, or not.

use std::time::Duration;

/// What the queue said of one activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Band {
    /// A worker had room.
    Accept,
    /// It waits. Its caller would do well to hold back for so long: 25 to 250 ms by how full
    /// the line is.
    Defer(Duration),
    /// As many wait as may. To try again sooner than after this is in vain.
    Reject(Duration),
}

impl Band {
    /// The advice to the caller.
    pub(crate) fn hint(self) -> Option<Duration> {
        match self {
            Band::Accept => None,
            Band::Defer(hint) | Band::Reject(hint) => Some(hint),
        }
    }

    /// The stable name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Band::Accept => "accept",
            Band::Defer(_) => "defer",
            Band::Reject(_) => "reject",
        }
    }
}
