//! What a process holds, so that a survivor can be compared with itself.

use std::time::Duration;

use super::Tally;
use crate::{eventually, proc};

/// Bytes that a survivor may grow by over a whole campaign: allocators keep what they had.
const GROWTH_MAX: u64 = 64 << 20;

/// Descriptors, regions, threads and private memory of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footprint {
    pid: u32,
    descriptors: usize,
    open_regions: usize,
    mapped_regions: usize,
    threads: usize,
    private: u64,
}

impl Footprint {
    /// What it holds now.
    pub(super) fn of(pid: u32) -> Footprint {
        Footprint {
            pid,
            descriptors: proc::descriptors(pid).len(),
            open_regions: proc::open_regions(pid),
            mapped_regions: proc::mapped_regions(pid),
            threads: proc::threads(pid).len(),
            private: proc::private_bytes(pid),
        }
    }

    /// Waits until it holds no more than then; its memory may have grown a little.
    #[track_caller]
    pub(super) fn is_back(&self, who: &str, tally: &Tally) {
        let what = format!("{who} to hold no more than {self:?}");
        eventually(&what, Duration::from_secs(30), || {
            let now = Footprint::of(self.pid);
            let back = now.descriptors <= self.descriptors
                && now.open_regions == self.open_regions
                && now.mapped_regions == self.mapped_regions
                && now.threads <= self.threads;
            back.then_some(())
        });
        let growth = Footprint::of(self.pid).private.saturating_sub(self.private);
        tally.at_most(&format!("growth of {who} at most, KiB"), growth >> 10);
        assert!(growth < GROWTH_MAX, "{who} grew by {} KiB", growth >> 10);
        tally.add(&format!("checks of {who} for leaks"), 1);
    }
}
