//! What somebody wants to hear, and how it is kept until then.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Event, Seq};

/// What somebody wants to hear, and how it is kept until it is taken.
#[derive(Debug, Clone)]
pub struct Interest {
    pub(super) patterns: Vec<String>,
    pub(super) mode: Mode,
    pub(super) label: Cow<'static, str>,
    pub(super) after: Option<Seq>,
}

impl Interest {
    /// One pattern, with the lossy queue of [`Lossy::default`] and the label `untagged`.
    #[must_use]
    pub fn new(pattern: impl Into<String>) -> Interest {
        Interest::of([pattern])
    }

    /// The same for several patterns. An event that several of them match comes once.
    #[must_use]
    pub fn of(patterns: impl IntoIterator<Item = impl Into<String>>) -> Interest {
        Interest {
            patterns: patterns.into_iter().map(Into::into).collect(),
            mode: Mode::Lossy(Lossy::default()),
            label: Cow::Borrowed("untagged"),
            after: None,
        }
    }

    /// Keeps events in one queue, in the order of their sequence.
    #[must_use]
    pub fn lossy(mut self, lossy: Lossy) -> Interest {
        self.mode = Mode::Lossy(lossy);
        self
    }

    /// Keeps events in a queue for each principal, which are served in turn.
    #[must_use]
    pub fn routed(mut self, routed: Routed) -> Interest {
        self.mode = Mode::Routed(routed);
        self
    }

    /// The name under which it is counted and logged. The bus counts
    /// [`Settings::labels_max`](super::Settings) names by themselves.
    #[must_use]
    pub fn label(mut self, label: impl Into<Cow<'static, str>>) -> Interest {
        self.label = label.into();
        self
    }

    /// Begins with what the history still holds of what came after this sequence number,
    /// after a [`Delivery::Gap`](super::Delivery::Gap) when something is gone. Nothing
    /// comes twice and nothing is left out between history and what comes next.
    #[must_use]
    pub fn after(mut self, seq: Seq) -> Interest {
        self.after = Some(seq);
        self
    }
}

/// How events are kept until they are taken.
#[derive(Debug, Clone)]
pub(super) enum Mode {
    Lossy(Lossy),
    Routed(Routed),
}

impl Mode {
    pub(super) fn takes(&self, event: &Event) -> bool {
        match self {
            Mode::Lossy(_) => true,
            Mode::Routed(routed) => routed.scope.takes(event.principal()),
        }
    }
}

/// One queue of events in the order of their sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lossy {
    /// Events that are kept at most, at least 1. Default: 1,024.
    pub capacity: usize,
    /// Bytes that are kept at most, each event counted as
    /// [`Event::size`](super::Event::size) says. An event that is larger by itself is lost,
    /// and takes no other's place. Default: 1 MiB.
    pub bytes: usize,
    /// What goes when either is used up. Default: the oldest.
    pub overflow: Overflow,
}

impl Default for Lossy {
    fn default() -> Lossy {
        Lossy { capacity: 1_024, bytes: 1 << 20, overflow: Overflow::Oldest }
    }
}

/// What is lost when a queue is full. An event that was published as must-deliver and has
/// a place is never the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// The event that has waited longest, since the latest is what matters.
    Oldest,
    /// The event that comes.
    Newest,
}

/// A queue for each principal, served in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// Whose events are kept at all. Default: everybody's.
    pub scope: Scope,
    /// Bytes of all queues together at most, each event counted as
    /// [`Event::size`](super::Event::size) says. Beyond, the principal with most bytes
    /// loses its oldest event. Default: 1 MiB.
    pub budget: usize,
    /// Events of one principal at most; beyond, it loses its oldest. Default: 16,384.
    pub per_principal: usize,
    /// Bytes that a principal may have delivered before it is another's turn; what it has
    /// had beyond that is taken off its next turns. Default: 256, a few small events.
    pub quantum: usize,
}

impl Default for Routed {
    fn default() -> Routed {
        Routed { scope: Scope::All, budget: 1 << 20, per_principal: 16_384, quantum: 256 }
    }
}

/// Whose events a subscription takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everybody's.
    All,
    /// Those without a principal.
    System,
    /// Those of one principal.
    Principal(Arc<str>),
}

impl Scope {
    /// Whether an event of this principal is taken.
    #[must_use]
    pub fn takes(&self, principal: Option<&str>) -> bool {
        match self {
            Scope::All => true,
            Scope::System => principal.is_none(),
            Scope::Principal(own) => principal == Some(own),
        }
    }
}
