//! What is measured: how many bytes, how many at once, where, and how both sides wait.

use crate::machine::Placement;

/// How the two sides of an exchange wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Both spin without limit.
    Awake,
    /// Both sleep at once.
    Asleep,
    /// Both spin a while, by core's budget with the Rust SDK's cap, and then sleep.
    Adaptive,
}

impl State {
    pub(crate) const ALL: [State; 3] = [State::Awake, State::Asleep, State::Adaptive];

    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Awake => "awake",
            State::Asleep => "asleep",
            State::Adaptive => "adaptive",
        }
    }
}

/// One square of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) placement: Placement,
    /// Bytes of the body, the same there and back.
    pub(crate) payload: usize,
    /// Exchanges in flight at once.
    pub(crate) depth: usize,
}

/// Sizes of bodies.
const PAYLOADS: [usize; 3] = [64, 4 << 10, 64 << 10];
const DEPTHS: [usize; 3] = [1, 16, 64];

impl Cell {
    pub(crate) fn all(placement: Placement) -> impl Iterator<Item = Cell> {
        PAYLOADS.into_iter().flat_map(move |payload| {
            DEPTHS.into_iter().map(move |depth| Cell { placement, payload, depth })
        })
    }

    /// Whether the bare floors can be compared with it.
    pub(crate) fn is_least(self) -> bool {
        self.payload == PAYLOADS[0] && self.depth == 1
    }

    fn size(self) -> String {
        if self.payload < 1024 {
            format!("{}B", self.payload)
        } else {
            format!("{}KiB", self.payload >> 10)
        }
    }

    /// `core.awake.64B.vs_cacheline`, `core.onecpu.asleep.4KiB.d16.vs_unix`. Two cores and
    /// one exchange at a time are not named. `core.onecpu.64B.vs_futex` is what users get on
    /// one processor, which is the adaptive state.
    pub(crate) fn name(self, state: State, reference: &str) -> String {
        let onecpu = matches!(self.placement, Placement::OneCore(_));
        if onecpu && state == State::Adaptive && reference == "futex" {
            return format!("core.onecpu.{}.vs_futex", self.size());
        }
        let place = match self.placement {
            Placement::TwoCores(..) => "",
            Placement::Unpinned => "unpinned.",
            Placement::OneCore(_) => "onecpu.",
        };
        let depth = if self.depth == 1 { String::new() } else { format!("d{}.", self.depth) };
        format!("core.{place}{}.{}.{depth}vs_{reference}", state.name(), self.size())
    }

    /// The line in the table.
    pub(crate) fn what(self, state: State) -> String {
        let size = self.size().replace('B', " B").replace("Ki ", " Ki");
        format!("{}, {}, {size}, depth {}", self.placement.name(), state.name(), self.depth)
    }
}

#[cfg(test)]
mod tests;
