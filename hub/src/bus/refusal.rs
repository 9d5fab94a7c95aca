//! Why the bus did not do what it was asked for.

use std::fmt;
use std::time::Duration;

use super::pattern::TopicProblem;

use slotway_core::control::check_event_text;
pub use slotway_core::control::{EVENT_TEXT_BYTES_MAX as TEXT_BYTES_MAX, TextProblem};

/// Why the bus did not do what it was asked for. Nothing has happened then, except that it
/// was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The topic is none.
    Topic {
        /// The topic, shortened when it is long.
        topic: String,
        /// What is wrong with it.
        problem: TopicProblem,
    },
    /// The pattern is none.
    Pattern {
        /// The pattern, shortened when it is long.
        pattern: String,
        /// What is wrong with it.
        problem: TopicProblem,
    },
    /// A subscription has no pattern, or more than [`Settings::patterns_max`](super::Settings).
    Patterns {
        /// How many it has.
        count: usize,
        /// How many it may have.
        max: usize,
    },
    /// The type, id or principal is too long, or has CR, LF or NUL in it.
    Text {
        /// Which of them: `type`, `id` or `principal`.
        what: &'static str,
        /// What is wrong with it.
        problem: TextProblem,
    },
    /// The payload is larger than [`Settings::payload_bytes_max`](super::Settings).
    PayloadTooLarge {
        /// Bytes of the payload.
        bytes: usize,
        /// How many it may have.
        max: usize,
    },
    /// The principal has published all that it may for now.
    RateExceeded {
        /// Who.
        principal: String,
        /// Bytes a second that it may publish.
        bytes_per_second: u64,
        /// After which time the same event would be taken, if nothing else were published.
        retry_after: Duration,
    },
    /// There are as many subscriptions as there may be.
    TooManySubscriptions {
        /// How many there may be.
        max: usize,
    },
    /// The bus has been shut down.
    ShutDown,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Topic { topic, problem } => write!(f, "{topic:?} is no topic: {problem}"),
            Refusal::Pattern { pattern, problem } => {
                write!(f, "{pattern:?} is no pattern: {problem}")
            }
            Refusal::Patterns { count, max } => {
                write!(f, "{count} patterns: give at least one and at most {max}")
            }
            Refusal::Text { what, problem } => write!(f, "the event's {what} {problem}"),
            Refusal::PayloadTooLarge { bytes, max } => {
                write!(f, "the payload has {bytes} bytes, of which {max} are allowed")
            }
            Refusal::RateExceeded { principal, bytes_per_second, retry_after } => write!(
                f,
                "{principal:?} publishes more than {bytes_per_second} bytes a second: \
                 try again in {} ms",
                retry_after.as_millis()
            ),
            Refusal::TooManySubscriptions { max } => {
                write!(f, "there are {max} subscriptions, and there may be no more")
            }
            Refusal::ShutDown => f.write_str("the bus has been shut down"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Whether text may be a type, an id or a principal.
pub(super) fn check_text(what: &'static str, text: &str) -> Result<(), Refusal> {
    let refused = |problem| Refusal::Text { what, problem };
    check_event_text(text).map_err(refused)?;
    if text.is_empty() && what == "principal" {
        return Err(refused(TextProblem::Empty));
    }
    Ok(())
}

/// The beginning of a text that somebody gave, for a message.
pub(super) fn shortened(text: &str) -> String {
    const CHARACTERS: usize = 64;
    match text.char_indices().nth(CHARACTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
