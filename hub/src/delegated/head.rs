//! What is kept of a client's request, to be told to another worker later.

use std::net::SocketAddr;

use slotway_core::head::TraceContext;

/// Bytes of a request's headers that are kept: what a client costs while it stays.
const HEADER_BYTES_MAX: usize = 16 << 10;

/// A request's head. The route and its parameters are its path's.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// As it was sent.
    pub(crate) path: Box<str>,
    pub(crate) query: Option<Box<str>>,
    pub(crate) http_version: u8,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) trace: Option<TraceContext>,
    pub(crate) headers: Headers,
}

/// The headers are more than are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeadTooLong;

/// Headers in one piece: of each the two lengths, name and value.
#[derive(Debug, Default)]
pub(crate) struct Headers(Vec<u8>);

impl Headers {
    pub(crate) fn push(&mut self, name: &[u8], value: &[u8]) -> Result<(), HeadTooLong> {
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).map_err(|_| HeadTooLong);
        let (name_length, value_length) = (length(name)?, length(value)?);
        self.0.extend(name_length.to_le_bytes());
        self.0.extend(value_length.to_le_bytes());
        self.0.extend(name);
        self.0.extend(value);
        if self.0.len() > HEADER_BYTES_MAX { Err(HeadTooLong) } else { Ok(()) }
    }

    /// Gives back the memory that it does not need: it is kept for long.
    pub(crate) fn fit(&mut self) {
        self.0.shrink_to_fit();
    }
}

impl Head {
    /// The headers in order.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut rest = &*self.headers.0;
        std::iter::from_fn(move || {
            let (name_length, more) = rest.split_first_chunk::<2>()?;
            let (value_length, more) = more.split_first_chunk::<2>()?;
            let (name, more) = more.split_at(usize::from(u16::from_le_bytes(*name_length)));
            let (value, more) = more.split_at(usize::from(u16::from_le_bytes(*value_length)));
            rest = more;
            Some((name, value))
        })
    }

    /// The host that it is for; empty when it names none.
    pub(crate) fn host(&self) -> &str {
        let host = self.headers().find(|(name, _)| *name == b"host");
        host.and_then(|(_, value)| std::str::from_utf8(value).ok()).unwrap_or_default()
    }

    /// Bytes of its strings.
    pub(crate) fn bytes(&self) -> usize {
        self.path.len() + self.query.as_ref().map_or(0, |query| query.len()) + self.headers.0.len()
    }
}

#[cfg(test)]
mod tests;
