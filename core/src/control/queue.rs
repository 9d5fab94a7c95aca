//! The rules of queues and activities, and what a worker offers of them.

use core::fmt;
use std::string::String;
use std::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{NameError, check_name, check_segment};

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
    /// One of the names is none.
    Name(NameError),
    /// An activity's name is `.` or `..`, which paths cannot end in.
    Step,
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QueueError::NotTwo => {
                f.write_str("is not namespace/queue: two names with one '/' between them")
            }
            QueueError::Name(error) => write!(f, "cannot be: {error}"),
            QueueError::Step => f.write_str("is no name, but a step in a path"),
        }
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
    check_segment(namespace).map_err(QueueError::Name)?;
    check_segment(name).map_err(QueueError::Name)?;
    Ok((namespace, name))
}

/// Checks an activity's type: by the rule of [`check_name`](super::check_name), and not `.`
/// or `..`.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_activity(activity: &str) -> Result<(), QueueError> {
    check_name(activity).map_err(QueueError::Name)?;
    if matches!(activity, "." | "..") { Err(QueueError::Step) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
