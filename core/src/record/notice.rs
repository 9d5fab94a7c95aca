//! What the hub says about a subscription, a publish or a push.

use core::fmt;

use super::RecordError;
use super::fields::{Fixed, PRINCIPAL};

pub(super) const GAP: u8 = 17;
pub(super) const ENDED: u8 = 18;
pub(super) const REFUSED: u8 = 19;
pub(super) const PUSHED: u8 = 20;

const GAP_FIXED: usize = 24;
const ENDED_FIXED: usize = 12;
const REFUSED_FIXED: usize = 16;
const PUSHED_FIXED: usize = 12;

const PRINCIPAL_GIVEN: u8 = 1;
const AT_LEAST: u8 = 2;

/// Events of a subscription were lost at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gap<'a> {
    /// The worker's number for the subscription.
    pub subscription: u32,
    /// How many.
    pub missed: u64,
    /// There may have been more.
    pub at_least: bool,
    /// Whose they were, where the subscription keeps that apart.
    pub principal: Option<&'a str>,
}

impl<'a> Gap<'a> {
    /// Bytes of its record.
    ///
    /// # Errors
    ///
    /// The principal is too long.
    pub fn length(&self) -> Result<usize, RecordError> {
        Ok(GAP_FIXED + PRINCIPAL.check(self.principal.unwrap_or_default().len())?)
    }

    /// Gives its record to `put`, piece by piece.
    ///
    /// # Errors
    ///
    /// The principal is too long; `put` was not called.
    pub fn encode(&self, mut put: impl FnMut(&[u8])) -> Result<(), RecordError> {
        let principal = self.principal.unwrap_or_default();
        let mut fixed = Fixed::<GAP_FIXED>::new(GAP, PRINCIPAL.check(principal.len())?);
        fixed.0[5] = if self.principal.is_some() { PRINCIPAL_GIVEN } else { 0 }
            | if self.at_least { AT_LEAST } else { 0 };
        fixed.put_u16(6, principal.len());
        fixed.put_u32(8, self.subscription);
        fixed.put_u64(16, self.missed);
        put(&fixed.0);
        if !principal.is_empty() {
            put(principal.as_bytes());
        }
        Ok(())
    }

    pub(super) fn parse(record: &'a [u8]) -> Result<Gap<'a>, RecordError> {
        let (fixed, mut rest) = Fixed::<GAP_FIXED>::split(record)?;
        let name = rest.text(PRINCIPAL, fixed.u16(6))?;
        rest.end()?;
        let flags = fixed.0[5];
        let principal = match flags & PRINCIPAL_GIVEN {
            0 if !name.is_empty() => return Err(RecordError::Value("principal")),
            0 => None,
            _ => Some(name),
        };
        if flags & !(PRINCIPAL_GIVEN | AT_LEAST) != 0 {
            return Err(RecordError::Value("flags"));
        }
        Ok(Gap {
            subscription: fixed.u32(8),
            missed: fixed.u64(16),
            at_least: flags & AT_LEAST != 0,
            principal,
        })
    }
}

/// Why nothing more comes for a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// The worker has unsubscribed.
    Unsubscribed,
    /// The hub shuts down.
    Shutdown,
    /// A reason of a newer hub; holds its number.
    Other(u8),
}

impl EndReason {
    fn number(self) -> u8 {
        match self {
            EndReason::Unsubscribed => 1,
            EndReason::Shutdown => 2,
            EndReason::Other(number) => number,
        }
    }

    fn of(number: u8) -> EndReason {
        match number {
            1 => EndReason::Unsubscribed,
            2 => EndReason::Shutdown,
            other => EndReason::Other(other),
        }
    }
}

/// Nothing more comes for a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The worker's number for the subscription.
    pub subscription: u32,
    /// Why.
    pub reason: EndReason,
}

impl Ended {
    /// Its record.
    pub fn encode(&self) -> [u8; ENDED_FIXED] {
        let mut fixed = Fixed::<ENDED_FIXED>::new(ENDED, 0);
        fixed.0[5] = self.reason.number();
        fixed.put_u32(8, self.subscription);
        fixed.0
    }

    pub(super) fn parse(record: &[u8]) -> Result<Ended, RecordError> {
        let (fixed, rest) = Fixed::<ENDED_FIXED>::split(record)?;
        rest.end()?;
        Ok(Ended { subscription: fixed.u32(8), reason: EndReason::of(fixed.0[5]) })
    }
}

/// Why the hub did not publish an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The topic, the type or the id breaks the rule for them.
    Invalid,
    /// The payload is larger than the hub allows for its principal.
    TooLarge,
    /// Its principal publishes more bytes in a second than it may.
    Quota,
    /// The hub shuts down.
    Shutdown,
    /// Too many keys are being coalesced.
    Keys,
    /// A reason of a newer hub; holds its number.
    Other(u8),
}

impl RefusalReason {
    fn number(self) -> u8 {
        match self {
            RefusalReason::Invalid => 1,
            RefusalReason::TooLarge => 2,
            RefusalReason::Quota => 3,
            RefusalReason::Shutdown => 4,
            RefusalReason::Keys => 5,
            RefusalReason::Other(number) => number,
        }
    }

    fn of(number: u8) -> RefusalReason {
        match number {
            1 => RefusalReason::Invalid,
            2 => RefusalReason::TooLarge,
            3 => RefusalReason::Quota,
            4 => RefusalReason::Shutdown,
            5 => RefusalReason::Keys,
            other => RefusalReason::Other(other),
        }
    }

    /// The stable name, in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            RefusalReason::Invalid => "invalid",
            RefusalReason::TooLarge => "too_large",
            RefusalReason::Quota => "quota",
            RefusalReason::Shutdown => "shutdown",
            RefusalReason::Keys => "keys",
            RefusalReason::Other(_) => "other",
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Events that the hub did not publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The worker's number for the event; 0 if it gave none.
    pub ticket: u32,
    /// Why.
    pub reason: RefusalReason,
    /// How many there were: with a ticket one, without as many as came one after another.
    pub count: u32,
}

impl Refused {
    /// Its record.
    pub fn encode(&self) -> [u8; REFUSED_FIXED] {
        let mut fixed = Fixed::<REFUSED_FIXED>::new(REFUSED, 0);
        fixed.0[5] = self.reason.number();
        fixed.put_u32(8, self.ticket);
        fixed.put_u32(12, self.count);
        fixed.0
    }

    pub(super) fn parse(record: &[u8]) -> Result<Refused, RecordError> {
        let (fixed, rest) = Fixed::<REFUSED_FIXED>::split(record)?;
        rest.end()?;
        let reason = RefusalReason::of(fixed.0[5]);
        Ok(Refused { ticket: fixed.u32(8), reason, count: fixed.u32(12) })
    }
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// The worker's number for it.
    pub ticket: u32,
    /// As an HTTP status: 200 it was given to its clients, 404 there is no such stream, 410
    /// it closes, 429 its queue is full, 400 it cannot be.
    pub status: u16,
}

impl Pushed {
    /// Its record.
    pub fn encode(&self) -> [u8; PUSHED_FIXED] {
        let mut fixed = Fixed::<PUSHED_FIXED>::new(PUSHED, 0);
        fixed.put_u16(6, self.status.into());
        fixed.put_u32(8, self.ticket);
        fixed.0
    }

    pub(super) fn parse(record: &[u8]) -> Result<Pushed, RecordError> {
        let (fixed, rest) = Fixed::<PUSHED_FIXED>::split(record)?;
        rest.end()?;
        // It came out of sixteen bits.
        Ok(Pushed { ticket: fixed.u32(8), status: fixed.u16(6) as u16 })
    }
}
