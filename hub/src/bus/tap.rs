//! Sinks that are called while the bus holds its lock.

use std::fmt;
use std::sync::Weak;

use super::Event;
use super::Pattern;
use super::bus::Shared;
use super::event::Seq;
use super::index::TargetId;

/// Where a [`Tap`] puts events.
///
/// It is called under the bus's lock, in the order of the sequence: everybody waits for it.
/// So it only keeps the event and wakes somebody. It must not call the bus, which would wait
/// for itself for ever, and must not panic.
pub trait Sink: Send + Sync + fmt::Debug {
    /// An event that one of the tap's patterns matches.
    fn push(&self, event: &Event);

    /// The bus was shut down: nothing more will come.
    fn end(&self) {}
}

/// Keeps a sink attached until it is dropped.
#[derive(Debug)]
#[must_use = "the sink is detached when this is dropped"]
pub struct Tap {
    pub(super) bus: Weak<Shared>,
    pub(super) id: TargetId,
    pub(super) patterns: Box<[Pattern]>,
    pub(super) seq: Seq,
}

impl Tap {
    /// The last number that was given before the sink was attached: it gets every event
    /// after this one, and none up to it.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// What is tapped.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        if let Some(bus) = self.bus.upgrade() {
            bus.leave(&self.patterns, self.id);
        }
    }
}

/// Keeps an observer until it is dropped.
#[derive(Debug)]
#[must_use = "the observer is gone when this is dropped"]
pub struct Observer(pub(super) Tap);

impl Observer {
    /// What is observed.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        self.0.patterns()
    }
}
