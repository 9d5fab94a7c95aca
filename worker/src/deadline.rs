//! A timeout that becomes a point in time when somebody first has to wait.

use std::time::{Duration, Instant};

/// What is left of a timeout. Looking at the clock costs more than most waits last, so
/// the first look is put off until there is something to wait for.
#[derive(Debug)]
pub(crate) struct Deadline {
    timeout: Option<Duration>,
    end: Option<Instant>,
}

impl Deadline {
    pub(crate) fn new(timeout: Option<Duration>) -> Deadline {
        Deadline { timeout, end: None }
    }

    /// What is left: `Ok(None)` for ever, `Err` nothing.
    pub(crate) fn left(&mut self) -> Result<Option<Duration>, Over> {
        let Some(timeout) = self.timeout else {
            return Ok(None);
        };
        if timeout.is_zero() {
            return Err(Over);
        }
        let now = Instant::now();
        let end = match self.end {
            Some(end) => end,
            None => {
                let Some(end) = now.checked_add(timeout) else {
                    // Further than the clock reaches is for ever.
                    self.timeout = None;
                    return Ok(None);
                };
                self.end = Some(end);
                end
            }
        };
        let left = end.saturating_duration_since(now);
        if left.is_zero() { Err(Over) } else { Ok(Some(left)) }
    }
}

/// The time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over;
