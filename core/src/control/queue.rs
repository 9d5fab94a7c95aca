//! The rules of queues and activities, and what a worker offers of them.

use core::fmt;
use std::string::String;
use std::vec::Vec;

use serde::{Deserialize, Serialize};

use super::NAME_BYTES_MAX;

/// What a worker takes from one queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueOffer {
    /// `namespace/queue`. See [`check_queue`].
    pub queue: String,
    /// The types of activities that it takes. A request's head carries the index into all of
    /// a registration's, counted on after its routes. See [`check_activity`].
    pub activities: Vec<String>,
    /// Activities of the queue in its hands at most, above 0; the registration's
    /// `max_concurrent` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
}

/// A queue's or an activity's name that breaks the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueError {
    /// A queue is two names with one `/` between them.
    NotTwo,
    /// A name has no character at all.
    Empty,
    /// A name is longer than [`NAME_BYTES_MAX`]; holds its length.
    TooLong(usize),
    /// A name holds a character that is not allowed.
    BadCharacter(char),
    /// An activity's name is `.` or `..`, which paths cannot end in.
    Dots,
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QueueError::NotTwo => f.write_str("is not two names with one '/' between them")?,
            QueueError::Empty => f.write_str("has an empty name")?,
            QueueError::TooLong(length) => write!(f, "has a name of {length} bytes")?,
            QueueError::BadCharacter(c) => write!(f, "holds {c:?}")?,
            QueueError::Dots => f.write_str("is no name, but a step in a path")?,
        }
        write!(
            f,
            "; a queue is namespace/queue, each 1 to {NAME_BYTES_MAX} letters, digits, '_' or '-' \
             (ASCII), and an activity the same, with '.' allowed"
        )
    }
}

impl core::error::Error for QueueError {}

/// Checks a queue's name, `namespace/queue`: each of the two 1 to 128 ASCII letters, digits,
/// `_`, `-`. Gives them apart.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_queue(queue: &str) -> Result<(&str, &str), QueueError> {
    let (namespace, name) = queue.split_once('/').ok_or(QueueError::NotTwo)?;
    if name.contains('/') {
        return Err(QueueError::NotTwo);
    }
    check(namespace, false)?;
    check(name, false)?;
    Ok((namespace, name))
}

/// Checks an activity's type: 1 to 128 ASCII letters, digits, `.`, `_`, `-`, and not `.` or
/// `..`.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_activity(activity: &str) -> Result<(), QueueError> {
    check(activity, true)?;
    if matches!(activity, "." | "..") { Err(QueueError::Dots) } else { Ok(()) }
}

fn check(name: &str, dots: bool) -> Result<(), QueueError> {
    if name.is_empty() {
        return Err(QueueError::Empty);
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(QueueError::TooLong(name.len()));
    }
    let allowed =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || (dots && c == '.');
    match name.chars().find(|&c| !allowed(c)) {
        Some(c) => Err(QueueError::BadCharacter(c)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
