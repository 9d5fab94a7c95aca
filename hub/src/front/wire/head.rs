//! Whether a request's head is one that everybody reads alike.
//!
//! RFC 9112 leaves some things to the taste of the recipient: a lone LF as the end of a
//! line, a `content-length` beside `transfer-encoding`, several lengths that agree. Two
//! recipients of different taste on one path are what request smuggling lives on, so
//! here all of that is refused; and what is refused is told in a sentence, which hyper's
//! own errors are not. Values are judged by their bytes only; what they mean, `host` for
//! one, is for who handles the request.

use http::Uri;
use memchr::memchr;

use super::framing::{Framing, Lengths};
use crate::problem::{Kind, Problem};

/// Header lines at most: as many as hyper reads without allocating for each request.
pub(super) const FIELDS_MAX: u32 = 100;
/// The longest target that the `http` crate holds.
const TARGET_BYTES_MAX: usize = u16::MAX as usize - 1;

/// A head on its way in.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Where the line begins that is being read, from the head's first byte.
    line: usize,
    /// Up to where that line holds no LF.
    searched: usize,
    /// The request line was there.
    started: bool,
    fields: u32,
    lengths: Lengths,
    http10: bool,
    /// The method is HEAD: its response has no body.
    is_head: bool,
}

/// What a look at a head came to.
#[derive(Debug)]
pub(super) enum Scanned {
    /// It ends after so many bytes; a body of this kind follows.
    Whole(usize, Framing),
    /// More has to come.
    Part,
}

impl Head {
    /// Goes on with a head of which these are all bytes so far, and perhaps what follows.
    ///
    /// # Errors
    ///
    /// What the client is told.
    pub(super) fn scan(&mut self, bytes: &[u8], bytes_max: usize) -> Result<Scanned, Problem> {
        self.judge_beginning(bytes)?;
        while let Some(found) = memchr(b'\n', &bytes[self.searched..]) {
            let end = self.searched + found;
            if end >= bytes_max {
                break;
            }
            let Some(line) = bytes[self.line..end].strip_suffix(b"\r") else {
                return Err(bad(
                    "A line of the request's head ends with LF alone; end it with CR LF.",
                ));
            };
            self.line = end + 1;
            self.searched = end + 1;
            if !line.is_empty() {
                self.judge(line)?;
            } else if self.started {
                return Ok(Scanned::Whole(end + 1, self.lengths.framing(self.http10)?));
            }
        }
        // Also of a line that came together with empty ones before it.
        self.judge_beginning(bytes)?;
        self.searched = bytes.len();
        if bytes.len() > bytes_max {
            return Err(too_long(self.started, bytes_max));
        }
        Ok(Scanned::Part)
    }

    /// Whether nothing of it is there but the empty lines that may come before it.
    pub(super) fn is_blank(&self, bytes: &[u8]) -> bool {
        !self.started && matches!(bytes.get(self.line..), None | Some(b"" | b"\r"))
    }

    /// Whether it says HTTP/1.0.
    pub(super) fn is_http10(&self) -> bool {
        self.http10
    }

    /// Whether it asks for a head only.
    pub(super) fn is_head(&self) -> bool {
        self.is_head
    }

    /// The first byte of what should be a request line says whether it can be one.
    fn judge_beginning(&self, bytes: &[u8]) -> Result<(), Problem> {
        if !self.started && bytes.get(self.line).is_some_and(|&byte| !may_begin(byte)) {
            return Err(bad("The request does not begin with a method."));
        }
        Ok(())
    }

    fn judge(&mut self, line: &[u8]) -> Result<(), Problem> {
        if !self.started {
            self.started = true;
            return self.judge_request_line(line);
        }
        self.fields += 1;
        if self.fields > FIELDS_MAX {
            let detail = format!("The request has more than {FIELDS_MAX} header lines.");
            return Err(Problem::new(Kind::HeadTooLarge, detail));
        }
        let (name, value) = match memchr(b':', line) {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => return Err(bad("A header line has no colon.")),
        };
        if name.is_empty() || !name.iter().fold(true, |good, &byte| good & is_token_byte(byte)) {
            return Err(bad_name(name));
        }
        // A fold over all of it, which the compiler does many bytes at a time.
        if !value.iter().fold(true, |good, &byte| good & is_field_byte(byte)) {
            return Err(bad("A header's value holds CR, NUL or another control character."));
        }
        self.lengths.field(name, value)
    }

    fn judge_request_line(&mut self, line: &[u8]) -> Result<(), Problem> {
        const FORM: &str = "The request line is not a method, a target and a version with one \
                            space between them.";
        let mut parts = line.splitn(3, |&byte| byte == b' ');
        let (Some(method), Some(target), Some(version)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(bad(FORM));
        };
        if method.is_empty() || !method.iter().all(|&byte| is_token_byte(byte)) {
            return Err(bad("The request's method holds a byte that it may not."));
        }
        match version {
            b"HTTP/1.1" => {}
            b"HTTP/1.0" => self.http10 = true,
            [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
                if major.is_ascii_digit() && minor.is_ascii_digit() =>
            {
                let version = String::from_utf8_lossy(version);
                let detail = format!("{version} is not spoken here; HTTP/1.1 and HTTP/1.0 are.");
                return Err(Problem::new(Kind::VersionNotSupported, detail));
            }
            _ => return Err(bad(FORM)),
        }
        self.is_head = method == b"HEAD";
        judge_target(method, target)
    }
}

/// The four forms of a target (RFC 9112, section 3.2).
fn judge_target(method: &[u8], target: &[u8]) -> Result<(), Problem> {
    if target.len() > TARGET_BYTES_MAX {
        let detail = format!(
            "The request's target has {} bytes; {TARGET_BYTES_MAX} are allowed.",
            target.len()
        );
        return Err(Problem::new(Kind::TargetTooLong, detail));
    }
    if method == b"CONNECT" {
        return Err(Problem::new(
            Kind::NotImplemented,
            "CONNECT makes a tunnel; this is no proxy.",
        ));
    }
    match target {
        b"*" if method == b"OPTIONS" => Ok(()),
        [b'/', rest @ ..] if rest.iter().all(|&byte| PLAIN[usize::from(byte)]) => Ok(()),
        // Who sends a fragment means another resource than who receives it would serve.
        _ if memchr(b'#', target).is_some() => {
            Err(bad("The request's target holds a fragment, which never goes to a server."))
        }
        [b'/', ..] => match Uri::try_from(target) {
            Ok(_) => Ok(()),
            Err(_) => Err(bad("The request's target holds a byte that it may not.")),
        },
        _ => judge_absolute(target),
    }
}

fn judge_absolute(target: &[u8]) -> Result<(), Problem> {
    let uri = Uri::try_from(target).ok();
    let Some((uri, "http" | "https")) = uri.as_ref().and_then(|uri| Some((uri, uri.scheme_str()?)))
    else {
        return Err(bad(
            "The request's target is neither a path that begins with a slash nor a URL that \
             begins with http:// or https://.",
        ));
    };
    if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return Err(bad("The request's target names a user, which a request never does."));
    }
    Ok(())
}

fn too_long(started: bool, bytes_max: usize) -> Problem {
    if started {
        let detail = format!("The request's head has more than {bytes_max} bytes.");
        return Problem::new(Kind::HeadTooLarge, detail);
    }
    let detail = format!("The request line has more than {bytes_max} bytes.");
    Problem::new(Kind::TargetTooLong, detail)
}

#[cold]
fn bad_name(name: &[u8]) -> Problem {
    let space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if space(name.first()) {
        bad("A header line begins with white space; lines are not folded.")
    } else if space(name.last()) {
        bad("A header's name is followed by white space and not by its colon.")
    } else {
        bad("A header's name holds a byte that it may not, or is empty.")
    }
}

pub(super) fn bad(detail: &'static str) -> Problem {
    Problem::new(Kind::BadRequest, detail)
}

/// Whether a head, or an empty line before it, may begin with this byte.
fn may_begin(byte: u8) -> bool {
    is_token_byte(byte) || matches!(byte, b'\r' | b'\n')
}

/// Bytes of names and methods (RFC 9110, section 5.6.2).
pub(super) fn is_token_byte(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

/// Bytes of a header's value, white space included (RFC 9110, section 5.5).
pub(super) fn is_field_byte(byte: u8) -> bool {
    // Without a branch, so that many bytes can be looked at together.
    ((byte >= b' ') & (byte != 0x7f)) | (byte == b'\t')
}

const TOKEN: [bool; 256] = table(b"!#$%&'*+-.^_`|~");
/// What most targets are made of; what is outside is looked at more closely.
const PLAIN: [bool; 256] = table(b"-._~!$&'()*+,;=:@/?%");

/// Letters, digits and these.
const fn table(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests;
