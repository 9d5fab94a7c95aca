//! What an instance may use up until another takes its place: answers and memory.

use std::collections::HashMap;
use std::fs;

use crate::chance::chance;
use crate::config::Program;
use crate::instance::Instance;

/// What is known of the processes that have limits.
#[derive(Debug, Default)]
pub(super) struct Limits {
    answers: HashMap<u32, Answers>,
}

/// Answers of one process.
#[derive(Debug)]
struct Answers {
    /// As many as it may give.
    most: u64,
    /// What each of its connections has given.
    given: HashMap<u64, u64>,
}

impl Limits {
    /// Says why a process is to be replaced, if it has given as many answers as it may.
    pub(super) fn answered<'i>(
        &mut self,
        pid: u32,
        program: &Program,
        connections: impl Iterator<Item = &'i Instance>,
    ) -> Option<String> {
        let most = program.max_requests?;
        let own = self.answers.entry(pid).or_insert_with(|| Answers {
            most: most.saturating_add(up_to(program.max_requests_jitter)),
            given: HashMap::new(),
        });
        for instance in connections {
            own.given.insert(instance.who.id, instance.metrics.counts().worker.count());
        }
        let given: u64 = own.given.values().sum();
        (given >= own.most).then(|| format!("it has given {given} answers"))
    }

    /// A process has ended.
    pub(super) fn remove(&mut self, pid: u32) {
        self.answers.remove(&pid);
    }
}

/// A number by chance, from 0 to this one.
fn up_to(most: u64) -> u64 {
    match most.checked_add(1) {
        Some(count) => chance() % count,
        None => chance(),
    }
}

/// The resident bytes of each process group, shared pages counted for each process.
pub(super) fn resident_bytes() -> HashMap<u32, u64> {
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
    let mut groups: HashMap<u32, u64> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        if !name.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        // Whoever has ended meanwhile uses nothing.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // After the name in parentheses: state, parent, group, and as the 22nd the pages.
        let Some(after) = stat.rsplit(')').next() else { continue };
        let mut fields = after.split_ascii_whitespace();
        let group = fields.nth(2).and_then(|group| group.parse().ok());
        let pages = fields.nth(18).and_then(|pages| pages.parse::<u64>().ok());
        if let (Some(group), Some(pages)) = (group, pages) {
            *groups.entry(group).or_default() += pages * page;
        }
    }
    groups
}

#[cfg(test)]
mod tests;
