//! What is counted for a subscription, by delivery class.

/// Counts of one delivery class.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct ClassCounts {
    /// Events that its patterns and its scope let through.
    pub matched: u64,
    /// Events that its owner has taken.
    pub delivered: u64,
    /// Events that were lost: no room, larger than the budget, the deadline passed, or
    /// still queued when the subscription ended.
    pub dropped: u64,
}

/// What is counted for a subscription. For each class, and at any time, `delivered`,
/// `dropped` and what is queued or waits for room make `matched`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Events published lossily.
    pub lossy: ClassCounts,
    /// Events published as must-deliver.
    pub must: ClassCounts,
    /// Of the dropped, those that a principal had published; the others are the system's.
    pub dropped_of_principals: u64,
    /// Times that a loss was shown to the owner as a gap.
    pub gaps: u64,
    /// Events of the history that were given at the start; in none of the counts above.
    pub replayed: u64,
}

impl ClassCounts {
    fn add(&mut self, other: &ClassCounts) {
        self.matched += other.matched;
        self.delivered += other.delivered;
        self.dropped += other.dropped;
    }
}

impl Tally {
    /// Events dropped, whatever their class.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.lossy.dropped + self.must.dropped
    }

    /// Events delivered, whatever their class.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.lossy.delivered + self.must.delivered
    }

    /// Events matched, whatever their class.
    #[must_use]
    pub fn matched(&self) -> u64 {
        self.lossy.matched + self.must.matched
    }

    pub(super) fn class(&mut self, must: bool) -> &mut ClassCounts {
        if must { &mut self.must } else { &mut self.lossy }
    }

    pub(super) fn drop_one(&mut self, must: bool, principal: bool) {
        self.class(must).dropped += 1;
        self.dropped_of_principals += u64::from(principal);
    }

    pub(super) fn add(&mut self, other: &Tally) {
        self.lossy.add(&other.lossy);
        self.must.add(&other.must);
        self.dropped_of_principals += other.dropped_of_principals;
        self.gaps += other.gaps;
        self.replayed += other.replayed;
    }
}
