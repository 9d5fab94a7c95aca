//! The control thread: one connection after another, until there is a reason to stop.

use std::sync::Arc;
use std::time::Instant;

use super::client::pause;
use super::link::{Ended, Link};
use crate::backoff::Attempts;
use crate::book::Ending;
use crate::error::Error;
use crate::shared::Shared;

/// Keeps the connection up until it is shut down or refused for good.
pub(crate) fn run(shared: &Arc<Shared>) {
    let mut attempts = Attempts::new(shared.options.backoff);
    let (error, drained, why) = loop {
        if shared.stopping().is_some() {
            break (Error::Closed, true, Ending::Shutdown);
        }
        let error = match Link::new(shared).run(&mut attempts) {
            Ended::Stopped { drained } => break (Error::Closed, drained, Ending::Shutdown),
            Ended::Refused(error) => {
                tracing::error!(%error, "the hub refused this worker; it does not try again");
                let why = Ending::of(&error);
                break (error, true, why);
            }
            Ended::Lost(error, why) if !shared.options.reconnect => {
                tracing::warn!(%error, "the connection ended; it is not to come back");
                break (error, true, why);
            }
            Ended::Lost(error, _) => error,
        };
        let delay = attempts.failed(Instant::now());
        tracing::warn!(%error, ?delay, "there is no hub; trying again later");
        shared.failed(error);
        shared.set_backoff(Some(delay));
        let until = Instant::now() + delay;
        while shared.stopping().is_none() && Instant::now() < until {
            if let Err(error) = pause(shared.control_bell(), until) {
                tracing::error!(%error, "waiting before the next attempt");
                break;
            }
        }
        shared.set_backoff(None);
    };
    shared.end(error, drained, &why);
}
