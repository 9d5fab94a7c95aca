//! What a correct worker cannot have written.

use core::fmt;

use crate::record::RecordError;
use crate::word::Word;

/// A region holds something that no correct worker writes. The hub ends that worker's
/// connection and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A slot word is not what the hub left or what a worker may make of it.
    SlotWord {
        /// The slot.
        slot: u32,
        /// What the hub's own record says the generation is.
        generation: u32,
        /// What lies in the region.
        found: Word,
    },
    /// A stream's positions are further apart than its ring is long.
    StreamPosition {
        /// The producer's position.
        tail: u32,
        /// The consumer's position.
        head: u32,
    },
    /// A stream's end is none of the known ones; holds it.
    StreamEnd(u32),
    /// A response head is longer than its area.
    HeadLength {
        /// The length in the region.
        length: u32,
        /// The bytes that the area has.
        area: u32,
    },
    /// The submission queue's head is past its tail.
    QueueHead {
        /// The consumers' position.
        head: u32,
        /// The hub's position.
        tail: u32,
    },
    /// The outbox holds what is no record.
    Record(RecordError),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Violation::SlotWord { slot, generation, found } => write!(
                f,
                "the word of slot {slot} says {found:?}, which cannot follow from the hub's generation {generation}"
            ),
            Violation::StreamPosition { tail, head } => write!(
                f,
                "a stream's producer stands at {tail} and its consumer at {head}, further apart than the ring is long"
            ),
            Violation::StreamEnd(end) => write!(f, "a stream's end is {end}; it is 0, 1 or 2"),
            Violation::HeadLength { length, area } => {
                write!(f, "a response head of {length} bytes in an area of {area}")
            }
            Violation::QueueHead { head, tail } => write!(
                f,
                "the submission queue's consumers stand at {head}, past the hub's position {tail}"
            ),
            Violation::Record(error) => write!(f, "the outbox holds {error}"),
        }
    }
}

impl core::error::Error for Violation {}
