//! The control thread: one connection after another, until there is a reason to stop.

use std::sync::Arc;
use std::time::Instant;

use super::client::pause;
use super::link::{Ended, Link};
use crate::backoff::Attempts;
use crate::error::Error;
use crate::shared::Shared;

/// Keeps the connection up until it is shut down or refused for good.
pub(crate) fn run(shared: &Arc<Shared>) {
    let mut attempts = Attempts::new(shared.options.backoff);
    let (error, drained) = loop {
        if shared.stopping().is_some() {
            break (Error::Closed, true);
        }
        let error = match Link::new(shared).run(&mut attempts) {
            Ended::Stopped { drained } => break (Error::Closed, drained),
            Ended::Refused(error) => {
                tracing::error!(%error, "the hub refused this worker; it does not try again");
                break (error, true);
            }
            Ended::Lost(error) => error,
        };
        let delay = attempts.failed(Instant::now());
        tracing::warn!(%error, ?delay, "there is no hub; trying again later");
        shared.failed(error);
        let until = Instant::now() + delay;
        while shared.stopping().is_none() && Instant::now() < until {
            if let Err(error) = pause(shared.control_bell(), until) {
                tracing::error!(%error, "waiting before the next attempt");
                break;
            }
        }
    };
    shared.end(error, drained);
}
