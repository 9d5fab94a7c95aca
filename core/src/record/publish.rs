//! A worker's event on its way to the bus.

use super::RecordError;
use super::fields::{Fixed, ID, KEY, PAYLOAD, PRINCIPAL, TOPIC, TYPE};

pub(super) const KIND: u8 = 1;
const FIXED: usize = 24;

const MUST_DELIVER: u8 = 1;
const TERMINAL: u8 = 2;
const KEYED: u8 = 4;
const PRINCIPAL_GIVEN: u8 = 1 << 4;
const PRINCIPAL_NONE: u8 = 2 << 4;
const PRINCIPAL_BITS: u8 = 3 << 4;

/// Who publishes an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Principal<'a> {
    /// The worker: the name of its first registration, or if it has none, nobody.
    #[default]
    Worker,
    /// Nobody: the system.
    System,
    /// Somebody on whose behalf the worker speaks.
    Named(&'a str),
}

/// An event that a worker publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Publish<'a> {
    /// What it is about.
    pub topic: &'a str,
    /// Its type.
    pub kind: &'a str,
    /// Its id; none when it is empty.
    pub id: &'a str,
    /// Who publishes it.
    pub principal: Principal<'a>,
    /// What it says.
    pub payload: &'a [u8],
    /// Subscribers that are full are waited for, a little.
    pub must_deliver: bool,
    /// Of the events with one key that come close together only the latest counts.
    pub key: Option<&'a str>,
    /// The last event of its key.
    pub terminal: bool,
    /// The worker's number for it, which a refusal repeats; 0 for none.
    pub ticket: u32,
}

impl<'a> Publish<'a> {
    fn principal(&self) -> &'a str {
        match self.principal {
            Principal::Named(name) => name,
            Principal::Worker | Principal::System => "",
        }
    }

    /// Bytes of its record.
    ///
    /// # Errors
    ///
    /// A part is too long.
    #[inline]
    pub fn length(&self) -> Result<usize, RecordError> {
        Ok(FIXED
            + TOPIC.check(self.topic.len())?
            + TYPE.check(self.kind.len())?
            + ID.check(self.id.len())?
            + PRINCIPAL.check(self.principal().len())?
            + KEY.check(self.key.unwrap_or_default().len())?
            + PAYLOAD.check(self.payload.len())?)
    }

    /// Gives its record to `put`, piece by piece.
    ///
    /// # Errors
    ///
    /// A part is too long; `put` was not called.
    #[inline]
    pub fn encode(&self, mut put: impl FnMut(&[u8])) -> Result<(), RecordError> {
        let length = self.length()?;
        let mut fixed = Fixed::<FIXED>::new(KIND, length - FIXED);
        let key = self.key.unwrap_or_default();
        fixed.0[5] = if self.must_deliver { MUST_DELIVER } else { 0 }
            | if self.terminal { TERMINAL } else { 0 }
            | if self.key.is_some() { KEYED } else { 0 }
            | match self.principal {
                Principal::Worker => 0,
                Principal::Named(_) => PRINCIPAL_GIVEN,
                Principal::System => PRINCIPAL_NONE,
            };
        let principal = self.principal();
        fixed.put_u16(6, self.topic.len());
        fixed.put_u16(8, self.kind.len());
        fixed.put_u16(10, self.id.len());
        fixed.put_u16(12, principal.len());
        fixed.put_u16(14, key.len());
        fixed.put_u32(16, self.payload.len() as u32);
        fixed.put_u32(20, self.ticket);
        put(&fixed.0);
        for text in [self.topic, self.kind, self.id, principal, key] {
            if !text.is_empty() {
                put(text.as_bytes());
            }
        }
        put(self.payload);
        Ok(())
    }

    /// Reads a whole record.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    #[inline]
    pub(super) fn parse(record: &'a [u8]) -> Result<Publish<'a>, RecordError> {
        let (fixed, mut rest) = Fixed::<FIXED>::split(record)?;
        let flags = fixed.0[5];
        let topic = rest.text(TOPIC, fixed.u16(6))?;
        let kind = rest.text(TYPE, fixed.u16(8))?;
        let id = rest.text(ID, fixed.u16(10))?;
        let name = rest.text(PRINCIPAL, fixed.u16(12))?;
        let key = rest.text(KEY, fixed.u16(14))?;
        let payload = rest.payload(fixed.u32(16) as usize)?;
        rest.end()?;
        if flags & !(MUST_DELIVER | TERMINAL | KEYED | PRINCIPAL_BITS) != 0 {
            return Err(RecordError::Value("flags"));
        }
        let principal = match flags & PRINCIPAL_BITS {
            PRINCIPAL_GIVEN => Principal::Named(name),
            0 if name.is_empty() => Principal::Worker,
            PRINCIPAL_NONE if name.is_empty() => Principal::System,
            _ => return Err(RecordError::Value("principal")),
        };
        if flags & KEYED == 0 && !key.is_empty() {
            return Err(RecordError::Value("key"));
        }
        Ok(Publish {
            topic,
            kind,
            id,
            principal,
            payload,
            must_deliver: flags & MUST_DELIVER != 0,
            key: (flags & KEYED != 0).then_some(key),
            terminal: flags & TERMINAL != 0,
            ticket: fixed.u32(20),
        })
    }
}
