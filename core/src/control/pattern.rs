//! Patterns of paths: `/users/{id}/files/{*path}`.
//!
//! A segment is either literal text or one parameter. `{name}` matches one segment that
//! is not empty, a closing `{*name}` the rest of the path, which is not empty either.
//! `{{` and `}}` stand for braces. Literals are compared with the path as it was sent,
//! percent-encoding included.

use core::fmt::{self, Write};
use std::borrow::ToOwned;
use std::boxed::Box;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

/// Bytes of a pattern at most.
const PATTERN_BYTES_MAX: usize = 1024;
/// Parameters of a pattern at most.
const PARAMS_MAX: usize = 16;

/// A pattern that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: Arc<str>,
    names: Arc<[Box<str>]>,
    shape: Arc<str>,
    rest: bool,
}

/// Why a pattern does not parse: the end of a sentence that began with the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternError {
    /// It is longer than a pattern may be; holds its length in bytes.
    TooLong(usize),
    /// It does not begin with a slash.
    NoSlash,
    /// It holds a character that no path has.
    BadCharacter(char),
    /// It has more parameters than a pattern may have.
    TooManyParams,
    /// A segment has a brace that is neither a parameter's nor doubled; holds the segment.
    LooseBrace(String),
    /// A parameter's name breaks the rule; holds it.
    BadName(String),
    /// Two parameters have one name; holds it.
    NameTwice(String),
    /// Something follows a parameter that catches the rest; holds the pattern.
    RestNotLast(String),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::TooLong(text.len()));
        }
        let Some(path) = text.strip_prefix('/') else {
            return Err(PatternError::NoSlash);
        };
        let unfit = |c: &char| !c.is_ascii_graphic() || matches!(c, '?' | '#');
        if let Some(c) = path.chars().find(unfit) {
            return Err(PatternError::BadCharacter(c));
        }
        let mut names: Vec<Box<str>> = Vec::new();
        let mut shape = String::with_capacity(text.len());
        let mut rest = false;
        for segment in path.split('/') {
            if rest {
                return Err(PatternError::RestNotLast(text.to_owned()));
            }
            shape.push('/');
            let Some(inner) = parameter(segment) else {
                literal(segment)?;
                shape.push_str(segment);
                continue;
            };
            let name = match inner.strip_prefix('*') {
                Some(name) => {
                    rest = true;
                    name
                }
                None => inner,
            };
            check_name(name)?;
            if names.iter().any(|known| **known == *name) {
                return Err(PatternError::NameTwice(name.to_owned()));
            }
            // The shape is what the router is given, so a parameter's name there is its
            // place: what each registration calls it does not matter to the match.
            let star = if rest { "*" } else { "" };
            let _ = write!(shape, "{{{star}{}}}", names.len());
            names.push(name.into());
        }
        if names.len() > PARAMS_MAX {
            return Err(PatternError::TooManyParams);
        }
        Ok(Pattern { text: text.into(), names: names.into(), shape: shape.into(), rest })
    }

    /// The pattern as it was registered.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The pattern with numbers for names: equal for patterns that match the same paths.
    pub fn shape(&self) -> &Arc<str> {
        &self.shape
    }

    /// The names of the parameters in the order of the path.
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// Whether it closes with `{*name}`.
    pub fn has_rest(&self) -> bool {
        self.rest
    }
}

/// What stands between the braces of a segment that is one parameter.
fn parameter(segment: &str) -> Option<&str> {
    if segment.starts_with("{{") {
        return None;
    }
    let inner = segment.strip_prefix('{')?.strip_suffix('}')?;
    (!inner.contains(['{', '}'])).then_some(inner)
}

/// Checks that every brace of a literal is doubled.
fn literal(segment: &str) -> Result<(), PatternError> {
    let mut chars = segment.chars();
    while let Some(c) = chars.next() {
        if matches!(c, '{' | '}') && chars.next() != Some(c) {
            return Err(PatternError::LooseBrace(segment.to_owned()));
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), PatternError> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let fits = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if starts && fits && name.len() <= 64 {
        Ok(())
    } else {
        Err(PatternError::BadName(name.to_owned()))
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PatternError::TooLong(length) => {
                write!(f, "has {length} bytes; a pattern has at most {PATTERN_BYTES_MAX}")
            }
            PatternError::NoSlash => f.write_str("does not begin with '/'; put one in front"),
            PatternError::BadCharacter(c) => write!(
                f,
                "holds {c:?}; a pattern is a path of visible ASCII characters without query, \
                 percent-encode what is not"
            ),
            PatternError::TooManyParams => {
                write!(f, "has more than {PARAMS_MAX} parameters; catch the rest with {{*name}}")
            }
            PatternError::LooseBrace(segment) => write!(
                f,
                "has a stray brace in the segment {segment:?}; a parameter is a whole segment \
                 like {{name}}, and a literal brace is written twice"
            ),
            PatternError::BadName(name) => write!(
                f,
                "has a parameter named {name:?}; a name is 1 to 64 letters, digits or '_' and \
                 does not begin with a digit"
            ),
            PatternError::NameTwice(name) => {
                write!(f, "names two parameters {name:?}; give them different names")
            }
            PatternError::RestNotLast(_) => {
                f.write_str("goes on after {*name}; only the last segment may catch the rest")
            }
        }
    }
}

impl core::error::Error for PatternError {}

#[cfg(test)]
mod tests;
