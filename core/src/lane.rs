//! Lanes: the two byte streams for events, beside the slots and for as long as the region.
//!
//! A region has two or none: the *outbox* (worker → hub) and the *inbox* (hub → worker).
//! Each is a [`Stream`] that never ends and two waiters: the consumer's, for bytes, and the
//! producer's, for room. A signal that finds its waiter watched raises the bit for events
//! in the signal map that the other side drains, so that a hub that falls asleep, or a
//! worker's event loop, can no more miss an event than it can miss a slot.
//!
//! ```text
//!   0  producer's position, end (always 0)      written by the producer
//! 128  consumer's position                      written by the consumer
//! 256  waiter: the consumer, for bytes          both
//! 384  waiter: the producer, for room           both
//! ```
//!
//! What flows are records (`record`). A producer writes a whole record and then moves its
//! position over all of it at once, so one that dies in between leaves whole records only.
//! A record that is longer than the ring flows through it in pieces; if its producer dies
//! on the way the consumer drops what has come.
//!
//! No ordering is new here: bytes go by the stream's, waiting by the waiters', and the bit
//! by the signal maps'.
//!
//! Invariants:
//!
//! - E1 A record that fits the ring is seen whole or not at all.
//! - E2 After the producer signalled, the consumer sees the bytes in the look that it does
//!   before it next waits, or its wait is ended; likewise for room.

use crate::Violation;
use crate::area::Area;
use crate::stream::{Producer, Stream};
use crate::sync::AtomicU32;
use crate::waiter::Waiter;

/// The words of one lane.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C))]
pub(crate) struct LaneWords {
    producer: ProducerLine,
    consumer: ConsumerLine,
    data: WaiterLine,
    room: WaiterLine,
}

#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C, align(128)))]
struct ProducerLine(Producer);

#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C, align(128)))]
struct ConsumerLine(AtomicU32);

#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C, align(128)))]
struct WaiterLine(Waiter);

#[cfg(not(slotway_loom))]
mod layout {
    use super::LaneWords;
    use crate::layout::{LANE_BYTES, LINE_PAIR};
    use core::mem::{align_of, offset_of, size_of};

    const _: () = assert!(size_of::<LaneWords>() == LANE_BYTES);
    const _: () = assert!(align_of::<LaneWords>() == LINE_PAIR);
    const _: () = assert!(offset_of!(LaneWords, consumer) == 128);
    const _: () = assert!(offset_of!(LaneWords, data) == 256);
    const _: () = assert!(offset_of!(LaneWords, room) == 384);
}

/// One lane of a region: its words and its ring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lane<'a> {
    pub(crate) words: &'a LaneWords,
    pub(crate) ring: Area<'a>,
}

impl<'a> Lane<'a> {
    #[inline]
    pub(crate) fn stream(&self) -> Stream<'a> {
        Stream { producer: &self.words.producer.0, head: &self.words.consumer.0, ring: self.ring }
    }

    /// For the consumer.
    #[inline]
    pub(crate) fn data(&self) -> &'a Waiter {
        &self.words.data.0
    }

    /// For the producer.
    #[inline]
    pub(crate) fn room(&self) -> &'a Waiter {
        &self.words.room.0
    }

    /// The room behind the producer's position.
    #[inline]
    pub(crate) fn space(&self, tail: u32) -> Result<Space<'a>, Violation> {
        let stream = self.stream();
        let room = stream.room(tail)?;
        Ok(Space { stream, tail, room, used: 0 })
    }

    /// No room.
    pub(crate) fn no_space(&self, tail: u32) -> Space<'a> {
        Space { stream: self.stream(), tail, room: 0, used: 0 }
    }
}

/// Room in an outbox or inbox that is being filled. What is put in is seen by nobody until
/// the space is published, and then all of it.
#[derive(Debug)]
#[must_use = "what a space holds is seen once it is published"]
pub struct Space<'a> {
    stream: Stream<'a>,
    tail: u32,
    room: usize,
    used: usize,
}

impl Space<'_> {
    /// Bytes that can still be put in.
    #[inline]
    pub fn room(&self) -> usize {
        self.room - self.used
    }

    /// Bytes that were put in.
    #[inline]
    pub fn used(&self) -> usize {
        self.used
    }

    /// Bytes of the ring: what there is room for at most, when nothing lies in it.
    pub fn capacity(&self) -> usize {
        self.stream.ring.len()
    }

    /// Puts bytes behind those that were put in before.
    ///
    /// # Panics
    ///
    /// When there is less room.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= self.room(), "more than there is room for");
        self.stream.put(self.tail.wrapping_add(self.used as u32), bytes);
        self.used += bytes.len();
    }

    /// Publishes what was put in; gives the producer's position after it.
    #[inline]
    pub(crate) fn commit(self) -> u32 {
        if self.used > 0 {
            self.stream.commit(self.tail, self.used);
        }
        self.tail.wrapping_add(self.used as u32)
    }
}
