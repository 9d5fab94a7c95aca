//! What is called.

use std::time::Duration;

use slotway_core::control::{check_activity, check_event_text, check_queue};
use slotway_core::record::{self, CALL_BYTES_MAX, RecordError};

use crate::error::{Error, Result};

/// An activity to be done by a worker that takes it.
///
/// ```
/// use std::time::Duration;
/// use slotway::Call;
///
/// let call = Call::new("media/images", "resize", b"a.png")
///     .timeout(Duration::from_secs(5))
///     .retry(3, Duration::from_millis(100))
///     .idempotent();
/// # let _ = call;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    queue: &'a str,
    activity: &'a str,
    content_type: &'a str,
    payload: &'a [u8],
    timeout: Option<Duration>,
    attempts: u16,
    backoff: Duration,
    idempotent: bool,
    key: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// Of one attempt, with the hub's default for the time that it may take (30 s, unless the
    /// hub is told otherwise). A payload has 5 MiB at most.
    #[must_use]
    pub fn new(queue: &'a str, activity: &'a str, payload: &'a [u8]) -> Call<'a> {
        let (timeout, backoff, key) = (None, Duration::ZERO, None);
        let (attempts, idempotent) = (1, false);
        let content_type = "";
        Call { queue, activity, content_type, payload, timeout, attempts, backoff, idempotent, key }
    }

    /// The payload's type, such as `application/json`.
    #[must_use]
    pub fn content_type(mut self, content_type: &'a str) -> Call<'a> {
        self.content_type = content_type;
        self
    }

    /// How long it may take in all, waiting and every attempt included; from one millisecond
    /// up to what the hub allows.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Call<'a> {
        self.timeout = Some(timeout);
        self
    }

    /// How often it may be begun, when workers end with it in their hands or answer with a
    /// status of 500 or above, and the pause before the second attempt, which doubles before
    /// each further one. Only what is
    /// [`idempotent`](Self::idempotent) is begun again. What no worker has claimed moves to
    /// another without counting.
    #[must_use]
    pub fn retry(mut self, attempts: u16, backoff: Duration) -> Call<'a> {
        (self.attempts, self.backoff) = (attempts, backoff);
        self
    }

    /// To do it twice does no more than to do it once.
    #[must_use]
    pub fn idempotent(mut self) -> Call<'a> {
        self.idempotent = true;
        self
    }

    /// A call with a key that an earlier one of the same activity had within ten minutes gets
    /// that one's outcome, and nothing is done again.
    #[must_use]
    pub fn key(mut self, key: &'a str) -> Call<'a> {
        self.key = Some(key);
        self
    }

    /// Checks it by the hub's rules, as calling does.
    ///
    /// # Errors
    ///
    /// What of it cannot be, but for a payload that is too long.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::InvalidArgument(what));
        if let Err(error) = check_queue(self.queue) {
            return wrong(format!("the queue {:?} {error}", self.queue));
        }
        if let Err(error) = check_activity(self.activity) {
            return wrong(format!("the activity {:?} {error}", self.activity));
        }
        for (what, text) in [("content type", self.content_type), ("key", self.key.unwrap_or("k"))]
        {
            if let Err(problem) = check_event_text(text) {
                return wrong(format!("the call's {what} {problem}"));
            }
        }
        if self.key == Some("") {
            return wrong("the call's key is empty; leave it out, or give one".to_owned());
        }
        Ok(())
    }

    /// How long it may take in all, if that was said.
    pub(super) fn time(&self) -> Option<Duration> {
        self.timeout
    }

    /// Its record.
    pub(super) fn encode(&self, ticket: u32) -> Result<Vec<u8>> {
        self.check()?;
        let call = record::Call {
            queue: self.queue,
            activity: self.activity,
            content_type: self.content_type,
            payload: self.payload,
            timeout_ms: match self.timeout {
                // 0 would be the hub's default.
                Some(timeout) => millis(timeout).max(1),
                None => 0,
            },
            attempts: self.attempts,
            backoff_ms: millis(self.backoff),
            idempotent: self.idempotent,
            key: self.key,
            ticket,
        };
        let mut encoded = Vec::with_capacity(call.length().map_err(too_long)?);
        call.encode(|piece| encoded.extend_from_slice(piece)).map_err(too_long)?;
        Ok(encoded)
    }
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

fn too_long(error: RecordError) -> Error {
    match error {
        RecordError::TooLong { part: "payload", .. } => {
            Error::TooLarge { what: "the call's payload", limit: CALL_BYTES_MAX }
        }
        error => Error::InvalidArgument(error.to_string()),
    }
}
