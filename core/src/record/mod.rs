//! Records: what flows through outbox and inbox.
//!
//! A record begins with its length in bytes (u32, itself included) and its kind (u8); the
//! next record follows it without a gap. `docs/region-layout.md` has the bytes.
//!
//! | kind | name | goes | says |
//! |---|---|---|---|
//! | 1 | [`Publish`] | worker → hub | publish this event |
//! | 2 | [`Push`] | worker → hub | give this to clients of a stream that the worker owns |
//! | 3 | [`Call`] | worker → hub | have this activity done |
//! | 4 | [`HangUp`] | worker → hub | nobody waits for the outcome of a call any more |
//! | 16 | [`Delivery`] | hub → worker | an event of a subscription |
//! | 17 | [`Gap`] | hub → worker | so many events of a subscription were lost here |
//! | 18 | [`Ended`] | hub → worker | nothing more comes for a subscription |
//! | 19 | [`Refused`] | hub → worker | events that the hub did not publish |
//! | 20 | [`Pushed`] | hub → worker | what became of a push |
//! | 21 | [`Outcome`] | hub → worker | what became of a call |
//!
//! Nothing here allocates. Encoding hands the pieces of a record to the caller one after
//! another, who puts them where they belong; reading borrows. What a reader is given is
//! private memory: whoever reads out of a region copies first.

mod call;
mod delivery;
mod fields;
mod notice;
mod publish;
mod push;
#[cfg(all(test, not(slotway_loom)))]
mod tests;

use core::fmt;

pub use call::{CALL_BYTES_MAX, Call, CallEnd, HangUp, Outcome};
pub use delivery::Delivery;
pub use notice::{EndReason, Ended, Gap, Pushed, RefusalReason, Refused};
pub use publish::{Principal, Publish};
pub use push::{Push, Target};

/// Bytes of a topic at most.
pub const TOPIC_BYTES_MAX: usize = 255;
/// Bytes of an event's type at most.
pub const TYPE_BYTES_MAX: usize = 255;
/// Bytes of an event's id at most.
pub const ID_BYTES_MAX: usize = 255;
/// Bytes of a principal at most.
pub const PRINCIPAL_BYTES_MAX: usize = 255;
/// Bytes of a key for coalescing at most.
pub const KEY_BYTES_MAX: usize = 255;
/// Bytes of a queue's name at most.
pub const QUEUE_BYTES_MAX: usize = 257;
/// Bytes of a payload at most.
pub const PAYLOAD_BYTES_MAX: usize = 5 << 20;
/// Bytes of the path, the pattern or the connection id that a push goes to, at most.
pub const TARGET_BYTES_MAX: usize = 8 << 10;
/// Bytes of all parameters of a push at most.
pub const PARAMS_BYTES_MAX: usize = 16 << 10;

/// Bytes of a record at most: a payload, and every other part at its longest.
pub const RECORD_BYTES_MAX: usize = PAYLOAD_BYTES_MAX + (32 << 10);

/// Bytes that every record has: its length, its kind, and three that depend on it.
const HEAD_BYTES: usize = 8;

/// A record that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// Its length is less than any record has, or more than one may have; holds it.
    Length(u32),
    /// Its kind is not one that goes this way; holds it.
    Kind(u8),
    /// Its parts do not make up its length.
    Parts,
    /// A field holds a number that means nothing; names it.
    Value(&'static str),
    /// A text is not UTF-8; names it.
    Text(&'static str),
    /// A part is longer than it may be.
    TooLong {
        /// The part.
        part: &'static str,
        /// Its length in bytes.
        length: usize,
        /// Bytes that it may have.
        limit: usize,
    },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            RecordError::Length(length) => {
                write!(f, "a record of {length} bytes; one has {HEAD_BYTES} to {RECORD_BYTES_MAX}")
            }
            RecordError::Kind(kind) => write!(f, "a record of kind {kind}, which does not go here"),
            RecordError::Parts => f.write_str("a record whose parts do not make up its length"),
            RecordError::Value(what) => write!(f, "a record whose {what} means nothing"),
            RecordError::Text(what) => write!(f, "a record whose {what} is not UTF-8"),
            RecordError::TooLong { part, length, limit } => {
                write!(f, "the {part} has {length} bytes; it may have {limit}")
            }
        }
    }
}

impl core::error::Error for RecordError {}

/// What a worker may say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FromWorker<'a> {
    /// Publish this event.
    Publish(Publish<'a>),
    /// Give this to clients of a stream that the worker owns.
    Push(Push<'a>),
    /// Have this activity done.
    Call(Call<'a>),
    /// Nobody waits for the outcome of a call any more.
    HangUp(HangUp),
}

impl<'a> FromWorker<'a> {
    /// Reads one whole record.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(record: &'a [u8]) -> Result<FromWorker<'a>, RecordError> {
        match kind(record)? {
            publish::KIND => Publish::parse(record).map(FromWorker::Publish),
            push::KIND => Push::parse(record).map(FromWorker::Push),
            call::CALL => Call::parse(record).map(FromWorker::Call),
            call::HANG_UP => HangUp::parse(record).map(FromWorker::HangUp),
            other => Err(RecordError::Kind(other)),
        }
    }
}

/// What the hub may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromHub<'a> {
    /// An event.
    Event(Delivery<'a>),
    /// Events that were lost.
    Gap(Gap<'a>),
    /// The end of a subscription.
    Ended(Ended),
    /// Events that the hub did not publish.
    Refused(Refused),
    /// What became of a push.
    Pushed(Pushed),
    /// What became of a call.
    Outcome(Outcome<'a>),
}

impl<'a> FromHub<'a> {
    /// Reads one whole record.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(record: &'a [u8]) -> Result<FromHub<'a>, RecordError> {
        match kind(record)? {
            delivery::KIND => Delivery::parse(record).map(FromHub::Event),
            notice::GAP => Gap::parse(record).map(FromHub::Gap),
            notice::ENDED => Ended::parse(record).map(FromHub::Ended),
            notice::REFUSED => Refused::parse(record).map(FromHub::Refused),
            notice::PUSHED => Pushed::parse(record).map(FromHub::Pushed),
            call::OUTCOME => Outcome::parse(record).map(FromHub::Outcome),
            other => Err(RecordError::Kind(other)),
        }
    }
}

/// The record that `bytes` begins with. `None`: it is not complete yet.
///
/// # Errors
///
/// No record has the length that stands there: nothing more can be read.
#[inline]
pub fn first(bytes: &[u8]) -> Result<Option<&[u8]>, RecordError> {
    Ok(length(bytes)?.and_then(|length| bytes.get(..length)))
}

/// The length of the record that `bytes` begins with. `None`: too few bytes to say.
///
/// # Errors
///
/// No record has the length that stands there.
#[inline]
pub fn length(bytes: &[u8]) -> Result<Option<usize>, RecordError> {
    let Some(first) = bytes.first_chunk() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes(*first);
    if (HEAD_BYTES..=RECORD_BYTES_MAX).contains(&(length as usize)) {
        Ok(Some(length as usize))
    } else {
        Err(RecordError::Length(length))
    }
}

fn kind(record: &[u8]) -> Result<u8, RecordError> {
    match length(record)? {
        Some(length) if length == record.len() => Ok(record[4]),
        _ => Err(RecordError::Parts),
    }
}
