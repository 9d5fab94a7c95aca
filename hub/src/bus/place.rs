//! Where a subscription's events are: in a queue of its own, or in one that it shares.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::aftermath::Aftermath;
use super::event::Event;
use super::lane::Item;
use super::log::{Log, MemberId};
use super::pattern::Pattern;
use super::queue::{Queue, Standing};
use super::tally::Tally;

#[derive(Debug, Clone)]
pub(super) enum Place {
    Own(Arc<Queue>),
    Shared(Arc<Log>, MemberId),
}

impl Place {
    pub(super) fn patterns(&self) -> &[Pattern] {
        match self {
            Place::Own(queue) => &queue.patterns,
            Place::Shared(log, _) => &log.patterns,
        }
    }

    pub(super) fn poll_pop(&self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        match self {
            Place::Own(queue) => queue.poll_pop(cx),
            Place::Shared(log, member) => log.poll_pop(*member, cx),
        }
    }

    pub(super) fn try_pop(&self) -> Result<Item, bool> {
        match self {
            Place::Own(queue) => queue.try_pop(),
            Place::Shared(log, member) => log.try_pop(*member),
        }
    }

    pub(super) fn pop_many(&self, max: usize, max_bytes: usize, take: impl FnMut(Item)) -> usize {
        match self {
            Place::Own(queue) => queue.pop_many(max, max_bytes, take),
            Place::Shared(log, member) => log.pop_many(*member, max, max_bytes, take),
        }
    }

    pub(super) fn withdraw(&self, event: &Event, now_us: u64, after: &mut Aftermath) -> bool {
        match self {
            Place::Own(queue) => queue.withdraw(event, now_us, after),
            Place::Shared(log, member) => log.withdraw(*member, event, now_us, after),
        }
    }

    /// Ends it and counts what is there as dropped. Gives its label, what it counted, and
    /// whether nobody is left there.
    pub(super) fn leave(&self, after: &mut Aftermath) -> (Arc<str>, Tally, bool) {
        match self {
            Place::Own(queue) => (queue.label.clone(), queue.leave(after), true),
            Place::Shared(log, member) => log.leave(*member, after),
        }
    }

    pub(super) fn look(&self) -> (Tally, Standing) {
        match self {
            Place::Own(queue) => queue.look(),
            Place::Shared(log, member) => log.look(*member),
        }
    }

    pub(super) fn count_replayed(&self, events: u64, gap: bool) {
        match self {
            Place::Own(queue) => queue.count_replayed(events, gap),
            Place::Shared(log, member) => log.count_replayed(*member, events, gap),
        }
    }
}
