//! Who may register as what, and who waits for a word about it.
//!
//! What callers may rely on:
//!
//! - A registration is judged by itself: by the configuration's patterns for its identity, by
//!   what people have said for good, and by the credential of an earlier approval.
//! - What waits is there until somebody settles it, its worker withdraws it, or its connection
//!   ends; a ticket stands for it, and takes it away when it is dropped. A word about it is
//!   given once.
//! - Nothing here grows without bound: what waits counts among its worker's registrations, and
//!   credentials and what was said for good have bounds of their own.

mod credentials;
mod identity;
mod rules;
mod waiting;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use slotway_core::control::Register;
use tracing::info;

use crate::bus::Pattern;
use crate::config::Config;
use crate::instance::Instance;
use std::sync::Arc;

use credentials::Credentials;
pub(crate) use identity::Identity;
use rules::Rules;
pub(crate) use rules::{Judgement, Verdict};
pub(crate) use waiting::{Settled, Ticket, Waiting};

/// What people say for good at most, in patterns: more belongs into the configuration.
const STANDING_MAX: usize = 1024;

/// One hub's.
pub(crate) struct Identities {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    rules: Rules,
    credentials: Credentials,
    waiting: waiting::Line,
}

/// What a word about identities has changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The identities that waited.
    pub(crate) settled: Vec<String>,
    /// Credentials that count no more.
    pub(crate) revoked: usize,
}

/// Why a word about identities changed nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unchanged {
    /// Nothing that waits, and no credential, is of that identity.
    Nobody,
    /// As much has been said for good as may be.
    Full,
}

/// Everything that there is to see.
#[derive(Debug)]
pub(crate) struct Listing {
    /// In the order of coming.
    pub(crate) waiting: Vec<Waiting>,
    /// What was said for good, oldest first.
    pub(crate) standing: Vec<(Pattern, Verdict)>,
    /// Credentials that count.
    pub(crate) credentials: usize,
}

impl Identities {
    pub(crate) fn new(config: &Config) -> Identities {
        let identities = Identities { state: Arc::default() };
        identities.apply(config);
        identities
    }

    /// Follows a configuration that was checked. What waits is judged anew; what is live
    /// stays.
    pub(crate) fn apply(&self, config: &Config) {
        let mut state = self.lock();
        let State { rules, waiting, .. } = &mut *state;
        rules.set(&config.identities);
        waiting.settle(|one| match rules.judge(&one.identity) {
            Judgement::Accepted => Some(Settled::Accepted(None)),
            Judgement::Refused(reason) => Some(Settled::Refused(reason)),
            Judgement::Asks => None,
        });
    }

    /// Judges a registration.
    pub(crate) fn judge(&self, identity: &Identity, credential: Option<&str>) -> Answer {
        let state = self.lock();
        match (state.rules.judge(identity), credential) {
            (Judgement::Accepted, _) => Answer::Accepted,
            (Judgement::Refused(reason), _) => Answer::Refused(reason),
            (Judgement::Asks, None) => Answer::Asks,
            (Judgement::Asks, Some(shown)) if state.credentials.is_for(shown, identity) => {
                Answer::Accepted
            }
            (Judgement::Asks, Some(_)) => Answer::UnknownCredential,
        }
    }

    /// Puts a registration into the line of those that wait for a word.
    pub(crate) fn wait(
        &self,
        identity: Identity,
        instance: Arc<Instance>,
        register: &Register,
    ) -> Ticket {
        let waiting = Waiting {
            identity,
            instance,
            id: register.id,
            routes: register.routes.len(),
            since: SystemTime::now(),
        };
        let (number, settled) = self.lock().waiting.add(waiting);
        Ticket::new(number, settled, self.state.clone())
    }

    /// Somebody's word about every identity that a pattern matches. `always`: also about those
    /// that come later.
    ///
    /// # Errors
    ///
    /// There is nothing that it changes, or no room to remember it.
    pub(crate) fn say(
        &self,
        pattern: &Pattern,
        verdict: Verdict,
        always: bool,
    ) -> Result<Changed, Unchanged> {
        let mut state = self.lock();
        let State { rules, credentials, waiting } = &mut *state;
        if always && !rules.say(pattern, verdict, STANDING_MAX) {
            return Err(Unchanged::Full);
        }
        let settled = waiting.settle(|one| {
            let matches = one.identity.is_matched_by(pattern);
            matches.then(|| match verdict {
                Verdict::Approve => Settled::Accepted(Some(credentials.grant(&one.identity))),
                Verdict::Refuse => {
                    let reason = format!("{} was refused by whom the hub asked", one.identity);
                    Settled::Refused(reason)
                }
            })
        });
        let revoked = match verdict {
            Verdict::Approve => 0,
            Verdict::Refuse => credentials.revoke(pattern),
        };
        if settled.is_empty() && revoked == 0 && !always {
            return Err(Unchanged::Nobody);
        }
        info!(%pattern, ?verdict, always, ?settled, revoked, "identities settled");
        Ok(Changed { settled, revoked })
    }

    /// What there is to see.
    pub(crate) fn list(&self) -> Listing {
        let state = self.lock();
        Listing {
            waiting: state.waiting.all(),
            standing: state.rules.standing().to_vec(),
            credentials: state.credentials.count(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// What becomes of a registration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It comes in.
    Accepted,
    /// It does not, with the reason.
    Refused(String),
    /// It waits for somebody's word.
    Asks,
    /// It shows a credential that does not count.
    UnknownCredential,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Every change is made whole before anything can panic.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
