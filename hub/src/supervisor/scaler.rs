//! How many instances the load calls for.
//!
//! Upwards: a request has waited for longer than it should, and no instance is on its way.
//! Downwards, slowly: for a while nobody has waited, and what was in flight at most would have
//! left a quarter of one instance fewer free.

use std::time::{Duration, Instant};

use crate::config::Program;

/// What was seen of a worker's load.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    /// How long the request that has waited longest for an instance has waited.
    pub(super) wait: Option<Duration>,
    /// Requests in flight.
    pub(super) in_flight: u64,
    /// As many as there may be.
    pub(super) capacity: u64,
}

/// What is remembered of a worker's load.
#[derive(Debug, Default)]
pub(super) struct Scaler {
    /// Since when nobody has waited.
    calm: Option<Instant>,
    /// The most that was in flight since then.
    peak: u64,
}

impl Scaler {
    /// Looks at the load; gives how many instances are to run, if not `wanted`. `settled`:
    /// all that are wanted serve.
    pub(super) fn look(
        &mut self,
        program: &Program,
        wanted: u32,
        settled: bool,
        load: Load,
        now: Instant,
    ) -> Option<u32> {
        let (min, max) = program.bounds();
        if load.wait.is_some_and(|wait| wait >= program.scale_up_wait) {
            self.calm = None;
            return (settled && wanted < max).then_some(wanted + 1);
        }
        let calm = *self.calm.get_or_insert_with(|| {
            self.peak = 0;
            now
        });
        self.peak = self.peak.max(load.in_flight);
        if now - calm < program.scale_down_after {
            return None;
        }
        // Each further step has a time of its own.
        let peak = self.peak;
        self.calm = None;
        let instances = u64::from(wanted);
        let fits = peak * 4 * instances <= load.capacity * 3 * instances.saturating_sub(1);
        (settled && wanted > min && fits).then_some(wanted - 1)
    }
}

#[cfg(test)]
mod tests;
