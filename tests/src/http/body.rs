//! A response's body, read out of its framing as it comes.

use std::io::{self, Error, ErrorKind, Read};

use super::{Connection, Head};

/// Where a body stands in its framing.
#[derive(Debug)]
enum Framing {
    /// So many bytes are left.
    Length(u64),
    /// So many bytes of this chunk are left; 0 before a chunk's first line.
    Chunk(u64),
    /// Until the connection ends.
    Close,
    /// Its end was read.
    Ended,
}

/// A body in the middle of being read. Reading gives 0 at its proper end; a body that is
/// cut off is [`ErrorKind::UnexpectedEof`].
#[derive(Debug)]
pub struct Body<'a> {
    connection: &'a mut Connection,
    framing: Framing,
}

impl<'a> Body<'a> {
    pub(super) fn new(connection: &'a mut Connection, head: &Head, of_head: bool) -> Body<'a> {
        let bodiless = of_head || head.status / 100 == 1 || matches!(head.status, 204 | 304);
        let chunked = head.one("transfer-encoding").is_some_and(|coding| coding == "chunked");
        let length = head.one("content-length").map(|length| length.parse::<u64>());
        let framing = match length {
            _ if bodiless => Framing::Ended,
            _ if chunked => {
                assert!(length.is_none(), "two framings: {head:?}");
                Framing::Chunk(0)
            }
            Some(length) => Framing::Length(length.expect("content-length is a number")),
            None => Framing::Close,
        };
        Body { connection, framing }
    }

    fn chunk_length(&mut self) -> io::Result<u64> {
        let line = self.connection.read_line()?;
        let text = std::str::from_utf8(&line).unwrap_or_default();
        let digits = text.split(';').next().unwrap_or_default().trim();
        u64::from_str_radix(digits, 16)
            .map_err(|_| Error::new(ErrorKind::InvalidData, format!("a chunk's length: {text:?}")))
    }

    fn end_of_chunks(&mut self) -> io::Result<()> {
        // Trailers, if any, then an empty line.
        while !self.connection.read_line()?.is_empty() {}
        Ok(())
    }
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Framing::Chunk(0) = self.framing {
            self.framing = match self.chunk_length()? {
                0 => {
                    self.end_of_chunks()?;
                    Framing::Ended
                }
                length => Framing::Chunk(length),
            };
        }
        let most = match self.framing {
            Framing::Length(left) | Framing::Chunk(left) => left.min(into.len() as u64) as usize,
            Framing::Close => into.len(),
            Framing::Ended => 0,
        };
        if most == 0 {
            return Ok(0);
        }
        let count = self.connection.read_some(&mut into[..most])?;
        match (&mut self.framing, count) {
            (Framing::Close, 0) => self.framing = Framing::Ended,
            (_, 0) => return Err(ErrorKind::UnexpectedEof.into()),
            (Framing::Length(left), _) => *left -= count as u64,
            (Framing::Chunk(left), _) => {
                *left -= count as u64;
                if *left == 0 && !self.connection.read_line()?.is_empty() {
                    return Err(Error::new(ErrorKind::InvalidData, "a chunk without its end"));
                }
            }
            (Framing::Close | Framing::Ended, _) => {}
        }
        Ok(count)
    }
}
