//! What may be part of a response's head.

use slotway_core::control::is_token;

use super::Header;
use crate::error::{Error, Result};

/// A head that was found good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checked {
    /// What a `content-length` among the headers says.
    pub(super) content_length: Option<u64>,
    /// Bytes of the encoded head.
    pub(super) encoded: usize,
}

/// The fixed part of an encoded head, and what each header takes besides its bytes.
const FIXED_BYTES: usize = 16;
const RECORD_BYTES: usize = 6;

/// Checks a status and headers.
pub(super) fn head<'h>(status: u16, headers: impl Iterator<Item = Header<'h>>) -> Result<Checked> {
    if !(200..=599).contains(&status) {
        return Err(Error::InvalidHead(format!(
            "the status {status} cannot be sent; a response's status is 200 to 599"
        )));
    }
    let mut checked = Checked { content_length: None, encoded: FIXED_BYTES };
    for (name, value) in headers {
        field(name, value)?;
        if is_content_length(name) {
            let length = content_length(value)?;
            if checked.content_length.is_some_and(|before| before != length) {
                return Err(Error::InvalidHead(
                    "the response has two different content-length headers".to_owned(),
                ));
            }
            checked.content_length = Some(length);
        } else {
            checked.encoded += RECORD_BYTES + name.len() + value.len();
        }
    }
    Ok(checked)
}

/// A `content-length` travels beside the headers, not among them.
#[inline]
pub(super) fn is_content_length(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"content-length")
}

fn field(name: &[u8], value: &[u8]) -> Result<()> {
    if !is_token(name) {
        return Err(Error::InvalidHead(format!(
            "{:?} is not a header's name; a name is letters, digits and !#$%&'*+-.^_`|~",
            name.escape_ascii().to_string()
        )));
    }
    let unfit = |b: &u8| (*b < b' ' && *b != b'\t') || *b == 0x7f;
    if let Some(byte) = value.iter().find(|b| unfit(b)) {
        return Err(Error::InvalidHead(format!(
            "the value of the header {:?} holds the byte {byte:#04x}; control characters cannot \
             be sent",
            name.escape_ascii().to_string()
        )));
    }
    if name.eq_ignore_ascii_case(b"transfer-encoding") {
        return Err(Error::InvalidHead(
            "transfer-encoding is the hub's to choose; leave it out".to_owned(),
        ));
    }
    Ok(())
}

fn content_length(value: &[u8]) -> Result<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value)
        .ok()
        .filter(|_| digits)
        // The largest number stands for "unknown" in an encoded head.
        .and_then(|value| value.parse().ok().filter(|&length| length != u64::MAX))
        .ok_or_else(|| {
            Error::InvalidHead(format!(
                "the content-length {:?} is not a number of bytes",
                value.escape_ascii().to_string()
            ))
        })
}
