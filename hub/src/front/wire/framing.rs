//! How long a request's body is (RFC 9112, section 6).

use super::head::bad;
use crate::problem::{Kind, Problem};

/// Where a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// After so many bytes of a body.
    Length(u64),
    /// Where its chunks say.
    Chunked,
}

/// What a head says of its body's length.
#[derive(Debug, Default)]
pub(super) struct Lengths {
    content_length: Option<u64>,
    /// There is a `transfer-encoding`.
    coded: bool,
    /// `chunked` is named so many times.
    chunked: u32,
    /// The last coding is `chunked`.
    chunked_last: bool,
    /// There is a coding besides.
    other: bool,
}

impl Lengths {
    /// Takes note of a header line.
    pub(super) fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Problem> {
        if name.eq_ignore_ascii_case(b"content-length") {
            self.length(trim(value))
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.codings(value)
        } else {
            Ok(())
        }
    }

    fn length(&mut self, value: &[u8]) -> Result<(), Problem> {
        if self.content_length.is_some() {
            return Err(bad("The request has more than one content-length."));
        }
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Err(bad("The request's content-length is not a number."));
        }
        // Only digits, so only too large a number can fail.
        let length = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
        let length = length.filter(|&length| length <= i64::MAX as u64);
        self.content_length = length;
        length.map(|_| ()).ok_or(bad("The request's content-length is larger than any body."))
    }

    fn codings(&mut self, value: &[u8]) -> Result<(), Problem> {
        self.coded = true;
        for coding in value.split(|&byte| byte == b',') {
            let coding = trim(coding);
            if coding.is_empty() {
                return Err(bad("The request's transfer-encoding has an empty place in its list."));
            }
            self.chunked_last = coding.eq_ignore_ascii_case(b"chunked");
            self.chunked += u32::from(self.chunked_last);
            self.other |= !self.chunked_last;
        }
        Ok(())
    }

    /// The end of the head: what follows?
    pub(super) fn framing(&self, http10: bool) -> Result<Framing, Problem> {
        if !self.coded {
            return Ok(Framing::Length(self.content_length.unwrap_or(0)));
        }
        if http10 {
            return Err(bad("HTTP/1.0 has no transfer-encoding."));
        }
        if self.content_length.is_some() {
            return Err(bad(
                "The request has both a content-length and a transfer-encoding; send one.",
            ));
        }
        if self.chunked > 1 || (self.chunked == 1 && !self.chunked_last) {
            return Err(bad("The last transfer-encoding, and no other, has to be chunked."));
        }
        if self.other {
            return Err(Problem::new(
                Kind::NotImplemented,
                "The only transfer-encoding that is understood here is chunked.",
            ));
        }
        Ok(Framing::Chunked)
    }
}

/// Without the white space around it (`OWS`).
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
