//! What becomes of a call.

use std::fmt;
use std::time::Duration;

pub use slotway_core::record::CallEnd;
use slotway_core::record::Outcome;

use crate::error::{Error, Result};

/// A worker's answer to a call, whatever its status.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    status: u16,
    attempts: u16,
    hint_ms: u32,
    replayed: bool,
    content_type: Box<str>,
    body: Box<[u8]>,
}

impl Reply {
    pub(crate) fn of(outcome: &Outcome<'_>) -> Result<Reply> {
        if outcome.end != CallEnd::Answered {
            return Err(Error::Call {
                end: outcome.end,
                reason: String::from_utf8_lossy(outcome.body).into_owned(),
                retry_after: hint(outcome.hint_ms),
            });
        }
        Ok(Reply {
            status: outcome.status,
            attempts: outcome.attempts,
            hint_ms: outcome.hint_ms,
            replayed: outcome.replayed,
            content_type: outcome.content_type.into(),
            body: outcome.body.into(),
        })
    }

    /// The answer's HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of success, 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The type of the body; empty if the worker gave none.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The answer's body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The same, owned.
    pub fn into_body(self) -> Vec<u8> {
        self.body.into_vec()
    }

    /// How often it was begun.
    pub fn attempts(&self) -> u16 {
        self.attempts
    }

    /// Whether it was done for an earlier call with the same key.
    pub fn is_replayed(&self) -> bool {
        self.replayed
    }

    /// If it had to wait for a worker: how long the queue would have liked its caller to hold
    /// back, 25 to 250 ms by how full it was.
    pub fn delay_hint(&self) -> Option<Duration> {
        hint(self.hint_ms)
    }
}

fn hint(ms: u32) -> Option<Duration> {
    (ms > 0).then(|| Duration::from_millis(ms.into()))
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("attempts", &self.attempts)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
