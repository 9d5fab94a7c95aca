//! Patterns over topics, for delivery and for rights alike.
//!
//! A topic is 1 to [`SEGMENTS_MAX`] segments with dots between them. A pattern is a topic
//! in which a segment may be `*`: inside it stands for exactly one segment, at the end for
//! one or more. `#` alone stands for every topic, as `*` alone does.
//!
//! | pattern | matches | does not match |
//! |---|---|---|
//! | `a.b` | `a.b` | `a.b.c`, `a` |
//! | `a.*.c` | `a.b.c` | `a.c`, `a.b.b.c` |
//! | `a.b.*` | `a.b.c`, `a.b.c.d` | `a.b` |
//! | `#` | everything | |

use std::fmt;

use slotway_core::control::check_topic_pattern;
pub use slotway_core::control::{
    TOPIC_BYTES_MAX, TOPIC_SEGMENTS_MAX as SEGMENTS_MAX, TopicProblem, check_topic,
};

/// A pattern that has been checked.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(Box<str>);

impl Pattern {
    /// Checks a pattern.
    ///
    /// # Errors
    ///
    /// [`TopicProblem`] when it is empty, longer than [`TOPIC_BYTES_MAX`], deeper than
    /// [`SEGMENTS_MAX`], has an empty segment, whitespace or a control character, or `#`
    /// as one segment of several.
    pub fn new(text: &str) -> Result<Pattern, TopicProblem> {
        check_topic_pattern(text)?;
        Ok(Pattern(text.into()))
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a topic is one of those that this pattern stands for. What is not a topic is
    /// matched by no pattern.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        matches(&self.0, topic)
    }

    /// The same for text with dots in it that need not be a topic, an identity for example.
    pub(crate) fn matches_segments(&self, text: &str) -> bool {
        matches_topic(&self.0, text)
    }

    /// The same for what is a topic for certain.
    pub(super) fn matches_topic(&self, topic: &str) -> bool {
        matches_topic(&self.0, topic)
    }

    /// The topic that this pattern is, if it has no `*` and is not `#`.
    pub(super) fn as_topic(&self) -> Option<&str> {
        check_topic(&self.0).is_ok().then_some(&self.0)
    }

    /// Whether every topic that `narrower` matches is matched by this pattern: whoever may
    /// subscribe to this one may subscribe to `narrower`.
    #[must_use]
    pub fn covers(&self, narrower: &Pattern) -> bool {
        let (ours, our_tail) = parts(&self.0);
        let (theirs, their_tail) = parts(&narrower.0);
        let mut theirs = theirs.peekable();
        for ours in ours {
            match theirs.next() {
                Some(theirs) if ours == "*" || ours == theirs => {}
                _ => return false,
            }
        }
        // What is left of the narrower one must be nothing, or one segment and more where
        // ours ends with that.
        match (our_tail, their_tail) {
            (true, true) => true,
            (true, false) => theirs.peek().is_some(),
            (false, true) => false,
            (false, false) => theirs.peek().is_none(),
        }
    }

    /// The segments before a `*` at the end, and whether there is one. `#` is such an end.
    pub(super) fn parts(&self) -> (impl Iterator<Item = &str>, bool) {
        parts(&self.0)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", &self.0)
    }
}

impl std::str::FromStr for Pattern {
    type Err = TopicProblem;

    fn from_str(text: &str) -> Result<Pattern, TopicProblem> {
        Pattern::new(text)
    }
}

/// The one function that decides whether a pattern matches a topic. The index of the bus
/// is an index of this, and a test compares the two.
fn matches(pattern: &str, topic: &str) -> bool {
    check_topic(topic).is_ok() && matches_topic(pattern, topic)
}

fn matches_topic(pattern: &str, topic: &str) -> bool {
    let (segments, tail) = parts(pattern);
    let mut topic = topic.split('.');
    for segment in segments {
        match topic.next() {
            Some(given) if segment == "*" || segment == given => {}
            _ => return false,
        }
    }
    topic.next().is_some() == tail
}

fn parts(pattern: &str) -> (impl Iterator<Item = &str>, bool) {
    let (head, tail) = match pattern {
        "#" | "*" => ("", true),
        _ => pattern.strip_suffix(".*").map_or((pattern, false), |head| (head, true)),
    };
    (head.split('.').filter(|segment| !segment.is_empty()), tail)
}

#[cfg(test)]
mod tests;
