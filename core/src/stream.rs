//! Streams: single-producer single-consumer byte rings, one a direction in each slot.
//!
//! Positions run freely modulo 2³² and start at 0 with each exchange, so whatever fits in
//! the ring lies contiguous from its first byte. After L. Lamport's ring buffer
//! ("Proving the Correctness of Multiprocess Programs", 1977); the producer owns `tail`
//! and `end`, the consumer owns `head`, and each keeps its own position to itself:
//! the hub never reads back what it owns.
//!
//! | word | written by | ordering | pairs with |
//! |---|---|---|---|
//! | tail | producer | Release `stream.tail` | consumer's Acquire: the bytes before it are in place |
//! | end  | producer | Release `stream.end`  | consumer's Acquire: no tail will follow |
//! | head | consumer | Release `stream.head` | producer's Acquire: the bytes before it may be overwritten |
//!
//! Invariants:
//!
//! - R1 The consumer reads every byte once, in order, and only bytes that were written.
//! - R2 The producer never overwrites a byte before the consumer is through with it.
//! - R3 Who sees the end sees every byte before it.
//! - R4 A position that the other side cannot have reached is a violation, found before
//!   any byte is touched.

use crate::Violation;
use crate::area::Area;
use crate::sync::{AtomicU32, Ordering, order};

/// How a stream's producer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum End {
    /// More may come.
    Open = 0,
    /// Complete: no byte follows.
    Finished = 1,
    /// Broken off: what was sent is not the whole.
    Aborted = 2,
}

/// The producer's words of a stream.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(C))]
pub(crate) struct Producer {
    pub(crate) tail: AtomicU32,
    pub(crate) end: AtomicU32,
}

/// A stream in a region: its words and its ring. The ring's length is a power of two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream<'a> {
    pub(crate) producer: &'a Producer,
    pub(crate) head: &'a AtomicU32,
    pub(crate) ring: Area<'a>,
}

/// A stretch of a ring: where it starts and how many bytes it has before the ring wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) start: usize,
    pub(crate) length: usize,
}

impl Stream<'_> {
    /// Back to position 0. By the hub, while the slot is Writing.
    #[inline]
    pub(crate) fn reset(&self) {
        // Relaxed: published with the slot by `slot.ready`.
        self.producer.tail.store(0, Ordering::Relaxed);
        self.producer.end.store(End::Open as u32, Ordering::Relaxed);
        self.head.store(0, Ordering::Relaxed);
    }

    fn capacity(&self) -> usize {
        self.ring.len()
    }

    fn stretch(&self, position: u32, length: usize) -> Stretch {
        let start = position as usize & (self.capacity() - 1);
        Stretch { start, length: length.min(self.capacity() - start) }
    }

    fn distance(&self, tail: u32, head: u32) -> Result<usize, Violation> {
        let used = tail.wrapping_sub(head) as usize;
        if used > self.capacity() {
            Err(Violation::StreamPosition { tail, head })
        } else {
            Ok(used)
        }
    }

    /// Bytes that the producer at `tail` may write.
    #[inline]
    pub(crate) fn room(&self, tail: u32) -> Result<usize, Violation> {
        // SYNC(stream.head): Acquire; pairs with the Release in `consume`.
        let head = self.head.load(order!("stream.head", Acquire));
        Ok(self.capacity() - self.distance(tail, head)?)
    }

    /// The room that lies in one piece.
    #[cfg(not(slotway_loom))]
    pub(crate) fn writable(&self, tail: u32) -> Result<Stretch, Violation> {
        Ok(self.stretch(tail, self.room(tail)?))
    }

    /// Copies in as much of `bytes` as there is room for and publishes it.
    #[inline]
    pub(crate) fn write(&self, tail: u32, bytes: &[u8]) -> Result<usize, Violation> {
        let count = self.room(tail)?.min(bytes.len());
        if count > 0 {
            self.put(tail, &bytes[..count]);
            self.commit(tail, count);
        }
        Ok(count)
    }

    /// Copies bytes in at a position, where there is room for them, and publishes nothing.
    #[inline]
    pub(crate) fn put(&self, at: u32, bytes: &[u8]) {
        let first = self.stretch(at, bytes.len());
        self.ring.write(first.start, &bytes[..first.length]);
        self.ring.write(0, &bytes[first.length..]);
    }

    /// Publishes `count` bytes that lie behind `tail`.
    #[inline]
    pub(crate) fn commit(&self, tail: u32, count: usize) {
        // SYNC(stream.tail): Release; pairs with the Acquire in `readable`.
        self.producer.tail.store(tail.wrapping_add(count as u32), order!("stream.tail", Release));
    }

    /// Publishes the end.
    #[inline]
    pub(crate) fn close(&self, end: End) {
        // SYNC(stream.end): Release; pairs with the Acquire in `readable`.
        self.producer.end.store(end as u32, order!("stream.end", Release));
    }

    /// Bytes that the consumer at `head` may read, and how the producer stands. An end
    /// other than Open counts once these bytes are read.
    #[inline]
    pub(crate) fn readable(&self, head: u32) -> Result<(usize, End), Violation> {
        // The end first: if it is set, the tail read after it is final (R3).
        // SYNC(stream.end): Acquire; pairs with the Release in `close`.
        let end = match self.producer.end.load(order!("stream.end", Acquire)) {
            0 => End::Open,
            1 => End::Finished,
            2 => End::Aborted,
            other => return Err(Violation::StreamEnd(other)),
        };
        // SYNC(stream.tail): Acquire; pairs with the Release in `commit`.
        let tail = self.producer.tail.load(order!("stream.tail", Acquire));
        Ok((self.distance(tail, head)?, end))
    }

    /// Of `length` readable bytes, those that lie in one piece.
    #[cfg(not(slotway_loom))]
    pub(crate) fn front(&self, head: u32, length: usize) -> Stretch {
        self.stretch(head, length)
    }

    /// Copies out up to `into.len()` bytes and gives them back to the producer.
    #[inline]
    pub(crate) fn read(&self, head: u32, into: &mut [u8]) -> Result<usize, Violation> {
        let (length, _) = self.readable(head)?;
        let count = length.min(into.len());
        if count > 0 {
            let first = self.stretch(head, count);
            self.ring.read(first.start, &mut into[..first.length]);
            self.ring.read(0, &mut into[first.length..count]);
            self.consume(head, count);
        }
        Ok(count)
    }

    /// Gives `count` bytes behind `head` back to the producer.
    #[inline]
    pub(crate) fn consume(&self, head: u32, count: usize) {
        // SYNC(stream.head): Release; pairs with the Acquire in `room`. The bytes are
        // read before the producer may overwrite them.
        self.head.store(head.wrapping_add(count as u32), order!("stream.head", Release));
    }
}
