//! What a worker gives to clients of a stream that it owns.

use super::fields::{Fixed, ID, PAYLOAD, Part, TYPE};
use super::{PARAMS_BYTES_MAX, RecordError, TARGET_BYTES_MAX};
use crate::head::Fields;

pub(super) const KIND: u8 = 2;
const FIXED: usize = 28;

const PATH: u8 = 1;
const PATTERN: u8 = 2;
const CONNECTION: u8 = 3;

const CLOSE: usize = 1;

const TARGET: Part = Part { name: "target", limit: TARGET_BYTES_MAX };
const PARAMS: Part = Part { name: "parameters", limit: PARAMS_BYTES_MAX };

/// Whom a push goes to.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// All clients of one path.
    Path(&'a str),
    /// All clients of the path that a route's pattern makes with these parameters.
    Pattern {
        /// The route's pattern, as it was registered.
        pattern: &'a str,
        /// The parameters; see [`Fields::from_bytes`].
        params: Fields<'a>,
    },
    /// One client.
    Connection(&'a str),
}

impl PartialEq for Target<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl<'a> Target<'a> {
    fn parts(&self) -> (u8, &'a str, &'a [u8]) {
        match *self {
            Target::Path(path) => (PATH, path, &[]),
            Target::Pattern { pattern, params } => (PATTERN, pattern, params.as_bytes()),
            Target::Connection(id) => (CONNECTION, id, &[]),
        }
    }
}

/// What a worker gives to clients of a stream that it owns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Push<'a> {
    /// Whom it goes to.
    pub target: Target<'a>,
    /// The worker's own number for the registration whose stream it is.
    pub registration: u32,
    /// The event's type; none when it is empty.
    pub kind: &'a str,
    /// The event's id; none when it is empty.
    pub id: &'a str,
    /// What it says.
    pub data: &'a [u8],
    /// Their streams end: behind the event, or at once if there is neither data nor a type
    /// nor an id.
    pub close: bool,
    /// The worker's number for it, which the answer repeats; 0 wants none.
    pub ticket: u32,
}

impl<'a> Push<'a> {
    /// Bytes of its record.
    ///
    /// # Errors
    ///
    /// A part is too long.
    pub fn length(&self) -> Result<usize, RecordError> {
        let (_, target, params) = self.target.parts();
        Ok(FIXED
            + TARGET.check(target.len())?
            + PARAMS.check(params.len())?
            + TYPE.check(self.kind.len())?
            + ID.check(self.id.len())?
            + PAYLOAD.check(self.data.len())?)
    }

    /// Gives its record to `put`, piece by piece.
    ///
    /// # Errors
    ///
    /// A part is too long; `put` was not called.
    pub fn encode(&self, mut put: impl FnMut(&[u8])) -> Result<(), RecordError> {
        let length = self.length()?;
        let (target_kind, target, params) = self.target.parts();
        let mut fixed = Fixed::<FIXED>::new(KIND, length - FIXED);
        fixed.0[5] = target_kind;
        fixed.put_u16(6, target.len());
        fixed.put_u16(8, params.len());
        fixed.put_u16(10, self.kind.len());
        fixed.put_u16(12, self.id.len());
        fixed.put_u16(14, if self.close { CLOSE } else { 0 });
        fixed.put_u32(16, self.data.len() as u32);
        fixed.put_u32(20, self.ticket);
        fixed.put_u32(24, self.registration);
        put(&fixed.0);
        for piece in [target.as_bytes(), params, self.kind.as_bytes(), self.id.as_bytes()] {
            if !piece.is_empty() {
                put(piece);
            }
        }
        put(self.data);
        Ok(())
    }

    pub(super) fn parse(record: &'a [u8]) -> Result<Push<'a>, RecordError> {
        let (fixed, mut rest) = Fixed::<FIXED>::split(record)?;
        let target = rest.text(TARGET, fixed.u16(6))?;
        let params = rest.take(PARAMS.check(fixed.u16(8))?)?;
        let kind = rest.text(TYPE, fixed.u16(10))?;
        let id = rest.text(ID, fixed.u16(12))?;
        let data = rest.payload(fixed.u32(16) as usize)?;
        rest.end()?;
        let target = match fixed.0[5] {
            PATH if params.is_empty() => Target::Path(target),
            CONNECTION if params.is_empty() => Target::Connection(target),
            PATTERN => {
                let params = Fields::from_bytes(params).map_err(|_| RecordError::Parts)?;
                Target::Pattern { pattern: target, params }
            }
            _ => return Err(RecordError::Value("target")),
        };
        let flags = fixed.u16(14);
        if flags & !CLOSE != 0 {
            return Err(RecordError::Value("flags"));
        }
        let close = flags & CLOSE != 0;
        let (registration, ticket) = (fixed.u32(24), fixed.u32(20));
        Ok(Push { target, registration, kind, id, data, close, ticket })
    }
}
