//! What comes out of a subscription.

use std::fmt;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use slotway_core::record;

/// What comes out of a subscription: an event, or word that events were lost here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// An event.
    Event(Received),
    /// Events were lost at this place.
    Gap(Gap),
}

/// Events that were lost at this place of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// How many.
    pub missed: u64,
    /// There may have been more.
    pub at_least: bool,
    /// Whose they were, where the subscription is routed and the hub knows.
    pub principal: Option<String>,
}

/// An event that was published. It has one piece of memory of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    seq: u64,
    time_us: u64,
    /// The record's texts and payload, one behind the other.
    bytes: Box<[u8]>,
    /// Where the type, the id, the principal and the payload begin.
    begins: [u32; 4],
    has_principal: bool,
}

impl Received {
    pub(super) fn new(delivery: &record::Delivery<'_>) -> Received {
        let principal = delivery.principal.unwrap_or_default();
        let parts = [delivery.topic, delivery.kind, delivery.id, principal];
        let length = parts.iter().map(|part| part.len()).sum::<usize>() + delivery.payload.len();
        let mut bytes = Vec::with_capacity(length);
        let mut begins = [0; 4];
        for (part, begin) in parts.iter().zip(&mut begins) {
            bytes.extend_from_slice(part.as_bytes());
            // A record is shorter than 2³² bytes.
            *begin = bytes.len() as u32;
        }
        bytes.extend_from_slice(delivery.payload);
        Received {
            seq: delivery.seq,
            time_us: delivery.time_us,
            bytes: bytes.into_boxed_slice(),
            begins,
            has_principal: delivery.principal.is_some(),
        }
    }

    fn text(&self, range: Range<usize>) -> &str {
        // What was copied was text, part by part.
        std::str::from_utf8(&self.bytes[range]).unwrap_or_default()
    }

    fn begin(&self, part: usize) -> usize {
        self.begins[part] as usize
    }

    /// Its place in the order of everything that the hub published.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When it was published.
    pub fn time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_micros(self.time_us)
    }

    /// When it was published, in microseconds since 1970.
    pub fn time_us(&self) -> u64 {
        self.time_us
    }

    /// What it is about.
    pub fn topic(&self) -> &str {
        self.text(0..self.begin(0))
    }

    /// Its type.
    pub fn kind(&self) -> &str {
        self.text(self.begin(0)..self.begin(1))
    }

    /// The id that its publisher gave; without one its sequence number is its id.
    pub fn id(&self) -> Option<&str> {
        Some(self.text(self.begin(1)..self.begin(2))).filter(|id| !id.is_empty())
    }

    /// Who published it; `None` for the system.
    pub fn principal(&self) -> Option<&str> {
        self.has_principal.then(|| self.text(self.begin(2)..self.begin(3)))
    }

    /// What it says.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[self.begin(3)..]
    }

    /// What it says, if that is text.
    pub fn payload_text(&self) -> Option<&str> {
        std::str::from_utf8(self.payload()).ok()
    }

    /// Bytes that it takes here.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + size_of::<Received>()
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("seq", &self.seq)
            .field("topic", &self.topic())
            .field("kind", &self.kind())
            .field("id", &self.id())
            .field("principal", &self.principal())
            .field("payload_bytes", &self.payload().len())
            .finish_non_exhaustive()
    }
}
