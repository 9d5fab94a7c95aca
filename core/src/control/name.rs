//! The rule of names.

use core::fmt;

/// A name's length at most, in bytes.
pub const NAME_BYTES_MAX: usize = 128;

/// A name that breaks the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// It has no character at all.
    Empty,
    /// It is longer than [`NAME_BYTES_MAX`]; holds its length.
    TooLong(usize),
    /// It holds a character that is not allowed.
    BadCharacter(char),
    /// It holds a dot where none may be.
    Dot,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => f.write_str("the name is empty")?,
            NameError::TooLong(length) => write!(f, "the name has {length} bytes")?,
            NameError::BadCharacter(c) => write!(f, "the name holds {c:?}")?,
            NameError::Dot => {
                return write!(
                    f,
                    "the name holds a '.', which separates names here; it is 1 to \
                     {NAME_BYTES_MAX} letters, digits, '_' or '-' (ASCII)"
                );
            }
        }
        write!(f, "; a name is 1 to {NAME_BYTES_MAX} letters, digits, '.', '_' or '-' (ASCII)")
    }
}

impl core::error::Error for NameError {}

/// Checks a registration's name: 1 to 128 ASCII letters, digits, `.`, `_`, `-`.
pub fn check_name(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(NameError::TooLong(name.len()));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match name.chars().find(|&c| !allowed(c)) {
        Some(c) => Err(NameError::BadCharacter(c)),
        None => Ok(()),
    }
}

/// Checks a name that is one segment of a longer one: by the rule of [`check_name`], and
/// without dots.
pub fn check_segment(name: &str) -> Result<(), NameError> {
    check_name(name)?;
    if name.contains('.') { Err(NameError::Dot) } else { Ok(()) }
}
