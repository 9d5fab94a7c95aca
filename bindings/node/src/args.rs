//! The head of an answer, as JavaScript hands it over.

use sdk::{ErrorCode, Header};

use crate::env::{Env, Value};
use crate::error::{Failure, Result};

/// Between names and values. No header can hold it, and `Headers::read` counts.
const SEPARATOR: u8 = 0;

/// The headers of an answer, copied out of one string: `name\0value\0name\0value`. To make
/// that string costs JavaScript less than twice as many calls for its parts cost here, and the
/// headers of most answers are constants.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    bytes: Vec<u8>,
    count: usize,
}

impl Headers {
    /// Takes the string of `count` headers apart. A NUL within one of them would make two of it:
    /// that the parts are as many as they should be is checked here.
    pub(crate) fn read<'e>(&mut self, env: Env<'e>, text: Value<'e>, count: i32) -> Result<()> {
        self.bytes.clear();
        self.count = usize::try_from(count).unwrap_or(0);
        if self.count == 0 {
            return Ok(());
        }
        env.utf8_into(text, &mut self.bytes)?;
        if !self.bytes.is_ascii() {
            self.bytes = to_latin1(&self.bytes)?;
        }
        let parts = 1 + self.bytes.iter().filter(|&&byte| byte == SEPARATOR).count();
        if parts != 2 * self.count {
            return Err(Failure::Coded(
                ErrorCode::InvalidHead,
                "a header holds the byte 0x00; control characters cannot be sent".to_owned(),
            ));
        }
        Ok(())
    }

    /// As the layer below wants them.
    #[inline]
    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter { rest: &self.bytes, left: self.count }
    }
}

/// See [`Headers`].
#[derive(Debug, Clone)]
pub(crate) struct Iter<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iter<'a> {
    fn part(&mut self) -> &'a [u8] {
        match self.rest.iter().position(|&byte| byte == SEPARATOR) {
            Some(end) => {
                let part = &self.rest[..end];
                self.rest = &self.rest[end + 1..];
                part
            }
            None => std::mem::take(&mut self.rest),
        }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Header<'a>;

    #[inline]
    fn next(&mut self) -> Option<Header<'a>> {
        self.left = self.left.checked_sub(1)?;
        let name = self.part();
        Some((name, self.part()))
    }
}

/// The bytes of ISO 8859-1 that text stands for.
#[cold]
fn to_latin1(utf8: &[u8]) -> Result<Vec<u8>> {
    let text = String::from_utf8_lossy(utf8);
    text.chars().map(|c| u8::try_from(c).ok()).collect::<Option<Vec<u8>>>().ok_or_else(|| {
        let odd = text.chars().find(|&c| u8::try_from(c).is_err()).unwrap_or_default();
        Failure::Coded(
            ErrorCode::InvalidHead,
            format!(
                "a header holds the character {odd:?}, which ISO 8859-1 does not have; encode it, \
                 for instance by encodeURIComponent"
            ),
        )
    })
}
