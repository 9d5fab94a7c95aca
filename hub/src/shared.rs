//! What every task of a hub shares.

use std::sync::Arc;

use crate::config::Config;
use crate::exchange::Budget;
use crate::registry::Registry;

/// One hub's.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) registry: Registry,
    pub(crate) spool_budget: Arc<Budget>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Shared {
        Shared {
            registry: Registry::new(config.limits.waiters, config.limits.registrations),
            spool_budget: Arc::new(Budget::new(config.limits.spool_bytes_total)),
            config,
        }
    }
}
