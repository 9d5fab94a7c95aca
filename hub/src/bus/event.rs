//! An event that has been published.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

/// The number of an event: one sequence for the whole bus, so that order is one for
/// everybody.
pub type Seq = u64;

/// What each event counts for besides its bytes, wherever bytes are counted: what holds it
/// costs memory too, and events without payload must not be free.
pub const EVENT_OVERHEAD: usize = 64;

/// An event that has been published. Cheap to clone: everybody shares one.
#[derive(Clone)]
pub struct Event(Arc<Inner>);

/// In the order in which it is looked at, so that queues and budgets touch as few cache
/// lines of it as can be.
#[repr(C)]
pub(super) struct Inner {
    pub(super) seq: Seq,
    /// Microseconds since 1970.
    pub(super) at_us: u64,
    pub(super) size: usize,
    /// So that nobody hashes the principal again.
    pub(super) principal_hash: u64,
    pub(super) principal: Option<Arc<str>>,
    pub(super) must: bool,
    pub(super) payload: Bytes,
    pub(super) heading: Arc<Heading>,
    pub(super) id: Option<Box<str>>,
}

/// What most events of a topic have in common, so that it is made once and counted once.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) topic: Arc<str>,
    pub(super) kind: Box<str>,
}

impl Event {
    pub(super) fn new(inner: Inner) -> Event {
        Event(Arc::new(inner))
    }

    /// Its place in the order of everything that the bus published.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.0.seq
    }

    /// Its id: the publisher's own, or the sequence number as text.
    #[must_use]
    pub fn id(&self) -> Cow<'_, str> {
        match &self.0.id {
            Some(id) => Cow::Borrowed(id),
            None => Cow::Owned(self.0.seq.to_string()),
        }
    }

    /// The id that the publisher gave.
    #[must_use]
    pub fn own_id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// Where it was published.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.0.heading.topic
    }

    /// Its type.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.0.heading.kind
    }

    /// Who published it; `None` for the system itself.
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        self.0.principal.as_deref()
    }

    /// What it says.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        &self.0.payload
    }

    /// When it was published.
    #[must_use]
    pub fn at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_micros(self.0.at_us)
    }

    /// Whether it was published as must-deliver.
    #[must_use]
    pub fn is_must(&self) -> bool {
        self.0.must
    }

    /// Bytes that it counts for in budgets and in histories: payload, type, id and
    /// [`EVENT_OVERHEAD`]. Computed once, when it is published.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// Whether both are the same event, not two alike.
    #[must_use]
    pub fn is(&self, other: &Event) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn at_us(&self) -> u64 {
        self.0.at_us
    }

    pub(super) fn shared_principal(&self) -> Option<&Arc<str>> {
        self.0.principal.as_ref()
    }

    pub(super) fn principal_hash(&self) -> u64 {
        self.0.principal_hash
    }
}

/// The same event, not one like it.
impl PartialEq for Event {
    fn eq(&self, other: &Event) -> bool {
        self.is(other)
    }
}

impl Eq for Event {}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("seq", &self.seq())
            .field("id", &self.id())
            .field("topic", &self.topic())
            .field("kind", &self.kind())
            .field("principal", &self.principal())
            .field("payload_bytes", &self.payload().len())
            .finish_non_exhaustive()
    }
}
