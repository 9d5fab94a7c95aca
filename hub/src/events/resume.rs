//! Clients that come back.

use std::collections::VecDeque;

use super::feeds::Form;
use crate::bus::{Bus, Event, Missed, Pattern, Scope, Seq};
use crate::sse::{Entry as _, Replay, gap};

/// Bytes of what is encoded for one client at a time.
const PIECE_BYTES: usize = 64 << 10;

/// From where on a client wants events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum From {
    /// From now on.
    #[default]
    Now,
    /// After this one, which it has.
    After(Seq),
    /// After one that was never given.
    Unknown,
}

impl From {
    /// After what a client says was the last that it got.
    pub(super) fn id(id: &[u8]) -> From {
        if id.is_empty() {
            return From::Now;
        }
        // Digits and nothing else: what was not given is not to be taken for what was.
        let digits = id.iter().all(u8::is_ascii_digit) && (id[0] != b'0' || id.len() == 1);
        let number = std::str::from_utf8(id).ok().filter(|_| digits).and_then(|id| id.parse().ok());
        number.map_or(From::Unknown, From::After)
    }
}

/// What a client gets before what happens from now on.
pub(super) struct Before {
    events: VecDeque<Event>,
    form: Form,
    /// A gap comes first.
    gap: Option<Vec<u8>>,
}

impl Before {
    /// Everything that is still held of what came after `from`, up to where the feed begins
    /// for this client.
    pub(super) fn look(
        bus: &Bus,
        patterns: &[Pattern],
        form: &Form,
        from: From,
        upto: Seq,
    ) -> Option<Before> {
        let texts: Vec<&str> = patterns.iter().map(Pattern::as_str).collect();
        let (mut events, missed) = match from {
            From::Now => return None,
            From::Unknown => (Vec::new(), Missed::NeverGiven),
            From::After(last) => match bus.history(&texts, last, Some(upto)) {
                Ok(replay) => (replay.events, replay.missed),
                // The bus takes fewer patterns than the configuration allows.
                Err(_) => (Vec::new(), Missed::AtLeast(0)),
            },
        };
        events.retain(|event| form.takes(event.principal()));
        // How many of them were somebody else's is nobody's business.
        let all = form.scope == Scope::All;
        let gap = match missed {
            Missed::Exactly(0) => None,
            Missed::Exactly(count) => Some(gap(all.then_some(count), "history")),
            Missed::AtLeast(_) => Some(gap(None, "history")),
            Missed::EarlierRun => Some(gap(None, "restart")),
            Missed::NeverGiven => Some(gap(None, "unknown-id")),
        };
        let before = Before { events: events.into(), form: form.clone(), gap };
        (before.gap.is_some() || !before.events.is_empty()).then_some(before)
    }
}

impl Before {
    /// Whether there is more than a gap.
    pub(super) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }
}

impl Replay for Before {
    fn next(&mut self) -> Option<(Vec<u8>, u64)> {
        let mut bytes = self.gap.take().unwrap_or_default();
        let mut count = 0;
        while bytes.len() < PIECE_BYTES
            && let Some(event) = self.events.pop_front()
        {
            self.form.entry(&event).write(&mut bytes);
            count += 1;
        }
        (!bytes.is_empty()).then_some((bytes, count))
    }
}

#[cfg(test)]
mod tests;
