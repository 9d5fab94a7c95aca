//! Whose a connection is: which process that was started here has made it, itself or through
//! one that it has started.

use std::collections::HashMap;
use std::sync::Arc;

use rustix::process::{Pid, getpgid};

use crate::instance::{Instance, Registration};
use crate::registry::Live;

/// Parents that are asked for, at most: nobody's children are that deep.
const DEPTH_MAX: usize = 64;

/// A worker and what it has registered.
pub(super) type Connected = (Arc<Instance>, Vec<Arc<Registration>>);

/// What is known of connections, and of the processes that may have made them.
#[derive(Debug, Default)]
pub(super) struct Owners {
    /// Processes that were started here, each with its instance's name and the last connection
    /// that was there before it.
    leaders: HashMap<u32, Leader>,
    /// The owners that were found, by the connection's number.
    found: HashMap<u64, u32>,
}

#[derive(Debug)]
struct Leader {
    label: String,
    before: u64,
}

impl Owners {
    /// A process was started.
    pub(super) fn add(&mut self, pid: u32, label: &str, live: &Live) {
        let before = live.workers.iter().map(|(instance, _)| instance.who.id).max().unwrap_or(0);
        self.leaders.insert(pid, Leader { label: label.to_owned(), before });
    }

    /// It has ended.
    pub(super) fn remove(&mut self, pid: u32) {
        self.leaders.remove(&pid);
        self.found.retain(|_, owner| *owner != pid);
    }

    /// Forgets connections that are gone.
    pub(super) fn sweep(&mut self, live: &Live) {
        // They are in the order of their numbers.
        let is_there = |id: &u64| live.workers.binary_search_by_key(id, |(it, _)| it.who.id);
        self.found.retain(|id, _| is_there(id).is_ok());
    }

    /// The process that a connection belongs to, if it is one of ours.
    pub(super) fn of(&mut self, instance: &Instance) -> Option<u32> {
        let who = &instance.who;
        if let Some(owner) = self.found.get(&who.id) {
            return Some(*owner);
        }
        let by_pid = who.pid.and_then(|pid| self.by_pid(pid));
        let owner = by_pid.or_else(|| self.by_label(who.label.as_deref()?, who.id))?;
        self.found.insert(who.id, owner);
        Some(owner)
    }

    /// The process that this one is, or was started by.
    pub(super) fn by_pid(&self, pid: u32) -> Option<u32> {
        if self.leaders.contains_key(&pid) {
            return Some(pid);
        }
        let group = Pid::from_raw(pid.cast_signed()).and_then(|pid| getpgid(Some(pid)).ok());
        let group = group.map(|group| group.as_raw_nonzero().get().cast_unsigned());
        if let Some(group) = group.filter(|group| self.leaders.contains_key(group)) {
            return Some(group);
        }
        let ancestors = std::iter::successors(parent(pid), |pid| parent(*pid));
        ancestors.take(DEPTH_MAX).find(|pid| self.leaders.contains_key(pid))
    }

    /// One that is out of sight, as in a container, is known by its name: it is of the youngest
    /// process of that name that was there before it.
    fn by_label(&self, label: &str, id: u64) -> Option<u32> {
        let named = self.leaders.iter().filter(|(_, it)| it.label == label && it.before < id);
        named.max_by_key(|(_, it)| it.before).map(|(pid, _)| *pid)
    }

    /// The connections of each of our processes, with what they have registered.
    pub(super) fn connections<'l>(&mut self, live: &'l Live) -> HashMap<u32, Vec<&'l Connected>> {
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        for worker in &live.workers {
            if let Some(owner) = self.of(&worker.0) {
                all.entry(owner).or_default().push(worker);
            }
        }
        all
    }
}

/// Whether requests reach a worker: it has registered something, and has shown that it takes
/// a slot.
pub(super) fn serves(instance: &Instance, registrations: &[Arc<Registration>]) -> bool {
    instance.is_live()
        && instance.has_proven_itself()
        && registrations.iter().any(|registration| !registration.is_closing())
}

fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; the state and the parent come after it.
    let parent = stat.rsplit(')').next()?.split_ascii_whitespace().nth(1)?.parse().ok()?;
    (parent > 1).then_some(parent)
}
