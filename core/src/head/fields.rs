//! Records of names and values, and a cursor that writes into an area.

use super::{HeadError, HeadTooLong};
use crate::area::Area;

const RECORD_BYTES: usize = 6;

/// One name and its value.
pub(super) type Field<'a> = (&'a [u8], &'a [u8]);

/// Names and values in order. Names may repeat; values are any bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The records in `bytes`, after checking that there are `count` of them.
    pub(super) fn checked(bytes: &'a [u8], count: u16) -> Result<Fields<'a>, HeadError> {
        let mut fields = Fields { rest: bytes };
        let found = fields.by_ref().count();
        if !fields.rest.is_empty() {
            return Err(HeadError::Overrun);
        }
        if found != usize::from(count) {
            return Err(HeadError::Count);
        }
        Ok(Fields { rest: bytes })
    }

    /// The records in `bytes`, as [`write`](Self::write) makes them.
    ///
    /// # Errors
    ///
    /// They do not end where the bytes end.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Fields<'a>, HeadError> {
        let mut fields = Fields { rest: bytes };
        fields.by_ref().for_each(drop);
        if fields.rest.is_empty() { Ok(Fields { rest: bytes }) } else { Err(HeadError::Overrun) }
    }

    /// Gives the record of one field to `put`, piece by piece.
    ///
    /// # Errors
    ///
    /// The name has more than 65,535 bytes, or the value more than a u32 counts.
    pub fn write(name: &[u8], value: &[u8], mut put: impl FnMut(&[u8])) -> Result<(), HeadTooLong> {
        let too_long = HeadTooLong { area: usize::from(u16::MAX) };
        let name_length = u16::try_from(name.len()).map_err(|_| too_long)?;
        let value_length = u32::try_from(value.len()).map_err(|_| too_long)?;
        put(&name_length.to_le_bytes());
        put(&value_length.to_le_bytes());
        put(name);
        put(value);
        Ok(())
    }

    /// The records' bytes.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.rest
    }

    /// The value of the first field of that name, in any case of letters.
    pub fn get(mut self, name: &[u8]) -> Option<&'a [u8]> {
        self.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn split(bytes: &'a [u8]) -> Option<(Field<'a>, &'a [u8])> {
        let (record, rest) = bytes.split_first_chunk::<RECORD_BYTES>()?;
        let [n0, n1, v0, v1, v2, v3] = *record;
        let name_length = usize::from(u16::from_le_bytes([n0, n1]));
        let value_length = u32::from_le_bytes([v0, v1, v2, v3]) as usize;
        let (name, rest) = rest.split_at_checked(name_length)?;
        let (value, rest) = rest.split_at_checked(value_length)?;
        Some(((name, value), rest))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (field, rest) = Fields::split(self.rest)?;
        self.rest = rest;
        Some(field)
    }
}

/// Writes from the front of an area, never past its end.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    area: Area<'a>,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor behind a fixed part of `skip` bytes.
    pub(super) fn new(area: Area<'a>, skip: usize) -> Result<Cursor<'a>, HeadTooLong> {
        if skip > area.len() {
            return Err(HeadTooLong { area: area.len() });
        }
        Ok(Cursor { area, at: skip })
    }

    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), HeadTooLong> {
        if bytes.len() > self.area.len() - self.at {
            return Err(HeadTooLong { area: self.area.len() });
        }
        self.area.write(self.at, bytes);
        self.at += bytes.len();
        Ok(())
    }

    #[inline]
    pub(super) fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), HeadTooLong> {
        let too_long = HeadTooLong { area: self.area.len() };
        let name_length = u16::try_from(name.len()).map_err(|_| too_long)?;
        let value_length = u32::try_from(value.len()).map_err(|_| too_long)?;
        if RECORD_BYTES + name.len() + value.len() > self.area.len() - self.at {
            return Err(too_long);
        }
        let [n0, n1] = name_length.to_le_bytes();
        let [v0, v1, v2, v3] = value_length.to_le_bytes();
        self.bytes(&[n0, n1, v0, v1, v2, v3])?;
        self.bytes(name)?;
        self.bytes(value)
    }

    /// Bytes written, the fixed part included.
    pub(super) fn length(&self) -> u32 {
        // An area has 1 MiB at most.
        self.at as u32
    }

    /// Writes the fixed part.
    pub(super) fn patch(&self, fixed: &[u8]) {
        self.area.write(0, fixed);
    }
}
