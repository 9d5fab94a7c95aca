//! A bearer token: of the admin surface's TCP address, and of those who listen to events.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

/// Bytes of a token at least: 16 of them cannot be tried out.
const BYTES_MIN: usize = 16;
const BYTES_MAX: usize = 1024;

/// A token. It is compared in constant time and never shown.
pub(crate) struct Token(Box<[u8]>);

impl Token {
    /// Reads the token: the file's first line.
    ///
    /// # Errors
    ///
    /// A sentence that names the file, what is wrong with it and what to do.
    pub(crate) fn read(path: &Path) -> Result<Token, String> {
        let shown = path.display();
        let failed = |error| format!("the token file {shown} cannot be read: {error}");
        let mut file = File::open(path).map_err(failed)?;
        // Of the open file, which nobody can exchange any more.
        let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
        if mode & 0o007 != 0 {
            return Err(format!(
                "the token file {shown} has mode {mode:04o}, so every user of this machine may use \
                 it; chmod it to 0600, and write a new token into it"
            ));
        }
        let mut text = Vec::new();
        let most = BYTES_MAX as u64 + 2;
        Read::by_ref(&mut file).take(most).read_to_end(&mut text).map_err(failed)?;
        let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii();
        Token::new(line).map_err(|what| format!("the token file {shown} {what}"))
    }

    fn new(bytes: &[u8]) -> Result<Token, String> {
        if !(BYTES_MIN..=BYTES_MAX).contains(&bytes.len()) {
            return Err(format!(
                "holds a token of {} bytes; write one of {BYTES_MIN} to {BYTES_MAX}, as from \
                 `openssl rand -hex 32`",
                bytes.len()
            ));
        }
        if !bytes.iter().all(u8::is_ascii_graphic) {
            return Err("holds a token with a byte that no header may carry; write letters and \
                        digits, as from `openssl rand -hex 32`"
                .to_owned());
        }
        Ok(Token(bytes.into()))
    }

    /// Whether a request carries it.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        headers.get_all(AUTHORIZATION).iter().any(|value| self.is(value.as_bytes()))
    }

    /// Its bytes, for a command of this program that shows it to a hub.
    pub(crate) fn secret(&self) -> &[u8] {
        &self.0
    }

    /// Whether these are its bytes.
    pub(crate) fn is_token(&self, bytes: &[u8]) -> bool {
        bool::from(self.0.ct_eq(bytes))
    }

    /// Whether the other is the same.
    pub(crate) fn is_same(&self, other: &Token) -> bool {
        self.is_token(&other.0)
    }

    fn is(&self, credentials: &[u8]) -> bool {
        let Some((scheme, token)) = credentials.split_at_checked(b"bearer ".len()) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"bearer ") && self.is_token(token.trim_ascii())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests;
