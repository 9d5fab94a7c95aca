//! Task queues.

use std::time::Duration;

use slotway_core::control::check_queue;

use super::Faults;
use crate::queues::Kept;

/// What bounds activities: how many, how large, how long, and who may call them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queues {
    /// Activities that may wait for a worker, for each queue; further ones are rejected.
    pub waiting: usize,
    /// How long an activity may take in all, for callers that do not say.
    pub timeout: Duration,
    /// How long it may take, whatever its caller says.
    pub timeout_max: Duration,
    /// Calls that one worker may have under way.
    pub calls: usize,
    /// Bytes of payloads and answers that all activities together may hold.
    pub bytes_total: usize,
    /// Queues that clients of the public listeners may call, `namespace/queue`,
    /// `namespace/*` or `*`. Workers and the admin surface may call any.
    pub open: Vec<String>,
    /// How long outcomes are kept for callers' keys.
    pub keys_time: Duration,
    /// How many outcomes are kept, of all queues.
    pub keys_count: usize,
    /// Bytes of outcomes that are kept, of all queues.
    pub keys_bytes: usize,
}

impl Default for Queues {
    fn default() -> Queues {
        Queues {
            waiting: 1024,
            timeout: Duration::from_secs(30),
            timeout_max: Duration::from_secs(3600),
            calls: 1024,
            bytes_total: 256 << 20,
            open: Vec::new(),
            keys_time: Duration::from_secs(600),
            keys_count: 10_000,
            keys_bytes: 64 << 20,
        }
    }
}

impl Queues {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (key, value) in [("queues.calls", self.calls), ("queues.bytes-total", self.bytes_total)]
        {
            if value == 0 {
                faults.zero(key);
            }
        }
        for (key, value) in
            [("queues.timeout", self.timeout), ("queues.timeout-max", self.timeout_max)]
        {
            if value.is_zero() {
                faults.no_time(key);
            }
        }
        for open in &self.open {
            // A namespace's rule is that of a queue.
            let queue = open.strip_suffix("/*").map(|namespace| format!("{namespace}/q"));
            let queue = queue.as_deref().unwrap_or(open);
            if open != "*"
                && let Err(error) = check_queue(queue)
            {
                faults.add("queues.open", format!("{open:?} {error}; or name NAMESPACE/* or *"));
            }
        }
    }

    /// Whether clients of the public listeners may call the queue.
    pub(crate) fn is_open(&self, queue: &str) -> bool {
        self.open.iter().any(|open| match open.strip_suffix("/*") {
            Some(namespace) => queue.split_once('/').is_some_and(|(ns, _)| ns == namespace),
            None => open == "*" || open == queue,
        })
    }

    /// How much is kept for callers' keys.
    pub(crate) fn keys(&self) -> Kept {
        Kept { time: self.keys_time, count: self.keys_count, bytes: self.keys_bytes }
    }
}
