//! The last words to a client.

use std::time::Duration;

use super::Reason;
use super::encode::Message;
use crate::chance::chance;

/// How a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Farewell {
    pub(crate) reason: Reason,
    /// When clients may come back; as they were told before when `None`.
    pub(crate) retry: Option<Spread>,
}

/// A time by chance, so that thousands do not come back at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spread {
    /// At least.
    pub(crate) from: Duration,
    /// And so much more at most.
    pub(crate) window: Duration,
}

impl Farewell {
    /// Leaves the time to come back as it is.
    pub(crate) const fn new(reason: Reason) -> Farewell {
        Farewell { reason, retry: None }
    }

    /// The event `end`, for one client.
    pub(super) fn to_vec(self) -> Vec<u8> {
        let data = format!("{{\"reason\":\"{}\"}}", self.reason);
        let retry = self.retry.map(Spread::pick);
        Message { event: "end", retry, data: data.as_bytes(), id: None }.to_vec()
    }
}

impl Spread {
    fn pick(self) -> Duration {
        let window = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        self.from + Duration::from_millis(chance() % window.saturating_add(1))
    }
}
