//! Follows `transfer-encoding: chunked` to its end (RFC 9112, section 7.1).
//!
//! It reads only what is between the data: sizes, extensions and trailers. What it lets
//! pass hyper reads too, and in the same way; what two readers might take differently it
//! refuses.

use super::head::{is_field_byte, is_token_byte};

/// Bytes of one size line, and of all trailers together, at most.
const LINE_BYTES_MAX: u16 = 4096;
const TRAILER_BYTES_MAX: u16 = 16 << 10;

/// Where a chunked body stands.
#[derive(Debug)]
pub(super) struct Chunks {
    state: State,
    /// The size of the chunk whose line is being read, then what is left of its data.
    left: u64,
    /// Bytes of the size line, or of the trailers, so far.
    spent: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first digit of a size.
    Start,
    Digits,
    /// White space after the size.
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the beginning of a line after the last chunk.
    Trailer,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    End,
}

impl Chunks {
    pub(super) fn new() -> Chunks {
        Chunks { state: State::Start, left: 0, spent: 0 }
    }

    /// Whether the body has ended.
    pub(super) fn is_ended(&self) -> bool {
        self.state == State::End
    }

    /// Goes on over `bytes` to the body's end or theirs. Gives how many of them belong to
    /// the body.
    ///
    /// # Errors
    ///
    /// How many bytes were good, and a sentence about the next one.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<usize, (usize, &'static str)> {
        let mut at = 0;
        while at < bytes.len() && self.state != State::End {
            if self.state == State::Data {
                let here = (bytes.len() - at) as u64;
                let taken = self.left.min(here);
                self.left -= taken;
                at += taken as usize;
                if self.left == 0 {
                    self.state = State::DataCr;
                }
                continue;
            }
            self.state = self.step(bytes[at]).map_err(|what| (at, what))?;
            at += 1;
        }
        Ok(at)
    }

    fn step(&mut self, byte: u8) -> Result<State, &'static str> {
        match self.state {
            State::Start => {
                self.left = 0;
                self.spent = 0;
                self.digit(byte)
            }
            State::Digits => match byte {
                b' ' | b'\t' => self.spend(State::Space, LINE_BYTES_MAX),
                _ => self.after_size(byte).unwrap_or_else(|| self.digit(byte)),
            },
            State::Space => match byte {
                b' ' | b'\t' => self.spend(State::Space, LINE_BYTES_MAX),
                _ => self.after_size(byte).unwrap_or(Err(BAD_SIZE)),
            },
            State::Extension => match byte {
                b'\r' => Ok(State::SizeLf),
                _ if is_field_byte(byte) => self.spend(State::Extension, LINE_BYTES_MAX),
                _ => Err("A chunk's extension holds a byte that it may not."),
            },
            State::SizeLf => match (byte, self.left) {
                (b'\n', 0) => {
                    self.spent = 0;
                    Ok(State::Trailer)
                }
                (b'\n', _) => Ok(State::Data),
                _ => Err("A chunk's size does not end with CR LF."),
            },
            State::DataCr if byte == b'\r' => Ok(State::DataLf),
            State::DataLf if byte == b'\n' => Ok(State::Start),
            State::DataCr | State::DataLf => Err("A chunk's data is longer than its size says."),
            State::Trailer => match byte {
                b'\r' => Ok(State::EndLf),
                _ if is_token_byte(byte) => self.spend(State::TrailerName, TRAILER_BYTES_MAX),
                _ => Err(BAD_TRAILER),
            },
            State::TrailerName => match byte {
                b':' => self.spend(State::TrailerValue, TRAILER_BYTES_MAX),
                _ if is_token_byte(byte) => self.spend(State::TrailerName, TRAILER_BYTES_MAX),
                _ => Err(BAD_TRAILER),
            },
            State::TrailerValue => match byte {
                b'\r' => Ok(State::TrailerLf),
                _ if is_field_byte(byte) => self.spend(State::TrailerValue, TRAILER_BYTES_MAX),
                _ => Err(BAD_TRAILER),
            },
            State::TrailerLf if byte == b'\n' => Ok(State::Trailer),
            State::EndLf if byte == b'\n' => Ok(State::End),
            State::TrailerLf | State::EndLf => Err(BAD_TRAILER),
            // Handled by the caller.
            State::Data | State::End => Ok(self.state),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<State, &'static str> {
        let digit = char::from(byte).to_digit(16).ok_or(BAD_SIZE)?;
        let size = self.left.checked_mul(16).and_then(|size| size.checked_add(digit.into()));
        self.left = size.ok_or("A chunk's size is larger than any chunk can be.")?;
        self.spend(State::Digits, LINE_BYTES_MAX)
    }

    fn after_size(&mut self, byte: u8) -> Option<Result<State, &'static str>> {
        match byte {
            b';' => Some(self.spend(State::Extension, LINE_BYTES_MAX)),
            b'\r' => Some(Ok(State::SizeLf)),
            _ => None,
        }
    }

    fn spend(&mut self, next: State, most: u16) -> Result<State, &'static str> {
        self.spent += 1;
        if self.spent > most {
            return Err("A chunk's size line, or the trailers, are too long.");
        }
        Ok(next)
    }
}

const BAD_SIZE: &str = "A chunk's size is not a hexadecimal number.";
const BAD_TRAILER: &str = "After the last chunk comes what is neither a trailer nor the end.";

#[cfg(test)]
mod tests;
