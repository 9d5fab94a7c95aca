//! What is counted of one name's streams.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::metrics::Counter;

/// Names that have counts of their own; what comes after them is counted together.
const NAMES_MAX: usize = 256;
/// What those are called.
const OTHERS: &str = "other names";

/// One name's.
#[derive(Debug, Default)]
pub(crate) struct NameCounts {
    clients: AtomicU64,
    /// Clients that a worker took.
    pub(crate) connected: Counter,
    /// Clients that a worker refused.
    pub(crate) refused: Counter,
    /// Clients that another instance took over.
    pub(crate) moved: Counter,
    /// Clients that no instance would have, or that none came for.
    pub(crate) lost: Counter,
    /// Departures that a worker was told of.
    pub(crate) told: Counter,
    /// Pushes that were taken, and that were not.
    pub(crate) pushed: Counter,
    pub(crate) push_refused: Counter,
}

impl NameCounts {
    /// Clients that are there.
    pub(crate) fn clients(&self) -> u64 {
        // Relaxed, here and below: a number for people.
        self.clients.load(Ordering::Relaxed)
    }

    pub(super) fn came(&self) {
        self.clients.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn left(&self) {
        self.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Every name's, for as long as the hub runs.
#[derive(Debug, Default)]
pub(crate) struct AllCounts {
    names: Mutex<BTreeMap<Arc<str>, Arc<NameCounts>>>,
}

impl AllCounts {
    pub(super) fn of(&self, name: &Arc<str>) -> Arc<NameCounts> {
        // Nothing that can panic runs under the lock.
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.contains_key(name) || names.len() < NAMES_MAX;
        let key = if known { name.clone() } else { Arc::from(OTHERS) };
        names.entry(key).or_default().clone()
    }

    /// Each of them by name.
    pub(crate) fn all(&self) -> Vec<(Arc<str>, Arc<NameCounts>)> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().map(|(name, counts)| (name.clone(), counts.clone())).collect()
    }
}
