//! What is called, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use slotway_core::record::CallEnd;

use super::bands::Band;
use crate::exchange::Budget;

/// An activity as its caller wants it.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// `namespace/queue`.
    pub(crate) queue: Box<str>,
    /// Its type.
    pub(crate) kind: Box<str>,
    /// The payload's type; empty for none.
    pub(crate) content_type: Box<str>,
    pub(crate) payload: Bytes,
    /// How long it may take in all; the configuration's default where absent.
    pub(crate) timeout: Option<Duration>,
    /// How often it may be begun; 0 and 1 are once.
    pub(crate) attempts: u16,
    /// Before the second attempt, doubled before each further one.
    pub(crate) backoff: Duration,
    pub(crate) idempotent: bool,
    /// Gives what an earlier call with it was given.
    pub(crate) key: Option<Box<str>>,
    /// The room that the payload takes, if that was found already.
    pub(crate) held: Option<Held>,
}

/// What became of an activity.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) end: CallEnd,
    /// The answer's status; 0 unless it was answered.
    pub(crate) status: u16,
    /// How often it was begun.
    pub(crate) attempts: u16,
    /// How the queue took it; `None` for what never came so far.
    pub(crate) band: Option<Band>,
    pub(crate) replayed: bool,
    /// The hub's number for it; 0 for what was never taken on.
    pub(crate) id: u64,
    pub(crate) content_type: Box<str>,
    /// The answer's body, or a sentence that says what went wrong.
    pub(crate) body: Bytes,
    /// The room that the body takes.
    pub(crate) held: Option<Arc<Held>>,
}

impl Outcome {
    /// One that no worker has answered.
    pub(crate) fn failed(end: CallEnd, reason: impl Into<String>) -> Outcome {
        Outcome {
            end,
            status: 0,
            attempts: 0,
            band: None,
            replayed: false,
            id: 0,
            content_type: "".into(),
            body: reason.into().into(),
            held: None,
        }
    }

    /// Whether a worker has answered with a status of success.
    pub(crate) fn is_success(&self) -> bool {
        self.end == CallEnd::Answered && (200..300).contains(&self.status)
    }

    /// The sentence that says what went wrong.
    pub(crate) fn reason(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Bytes that count against what all activities together may hold, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Held {
    pub(crate) fn take(budget: &Arc<Budget>, bytes: usize) -> Option<Held> {
        budget.take(bytes).then(|| Held { budget: budget.clone(), bytes })
    }

    /// Takes room for more. `false`: there is none.
    pub(crate) fn more(&mut self, bytes: usize) -> bool {
        let taken = self.budget.take(bytes);
        self.bytes += if taken { bytes } else { 0 };
        taken
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.give(self.bytes);
    }
}
