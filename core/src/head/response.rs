//! Response heads.

use super::fields::Cursor;
use super::{Fields, HeadError, HeadTooLong};
use crate::area::Area;

const FIXED: usize = 16;
const UNKNOWN_LENGTH: u64 = u64::MAX;

/// Writes a response's head into an area, field by field.
#[derive(Debug)]
pub struct ResponseEncoder<'a> {
    cursor: Cursor<'a>,
    headers: u16,
}

impl<'a> ResponseEncoder<'a> {
    /// An encoder at the front of `area`.
    ///
    /// # Errors
    ///
    /// The area is shorter than the fixed part.
    pub fn new(area: Area<'a>) -> Result<ResponseEncoder<'a>, HeadTooLong> {
        Ok(ResponseEncoder { cursor: Cursor::new(area, FIXED)?, headers: 0 })
    }

    /// Appends a header.
    ///
    /// # Errors
    ///
    /// It does not fit; the encoder stays as it was.
    #[inline]
    pub fn header(&mut self, name: &[u8], value: &[u8]) -> Result<(), HeadTooLong> {
        let headers = self.headers.checked_add(1).ok_or(HeadTooLong { area: FIXED })?;
        self.cursor.field(name, value)?;
        self.headers = headers;
        Ok(())
    }

    /// Completes the head; gives its length.
    #[inline]
    pub fn finish(self, status: u16, content_length: Option<u64>) -> u32 {
        let mut fixed = [0; FIXED];
        fixed[0..4].copy_from_slice(&self.cursor.length().to_le_bytes());
        fixed[4..6].copy_from_slice(&status.to_le_bytes());
        fixed[6..8].copy_from_slice(&self.headers.to_le_bytes());
        fixed[8..16].copy_from_slice(&content_length.unwrap_or(UNKNOWN_LENGTH).to_le_bytes());
        self.cursor.patch(&fixed);
        self.cursor.length()
    }
}

/// A response's head, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct ResponseHead<'a> {
    status: u16,
    content_length: u64,
    headers: Fields<'a>,
}

impl<'a> ResponseHead<'a> {
    /// Reads a head, checking its every field against its bounds. What the fields say is
    /// for the caller to judge.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(bytes: &'a [u8]) -> Result<ResponseHead<'a>, HeadError> {
        let (fixed, rest) =
            bytes.split_first_chunk::<FIXED>().ok_or(HeadError::Truncated(bytes.len()))?;
        let [l0, l1, l2, l3, s0, s1, h0, h1, content_length @ ..] = *fixed;
        let stated = u32::from_le_bytes([l0, l1, l2, l3]);
        if stated as usize != bytes.len() {
            return Err(HeadError::Length { stated, found: bytes.len() });
        }
        Ok(ResponseHead {
            status: u16::from_le_bytes([s0, s1]),
            content_length: u64::from_le_bytes(content_length),
            headers: Fields::checked(rest, u16::from_le_bytes([h0, h1]))?,
        })
    }

    /// The status as the worker gave it: any number.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body's length if the worker knows it.
    pub fn content_length(&self) -> Option<u64> {
        (self.content_length != UNKNOWN_LENGTH).then_some(self.content_length)
    }

    /// The headers in order.
    pub fn headers(&self) -> Fields<'a> {
        self.headers
    }
}
