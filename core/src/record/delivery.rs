//! An event on its way to a worker that has subscribed.

use super::RecordError;
use super::fields::{Fixed, ID, PAYLOAD, PRINCIPAL, TOPIC, TYPE};

pub(super) const KIND: u8 = 16;
const FIXED: usize = 40;
const PRINCIPAL_GIVEN: u8 = 1;

/// An event of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery<'a> {
    /// The worker's number for the subscription.
    pub subscription: u32,
    /// The event's place in the order of all events of the hub.
    pub seq: u64,
    /// When it was published, in microseconds since 1970.
    pub time_us: u64,
    /// What it is about.
    pub topic: &'a str,
    /// Its type.
    pub kind: &'a str,
    /// Its id; none when it is empty.
    pub id: &'a str,
    /// Who published it.
    pub principal: Option<&'a str>,
    /// What it says.
    pub payload: &'a [u8],
}

impl<'a> Delivery<'a> {
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
            + PRINCIPAL.check(self.principal.unwrap_or_default().len())?
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
        let principal = self.principal.unwrap_or_default();
        let mut fixed = Fixed::<FIXED>::new(KIND, length - FIXED);
        fixed.0[5] = if self.principal.is_some() { PRINCIPAL_GIVEN } else { 0 };
        fixed.put_u16(6, self.topic.len());
        fixed.put_u16(8, self.kind.len());
        fixed.put_u16(10, self.id.len());
        fixed.put_u16(12, principal.len());
        fixed.put_u32(16, self.payload.len() as u32);
        fixed.put_u32(20, self.subscription);
        fixed.put_u64(24, self.seq);
        fixed.put_u64(32, self.time_us);
        put(&fixed.0);
        for text in [self.topic, self.kind, self.id, principal] {
            if !text.is_empty() {
                put(text.as_bytes());
            }
        }
        put(self.payload);
        Ok(())
    }

    #[inline]
    pub(super) fn parse(record: &'a [u8]) -> Result<Delivery<'a>, RecordError> {
        let (fixed, mut rest) = Fixed::<FIXED>::split(record)?;
        let topic = rest.text(TOPIC, fixed.u16(6))?;
        let kind = rest.text(TYPE, fixed.u16(8))?;
        let id = rest.text(ID, fixed.u16(10))?;
        let name = rest.text(PRINCIPAL, fixed.u16(12))?;
        let payload = rest.payload(fixed.u32(16) as usize)?;
        rest.end()?;
        let principal = match fixed.0[5] {
            PRINCIPAL_GIVEN => Some(name),
            0 if name.is_empty() => None,
            _ => return Err(RecordError::Value("principal")),
        };
        Ok(Delivery {
            subscription: fixed.u32(20),
            seq: fixed.u64(24),
            time_us: fixed.u64(32),
            topic,
            kind,
            id,
            principal,
            payload,
        })
    }
}
