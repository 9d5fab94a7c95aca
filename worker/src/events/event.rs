//! An event that is to be published.

use slotway_core::control::{EVENT_TEXT_BYTES_MAX, check_event_text, check_topic};
use slotway_core::record::{PAYLOAD_BYTES_MAX, Principal, Publish};

use crate::error::{Error, Result};

/// An event that is to be published. It borrows what it says.
///
/// ```
/// let event = slotway::Event::new("chat.7").kind("token").text("hel");
/// # let _ = event;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    record: Publish<'a>,
}

impl<'a> Event<'a> {
    /// An event about a topic: 1 to 20 segments with dots between them, 255 bytes at most,
    /// no white space, no control characters, and no segment `*` or `#`. Its type is
    /// `message`, its payload empty, and its principal the worker's own.
    #[must_use]
    pub fn new(topic: &'a str) -> Event<'a> {
        Event { record: Publish { topic, ..Publish::default() } }
    }

    /// Its type: 255 bytes at most, without CR, LF and NUL. Empty is `message`.
    #[must_use]
    pub fn kind(mut self, kind: &'a str) -> Event<'a> {
        self.record.kind = kind;
        self
    }

    /// An id of the publisher's own, by the rule of types. Without one subscribers see its
    /// sequence number.
    #[must_use]
    pub fn id(mut self, id: &'a str) -> Event<'a> {
        self.record.id = id;
        self
    }

    /// What it says: 5 MiB at most.
    #[must_use]
    pub fn payload(mut self, payload: &'a [u8]) -> Event<'a> {
        self.record.payload = payload;
        self
    }

    /// The same for text.
    #[must_use]
    pub fn text(self, text: &'a str) -> Event<'a> {
        self.payload(text.as_bytes())
    }

    /// On whose behalf it is published, by the rule of types and not empty. Without it: the
    /// name of the connection's first registration; if there is none, nobody, as for the
    /// system's own events.
    #[must_use]
    pub fn principal(mut self, principal: &'a str) -> Event<'a> {
        self.record.principal = Principal::Named(principal);
        self
    }

    /// It is the system's own: it has no principal.
    #[must_use]
    pub fn system(mut self) -> Event<'a> {
        self.record.principal = Principal::System;
        self
    }

    /// The hub waits a little (50 ms, unless it is told otherwise) for subscribers that are
    /// full before they lose it. What this worker publishes next waits behind it.
    #[must_use]
    pub fn must_deliver(mut self) -> Event<'a> {
        self.record.must_deliver = true;
        self
    }

    /// Of the events with one key that come close together only the latest reaches
    /// subscribers. By the rule of types and not empty.
    #[must_use]
    pub fn key(mut self, key: &'a str) -> Event<'a> {
        self.record.key = Some(key);
        self
    }

    /// The last event of its key: what waits is published before it, and it is not held back.
    #[must_use]
    pub fn terminal(mut self) -> Event<'a> {
        self.record.terminal = true;
        self
    }

    /// A number that [`Publisher::take_refusals`](crate::Publisher::take_refusals) repeats
    /// if the hub does not publish the event. Default 0, which means none.
    #[must_use]
    pub fn ticket(mut self, ticket: u32) -> Event<'a> {
        self.record.ticket = ticket;
        self
    }

    pub(crate) fn record(&self) -> &Publish<'a> {
        &self.record
    }

    /// Checks it by the hub's own rules; every publish does so before it writes anything.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] says what is wrong; [`Error::TooLarge`] when the payload
    /// is.
    pub fn check(&self) -> Result<()> {
        let Publish { topic, kind, id, principal, payload, key, terminal, .. } = self.record;
        check_topic(topic)
            .map_err(|problem| invalid(format!("{topic:?} is no topic: {problem}")))?;
        let name = match principal {
            Principal::Named(name) => Some(name),
            Principal::Worker | Principal::System => None,
        };
        let texts = [("type", Some(kind)), ("id", Some(id)), ("principal", name), ("key", key)];
        for (what, text) in texts {
            let Some(text) = text else { continue };
            check_event_text(text)
                .map_err(|problem| invalid(format!("the event's {what} {problem}")))?;
            if text.is_empty() && matches!(what, "principal" | "key") {
                let rule = format!("leave it out or give 1 to {EVENT_TEXT_BYTES_MAX} bytes");
                return Err(invalid(format!("the event's {what} is empty: {rule}")));
            }
        }
        if terminal && key.is_none() {
            let what = "the event is the last of its key and has none; give it a key";
            return Err(invalid(what.to_owned()));
        }
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(Error::TooLarge { what: "the event's payload", limit: PAYLOAD_BYTES_MAX });
        }
        Ok(())
    }
}

fn invalid(what: String) -> Error {
    Error::InvalidArgument(what)
}
