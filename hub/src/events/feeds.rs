//! Feeds of the bus: one for all clients that want the same in the same form.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::value::RawValue;

use crate::bus::{Bus, Event, Pattern, Refusal, Scope, Sink, Tap};
use crate::config::Envelope;
use crate::sse::{Entry, Farewell, Feed, Message, Reason, Settings, Streams};

/// In what form clients want events, and whose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Form {
    pub(super) scope: Scope,
    pub(super) envelope: Envelope,
}

/// What clients share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// In order, each once.
    pub(super) patterns: Arc<[Pattern]>,
    pub(super) form: Form,
}

/// All of them, by what they carry.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    known: Mutex<HashMap<Key, Weak<Shared>>>,
}

/// A feed, for as long as anybody has it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) feed: Arc<Carrier>,
    /// What clients are told at the beginning, as JSON.
    pub(super) ready: Arc<str>,
    /// What is listened to, for the log.
    pub(super) what: Arc<str>,
    key: Key,
    feeds: Weak<Feeds>,
    _tap: Tap,
}

/// Takes events off the bus.
pub(super) struct Carrier {
    pub(super) feed: Feed<Item>,
    form: Form,
}

/// An event on its way to clients.
pub(super) struct Item {
    event: Event,
    envelope: Envelope,
}

impl Form {
    /// Whether clients get events of this principal.
    pub(super) fn takes(&self, principal: Option<&str>) -> bool {
        match &self.scope {
            // Not the bus's own meaning: a client hears the system as well as itself.
            Scope::Principal(own) => principal.is_none_or(|principal| principal == &**own),
            scope => scope.takes(principal),
        }
    }

    pub(super) fn entry(&self, event: &Event) -> Item {
        Item { event: event.clone(), envelope: self.envelope }
    }
}

impl Feeds {
    /// The feed that carries this, made if it is not there.
    pub(super) fn get(
        self: &Arc<Self>,
        key: &Key,
        bus: &Bus,
        streams: &Streams,
        settings: impl FnOnce() -> Settings,
    ) -> Result<Arc<Shared>, Refusal> {
        let mut known = self.lock();
        if let Some(shared) = known.get(key).and_then(Weak::upgrade) {
            return Ok(shared);
        }
        let feed = streams.start(settings(), 0);
        let carrier = Arc::new(Carrier { feed, form: key.form.clone() });
        let patterns: Vec<&str> = key.patterns.iter().map(Pattern::as_str).collect();
        let tap = bus.tap(&patterns, carrier.clone())?;
        carrier.feed.begin_after(tap.seq());
        let feeds = Arc::downgrade(self);
        let topics = serde_json::json!({ "topics": patterns });
        let shared = Arc::new(Shared {
            feed: carrier,
            ready: topics.to_string().into(),
            what: patterns.join(" ").into(),
            key: key.clone(),
            feeds,
            _tap: tap,
        });
        known.insert(key.clone(), Arc::downgrade(&shared));
        Ok(shared)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Weak<Shared>>> {
        // Nothing that can panic runs under the lock.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(feeds) = self.feeds.upgrade() {
            let mut known = feeds.lock();
            // Perhaps there is another one by now.
            if known.get(&self.key).is_some_and(|shared| shared.strong_count() == 0) {
                known.remove(&self.key);
            }
        }
    }
}

impl Sink for Carrier {
    fn push(&self, event: &Event) {
        if self.form.takes(event.principal()) {
            self.feed.append_or_lose(self.form.entry(event));
        }
    }

    fn end(&self) {
        self.feed.close(Farewell::new(Reason::Closed));
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier").field("feed", &self.feed).field("form", &self.form).finish()
    }
}

impl Entry for Item {
    fn size(&self) -> usize {
        self.event.size() + self.event.topic().len()
    }

    fn mark(&self) -> u64 {
        self.event.seq()
    }

    fn write(&self, into: &mut Vec<u8>) {
        let Item { event, envelope } = self;
        let id = event.seq().to_string();
        // What a browser takes for granted need not be said.
        let kind = Some(event.kind()).filter(|kind| *kind != "message").unwrap_or_default();
        let message = |data| Message { id: Some(&id), event: kind, retry: None, data };
        match envelope {
            Envelope::None => message(event.payload()).write(into),
            Envelope::Json => message(&enveloped(event)).write(into),
        }
    }
}

/// An event as a JSON object. A payload that is JSON is part of it as `data`; one that is not
/// is its `text`.
fn enveloped(event: &Event) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Enveloped<'e> {
        topic: &'e str,
        #[serde(rename = "type")]
        kind: &'e str,
        id: &'e str,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<&'e RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'e str>,
    }
    let id = event.id();
    let text = String::from_utf8_lossy(event.payload());
    let data = serde_json::from_str::<&RawValue>(&text).ok();
    let text = data.is_none().then_some(&*text);
    let (topic, kind) = (event.topic(), event.kind());
    // A struct of strings always serialises.
    serde_json::to_vec(&Enveloped { topic, kind, id: &id, data, text }).unwrap_or_default()
}
