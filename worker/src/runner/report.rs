//! What became of a runner's registrations.

use crate::book::{Ending, RegistrationMetrics};

/// How a runner ended: each of its registrations, in the order of their adding, and then
/// those that were withdrawn before, the last 1,024 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Each registration.
    pub registrations: Vec<Ended>,
    /// Whether everything in flight was answered before the drain deadline.
    pub drained: bool,
}

/// How one registration ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// Its identity.
    pub identity: String,
    /// Why it ended.
    pub reason: Ending,
    /// What it had done.
    pub metrics: RegistrationMetrics,
}

impl Report {
    /// How the registration of an identity ended, the last of that identity.
    pub fn of(&self, identity: &str) -> Option<&Ended> {
        self.registrations.iter().rev().find(|ended| ended.identity == identity)
    }
}

impl Ended {
    /// `otherwise`: why, where the registration itself does not say.
    pub(super) fn new(metrics: RegistrationMetrics, otherwise: &Ending) -> Ended {
        let reason = metrics.ending.clone().unwrap_or_else(|| otherwise.clone());
        Ended { identity: metrics.identity(), reason, metrics }
    }
}
