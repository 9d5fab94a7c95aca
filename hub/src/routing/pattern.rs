//! Patterns of paths: `/users/{id}/files/{*path}`.
//!
//! A segment is either literal text or one parameter. `{name}` matches one segment that
//! is not empty, a closing `{*name}` the rest of the path, which is not empty either.
//! `{{` and `}}` stand for braces. Literals are compared with the path as it was sent,
//! percent-encoding included.

use std::fmt::{self, Write};
use std::sync::Arc;

/// Bytes of a pattern at most.
const PATTERN_BYTES_MAX: usize = 1024;
/// Parameters of a pattern at most.
pub(crate) const PARAMS_MAX: usize = 16;

/// A pattern that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: Arc<str>,
    names: Arc<[Box<str>]>,
    shape: Arc<str>,
    rest: bool,
}

/// Why a pattern does not parse: the end of a sentence that began with the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PatternError {
    TooLong(usize),
    NoSlash,
    BadCharacter(char),
    TooManyParams,
    LooseBrace(String),
    BadName(String),
    NameTwice(String),
    RestNotLast(String),
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Pattern, PatternError> {
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
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The pattern with numbers for names: equal for patterns that match the same paths.
    pub(crate) fn shape(&self) -> &Arc<str> {
        &self.shape
    }

    /// The names of the parameters in the order of the path.
    pub(crate) fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// Whether it closes with `{*name}`.
    pub(crate) fn has_rest(&self) -> bool {
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

impl std::error::Error for PatternError {}

#[cfg(test)]
mod tests;
