//! Who asked for memory: a backtrace for each allocation, summed up.

use std::backtrace::Backtrace;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

static REMEMBERS: AtomicBool = AtomicBool::new(false);
static FOUND: Mutex<Vec<(usize, Backtrace)>> = Mutex::new(Vec::new());

/// Frames of the library of the language, which ask on behalf of whoever called them.
const NOBODY: [&str; 13] = [
    "alloc::",
    "core::",
    "std::",
    "<alloc::",
    "<core::",
    "<std::",
    "<T as ",
    "<u8 as ",
    "<Counting",
    "slotway_counting",
    "<slotway_counting",
    "__rust",
    "__rdl",
];

/// One place that asked, with the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The innermost frames outside the language's library, the asking one first.
    pub frames: Vec<String>,
    /// How often.
    pub allocations: u64,
    /// For how many bytes in all.
    pub bytes: u64,
}

/// Keeps a backtrace for each counted allocation from now on, or stops to. It costs some
/// microseconds each, and memory.
pub fn remember_sites(remembers: bool) {
    REMEMBERS.store(remembers, Ordering::Release);
}

pub(crate) fn remember(size: usize) {
    if REMEMBERS.load(Ordering::Acquire) {
        let backtrace = Backtrace::force_capture();
        FOUND.lock().expect("nobody panicked with it").push((size, backtrace));
    }
}

/// What was remembered, summed up by the innermost `depth` frames; the most frequent first.
/// Forgets it.
pub fn sites(depth: usize) -> Vec<Site> {
    let found = std::mem::take(&mut *FOUND.lock().expect("nobody panicked with it"));
    let mut sums: BTreeMap<Vec<String>, (u64, u64)> = BTreeMap::new();
    for (size, backtrace) in &found {
        let sum = sums.entry(frames(&backtrace.to_string(), depth)).or_default();
        sum.0 += 1;
        sum.1 += *size as u64;
    }
    let mut sites: Vec<_> = sums
        .into_iter()
        .map(|(frames, (allocations, bytes))| Site { frames, allocations, bytes })
        .collect();
    sites.sort_by_key(|site| std::cmp::Reverse((site.allocations, site.bytes)));
    sites
}

fn frames(text: &str, depth: usize) -> Vec<String> {
    let mut frames: Vec<String> = Vec::new();
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        // `12: name`, and on the next line `at file:line:column`.
        let Some((_, name)) = line.split_once(": ").filter(|_| !line.starts_with("at ")) else {
            continue;
        };
        let place = lines.next_if(|line| line.starts_with("at ")).unwrap_or_default();
        if NOBODY.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let place: Vec<_> = place.rsplit('/').take(3).collect();
        let place = place.into_iter().rev().collect::<Vec<_>>().join("/");
        frames.push(format!("{name} ({place})"));
        if frames.len() == depth {
            break;
        }
    }
    frames
}
