//! Streams that workers own.

use std::time::Duration;

use super::Faults;

/// Clients that stay for what workers push to them. When they come back and how often they get
/// a comment is said by [`Events`](super::Events).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegated {
    /// Clients at a time, of all workers; further ones are answered with 503.
    pub clients: usize,
    /// Bytes of events that may wait, for each path and for each client alone. What a client
    /// has not read when there are more ends its stream.
    pub bytes: usize,
    /// How long clients stay when no worker is there for them.
    pub grace: Duration,
}

impl Default for Delegated {
    fn default() -> Delegated {
        Delegated { clients: 10_000, bytes: 256 << 10, grace: Duration::from_secs(10) }
    }
}

impl Delegated {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (key, value) in
            [("events.delegated-clients", self.clients), ("events.delegated-bytes", self.bytes)]
        {
            if value == 0 {
                faults.zero(key);
            }
        }
    }
}
