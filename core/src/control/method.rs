//! The rule of a route's method.

use core::fmt;
use std::borrow::ToOwned;
use std::string::String;

/// What stands for every method that no other route of a pattern names.
pub const ANY_METHOD: &str = "*";

/// The methods that HTTP itself has names for. They are compared case by case like all
/// others, so one that is written otherwise is a mistake and not another method.
const STANDARD: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// A method that breaks the rule; holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MethodError {
    /// It is not a token.
    NotToken(String),
    /// It is one of HTTP's own in another case of letters.
    Case(String),
}

/// Checks the method of a route: a token, in upper case where HTTP has that name, or
/// [`ANY_METHOD`].
///
/// # Errors
///
/// What is wrong with it.
pub fn check_method(method: &str) -> Result<(), MethodError> {
    if !is_token(method.as_bytes()) {
        return Err(MethodError::NotToken(method.to_owned()));
    }
    if STANDARD.iter().any(|known| known.eq_ignore_ascii_case(method) && *known != method) {
        return Err(MethodError::Case(method.to_owned()));
    }
    Ok(())
}

/// Whether these bytes are a token (RFC 9110, section 5.6.2): a method's or header's name.
pub fn is_token(bytes: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
    !bytes.is_empty() && bytes.iter().all(fits)
}

impl fmt::Display for MethodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MethodError::NotToken(method) => write!(
                f,
                "{method:?} is not a method; write a token such as GET, or {ANY_METHOD} for any \
                 method"
            ),
            MethodError::Case(method) => write!(
                f,
                "{method:?} is not a method; methods have upper case: {}",
                method.to_ascii_uppercase()
            ),
        }
    }
}

impl core::error::Error for MethodError {}
