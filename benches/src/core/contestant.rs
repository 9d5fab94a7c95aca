//! Who is measured in a cell, and who stands beside whom.

use std::io;
use std::time::Duration;

use super::cell::{Cell, State};
use super::{exchange, floor, unix};
use crate::machine::Placement;
use crate::measure::{Effort, Sample};
use crate::peers::{Peer, Peers};

/// One way from process to process and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Contestant {
    Ours(State),
    /// A bare cache line, both sides spinning.
    Line,
    /// A bare futex, both sides sleeping.
    Futex,
    /// A Unix stream socket.
    Unix,
    /// Another library.
    Library(Peer),
}

use Contestant::{Futex, Library, Line, Ours, Unix};
use State::{Adaptive, Asleep, Awake};

impl Contestant {
    pub(super) fn all() -> impl Iterator<Item = Contestant> {
        let libraries = Peer::ALL.into_iter().map(Library);
        [Line, Futex, Unix].into_iter().chain(State::ALL.map(Ours)).chain(libraries)
    }

    /// Whether it is measured there.
    pub(super) fn takes_part(self, cell: Cell) -> bool {
        // Whoever spins on one processor keeps the other from answering, for a whole time
        // slice: once is enough to show it.
        let alone = matches!(cell.placement, Placement::OneCore(_));
        match self {
            Line => cell.is_least() && !alone,
            Futex => cell.is_least(),
            Unix => unix::fits(cell),
            Ours(Awake) => cell.is_least() || !alone,
            Ours(Asleep | Adaptive) => true,
            Library(peer) => peer.sleeps() || !alone,
        }
    }

    /// One round.
    pub(super) fn round(self, cell: Cell, peers: &mut Peers) -> io::Result<Sample> {
        let effort = match cell.depth {
            1 => Effort { warm_up: 1_000, count: 20_000, limit: Duration::from_millis(200) },
            _ => Effort { warm_up: 10_000, count: 200_000, limit: Duration::from_millis(150) },
        };
        match self {
            Ours(state) => exchange::round(cell, state, effort),
            Line => floor::line_round(cell, effort),
            Futex => floor::futex_round(cell, effort),
            Unix => unix::round(cell, effort),
            Library(peer) => peers.round(peer, cell, effort),
        }
    }

    /// Whether the run goes on without it.
    pub(super) fn is_foreign(self) -> bool {
        matches!(self, Library(_))
    }

    /// As people know it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Ours(Awake) => "always spinning",
            Ours(Asleep) => "never spinning",
            Ours(Adaptive) => "adaptive",
            Line => "cache line",
            Futex => "futex",
            Unix => "Unix socket",
            Library(peer) => peer.label(),
        }
    }

    /// As scripts know it.
    pub(super) fn short(self) -> &'static str {
        match self {
            Ours(Awake) => "spin",
            Ours(Asleep) => "sleep",
            Ours(Adaptive) => "adaptive",
            Line => "cacheline",
            Futex => "futex",
            Unix => "unix",
            Library(peer) => peer.short(),
        }
    }
}

/// What our exchange in a state is compared with.
pub(super) fn beside(cell: Cell, state: State) -> &'static [Contestant] {
    match (cell.placement, state) {
        (_, Awake) => &[Line, Library(Peer::Iceoryx2Polling)],
        (_, Asleep) => &[Futex, Unix, Library(Peer::Iceoryx2Event)],
        // On one processor what matters is what users get there, and the floor is the futex.
        (Placement::OneCore(_), Adaptive) => {
            &[Futex, Ours(Awake), Ours(Asleep), Unix, Library(Peer::Slotbus)]
        }
        (_, Adaptive) => &[Ours(Awake), Ours(Asleep), Unix, Library(Peer::Slotbus)],
    }
}
