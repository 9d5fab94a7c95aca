//! A timer that is cheap to set again and again.
//!
//! Nearly every limit on time is lifted long before it passes. Registering a timer with
//! the runtime and taking it back costs a lock each; so an alarm is left running and only
//! pushed on when it goes off too early, once in a limit's time instead of twice for each
//! request.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that outlives what it is set for.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Ready once `due` is reached. Until then the task is woken at that time at the
    /// latest, and perhaps before.
    pub(crate) fn poll_at(&mut self, cx: &mut Context<'_>, due: Instant) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if sleep.deadline() > due {
            sleep.as_mut().reset(due);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= due {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
