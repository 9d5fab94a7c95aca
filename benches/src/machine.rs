//! The machine: its name, its processors, and who runs where.

use std::fs;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where the two processes of a measurement run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Each on a processor of its own.
    TwoCores(usize, usize),
    /// Where the kernel puts them.
    Unpinned,
    /// Both on one.
    OneCore(usize),
}

impl Placement {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Placement::TwoCores(..) => "two cores",
            Placement::Unpinned => "unpinned",
            Placement::OneCore(_) => "one core",
        }
    }

    /// The processor of the process that measures, if it has to be a certain one.
    pub(crate) fn ours(self) -> Option<usize> {
        match self {
            Placement::TwoCores(ours, _) | Placement::OneCore(ours) => Some(ours),
            Placement::Unpinned => None,
        }
    }

    /// The processor of its peer.
    pub(crate) fn theirs(self) -> Option<usize> {
        match self {
            Placement::TwoCores(_, theirs) | Placement::OneCore(theirs) => Some(theirs),
            Placement::Unpinned => None,
        }
    }
}

/// The processors that this process may use.
fn processors() -> Vec<usize> {
    let allowed = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
    (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu)).collect()
}

/// The placements that this machine allows.
pub(crate) fn placements() -> Vec<Placement> {
    match processors().as_slice() {
        [] => Vec::new(),
        [only] => vec![Placement::OneCore(*only)],
        [first, second, ..] => vec![
            Placement::TwoCores(*first, *second),
            Placement::Unpinned,
            Placement::OneCore(*first),
        ],
    }
}

/// Runs `work` on one processor, if one is named, then lets this thread run where it might
/// before.
pub(crate) fn pinned<T>(cpu: Option<usize>, work: impl FnOnce() -> T) -> std::io::Result<T> {
    let before = sched_getaffinity(None)?;
    cpu.map_or(Ok(()), pin)?;
    let result = work();
    sched_setaffinity(None, &before)?;
    Ok(result)
}

/// Keeps this thread on one processor.
pub(crate) fn pin(cpu: usize) -> std::io::Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    Ok(sched_setaffinity(None, &set)?)
}

/// The machine and its kernel in a line.
pub(crate) fn describe() -> String {
    let model = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|info| {
            let line = info.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} × {model}, Linux {}", processors().len(), kernel.trim())
}
