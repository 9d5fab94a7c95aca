//! Those that wait for a word.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

use super::{Identity, State, lock};
use crate::instance::Instance;

/// A registration that waits.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) identity: Identity,
    /// Whose it is.
    pub(crate) instance: Arc<Instance>,
    /// The worker's number for it.
    pub(crate) id: u32,
    /// How many routes it has.
    pub(crate) routes: usize,
    pub(crate) since: SystemTime,
}

/// The word that it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It comes in, with a credential if somebody had to be asked.
    Accepted(Option<String>),
    /// It does not; the sentence says why.
    Refused(String),
}

/// All of them, in the order of coming.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: BTreeMap<u64, (Waiting, Arc<OnceLock<Settled>>)>,
    next: u64,
}

impl Line {
    pub(super) fn add(&mut self, waiting: Waiting) -> (u64, Arc<OnceLock<Settled>>) {
        let (number, settled) = (self.next, Arc::new(OnceLock::new()));
        self.next += 1;
        self.waiting.insert(number, (waiting, settled.clone()));
        (number, settled)
    }

    /// Gives those their word for which there is one, and says who they were.
    pub(super) fn settle(
        &mut self,
        mut word: impl FnMut(&Waiting) -> Option<Settled>,
    ) -> Vec<String> {
        let mut identities = Vec::new();
        self.waiting.retain(|_, (waiting, settled)| {
            let Some(word) = word(waiting) else { return true };
            identities.push(waiting.identity.as_str().to_owned());
            // Nobody else sets it: who is settled is no longer in the line.
            let _ = settled.set(word);
            waiting.instance.call_session();
            false
        });
        identities
    }

    pub(super) fn all(&self) -> Vec<Waiting> {
        self.waiting.values().map(|(waiting, _)| waiting.clone()).collect()
    }

    fn remove(&mut self, number: u64) {
        self.waiting.remove(&number);
    }
}

/// A place in the line. Dropped, it is given up.
pub(crate) struct Ticket {
    number: u64,
    settled: Arc<OnceLock<Settled>>,
    state: Arc<Mutex<State>>,
}

impl Ticket {
    pub(super) fn new(
        number: u64,
        settled: Arc<OnceLock<Settled>>,
        state: Arc<Mutex<State>>,
    ) -> Ticket {
        Ticket { number, settled, state }
    }

    /// The word, once there is one. The worker's session is called when there is.
    pub(crate) fn settled(&self) -> Option<&Settled> {
        self.settled.get()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        lock(&self.state).waiting.remove(self.number);
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("number", &self.number).finish_non_exhaustive()
    }
}
