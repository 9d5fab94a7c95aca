//! The head codec: what a request and a response are besides their bodies.
//!
//! Little-endian throughout; nothing is aligned. A head is a fixed part, then byte
//! strings in a fixed order. Names and values are records: a `u16` length of the name, a
//! `u32` length of the value, the name, the value. They keep their order and may repeat;
//! values are any bytes. `docs/region-layout.md` has the tables.
//!
//! Encoding writes straight into the slot. Decoding borrows: a worker's views lie in the
//! slot, and the hub, which trusts no region, copies a response's head out first.

mod fields;
mod request;
mod response;
#[cfg(all(test, not(slotway_loom)))]
mod tests;

use core::fmt;

pub use fields::Fields;
pub use request::{RequestEncoder, RequestHead, RequestLine, TraceContext};
pub use response::{ResponseEncoder, ResponseHead};

/// The head does not fit its area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadTooLong {
    /// Bytes of the area.
    pub area: usize,
}

impl fmt::Display for HeadTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the head does not fit into {} bytes", self.area)
    }
}

impl core::error::Error for HeadTooLong {}

/// Bytes that are not a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadError {
    /// Shorter than the fixed part; holds the length.
    Truncated(usize),
    /// The length that the head states is not the length that there is; holds both.
    Length {
        /// What the head states.
        stated: u32,
        /// What there is.
        found: usize,
    },
    /// A string or record reaches past the end.
    Overrun,
    /// The number of records is not the one that the head states.
    Count,
    /// The method, a parameter's name or the route is not UTF-8.
    Encoding,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeadError::Truncated(length) => write!(f, "a head of only {length} bytes"),
            HeadError::Length { stated, found } => {
                write!(f, "a head that states {stated} bytes where there are {found}")
            }
            HeadError::Overrun => f.write_str("a field of the head reaches past its end"),
            HeadError::Count => f.write_str("the head states another number of fields than it has"),
            HeadError::Encoding => f.write_str("a name in the head is not UTF-8"),
        }
    }
}

impl core::error::Error for HeadError {}
