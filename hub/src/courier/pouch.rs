//! What was copied out of an outbox: whole records, and the beginning of one.

use slotway_core::record::{self, RecordError};

/// Bytes that are copied out at a time.
pub(super) const CHUNK: usize = 32 << 10;

/// What was copied out and not read yet. It holds nothing while it is empty.
#[derive(Debug, Default)]
pub(super) struct Pouch {
    /// Its length is how much room there is.
    bytes: Vec<u8>,
    /// What lies in it: from here to there.
    begin: usize,
    end: usize,
}

impl Pouch {
    /// Room for the next chunk.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.bytes.copy_within(self.begin..self.end, 0);
        self.end -= self.begin;
        self.begin = 0;
        // It grows with what has come, by halves, never by what a record says of itself.
        if self.bytes.len() < self.end + CHUNK {
            let length = (self.end + CHUNK).max(self.end / 2 * 3);
            self.bytes.reserve_exact(length - self.bytes.len());
            self.bytes.resize(length, 0);
        }
        let begin = self.end;
        &mut self.bytes[begin..begin + CHUNK]
    }

    /// So much was put into that room.
    pub(super) fn filled(&mut self, count: usize) {
        self.end += count;
    }

    /// The next whole record. `None`: there is none.
    ///
    /// # Errors
    ///
    /// No record has such a length.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, RecordError> {
        match record::length(&self.bytes[self.begin..self.end])? {
            Some(length) if length <= self.end - self.begin => {
                self.begin += length;
                Ok(Some(&self.bytes[self.begin - length..self.begin]))
            }
            _ => Ok(None),
        }
    }

    /// Nothing comes for now: gives back the memory that nothing lies in.
    pub(super) fn rest(&mut self) {
        if self.begin == self.end {
            *self = Pouch::default();
        }
    }
}

#[cfg(test)]
mod tests;
