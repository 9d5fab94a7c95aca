//! Counts by label, bounded in labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tally::Tally;

/// What is counted together once there are too many labels.
pub(super) const OTHER: &str = "other";

#[derive(Debug)]
pub(super) struct Labels {
    /// What subscriptions that are gone have counted.
    by_label: BTreeMap<Arc<str>, Tally>,
    max: usize,
}

impl Labels {
    pub(super) fn new(max: usize) -> Labels {
        Labels { by_label: BTreeMap::new(), max }
    }

    /// The label under which one of this name is counted, from now on for good.
    pub(super) fn take(&mut self, label: &str) -> Arc<str> {
        if let Some((known, _)) = self.by_label.get_key_value(label) {
            return known.clone();
        }
        // The last place is kept for all the others.
        let named = self.by_label.keys().filter(|name| &***name != OTHER).count();
        let label: Arc<str> = if named < self.max { label.into() } else { OTHER.into() };
        self.by_label.entry(label.clone()).or_default();
        label
    }

    /// Adds what a subscription that has ended had counted.
    pub(super) fn retire(&mut self, label: &Arc<str>, tally: &Tally) {
        self.by_label.entry(label.clone()).or_default().add(tally);
    }

    pub(super) fn all(&self) -> BTreeMap<Arc<str>, Tally> {
        self.by_label.clone()
    }
}
