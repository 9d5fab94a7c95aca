//! What is said of identities before anybody is asked.

use super::Identity;
use crate::bus::Pattern;
use crate::config;

/// Somebody's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// They come in.
    Approve,
    /// They do not.
    Refuse,
}

/// What the rules say of one identity.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It comes in.
    Accepted,
    /// It does not; the sentence says why.
    Refused(String),
    /// Somebody has to be asked.
    Asks,
}

/// The configuration's patterns, and what people have said for good.
#[derive(Debug, Default)]
pub(super) struct Rules {
    accept: Vec<Pattern>,
    approve: Vec<Pattern>,
    refuse: Vec<Pattern>,
    /// The newest last, which wins.
    standing: Vec<(Pattern, Verdict)>,
}

impl Rules {
    /// Takes the patterns of a configuration that was checked; what people said stays.
    pub(super) fn set(&mut self, config: &config::Identities) {
        let read = |all: &[String]| all.iter().filter_map(|text| Pattern::new(text).ok()).collect();
        self.accept = read(&config.accept);
        self.approve = read(&config.approve);
        self.refuse = read(&config.refuse);
    }

    /// Remembers somebody's word, in the place of an earlier one about the same. `false`:
    /// there is no room for it.
    pub(super) fn say(&mut self, pattern: &Pattern, verdict: Verdict, most: usize) -> bool {
        self.standing.retain(|(known, _)| known != pattern);
        if self.standing.len() >= most {
            return false;
        }
        self.standing.push((pattern.clone(), verdict));
        true
    }

    /// What people have said for good, oldest first.
    pub(super) fn standing(&self) -> &[(Pattern, Verdict)] {
        &self.standing
    }

    pub(super) fn judge(&self, identity: &Identity) -> Judgement {
        let is_about = |pattern: &&Pattern| identity.is_matched_by(pattern);
        if let Some(pattern) = self.refuse.iter().find(is_about) {
            return Judgement::Refused(format!(
                "{identity} is refused by {:?} in identities.refuse of the hub's configuration",
                pattern.as_str()
            ));
        }
        let mut said = self.standing.iter().rev();
        match said.find(|(pattern, _)| identity.is_matched_by(pattern)) {
            Some((_, Verdict::Approve)) => return Judgement::Accepted,
            Some((pattern, Verdict::Refuse)) => {
                return Judgement::Refused(format!(
                    "{identity} was refused for good, as {:?}; `slotway approve` takes that back",
                    pattern.as_str()
                ));
            }
            None => {}
        }
        if self.approve.iter().any(|pattern| is_about(&pattern)) {
            return Judgement::Asks;
        }
        if self.accept.iter().any(|pattern| is_about(&pattern)) {
            return Judgement::Accepted;
        }
        Judgement::Refused(format!(
            "{identity} is in neither identities.accept nor identities.approve of the hub's \
             configuration; add it, or its name, to one of them"
        ))
    }
}
