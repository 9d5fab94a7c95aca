//! The fixed part of a record, and the texts behind it.

use super::{
    ID_BYTES_MAX, KEY_BYTES_MAX, PAYLOAD_BYTES_MAX, PRINCIPAL_BYTES_MAX, RecordError,
    TOPIC_BYTES_MAX, TYPE_BYTES_MAX,
};

/// A fixed part of `N` bytes, being written or read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> Fixed<N> {
    /// That of a record of `rest` bytes behind it.
    #[inline]
    pub(super) fn new(kind: u8, rest: usize) -> Fixed<N> {
        let mut fixed = Fixed([0; N]);
        // Every part was checked, so the sum is below RECORD_BYTES_MAX.
        fixed.put_u32(0, (N + rest) as u32);
        fixed.0[4] = kind;
        fixed
    }

    /// Splits a record into its fixed part and what follows.
    #[inline]
    pub(super) fn split(record: &[u8]) -> Result<(Fixed<N>, Rest<'_>), RecordError> {
        let (fixed, rest) = record.split_first_chunk::<N>().ok_or(RecordError::Parts)?;
        Ok((Fixed(*fixed), Rest(rest)))
    }

    #[inline]
    pub(super) fn put_u16(&mut self, at: usize, value: usize) {
        // Every length was checked and is far below 65,536.
        self.0[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
    }

    #[inline]
    pub(super) fn put_u32(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    #[inline]
    pub(super) fn put_u64(&mut self, at: usize, value: u64) {
        self.0[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    #[inline]
    pub(super) fn u16(&self, at: usize) -> usize {
        u16::from_le_bytes([self.0[at], self.0[at + 1]]).into()
    }

    #[inline]
    pub(super) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    #[inline]
    pub(super) fn u64(&self, at: usize) -> u64 {
        u64::from(self.u32(at)) | u64::from(self.u32(at + 4)) << 32
    }
}

/// What follows the fixed part and was not read yet.
#[derive(Debug)]
pub(super) struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(RecordError::Parts)?;
        self.0 = rest;
        Ok(taken)
    }

    #[inline]
    pub(super) fn text(&mut self, part: Part, length: usize) -> Result<&'a str, RecordError> {
        let text = core::str::from_utf8(self.take(length)?);
        let text = text.map_err(|_| RecordError::Text(part.name))?;
        part.check(text.len())?;
        Ok(text)
    }

    #[inline]
    pub(super) fn payload(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let payload = self.take(length)?;
        PAYLOAD.check(length)?;
        Ok(payload)
    }

    /// Nothing is left over.
    #[inline]
    pub(super) fn end(self) -> Result<(), RecordError> {
        if self.0.is_empty() { Ok(()) } else { Err(RecordError::Parts) }
    }
}

/// A part of a record: its name for errors, and the bytes that it may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) limit: usize,
}

pub(super) const TOPIC: Part = Part { name: "topic", limit: TOPIC_BYTES_MAX };
pub(super) const TYPE: Part = Part { name: "type", limit: TYPE_BYTES_MAX };
pub(super) const ID: Part = Part { name: "id", limit: ID_BYTES_MAX };
pub(super) const PRINCIPAL: Part = Part { name: "principal", limit: PRINCIPAL_BYTES_MAX };
pub(super) const KEY: Part = Part { name: "key", limit: KEY_BYTES_MAX };
pub(super) const PAYLOAD: Part = Part { name: "payload", limit: PAYLOAD_BYTES_MAX };

impl Part {
    /// Checks its length; gives it.
    #[inline]
    pub(super) fn check(self, length: usize) -> Result<usize, RecordError> {
        if length <= self.limit {
            Ok(length)
        } else {
            Err(RecordError::TooLong { part: self.name, length, limit: self.limit })
        }
    }
}
